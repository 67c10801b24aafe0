/** Bytes and text of documents from outside, read in one way only. */

/** Parses JSON in UTF-8. Throws where the bytes are neither. */
export const parseJson = (bytes: Buffer): unknown =>
  JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));

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

/** Parses JSON of at most `most` values: their number, and not the length of the text, is what parsing costs. */
export function parseBoundedJson(bytes: Buffer, most: number): unknown {
  if (countValues(bytes) > most) throw new Error(`it holds more than ${most} values`);
  return parseJson(bytes);
}

/** Whether `text` is the base64 of its bytes: another spelling would let a changed document pass as the same. */
export const isCanonicalBase64 = (text: string): boolean => Buffer.from(text, "base64").toString("base64") === text;
