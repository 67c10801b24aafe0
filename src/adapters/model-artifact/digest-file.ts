/** Takes the digests of one file as its bytes come by: SHA-256 always, and what the signature lists where that is something else. */
import { createHash } from "node:crypto";
import { type Hasher, loadHash } from "../model-signing/hash-file.ts";
import type { ModelHash } from "../model-signing/manifest.ts";
import { unfit } from "../model-signing/refusal.ts";

/** How a signature lists digests. */
export interface Listing {
  hash: ModelHash;
  /** Bytes of a shard; undefined where whole files are listed. */
  shardSize?: number;
}

export interface FileDigests {
  size: number;
  /** Hex, of the whole file. */
  sha256: string;
  /** Hex, as the signature lists them: one, or one for each shard; undefined where it lists SHA-256 of whole files. */
  listed?: string[];
}

export interface Digester {
  add(chunk: Buffer): void;
  finish(): FileDigests;
}

/** Whether SHA-256 of the whole file is all that is listed. */
export const isPlain = ({ hash, shardSize }: Listing): boolean => hash === "sha256" && shardSize === undefined;

/** As many as a signature may list. */
const MAX_SHARDS = 200_000;

function createParts(create: () => Hasher, shardSize: number | undefined, count: () => void) {
  const done: string[] = [];
  let hasher = create();
  let held = 0;
  const close = () => {
    count();
    done.push(hasher.finish());
    hasher = create();
    held = 0;
  };
  return {
    add: (chunk: Buffer) => {
      if (shardSize === undefined) return void hasher.update(chunk);
      for (let rest = chunk; rest.length > 0; ) {
        const part = rest.subarray(0, shardSize - held);
        hasher.update(part);
        held += part.length;
        rest = rest.subarray(part.length);
        if (held === shardSize) close();
      }
    },
    /** An empty file has one digest as a whole, and no shard. */
    finish: () => {
      if (shardSize === undefined || held > 0) close();
      return done;
    },
  };
}

/** Loads what the listing needs, and makes digesters from then on. */
export async function loadDigester(listing: Listing): Promise<() => Digester> {
  const create = isPlain(listing) ? undefined : await loadHash(listing.hash);
  let shards = 0;
  const count = () => {
    shards += 1;
    if (shards > MAX_SHARDS) throw unfit(`a layer makes more than ${MAX_SHARDS} shards`);
  };
  return () => {
    const whole = createHash("sha256");
    const parts = create === undefined ? undefined : createParts(create, listing.shardSize, count);
    let size = 0;
    return {
      add: (chunk) => {
        size += chunk.length;
        whole.update(chunk);
        parts?.add(chunk);
      },
      finish: () => ({
        size,
        sha256: whole.digest("hex"),
        ...(parts === undefined ? {} : { listed: parts.finish() }),
      }),
    };
  };
}
