/**
 * The evidence stream: one JSON line per verdict, counted approval, seen refusal and action. A record's id is the
 * hash of what it says without its time, so that a record written twice after a restart is known as one.
 */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";

/** What kinds of records there are. */
export const EVIDENCE_KINDS = ["verdict", "approval", "verification", "refusal", "breach", "action"] as const;

export interface EvidenceRecord {
  kind: (typeof EVIDENCE_KINDS)[number];
  /** Who did it: a user, or the operator itself. */
  actor: string;
  /** `Kind/namespace/name` of what it is about. */
  object: string;
  /** What happened, in one word. */
  what: string;
  digest?: string;
  /** Digests of what the decision rested on. */
  inputs: readonly string[];
  /** Codes of findings. */
  codes: readonly string[];
  /** One sentence for people. */
  text?: string;
}

export interface Evidence {
  record(entry: EvidenceRecord): void;
}

/** The digest of any JSON value, for `inputs`. */
export function digestInput(value: unknown): string {
  return `sha256:${createHash("sha256")
    .update(canonicalize(value) ?? "")
    .digest("hex")}`;
}

/** Makes the stream over `write`, which takes one line at a time. */
export function createEvidence(
  write: (line: string) => void,
  onRecord: (kind: EvidenceRecord["kind"]) => void,
  clock: () => Date = () => new Date(),
): Evidence {
  return {
    record: (entry) => {
      const id = digestInput(entry);
      write(`${JSON.stringify({ id, time: clock().toISOString(), ...entry })}\n`);
      onRecord(entry.kind);
    },
  };
}
