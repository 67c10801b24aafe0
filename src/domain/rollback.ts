/** Where a workload goes back to: the newest last-known-good state that is still vouched for, or nowhere. Pure. */
import type { ModelRelease } from "../api/model-release.ts";

/** A last-known-good state, as its ControllerRevision holds it. */
export interface Snapshot {
  /** Name of the ControllerRevision; it carries the digest of what it holds. */
  name: string;
  release: string;
  /** Images of the pod template. */
  images: readonly string[];
  template: Record<string, unknown>;
  /** ConfigMaps that the template names, each with the digest of its data then. */
  configMaps: Readonly<Record<string, string>>;
  /** RFC 3339. */
  recordedAt: string;
}

export interface RollbackCase {
  snapshots: readonly Snapshot[];
  /** The release that the workload runs now, where it is known. */
  from: ModelRelease | undefined;
  /** When each release was published, epoch milliseconds, by name. */
  published: ReadonlyMap<string, number>;
  /** Why the state may not run now; undefined where it is vouched for. */
  judge: (snapshot: Snapshot) => string | undefined;
  /** ConfigMaps of the namespace that are there. */
  hasConfigMap: (name: string) => boolean;
  /** Whether a rollback brought the workload to what it runs now. */
  isRolledBack: boolean;
  /** Rollbacks of the workload within the last hour. */
  recent: number;
}

export type RollbackChoice =
  | { choice: "rollBack"; snapshot: Snapshot }
  /** Nothing to go back to; `why` is for people. */
  | { choice: "stop"; why: string };

/** After so many rollbacks within an hour a workload is flapping: people have to look. */
export const MAX_ROLLBACKS = 3;

const stop = (why: string): RollbackChoice => ({ choice: "stop", why });

/** Chooses where to go. */
export function chooseSnapshot(about: RollbackCase): RollbackChoice {
  const { from, snapshots } = about;
  const order = from?.spec.rollback;
  if (order?.to === "none") return stop(`release ${from?.metadata.name ?? "?"} names no release to go back to`);
  const named = order?.to === "release" ? order.release : undefined;
  const others = snapshots.filter(
    ({ release }) => release !== from?.metadata.name && (named === undefined || release === named),
  );
  if (others.length === 0) {
    return stop(
      named === undefined ? "no other release was seen to run well" : `release ${named} was not seen to run well`,
    );
  }
  const refusals: string[] = [];
  for (const snapshot of sortNewestFirst(others, about.published)) {
    const refused = about.judge(snapshot);
    const missing = Object.keys(snapshot.configMaps).find((name) => !about.hasConfigMap(name));
    if (refused === undefined && missing === undefined) return guardFlapping(about, snapshot);
    refusals.push(refused ?? `release ${snapshot.release} needs ConfigMap ${missing ?? "?"}, which is gone`);
  }
  return stop(`nothing vouched is left: ${refusals[0] ?? ""}`);
}

/** A workload that goes back and forth is no cure. */
function guardFlapping({ isRolledBack, recent }: RollbackCase, snapshot: Snapshot): RollbackChoice {
  if (isRolledBack) return stop("what runs is itself a rollback, and a rollback is not rolled back");
  if (recent >= MAX_ROLLBACKS) return stop(`it was rolled back ${recent} times within an hour`);
  return { choice: "rollBack", snapshot };
}

function sortNewestFirst(snapshots: readonly Snapshot[], published: ReadonlyMap<string, number>): Snapshot[] {
  const rank = ({ release }: Snapshot) => published.get(release) ?? 0;
  const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return snapshots.toSorted(
    (a, b) => rank(b) - rank(a) || compare(b.recordedAt, a.recordedAt) || compare(a.name, b.name),
  );
}

type Json = unknown;

/**
 * Whether `found` is `wanted` after the API server added defaults to it: every member of `wanted` is there unchanged.
 * A snapshot may be older than a default that an upgrade brought.
 */
export function isSameTemplate(found: Json, wanted: Json): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(found) &&
      found.length === wanted.length &&
      wanted.every((item, index) => isSameTemplate(found[index], item))
    );
  }
  if (typeof wanted === "object" && wanted !== null) {
    if (typeof found !== "object" || found === null) return false;
    const members = found as Record<string, Json>;
    return Object.entries(wanted).every(([key, value]) => isSameTemplate(members[key], value));
  }
  // Up to 1.33 Kubernetes wrote `creationTimestamp: null` into templates; newer ones leave it out (kubernetes#130989).
  return found === wanted || (wanted === null && found === undefined);
}

/** For each digest of `before` that `after` does not have, the digest of the container or volume that took its place. */
export function listSwaps(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Record<string, string> {
  const swaps: [string, string][] = [];
  for (const [slot, digest] of before) {
    const now = after.get(slot);
    if (now !== undefined && now !== digest) swaps.push([digest, now]);
  }
  return Object.fromEntries(swaps.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
