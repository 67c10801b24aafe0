// Leaves sentences for people alone, as a plugin of Stryker: a changed sentence lets nothing pass. Words by which programs
// tell things apart (codes, types, names of fields) are mutated like everything else.

interface Path {
  isStringLiteral(): boolean;
  isTemplateLiteral(): boolean;
  node: object;
}

/** The literal text of a string or template, a gap for each value that is put in. */
function readText(path: Path): string | undefined {
  if (path.isStringLiteral()) return (path.node as { value: string }).value;
  if (!path.isTemplateLiteral()) return undefined;
  return (path.node as { quasis: { value: { raw: string } }[] }).quasis.map(({ value }) => value.raw).join("…");
}

/** Two words of letters with a space between: no code, no identifier, no format has that. */
export const isSentence = (text: string): boolean =>
  /\p{L}[,:;)"'`]* [("'`]*\p{L}/u.test(text) && /[a-z]{2}/.test(text);

export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "sentences",
    value: {
      shouldIgnore: (path: Path): string | undefined => {
        const text = readText(path);
        return text !== undefined && isSentence(text) ? "a sentence for people" : undefined;
      },
    },
  },
];
