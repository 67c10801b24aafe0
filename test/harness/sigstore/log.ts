// A transparency log as Rekor v1 answers: signed entry timestamp, and proof of inclusion with a signed checkpoint.
import { createHash, sign } from "node:crypto";
import canonicalize from "canonicalize";
import type { Keys } from "./certificates.ts";

/** A shard of Rekor counts from zero; the entries of the shards before it are only counted. */
const EARLIER = 4_000_000;
const HOST = "rekor.private.example";
export const LOG_URL = `https://${HOST}`;

const sha256 = (...parts: readonly (Buffer | string)[]) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);

/** The largest power of two below `count`. */
const splitAt = (count: number) => 2 ** Math.floor(Math.log2(count - 1));

/** RFC 6962 §2.1. */
function hashTree(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return sha256();
  if (leaves.length === 1) return first;
  const at = splitAt(leaves.length);
  return sha256(NODE, hashTree(leaves.slice(0, at)), hashTree(leaves.slice(at)));
}

/** RFC 6962 §2.1.1: the neighbours on the way to the root. */
function listNeighbours(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length <= 1) return [];
  const at = splitAt(leaves.length);
  const [left, right] = [leaves.slice(0, at), leaves.slice(at)];
  return index < at
    ? [...listNeighbours(index, left), hashTree(right)]
    : [...listNeighbours(index - at, right), hashTree(left)];
}

/** What an entry of a log may come with. */
export type Witness = "promise and proof" | "promise" | "proof";

export interface Entry {
  kind: "hashedrekord" | "dsse" | "intoto";
  /** 0.0.1 where it is left out. */
  version?: "0.0.2";
  spec: object;
}

/** Takes an entry in, and gives it as a bundle has it. */
export type TransparencyLog = (entry: Entry, at: number, witness: Witness) => object;

/** A log with this key, which had a few entries before. */
export function createTransparencyLog({ key, id }: Keys): TransparencyLog {
  const leaves = [0, 1, 2, 3, 4].map((number) => sha256(LEAF, `earlier ${number}`));
  return ({ kind, version = "0.0.1", spec }, at, witness) => {
    const body = Buffer.from(canonicalize({ apiVersion: version, kind, spec }) ?? "");
    const index = leaves.push(sha256(LEAF, body)) - 1;
    const integratedTime = Math.floor(at / 1000);
    const logIndex = EARLIER + index;
    const promised = canonicalize({
      body: body.toString("base64"),
      integratedTime,
      logIndex,
      logID: id.toString("hex"),
    });
    const root = hashTree(leaves).toString("base64");
    const note = `${HOST} - 1\n${leaves.length}\n${root}\n`;
    const signature = Buffer.concat([id.subarray(0, 4), sign("sha256", Buffer.from(note), key)]).toString("base64");
    const promise = { signedEntryTimestamp: sign("sha256", Buffer.from(promised ?? ""), key).toString("base64") };
    const proof = {
      logIndex: String(index),
      rootHash: root,
      treeSize: String(leaves.length),
      hashes: listNeighbours(index, leaves).map((hash) => hash.toString("base64")),
      checkpoint: { envelope: `${note}\n\u2014 ${HOST} ${signature}\n` },
    };
    return {
      logIndex: String(logIndex),
      logId: { keyId: id.toString("base64") },
      kindVersion: { kind, version },
      integratedTime: String(integratedTime),
      ...(witness === "proof" ? {} : { inclusionPromise: promise }),
      ...(witness === "promise" ? {} : { inclusionProof: proof }),
      canonicalizedBody: body.toString("base64"),
    };
  };
}
