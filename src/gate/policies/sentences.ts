/**
 * Turns the catalogue's sentences into CEL expressions, so that the API server speaks the same words as the
 * operator. Text from requests is shown only where it is printable: a line break would lose the whole message.
 */
import { type FindingCode, toTemplate } from "../../domain/findings.ts";

/** A CEL expression as text. */
export type Cel = string;

/** A string literal of CEL. */
export function quoteCel(text: string): Cel {
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll("'", "\\'")
    .replace(/[\p{Cc}\u2028\u2029]/gu, " ");
  return `'${escaped}'`;
}

/** Shows text of a request: as it is where it is one printable word, else only that it is not. */
export function showCel(expression: Cel): Cel {
  return `(${expression}.matches('^[!-~]{1,512}$') ? string(${expression}) : '(unprintable)')`;
}

/** Shows one line of text, such as a reason; what holds a control character or a line break of any kind is not shown. */
export function showLineCel(expression: Cel): Cel {
  const line = quoteCel("^[^\\p{Cc}\\x{2028}\\x{2029}]+$");
  return `(${expression}.matches(${line}) ? string(${expression}) : '(unprintable)')`;
}

/**
 * The sentence of a finding as a CEL expression. `values` gives the CEL expression, of type string, for each
 * name of the template; a name that is left out is an error of ours, so it throws.
 */
export function sayCel(code: FindingCode, values: Readonly<Record<string, Cel>> = {}): Cel {
  const parts = toTemplate(code).split(/\{([a-zA-Z]+)\}/);
  const terms = parts.map((part, index) => {
    if (index % 2 === 0) return part === "" ? undefined : quoteCel(part);
    const value = values[part];
    if (value === undefined) throw new Error(`${code} needs a CEL expression for {${part}}`);
    return value;
  });
  return terms.filter((term) => term !== undefined).join(" + ");
}

/** One step of a decision: when `when` holds, `say` is the answer. Both are CEL. */
export interface Step {
  when: Cel;
  say: Cel;
}

/** The answer of the first step that applies, else the empty string: nothing to object. */
export function firstOf(steps: readonly Step[]): Cel {
  return `${steps.map(({ when, say }) => `${when} ? ${say} :`).join("\n")}\n''`;
}
