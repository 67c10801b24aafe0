/**
 * The digest of a model by its files alone: the same however it is packed, whoever signed it, in whatever order. Version 1
 * stays for ever: change nothing here that changes a published vector (test/vectors/model-digests.json).
 */
import { createHash } from "node:crypto";
import { toCanonicalText } from "../../domain/canonical.ts";
import { isSoundName } from "../model-signing/names.ts";
import { showName, unfit } from "../model-signing/refusal.ts";

export interface DigestedFile {
  path: string;
  /** Hex. */
  sha256: string;
}

/** The text that is hashed: RFC 8785 of the list of `path` and `sha256`, by the bytes of the path in UTF-8. */
export function toModelText(files: readonly DigestedFile[]): string {
  // The bytes of each path are made once, and not for each time that two are compared.
  const sorted = files
    .map(({ path, sha256 }) => ({ bytes: Buffer.from(path), file: { path, sha256 } }))
    .toSorted((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ file }) => file);
  for (const [at, { path, sha256 }] of sorted.entries()) {
    if (!isSoundName(path) || !path.isWellFormed()) throw unfit(`${showName(path)} is no path within a model`);
    if (path === sorted[at - 1]?.path) throw unfit(`${showName(path)} is there twice`);
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw unfit(`the digest of ${showName(path)} is no SHA-256`);
  }
  if (sorted.length === 0) throw unfit("a model has at least one file");
  return toCanonicalText(sorted);
}

/** `model:v1:sha256:` and 64 hex digits. */
export const digestModel = (files: readonly DigestedFile[]): string =>
  `model:v1:sha256:${createHash("sha256").update(toModelText(files), "utf8").digest("hex")}`;
