/** What was signed, as far as a verifier needs it: its digests, and its bytes where they are few. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";

/** Hashes that a bundle may name, by Node's names. */
export type HashName = "sha256" | "sha384" | "sha512";
export const HASHES: readonly HashName[] = ["sha256", "sha384", "sha512"];

export interface Artifact {
  /** How messages name it. */
  name: string;
  /** Undefined where it is known by another digest alone. */
  digest(hash: HashName): Buffer | undefined;
  /** Undefined where it is large, or not there. */
  bytes: Buffer | undefined;
}

/** Beyond this an artifact is hashed and not kept. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;

const DIGEST = /^sha256:([a-f0-9]{64})$/;

/** An artifact of which only its SHA-256 is known; undefined where the text is no such digest. */
export function parseDigest(text: string): Artifact | undefined {
  const hex = DIGEST.exec(text)?.[1];
  if (hex === undefined) return undefined;
  const known = Buffer.from(hex, "hex");
  return { name: text, digest: (hash) => (hash === "sha256" ? known : undefined), bytes: undefined };
}

/** Bytes that are there already. Each digest is computed once, however often a bundle has it asked for. */
export function toArtifact(name: string, bytes: Buffer): Artifact {
  const known = new Map<HashName, Buffer>();
  return {
    name,
    bytes,
    digest: (hash) => {
      const digest = known.get(hash) ?? createHash(hash).update(bytes).digest();
      known.set(hash, digest);
      return digest;
    },
  };
}

/** Reads a file once, in whatever size it comes; a large one tells how far it is. */
export async function readArtifact(
  path: string,
  watch: (read: number, total: number) => void = () => {},
): Promise<Artifact> {
  const { size } = await stat(path);
  if (size <= MAX_KEPT_BYTES) {
    const file = await open(path, "r");
    try {
      return toArtifact(path, await file.readFile());
    } finally {
      await file.close();
    }
  }
  const hashes = new Map(HASHES.map((hash) => [hash, createHash(hash)]));
  let read = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    for (const hash of hashes.values()) hash.update(chunk);
    read += chunk.length;
    watch(read, size);
  }
  const digests = new Map([...hashes].map(([name, hash]) => [name, hash.digest()]));
  return { name: path, digest: (hash) => digests.get(hash), bytes: undefined };
}
