/**
 * How an approval stands in time: it holds, it has ended but is within its grace, what it approved was edited
 * and the last approved content is still in force, it is over, or it was never there.
 */
import { type Count, countApprovals, type Outcome, type Tally } from "./approvals.ts";
import { toIso } from "./time.ts";

/** What the approval is judged by. All times are epoch milliseconds. */
export interface ApprovalCase {
  count: Omit<Count, "notBefore">;
  now: number;
  expiryGraceMs: number;
  /** The content that was approved last, where it was not this one and the edit is not worse. */
  lastApproved?: { digest: string; graceEnds: number };
}

/**
 * `until`: end of the approval. `notAfter`: end of its grace, after which nothing starts on it. `earlier`: names of the
 * Approvals of earlier content that are in force by the grace for edits.
 */
export type ApprovalStanding =
  | { standing: "approved"; until: number; notAfter: number }
  | { standing: "stale"; until: number; notAfter: number; lacking: string; earlier: readonly string[] }
  | { standing: "expired"; until: number }
  | { standing: "lacking"; missing: string }
  | { standing: "rejected"; approval: string; approver: string; reason: string };

/** The standing, and the Approvals that were looked at. */
export interface JudgedApproval {
  standing: ApprovalStanding;
  counted: Tally["counted"];
}

const describeLack = (result: Outcome) => (result.outcome === "lacking" ? result.missing : "its approval was rejected");

/** Whether the last approved content was approved by people whose decisions still hold. */
function judgeLastApproved(about: ApprovalCase, lacking: string): ApprovalStanding | undefined {
  const { lastApproved: last, count, now, expiryGraceMs } = about;
  if (last === undefined || last.graceEnds <= now) return undefined;
  // Who wrote the edit did not write what was approved: authors were weighed when it was.
  const { result, counted } = countApprovals({
    ...count,
    target: { ...count.target, digest: last.digest },
    authors: { names: [], unknown: false },
    notBefore: now - expiryGraceMs,
  });
  if (result.outcome !== "approved") return undefined;
  const notAfter = Math.min(result.until + expiryGraceMs, last.graceEnds);
  const earlier = counted.filter(({ counts }) => counts === "Yes").map(({ name }) => name);
  return { standing: "stale", until: result.until, notAfter, lacking, earlier };
}

function judgeStanding(about: ApprovalCase, result: Outcome): ApprovalStanding {
  switch (result.outcome) {
    case "approved":
      return { standing: "approved", until: result.until, notAfter: result.until + about.expiryGraceMs };
    case "rejected":
      return { standing: "rejected", ...pickRejection(result) };
    case "lacking": {
      const stale = judgeLastApproved(about, describeLack(result));
      if (stale !== undefined) return stale;
      const ever = countApprovals({ ...about.count, notBefore: Number.NEGATIVE_INFINITY }).result;
      if (ever.outcome === "approved") return { standing: "expired", until: ever.until };
      return { standing: "lacking", missing: result.missing };
    }
  }
}

const pickRejection = ({ approval, approver, reason }: Extract<Outcome, { outcome: "rejected" }>) => ({
  approval,
  approver,
  reason,
});

/** Lists what is in force by the grace for edits as counting, until that grace is over. */
function listCounted(counted: Tally["counted"], standing: ApprovalStanding): Tally["counted"] {
  if (standing.standing !== "stale") return counted;
  const until = toIso(standing.notAfter);
  return counted.map((one) =>
    standing.earlier.includes(one.name)
      ? { ...one, until, counts: "Yes", why: "it was given for earlier content (edit grace)" }
      : one,
  );
}

/** Judges the approval of one object. */
export function judgeApproval(about: ApprovalCase): JudgedApproval {
  const tally = countApprovals({ ...about.count, notBefore: about.now - about.expiryGraceMs });
  const standing = judgeStanding(about, tally.result);
  return { standing, counted: listCounted(tally.counted, standing) };
}
