/**
 * Which Incidents need a pull request now, what it is made from, and how long to wait where GitHub does not answer.
 * Containment never waits for any of it. Pure.
 */
import type { AISystem } from "../../api/ai-system.ts";
import type { SystemGitHub } from "../../api/github.ts";
import type { Incident, IncidentWorkload } from "../../api/incident.ts";
import type { ModelRelease } from "../../api/model-release.ts";
import type { WarrantEntry, WarrantSpec } from "../../api/warrant.ts";
import { flatten } from "../../domain/findings.ts";
import type { ImageSwap } from "../../domain/governed-text.ts";
import { digestOfImage } from "../../domain/images.ts";
import type { RevertCase, RevertOutcome } from "../../domain/revert-proposal.ts";
import { HOUR, parseInstant, toIso } from "../../domain/time.ts";

/** What is known about one Incident. */
export interface RevertFacts {
  incident: Incident;
  system: AISystem | undefined;
  /** Releases of the namespace. */
  releases: readonly ModelRelease[];
  /** The Warrant `enforce`. */
  warrant: WarrantSpec | undefined;
  /** Before this moment GitHub is not to be asked again about it, epoch milliseconds. */
  notBefore: number;
  now: number;
}

export type RevertDecision =
  | { act: "none" }
  | { act: "wait"; ms: number }
  | { act: "propose"; where: SystemGitHub; about: RevertCase };

/** `status.pullRequest` of an Incident. `at`: since when it is so. */
export interface PullRequestStatus {
  state: "Proposed" | "NotNeeded" | "Queued" | "Failed";
  url?: string | undefined;
  number?: number | undefined;
  at: string;
  message: string;
}

const FIRST_RETRY_MS = 30_000;
const LAST_RETRY_MS = HOUR / 4;
/** What people have to mend is looked at again in this time. */
const FAILED_RETRY_MS = HOUR;
const MAX_STEPS = 20;

/** What the AISystem says about GitHub. */
export const findGitHub = (system: AISystem): SystemGitHub | undefined => system.spec.github;

/** Whether the workloads came to rest: rolled back or stopped, and none of them under way. */
function hasSettled({ status }: Incident): boolean {
  const last = (status?.actions ?? []).filter(({ rung }) => rung === "rollBack" || rung === "stop");
  const isUnderWay = last.some(({ result }) => result === "Started" || result === "Waiting");
  return !isUnderWay && last.some(({ result }) => result === "Done");
}

/** The reference to an image as a release lists it, or the bare digest where none does. */
const findImage = (releases: readonly ModelRelease[], digest: string) =>
  releases.flatMap(({ spec }) => spec.artifacts).find(({ image }) => digestOfImage(image) === digest)?.image ?? digest;

function listSwaps(workloads: readonly IncidentWorkload[], releases: readonly ModelRelease[]): ImageSwap[] {
  const swaps = new Map(workloads.flatMap((workload) => Object.entries(workload.swaps ?? {})));
  return [...swaps]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([from, to]) => ({ from: findImage(releases, from), to: findImage(releases, to) }));
}

/** Digests that may run at `now`. */
export function listVouched(warrant: WarrantSpec | undefined, now: number): Set<string> {
  const isOpen = ({ grants = [], refused }: WarrantEntry) =>
    refused === undefined && grants.some(({ notAfter }) => (parseInstant(notAfter) ?? 0) > now);
  const granted = Object.entries(warrant?.images ?? {}).flatMap(([digest, entry]) => (isOpen(entry) ? [digest] : []));
  return new Set([...granted, ...(warrant?.supporting ?? [])]);
}

