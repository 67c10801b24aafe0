/**
 * Which objects are looked up on GitHub for reviews, by which policy they count, and the Approvals that are written
 * for them. Pure.
 */
import { AISystem } from "../../api/ai-system.ts";
import type { Approval } from "../../api/approval.ts";
import type { GitOrigin, PolicyGitHub, SystemGitHub } from "../../api/github.ts";
import { API_VERSION } from "../../api/kind.ts";
import type { Mode } from "../../api/labels.ts";
import { ModelRelease } from "../../api/model-release.ts";
import { RiskAssessment } from "../../api/risk-assessment.ts";
import type { WarrantSpec } from "../../api/warrant.ts";
import { toApprovedForm, toCanonicalText } from "../../domain/canonical.ts";
import { digestApprovable, digestRiskRules, digestSystem } from "../../domain/digest.ts";
import type { PolicyFacts } from "../../domain/facts.ts";
import type { GitHubFailure, ReviewApproval, ReviewCase, ReviewDecision, ReviewFacts } from "../../domain/github.ts";
import { selectTier } from "../../domain/risk.ts";
import { HOUR } from "../../domain/time.ts";
import { findGitHub } from "./decide.ts";

export type ReviewedObject = ModelRelease | RiskAssessment;

/** What is known of one object that may be approved. */
export interface ReviewedFacts {
  object: ReviewedObject;
  system: AISystem | undefined;
  /** The Warrant `approvals`. */
  warrant: WarrantSpec | undefined;
  modes: ReadonlyMap<Mode, PolicyFacts>;
}

/** What to look for, and by which rules it counts. */
export interface ReviewLook {
  object: ReviewedObject;
  where: SystemGitHub;
  policy: PolicyGitHub;
  target: ReviewCase["target"];
  /** Whether people have approved it already: then only dismissals can bring something new. */
  isApproved: boolean;
}

const CALM_MS = HOUR / 6;
const WAITING_MS = 60_000;

/** The policy in force: a laxer one that is only tried beside it approves nothing. */
function findPolicy(modes: ReviewedFacts["modes"]): PolicyGitHub | undefined {
  const [governing] = modes.values();
  return governing?.outcome === "valid" ? governing.spec.github : undefined;
}

const toKind = (object: ReviewedObject) => ("artifacts" in object.spec ? "ModelRelease" : "RiskAssessment");

/** What to look for of one object; one entry per digest that may be approved now. */
export function listLooks({ object, system, warrant, modes }: ReviewedFacts): ReviewLook[] {
  const where = system === undefined ? undefined : findGitHub(system);
  const policy = findPolicy(modes);
  if (where?.reviews !== "Count" || policy === undefined || object.metadata.deletionTimestamp !== undefined) return [];
  const kind = toKind(object);
  const { name, uid } = object.metadata;
  const isApproved =
    object.status?.conditions?.some(
      ({ type, status }) => (type === "Approved" || type === "Accepted") && status === "True",
    ) === true;
  return Object.entries(warrant?.approvals ?? {})
    .filter(([, entry]) => entry.kind === kind && entry.name === name && entry.uid === uid)
    .map(([digest, { roles }]) => ({ object, where, policy, target: { kind, name, digest, roles }, isApproved }));
}

const SCHEMAS = { ModelRelease: ModelRelease.spec, RiskAssessment: RiskAssessment.spec, AISystem: AISystem.spec };

/** The approved form of a spec as it stands in Git; undefined where it does not fit its kind. */
export function toForm(kind: string, spec: unknown): string | undefined {
  const schema =
    kind === "ModelRelease" || kind === "RiskAssessment" || kind === "AISystem" ? SCHEMAS[kind] : undefined;
  const parsed = schema?.safeParse(spec);
  if (schema === undefined || parsed?.success !== true) return undefined;
  return toCanonicalText(toApprovedForm(schema, parsed.data));
}

