/** What the status of a ModelRelease says. Pure. */
import type { CountedApproval } from "../../api/approval-count.ts";
import type { ModelRelease } from "../../api/model-release.ts";
import { addReading } from "../../domain/describe-reading.ts";
import type { NamespaceJudgement } from "../../domain/evaluate.ts";
import { type Stated, stateFinding } from "../../domain/findings.ts";
import { tagOfImage } from "../../domain/images.ts";
import type { Approvability, ReleaseJudgement } from "../../domain/judge-release.ts";
import { findWarning } from "../../domain/moments.ts";
import type { Tags } from "../../domain/tags.ts";
import { toIso } from "../../domain/time.ts";
import { type ConditionDraft, holds, lacks, toUngoverned } from "./condition-draft.ts";

export interface ReleaseStatus {
  digest?: string;
  approved?: NonNullable<NonNullable<ModelRelease["status"]>["approved"]>;
  notAfter?: string;
  editedAt?: string;
  approvals?: CountedApproval[];
  conditions: ConditionDraft[];
}

function describeApproval({ approval, fault }: Approvability): ConditionDraft {
  if (fault !== undefined) return lacks("Approved", fault);
  const { standing } = approval;
  if (standing.standing === "stale") {
    return holds(
      "Approved",
      "LastApprovedInForce",
      `the AISystem was edited; the last approval stays in force until ${toIso(standing.notAfter)}, then it lacks ${standing.lacking}`,
    );
  }
  if (standing.standing === "approved" && Number.isFinite(standing.until)) {
    return holds("Approved", "Approved", `approved until ${toIso(standing.until)}`);
  }
  return holds("Approved", "Approved", "the policy asks for no approval");
}

function describeExpiry(release: ReleaseJudgement, namespace: string, now: number): ConditionDraft {
  const { notAfter, object, findings } = release;
  const days = findings.length > 0 ? undefined : findWarning(notAfter, now);
  if (days === undefined)
    return { type: "Expiring", status: "False", reason: "NotSoon", message: "no approval ends within 14 days" };
  const { text } = stateFinding("ApprovalExpiring", {
    release: object.metadata.name,
    namespace,
    until: toIso(notAfter),
  });
  return holds("Expiring", "ApprovalExpiring", `${text} (within ${days} ${days === 1 ? "day" : "days"})`);
}

function describePins(object: ModelRelease, { contested }: Tags, namespace: string): ConditionDraft[] {
  for (const { image } of object.spec.artifacts) {
    const tag = tagOfImage(image);
    const names = tag === undefined ? undefined : contested.get(tag);
    if (tag === undefined || names === undefined) continue;
    return [lacks("Pinned", stateFinding("TagContested", { tag, names: names.join(", "), namespace }))];
  }
  const hasTags = object.spec.artifacts.some(({ image }) => tagOfImage(image) !== undefined);
  return hasTags ? [holds("Pinned", "Pinned", "its tags are claimed by no other release")] : [];
}

function describeVerification(release: ReleaseJudgement, isJudged: boolean): ConditionDraft[] {
  if (!isJudged) return [];
  if (release.unverified !== undefined) {
    // Here and below alone: a Warrant that told of every step would be written at every step.
    return [lacks("Verified", addReading(release.unverified, release.object.status?.reading))];
  }
  return [holds("Verified", "Verified", "all artifacts carry the demanded signatures")];
}

function describeReadiness([first]: readonly Stated[], notAfter: number, object: ModelRelease): ConditionDraft {
  if (first !== undefined) return lacks("Ready", addReading(first, object.status?.reading));
  const isBounded = notAfter < Date.UTC(9999, 0);
  return holds(
    "Ready",
    "MayRun",
    isBounded ? `its pods are admitted until ${toIso(notAfter)}` : "its pods are admitted",
  );
}

/** What the status depends on besides the judgement. */
interface ReleaseContext {
  tags: Tags;
  /** Set where the Warrant could not hold the release. */
  overflow: Stated | undefined;
  /** Epoch milliseconds. */
  now: number;
}

function findApproved(object: ModelRelease, approvable: Approvability | undefined) {
  const standing = approvable?.approval.standing;
  if (approvable !== undefined && standing?.standing === "approved" && Number.isFinite(standing.until)) {
    return { approved: { digest: approvable.digest, until: toIso(standing.until) } };
  }
  return object.status?.approved === undefined ? {} : { approved: object.status.approved };
}

/** Decides the status of one release. */
export function decideRelease(
  object: ModelRelease,
  { governing }: NamespaceJudgement,
  { tags, overflow, now }: ReleaseContext,
): ReleaseStatus {
  const { namespace = "", name } = object.metadata;
  const kept = findApproved(object, undefined);
  if (governing === undefined) {
    return { ...kept, conditions: [toUngoverned(stateFinding("NamespaceNotGoverned", { namespace }))] };
  }
  if (governing.outcome === "unusable") return { ...kept, conditions: [lacks("Ready", governing.finding)] };
  const release = governing.releases.find((one) => one.object.metadata.name === name);
  if (release === undefined) return { ...kept, conditions: [] };
  const { approvable, notAfter, revoked } = release;
  const findings = overflow === undefined ? release.findings : [...release.findings, overflow];
  return {
    ...(approvable === undefined ? {} : { digest: approvable.digest, approvals: approvable.approval.counted }),
    ...findApproved(object, approvable),
    ...(findings.length === 0 ? { notAfter: toIso(notAfter) } : {}),
    ...(approvable?.editedAt === undefined ? {} : { editedAt: toIso(approvable.editedAt) }),
    conditions: [
      ...describeVerification(release, approvable !== undefined),
      ...(approvable === undefined ? [] : [describeApproval(approvable)]),
      ...(revoked === undefined ? [] : [{ ...lacks("Revoked", revoked), status: "True" as const }]),
      describeExpiry(release, namespace, now),
      ...describePins(object, tags, namespace),
      describeReadiness(findings, notAfter, object),
    ],
  };
}
