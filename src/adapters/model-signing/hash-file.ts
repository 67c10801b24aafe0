/** Hashes files as they come from disk; never a whole one in memory, and only the very file that was listed. */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { isSameFile, type ModelFile, toStamp } from "./enumerate.ts";
import type { ModelHash } from "./manifest.ts";
import { changed } from "./refusal.ts";

const CHUNK_BYTES = 1024 * 1024;
const MIN_BYTES = 4096;
/** A link or a pipe that was put in the place of a file is not followed and not waited for. */
const OPENING = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface Hasher {
  update(bytes: Buffer): unknown;
  finish(): string;
}

/** What makes hashers of one kind. */
export async function loadHash(hash: ModelHash): Promise<() => Hasher> {
  switch (hash) {
    case "sha256":
    case "blake2b":
      return () => {
        const hasher = createHash(hash === "sha256" ? "sha256" : "blake2b512");
        return { update: (bytes) => hasher.update(bytes), finish: () => hasher.digest("hex") };
      };
    case "blake3": {
      // A binary of its own platform: loaded by those who need it.
      const { Blake3Hasher } = await import("@napi-rs/blake-hash");
      return () => {
        const hasher = new Blake3Hasher();
        return { update: (bytes) => hasher.update(bytes), finish: () => hasher.digestBuffer().toString("hex") };
      };
    }
  }
}

/** Tells how many bytes were read since the last time. */
export type Progress = (bytes: number) => void;

async function openListed({ name, path }: ModelFile): Promise<FileHandle> {
  try {
    return await open(path, OPENING);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") throw changed(name);
    throw error;
  }
}

async function demandSame(handle: FileHandle, { name, stamp }: ModelFile): Promise<void> {
  if (!isSameFile(toStamp(await handle.stat({ bigint: true })), stamp)) throw changed(name);
}

/**
 * The digest of a file, or of its bytes from `start` to before `end`, in hex. Throws a ModelRefusal where another file
 * lies there than was listed, or where it is written to meanwhile.
 */
export async function hashFile(
  file: ModelFile,
  hash: ModelHash,
  part: { start: number; end: number } | undefined,
  progress: Progress,
): Promise<string> {
  const hasher = (await loadHash(hash))();
  const handle = await openListed(file);
  try {
    await demandSame(handle, file);
    const end = part?.end ?? Number.POSITIVE_INFINITY;
    // One buffer for all of it: a stream takes a new one for each piece, which costs half as much again as the hash.
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, Math.max(file.size, MIN_BYTES)));
    for (let at = part?.start ?? 0; at < end; ) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at), at);
      if (bytesRead === 0) break;
      hasher.update(buffer.subarray(0, bytesRead));
      progress(bytesRead);
      at += bytesRead;
    }
    await demandSame(handle, file);
    return hasher.finish();
  } finally {
    await handle.close();
  }
}