/** Puts together what the pull request is made from. */
export function toRevertCase({ incident, releases, warrant, now }: RevertFacts, system: string): RevertCase {
  const { metadata, spec, status } = incident;
  const workloads = status?.workloads ?? [];
  const swaps = listSwaps(workloads, releases);
  const { release } = spec;
  const restored = workloads.find(({ to }) => to !== undefined)?.to;
  const condemned = new Set([...(spec.digests ?? []), ...swaps.map(({ from }) => digestOfImage(from) || from)]);
  const done = (status?.actions ?? []).filter(({ result }) => result === "Done").slice(0, MAX_STEPS);
  return {
    incident: { namespace: metadata.namespace ?? "", name: metadata.name, uid: metadata.uid ?? "" },
    system,
    ...(release === undefined ? {} : { release }),
    ...(restored === undefined ? {} : { restored }),
    severity: spec.severity,
    summary: spec.summary,
    detectedAt: spec.detectedAt,
    steps: done.map(({ rung, target, startedAt, doneAt }) => ({ what: `${rung} ${target}`, at: doneAt ?? startedAt })),
    condemned: [...condemned].toSorted(),
    swaps,
    vouched: listVouched(warrant, now),
  };
}

/** Whether Git is, or will be, as people want it. */
export const isSettled = (status: PullRequestStatus | undefined) =>
  status?.state === "Proposed" || status?.state === "NotNeeded";

/** Decides on one Incident. */
export function decideRevert(facts: RevertFacts): RevertDecision {
  const { incident, system, notBefore, now } = facts;
  const { spec, status } = incident;
  const where = system === undefined ? undefined : findGitHub(system);
  if (where?.revert !== "Propose" || spec.system === undefined || spec.type !== "breach") return { act: "none" };
  if (spec.state === "Closed" || !hasSettled(incident)) return { act: "none" };
  if (isSettled(status?.pullRequest)) return { act: "none" };
  const about = toRevertCase(facts, spec.system);
  if (about.condemned.length === 0) return { act: "none" };
  return notBefore > now ? { act: "wait", ms: notBefore - now } : { act: "propose", where, about };
}

type Standing = Extract<RevertOutcome, { outcome: "proposed" }>["standing"];
const STANDING: Record<Standing, string> = {
  open: "the pull request is open: look at it and merge it",
  merged: "the pull request was merged",
  closed: "the pull request was closed without merging: Git still asks for what may not run",
};

type Draft = Omit<PullRequestStatus, "at"> & { at?: string };

function toDraft(outcome: RevertOutcome): Draft {
  switch (outcome.outcome) {
    case "proposed": {
      const { number, url, createdAt, standing } = outcome;
      return { state: "Proposed", url, number, at: createdAt, message: STANDING[standing] };
    }
    case "notNeeded":
      return { state: "NotNeeded", message: "Git names none of the digests that may not run" };
    case "impossible":
      return {
        state: "Failed",
        message: flatten(`nothing vouched can take the place of ${outcome.digests.join(", ")}: change Git by hand`),
      };
    case "failed": {
      const isPassing = outcome.failure.code === "Unavailable" || outcome.failure.code === "RateLimited";
      const what = isPassing ? "the cluster is contained; GitHub is asked again" : "it is tried again every hour";
      return { state: isPassing ? "Queued" : "Failed", message: flatten(`${outcome.message}; ${what}`) };
    }
  }
}

/** What the status says after a look at GitHub. The same outcome as before keeps its moment. */
export function decideStatus(
  outcome: RevertOutcome,
  before: PullRequestStatus | undefined,
  now: number,
): PullRequestStatus {
  const draft = toDraft(outcome);
  const at = draft.at ?? (before?.state === draft.state ? before.at : toIso(now));
  return { ...draft, at };
}

/** When to look again, epoch milliseconds; undefined where it is settled. The longer GitHub is away, the less often. */
export function findNextLook(status: PullRequestStatus, outcome: RevertOutcome, now: number): number | undefined {
  switch (status.state) {
    case "Proposed":
    case "NotNeeded":
      return undefined;
    case "Failed":
      return now + FAILED_RETRY_MS;
    case "Queued": {
      const since = now - (parseInstant(status.at) ?? now);
      const next = now + Math.min(LAST_RETRY_MS, Math.max(FIRST_RETRY_MS, since));
      const failure = outcome.outcome === "failed" ? outcome.failure : undefined;
      return failure?.code === "RateLimited" ? Math.max(next, failure.retryAt) : next;
    }
  }
}
