/** Hashes files as they come from disk; never a whole one in memory. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { ModelHash } from "./manifest.ts";

const CHUNK_BYTES = 1024 * 1024;

interface Hasher {
  update(bytes: Buffer): unknown;
  finish(): string;
}

async function createHasher(hash: ModelHash): Promise<Hasher> {
  switch (hash) {
    case "sha256":
    case "blake2b": {
      const hasher = createHash(hash === "sha256" ? "sha256" : "blake2b512");
      return { update: (bytes) => hasher.update(bytes), finish: () => hasher.digest("hex") };
    }
    case "blake3": {
      // A binary of its own platform: loaded by those who need it.
      const { Blake3Hasher } = await import("@napi-rs/blake-hash");
      const hasher = new Blake3Hasher();
      return { update: (bytes) => hasher.update(bytes), finish: () => hasher.digestBuffer().toString("hex") };
    }
  }
}

/** Tells how many bytes were read since the last time. */
export type Progress = (bytes: number) => void;

/** The digest of a file, or of its bytes from `start` to before `end`, in hex. */
export async function hashFile(
  path: string,
  hash: ModelHash,
  part: { start: number; end: number } | undefined,
  progress: Progress,
): Promise<string> {
  const hasher = await createHasher(hash);
  const range = part === undefined ? {} : { start: part.start, end: part.end - 1 };
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES, ...range })) {
    hasher.update(chunk as Buffer);
    progress((chunk as Buffer).length);
  }
  return hasher.finish();
}
