/** Bytes and text of documents from outside, read in one way only. */

/** Parses JSON in UTF-8. Throws where the bytes are neither. */
export const parseJson = (bytes: Buffer): unknown =>
  JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));

/** Whether `text` is the base64 of its bytes: another spelling would let a changed document pass as the same. */
export const isCanonicalBase64 = (text: string): boolean => Buffer.from(text, "base64").toString("base64") === text;