/** The digest of two specs as they stand in Git, under whichever policy of the namespace gives the wanted one. */
export function createDigesting(look: ReviewLook, modes: ReviewedFacts["modes"]) {
  const { kind, name, digest } = look.target;
  const namespace = look.object.metadata.namespace ?? "";
  return (spec: unknown, systemSpec: unknown): string | undefined => {
    const system = AISystem.spec.safeParse(systemSpec);
    const own = SCHEMAS[kind].safeParse(spec);
    if (!system.success || !own.success || own.data.system !== look.object.spec.system) return undefined;
    const digests = [...modes.values()].flatMap((policy) => {
      const tier = policy.outcome === "valid" ? selectTier(policy.spec.tiers, system.data.impact) : undefined;
      if (policy.outcome !== "valid" || tier === undefined) return [];
      const bound = { system: digestSystem(system.data), tier: tier.name };
      const base = { namespace, name, spec: own.data };
      return kind === "ModelRelease"
        ? [digestApprovable({ ...base, kind, bound })]
        : [digestApprovable({ ...base, kind, bound: { ...bound, risk: digestRiskRules(policy.spec.risk) } })];
    });
    return digests.find((one) => one === digest);
  };
}

/** An Approval as it is created. */
export type Written = Pick<Approval, "apiVersion" | "kind"> & {
  metadata: { name: string; namespace: string };
  spec: Omit<Approval["spec"], "source"> & { source: "GitHub"; review?: ReviewApproval["review"] };
};

/** The Approval that a review amounts to. */
function toApproval(look: ReviewLook, { name, role, username, until, review }: ReviewApproval): Written {
  const { kind, name: target, digest } = look.target;
  return {
    apiVersion: API_VERSION,
    kind: "Approval",
    metadata: { name, namespace: look.object.metadata.namespace ?? "" },
    spec: {
      target: { kind, name: target, digest },
      role,
      decision: kind === "ModelRelease" ? "approve" : "accept",
      until,
      reason: `review of pull request ${review.pullRequest} of ${review.repository} by ${review.login}`,
      approver: { username },
      source: "GitHub",
      review,
    },
  };
}

/** The withdrawal of an Approval whose review no longer stands. */
function toWithdrawal({ metadata, spec }: ReviewDecision["lapsed"][number]): Written {
  const { target, role, approver } = spec;
  return {
    apiVersion: API_VERSION,
    kind: "Approval",
    metadata: { name: `${metadata.name}-lapsed`, namespace: metadata.namespace ?? "" },
    spec: {
      target,
      role,
      decision: "withdraw",
      withdraws: { name: metadata.name, uid: metadata.uid ?? "" },
      reason: "its review on GitHub was dismissed or replaced",
      ...(approver === undefined ? {} : { approver }),
      source: "GitHub",
    },
  };
}

/** Approvals and withdrawals that are still to be written. */
export function listWrites(look: ReviewLook, decision: ReviewDecision, existing: ReadonlySet<string>): Written[] {
  const written = [
    ...decision.approvals.map((approval) => toApproval(look, approval)),
    ...decision.lapsed.map(toWithdrawal),
  ];
  return written.filter(({ metadata }) => !existing.has(metadata.name));
}

/** `status.origin` of the object. */
export function toOrigin(look: ReviewLook, facts: ReviewFacts, decision: ReviewDecision): GitOrigin {
  return {
    digest: look.target.digest,
    repository: facts.repository,
    commit: facts.commit,
    ...(facts.pull === undefined ? {} : { pullRequest: facts.pull.number }),
    authors: decision.authors.slice(0, 64),
    authorship: decision.authors.length > 64 ? "Unknown" : decision.authorship,
  };
}

/** How long until the next look, in milliseconds. */
export function findPause(look: ReviewLook, failure: GitHubFailure | undefined, now: number): number {
  if (failure === undefined) return look.isApproved ? CALM_MS : WAITING_MS;
  switch (failure.code) {
    case "RateLimited":
      return Math.max(WAITING_MS, failure.retryAt - now);
    case "Unavailable":
      return WAITING_MS;
    case "NotFound":
    case "Forbidden":
    case "Invalid":
    case "Conflict":
      return CALM_MS;
  }
}
