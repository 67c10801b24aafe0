/** Text, and what kind of it. Here a name counts, too, but only for the worse: text that is named as code is code. */
import { parseJson } from "../../decode.ts";
import type { Sample } from "./sample.ts";

const CODE = /\.(py[a-z]?|pyi|ipynb|sh|bash|zsh|js|mjs|cjs|ts|lua|rb|pl|php|ps1|bat|cmd|r|jl|pth|so|dll)$/i;
const START_OF_CODE = /^\s*(#!|<\?php|import\s+\w|from\s+[\w.]+\s+import\s)/;
/** What a longer character may be short of where the sample is cut. */
const MAX_CUT = 3;

/** UTF-8 without control characters but those that part lines and columns. */
function isText(bytes: Buffer, isCutBefore: boolean, isCutBehind: boolean): boolean {
  let from = 0;
  let to = bytes.length;
  if (isCutBefore) while (from < MAX_CUT && ((bytes[from] ?? 0) & 0xc0) === 0x80) from += 1;
  if (isCutBehind) {
    let back = 1;
    while (back < MAX_CUT + 1 && ((bytes[to - back] ?? 0) & 0xc0) === 0x80) back += 1;
    if ((bytes[to - back] ?? 0) >= 0xc0) to -= back;
  }
  const part = bytes.subarray(from, to);
  if (
    part.some(
      (byte) => (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x0c) || byte === 0x7f,
    )
  )
    return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(part);
    return true;
  } catch {
    return false;
  }
}

function isJson({ head, size }: Sample): boolean {
  if (head.length < size) return /^\s*[[{]/.test(head.toString("latin1", 0, 1024));
  try {
    parseJson(head);
    return true;
  } catch {
    return false;
  }
}

/** Tells text by its beginning and its end; of a longer file only those are looked at. */
export function tellText(sample: Sample, name: string): "script" | "json" | "text" | undefined {
  const { head, tail, size } = sample;
  if (!isText(head, false, head.length < size) || !isText(tail, tail.length < size, false)) return undefined;
  if (CODE.test(name) || START_OF_CODE.test(head.toString("utf8", 0, 4096))) return "script";
  return isJson(sample) ? "json" : "text";
}
