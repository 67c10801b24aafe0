/** The whole decision on a namespace: which Warrants and statuses stand when it is carried out. Pure. */
import type { AISystem } from "../../api/ai-system.ts";
import type { Approval } from "../../api/approval.ts";
import type { CountedApproval } from "../../api/approval-count.ts";
import { APPROVALS_WARRANT, MODES } from "../../api/labels.ts";
import type { ModelRelease } from "../../api/model-release.ts";
import type { Revocation } from "../../api/revocation.ts";
import type { RiskAssessment } from "../../api/risk-assessment.ts";
import type { WarrantSpec } from "../../api/warrant.ts";
import { type Breach, toGovernanceBreach } from "../../domain/breach.ts";
import { evaluateNamespace, type NamespaceJudgement } from "../../domain/evaluate.ts";
import { listValid, type NamespaceFacts } from "../../domain/facts.ts";
import { type Stated, stateFinding } from "../../domain/findings.ts";
import type { JudgedApproval } from "../../domain/judge-approval.ts";
import { findNextChange } from "../../domain/moments.ts";
import { listRevokedReleases, resolveRevokedRelease } from "../../domain/revocations.ts";
import { gatherTags } from "../../domain/tags.ts";
import { toIso } from "../../domain/time.ts";
import { compileApprovals, listApprovedSystems } from "../../gate/compile-approvals.ts";
import { compileWarrant } from "../../gate/compile-warrant.ts";
import { type ConditionDraft, holds } from "./condition-draft.ts";
import { decideAssessment, type AssessmentStatus } from "./decide-assessment.ts";
import { decideRelease, type ReleaseStatus } from "./decide-release.ts";
import { decideSystem, type SystemStatus } from "./decide-system.ts";

/** An object with the status that it is to have. */
export interface Decided<O, S> {
  object: O;
  status: S;
}

interface RevocationStatus {
  /** Digests that the revoked release is remembered by. */
  digests: string[];
  conditions: ConditionDraft[];
}

export interface NamespaceDecision {
  judgement: NamespaceJudgement;
  /** Warrants to write, by name. */
  warrants: Map<string, WarrantSpec>;
  /** Warrants of modes that the namespace no longer names. */
  obsolete: string[];
  /** Set where a Warrant could not hold everything. */
  overflow: Stated[];
  systems: Decided<AISystem, SystemStatus>[];
  assessments: Decided<RiskAssessment, AssessmentStatus>[];
  releases: Decided<ModelRelease, ReleaseStatus>[];
  revocations: Decided<Revocation, RevocationStatus>[];
  approvals: Decided<Approval, { conditions: ConditionDraft[] }>[];
  /** Epoch milliseconds; Infinity where nothing changes by time. */
  nextChange: number;
}

/** Decides at the moment `now`, epoch milliseconds. */
export function decideNamespace(facts: NamespaceFacts, now: number): NamespaceDecision {
  const judgement = evaluateNamespace(facts, now);
  const warrants = new Map<string, WarrantSpec>();
  const overflow: Stated[] = [];
  for (const mode of judgement.modes) {
    const compiled = compileWarrant(mode, facts, judgement);
    warrants.set(mode.mode, compiled.spec);
    if (compiled.overflow !== undefined) overflow.push(compiled.overflow);
  }
  // Authors are remembered also where nothing is governed any more.
  if (judgement.modes.length > 0 || facts.warrants.has(APPROVALS_WARRANT)) {
    warrants.set(APPROVALS_WARRANT, compileApprovals(judgement, facts));
  }
  const approved = listApprovedSystems(judgement);
  const releases = listValid(facts.releases);
  const tags = gatherTags(releases);
  const revocations = listValid(facts.revocations);
  const revokedNames = listRevokedReleases(revocations);
  return {
    judgement,
    warrants,
    overflow,
    obsolete: MODES.filter((mode) => !facts.modes.has(mode) && facts.warrants.has(mode)),
    systems: listValid(facts.systems).map((object) => ({ object, status: decideSystem(object, judgement, approved) })),
    assessments: listValid(facts.assessments).map((object) => ({
      object,
      status: decideAssessment(object, judgement),
    })),
    releases: releases.map((object) => ({
      object,
      status: decideRelease(object, judgement, { tags, now, overflow: overflow[0] }),
    })),
    revocations: revocations.map((object) => {
      const digests = resolveRevokedRelease(object, releases, revokedNames, facts.warrants.values());
      return { object, status: { digests, conditions: [describeForce(object, digests)] } };
    }),
    approvals: decideApprovals(judgement, listValid(facts.approvals)),
    nextChange: findNextChange(judgement, now),
  };
}

/** A namespace whose enforcing policy was taken away or replaced, as the Warrant that still stands tells. */
export function findRelabelling({ namespace, modes, warrants, systems }: NamespaceFacts): Breach | undefined {
  const before = warrants.get("enforce")?.policy;
  const after = modes.get("enforce")?.name;
  if (before === undefined || before === after || systems.length === 0) return undefined;
  return toGovernanceBreach(stateFinding("NamespaceReleased", { namespace, before, after: after ?? "none" }));
}

function describeForce({ spec }: Revocation, resolved: readonly string[]): ConditionDraft {
  const count = new Set([...(spec.digests ?? []), ...resolved]).size;
  const release = spec.release === undefined ? "" : `release ${spec.release} and `;
  return holds(
    "InForce",
    "Refused",
    `${release}${count} ${count === 1 ? "digest" : "digests"} may not run in this namespace any more`,
  );
}

/** One judged object: its counted Approvals, and the last approved content where that is still in force. */
interface Judged {
  counted: readonly CountedApproval[];
  inForce: { digest: string; until: string } | undefined;
}

function toJudged({ standing, counted }: JudgedApproval, approved: { digest: string } | undefined): Judged {
  const isInForce = standing.standing === "stale" && approved !== undefined;
  return { counted, inForce: isInForce ? { digest: approved.digest, until: toIso(standing.notAfter) } : undefined };
}

function describeCount(one: CountedApproval, digest: string, { inForce }: Judged): ConditionDraft {
  if (one.counts === "No")
    return { type: "Counted", status: "False", reason: "DoesNotCount", message: one.why ?? "it does not count" };
  if (inForce?.digest === digest) {
    return holds(
      "Counted",
      "LastApprovedInForce",
      `what it approved was edited and stays in force until ${inForce.until}`,
    );
  }
  return holds("Counted", "Counts", `it counts${one.until === undefined ? "" : ` until ${one.until}`}`);
}

/** What each Approval's own status says, for those whose target was judged. */
function decideApprovals(
  { governing }: NamespaceJudgement,
  approvals: readonly Approval[],
): NamespaceDecision["approvals"] {
  if (governing?.outcome !== "judged") return [];
  const judged = [
    ...governing.systems.flatMap(({ assessment }) => {
      const assessed = assessment?.assessed;
      return assessed === undefined ? [] : [toJudged(assessed.acceptance, assessed.object.status?.approved)];
    }),
    ...governing.releases.flatMap(({ object, approvable }) =>
      approvable === undefined ? [] : [toJudged(approvable.approval, object.status?.approved)],
    ),
  ];
  const byName = new Map(judged.flatMap((of) => of.counted.map((one) => [one.name, { one, of }] as const)));
  return approvals.flatMap((object) => {
    const found = byName.get(object.metadata.name);
    if (found === undefined) return [];
    const condition = describeCount(found.one, object.spec.target.digest, found.of);
    return [{ object, status: { conditions: [condition] } }];
  });
}
