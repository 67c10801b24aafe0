/** Bytes and text of documents from outside, read in one way only. */

const decodeText = (bytes: Buffer): string => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

/** Parses JSON in UTF-8. Throws where the bytes are neither. */
export const parseJson = (bytes: Buffer): unknown => JSON.parse(decodeText(bytes));

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/gs;

/** Whether an object of a JSON text has a name twice. */
function hasRepeatedName(text: string): boolean {
  const open: Set<string>[] = [];
  let string = "";
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      const names = open.at(-1) ?? new Set();
      const name = JSON.parse(string) as string;
      if (names.has(name)) return true;
      names.add(name);
    } else string = token;
  }
  return false;
}

/**
 * Parses JSON that everybody reads alike (RFC 8259 §4): an object that has a name twice is one thing to a reader that takes
 * the first, and another to one that takes the last. Throws there, too.
 */
export function parseDistinctJson(bytes: Buffer): unknown {
  const text = decodeText(bytes);
  const value: unknown = JSON.parse(text);
  if (hasRepeatedName(text)) throw new SyntaxError("a member's name stands there twice");
  return value;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const BRACKET = 0x5b;
const BRACE = 0x7b;

/** How many values a JSON text holds at most, by its commas and opening brackets outside of strings. */
function countValues(bytes: Buffer): number {
  let count = 1;
  let isInString = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) isInString = !isInString;
    else if (isInString) at += byte === BACKSLASH ? 1 : 0;
    else if (byte === COMMA || byte === BRACKET || byte === BRACE) count += 1;
  }
  return count;
}

/** The same of at most `most` values: their number, and not the length of the text, is what parsing costs. */
export function parseBoundedJson(bytes: Buffer, most: number): unknown {
  if (countValues(bytes) > most) throw new Error(`it holds more than ${most} values`);
  return parseDistinctJson(bytes);
}

/** Whether `text` is the base64 of its bytes: another spelling would let a changed document pass as the same. */
export const isCanonicalBase64 = (text: string): boolean => Buffer.from(text, "base64").toString("base64") === text;
