/**
 * What an inclusion proof says twice: @sigstore/verify computes with the signed checkpoint and leaves the proof's own
 * root hash and tree size unread, and of Rekor v2 the entry's index too. A bundle that contradicts itself is refused.
 */
import type { TransparencyLogEntry } from "@sigstore/bundle";
import { Refusal } from "./verdict.ts";

const contradiction = (what: string) => new Refusal("LogEntryMismatch", `its inclusion proof contradicts ${what}`);

/** Holds a proof to its checkpoint (C2SP tlog-checkpoint: origin, size, root hash, each in a line). Throws a Refusal. */
export function demandConsistentProof({ inclusionProof, kindVersion, logIndex }: TransparencyLogEntry): void {
  if (inclusionProof === undefined) return;
  const { checkpoint, rootHash, treeSize } = inclusionProof;
  const [, size = "", root = ""] = checkpoint?.envelope.split("\n", 4) ?? [];
  if (treeSize !== size) throw contradiction("the size of its checkpoint");
  if (rootHash.toString("base64") !== root) throw contradiction("the root hash of its checkpoint");
  // The shards of Rekor v1 count by themselves; the signed entry timestamp covers the other number.
  if (kindVersion.version === "0.0.2" && inclusionProof.logIndex !== logIndex && kindVersion.kind !== "intoto") {
    throw contradiction("the index of its log entry");
  }
}
