/**
 * Whether the people that a policy asks for have decided on one digest. Each place (a role, as often as it is
 * demanded) is filled by another person; authors fill none; where the author is unknown there is one place more.
 */
import type { AIPolicy, ApprovalDemand } from "../api/ai-policy.ts";
import type { Approval } from "../api/approval.ts";
import type { CountedApproval } from "../api/approval-count.ts";
import { type Authors, SERVICE_ACCOUNT_PREFIX } from "./authors.ts";
import { flatten } from "./findings.ts";
import { fillPlaces } from "./matching.ts";
import { DAY, parseInstant, toIso } from "./time.ts";

/** What is counted. */
export interface Count {
  /** All Approvals of the namespace. */
  approvals: readonly Approval[];
  target: { kind: "ModelRelease" | "RiskAssessment"; name: string; digest: string };
  /** Only those of the target's kind. */
  demands: readonly ApprovalDemand[];
  authors: Authors;
  policy: Pick<AIPolicy["spec"], "approvingServiceAccounts" | "deniedApprovers">;
  /** Approvals that ended before this moment (epoch milliseconds) count no longer. */
  notBefore: number;
}

/** How the count ended. `until` is the last moment up to which the counted approvals suffice, epoch milliseconds. */
export type Outcome =
  | { outcome: "approved"; until: number }
  | { outcome: "lacking"; missing: string }
  | { outcome: "rejected"; approval: string; approver: string; reason: string };

export interface Tally {
  result: Outcome;
  /** Every Approval that names the object, with why it counts or not; at most 64. */
  counted: CountedApproval[];
}

interface Vote {
  person: string;
  role: string;
  until: number;
}

const MAX_LISTED = 64;

/** The earlier of the Approval's own end and its birth plus the longest time its role may hold; NaN never counts. */
function findEnd(approval: Approval, demands: readonly ApprovalDemand[]): number {
  const until = parseInstant(approval.spec.until) ?? Number.NEGATIVE_INFINITY;
  const born = parseInstant(approval.metadata.creationTimestamp) ?? Number.NEGATIVE_INFINITY;
  const limits = demands.filter(({ role }) => role === approval.spec.role).map(({ maxAgeDays }) => maxAgeDays);
  const longest = Math.max(0, ...limits.map((days) => (days === undefined ? Number.POSITIVE_INFINITY : days * DAY)));
  return Math.min(until, born + longest);
}

/**
 * Whether another Approval, made in the same role, takes this one back. Only who rejected takes a rejection back: that
 * one would open.
 */
function isWithdrawn(approval: Approval, all: readonly Approval[]): boolean {
  return all.some(({ spec }) => {
    const names = spec.decision === "withdraw" && spec.withdraws?.name === approval.metadata.name;
    if (!names || spec.withdraws?.uid !== approval.metadata.uid || spec.role !== approval.spec.role) return false;
    return approval.spec.decision !== "reject" || spec.approver?.username === approval.spec.approver?.username;
  });
}

/** Why the Approval does not count, or undefined where it does. */
function findFault(approval: Approval, count: Count): string | undefined {
  const { spec } = approval;
  const person = spec.approver?.username;
  if (person === undefined) return "it names nobody";
  if (spec.target.digest !== count.target.digest) return "it is for other content";
  if (isWithdrawn(approval, count.approvals)) return "it was withdrawn";
  if (spec.decision === "reject" || spec.decision === "withdraw") return `it is a decision to ${spec.decision}`;
  if (!count.demands.some(({ role }) => role === spec.role)) return `role ${spec.role} is not asked for`;
  if (count.authors.names.includes(person)) return "its approver wrote what is approved";
  if (count.policy.deniedApprovers?.includes(person) === true) return "the policy denies its approver";
  const isMachine = person.startsWith(SERVICE_ACCOUNT_PREFIX);
  if (isMachine && count.policy.approvingServiceAccounts?.includes(person) !== true)
    return "ServiceAccounts do not approve";
  if (!(findEnd(approval, count.demands) > count.notBefore)) return "it has ended";
  return undefined;
}

/** The places to fill, each with the roles that fit it. */
function listPlaces({ demands, authors }: Count): string[][] {
  const places = demands.flatMap(({ role, count }) => Array.from({ length: count }, () => [role]));
  const roles = demands.map(({ role }) => role);
  return authors.unknown && places.length > 0 ? [...places, roles] : places;
}

function findEmptyPlaces(places: readonly string[][], votes: readonly Vote[]): string[][] {
  const people = [...new Set(votes.map(({ person }) => person))];
  const seating = fillPlaces(places.length, people.length, (person, place) =>
    votes.some((vote) => vote.person === people[person] && places[place]?.includes(vote.role) === true),
  );
  return places.filter((_, index) => seating[index] === undefined);
}

function decide(count: Count, votes: readonly Vote[]): Outcome {
  const places = listPlaces(count);
  if (places.length === 0) return { outcome: "approved", until: Number.POSITIVE_INFINITY };
  const empty = findEmptyPlaces(places, votes);
  if (empty.length > 0) {
    const missing = empty.map((roles) => `one more person in role ${[...new Set(roles)].join(" or ")}`).join(", ");
    return { outcome: "lacking", missing: count.authors.unknown ? `${missing} (its author is unknown)` : missing };
  }
  // The longest time: the latest end such that the votes that reach it still fill all places.
  const ends = [...new Set(votes.map(({ until }) => until))].toSorted((a, b) => b - a);
  const reaches = (end: number) =>
    findEmptyPlaces(
      places,
      votes.filter(({ until }) => until >= end),
    ).length === 0;
  return { outcome: "approved", until: ends.find(reaches) ?? Number.NEGATIVE_INFINITY };
}

/** Counts the Approvals of one object. A rejection that fits its content and role stops it until it is withdrawn. */
export function countApprovals(count: Count): Tally {
  const { kind, name, digest } = count.target;
  const about = count.approvals
    .filter(({ spec }) => spec.target.kind === kind && spec.target.name === name)
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const judged = about.map((approval) => ({ approval, fault: findFault(approval, count) }));
  const counted = judged.slice(0, MAX_LISTED).map(({ approval, fault }) => toCounted(approval, fault, count));
  const rejection = about.find(
    ({ spec, metadata }) =>
      spec.decision === "reject" &&
      spec.target.digest === digest &&
      !isWithdrawn({ spec, metadata, apiVersion: "", kind: "" }, count.approvals),
  );
  if (rejection !== undefined) {
    const { name: approval } = rejection.metadata;
    const approver = rejection.spec.approver?.username ?? "?";
    return { counted, result: { outcome: "rejected", approval, approver, reason: rejection.spec.reason } };
  }
  const votes = judged.flatMap(({ approval, fault }) => {
    const person = approval.spec.approver?.username;
    if (fault !== undefined || person === undefined) return [];
    return [{ person, role: approval.spec.role, until: findEnd(approval, count.demands) }];
  });
  return { counted, result: decide(count, votes) };
}

function toCounted(approval: Approval, fault: string | undefined, count: Count): CountedApproval {
  const end = findEnd(approval, count.demands);
  return {
    name: approval.metadata.name,
    role: approval.spec.role,
    approver: approval.spec.approver?.username ?? "?",
    ...(Number.isFinite(end) ? { until: toIso(end) } : {}),
    counts: fault === undefined ? "Yes" : "No",
    ...(fault === undefined ? {} : { why: flatten(fault) }),
  };
}
