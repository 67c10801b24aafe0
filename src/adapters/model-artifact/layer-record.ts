/**
 * What was found in a layer, as a file keeps it: sealed with the digest of all of it, and with the program that found it
 * and the task in it. Whatever is torn, cut, edited, of another program or about another task reads as nothing. Pure.
 *
 * The seal tells damage, not forgery: whoever can write where the operator keeps its files is the operator's own pod.
 */
import { createHash } from "node:crypto";
import * as z from "zod";
import { FILE_FORMATS } from "../../api/file-formats.ts";
import { parseJson } from "../decode.ts";
import type { LayerContents } from "./layer.ts";

/** What a record is about. */
export interface RecordOf {
  /** Digest of the program that reads layers. */
  program: string;
  /** Key of the task (layer.ts). */
  key: string;
}

const hex = z
  .string()
  .max(128)
  .regex(/^[0-9a-f]+$/);
const file = z.strictObject({
  kind: z.literal("file"),
  path: z.string(),
  size: z.int().min(0),
  sha256: hex.length(64),
  listed: z.array(hex).exactOptional(),
  format: z.enum([...FILE_FORMATS, "unread"]),
});
const other = z.strictObject({ kind: z.enum(["folder", "whiteout", "opaque"]), path: z.string() });
const record = z.strictObject({
  program: z.string(),
  key: z.string(),
  contents: z.strictObject({
    entries: z.array(z.discriminatedUnion("kind", [file, other])),
    links: z.array(z.string()),
    folders: z.array(z.string()),
    unpacked: z.int().min(0),
  }),
});

const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** Format 1 of the file. */
const seal = (body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`vouchsafe layer 1 sha256:${digest(body)}\n`, "latin1"), body]);
const SEAL_BYTES = seal(Buffer.alloc(0)).length;

/** The name of the file that keeps a record: another program finds none of ours. */
export const nameRecord = ({ program, key }: RecordOf): string =>
  `${digest(Buffer.from(JSON.stringify([program, key])))}.layer`;

/** Bytes that a file of these contents has at least, without writing it. */
export const weighRecord = ({ entries, links, folders }: LayerContents): number =>
  [...links, ...folders].reduce((sum, path) => sum + path.length, 0) +
  entries.reduce((sum, entry) => {
    const digests = entry.kind === "file" ? 1 + (entry.listed?.length ?? 0) : 0;
    return sum + entry.path.length + 64 * digests;
  }, 0);

/** The bytes of the file. */
export const writeRecord = ({ program, key }: RecordOf, contents: LayerContents): Buffer =>
  seal(Buffer.from(JSON.stringify({ program, key, contents })));

/** What the bytes of a file say; undefined where they are anything but a whole record of ours. */
export function readRecord({ program, key }: RecordOf, bytes: Buffer): LayerContents | undefined {
  const body = bytes.subarray(SEAL_BYTES);
  if (!seal(body).equals(bytes)) return undefined;
  try {
    const read = record.safeParse(parseJson(body));
    return read.success && read.data.program === program && read.data.key === key ? read.data.contents : undefined;
  } catch {
    return undefined;
  }
}
