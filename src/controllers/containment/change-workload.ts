/** The writes to workloads: a rollback, a throttle, a suspension. Each is conditional on the object that was decided on. */
import { toCanonicalText } from "../../domain/canonical.ts";
import { isSameTemplate, type Snapshot } from "../../domain/rollback.ts";
import { isApiError, type KubeObject, type ResourceType } from "../../runtime/index.ts";
import { CRON_JOBS, DAEMON_SETS, DEPLOYMENTS, JOBS, STATEFUL_SETS } from "../resources.ts";
import type { Toolbox } from "../toolbox.ts";
import type { RawWorkload, WorkloadFacts, WorkloadKind } from "../workloads.ts";
import { listReminders } from "./last-applied.ts";
import { handOver } from "./managed-fields.ts";
import type { ContainedJob } from "./facts.ts";

const TYPES: Record<WorkloadKind, ResourceType> = {
  Deployment: DEPLOYMENTS,
  StatefulSet: STATEFUL_SETS,
  DaemonSet: DAEMON_SETS,
};

const FIELD_MANAGER = { fieldManager: "vouchsafe-containment" };

/** `test` operations that make a patch apply to exactly the object that was read. */
const onlyIf = ({ uid = "", resourceVersion = "" }: KubeObject["metadata"]) => [
  { op: "test" as const, path: "/metadata/uid", value: uid },
  { op: "test" as const, path: "/metadata/resourceVersion", value: resourceVersion },
];

const refOf = ({ namespace = "", name }: KubeObject["metadata"]) => ({ namespace, name });

/** What Kubernetes says where a patch does not apply, as with a failed `test`; a refusal by validation names the object. */
const NOT_APPLIED = "the server rejected our request due to an error in our request";

/** A failed `test` is Invalid; a lost race is Conflict. */
const isStale = (error: unknown) =>
  isApiError(error, "Conflict", "NotFound") || (isApiError(error, "Invalid") && error.message.includes(NOT_APPLIED));

/**
 * Whether the API server refuses to bring the digest into the workload, shown by a request that changes nothing. The
 * name before the digest is no image's, so that the digest counts as new.
 */
export async function proveRefusal(
  { client }: Toolbox,
  { kind, metadata }: WorkloadFacts,
  digest: string,
): Promise<boolean> {
  const image = `probe.vouchsafe.dev/refused@${digest}`;
  const patch = [{ op: "replace" as const, path: "/spec/template/spec/containers/0/image", value: image }];
  try {
    await client.patchJson(TYPES[kind], refOf(metadata), patch, { ...FIELD_MANAGER, dryRun: true });
    return false;
  } catch (error) {
    if (isApiError(error, "Forbidden") && error.message.includes("'vouchsafe-workloads-refused'")) return true;
    // Another policy that refuses first proves nothing of ours.
    if (isStale(error) || isApiError(error, "Forbidden", "Invalid", "BadRequest")) return false;
    throw error;
  }
}

export type RollbackOutcome =
  | { outcome: "patched" }
  /** It changed meanwhile; to be looked at again. */
  | { outcome: "stale" }
  | { outcome: "refused"; why: string };

/** The workload's own controller writes to it at the same moment. */
const MAX_TRIES = 5;

/**
 * Gives what was restored to its applier. A change that comes with it would count as ours, so it takes a request of its
 * own; where that does not succeed, the next apply of people only has to be forced.
 */
async function handOverTemplate(client: Toolbox["client"], type: ResourceType, restored: RawWorkload): Promise<void> {
  const ref = refOf(restored.metadata);
  let current = restored;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const value = handOver(current.metadata.managedFields, FIELD_MANAGER.fieldManager);
    if (value === undefined) return;
    const patch = [...onlyIf(current.metadata), { op: "replace" as const, path: "/metadata/managedFields", value }];
    try {
      await client.patchJson(type, ref, patch, FIELD_MANAGER);
      return;
    } catch (error) {
      if (!isStale(error)) throw error;
      current = await client.get<RawWorkload>(type, ref);
    }
  }
}

/** Puts the template of a snapshot back, never the replicas: first as a dry-run, whose result has to be the snapshot. */
export async function rollBack(
  { client }: Toolbox,
  { kind, metadata }: WorkloadFacts,
  snapshot: Snapshot,
): Promise<RollbackOutcome> {
  const type = TYPES[kind];
  const ref = refOf(metadata);
  try {
    const live = await client.get<RawWorkload>(type, ref);
    // Our copy may be older than our own last patch, or than somebody's way forward.
    const isSame = live.metadata.uid === metadata.uid && live.metadata.generation === metadata.generation;
    if (!isSame) return { outcome: "stale" };
    // Our copy may be old, and it is back already.
    if (toCanonicalText(live.spec?.template ?? {}) === toCanonicalText(snapshot.template))
      return { outcome: "patched" };
    const patch = [
      ...onlyIf(live.metadata),
      { op: "replace" as const, path: "/spec/template", value: snapshot.template },
      ...listReminders(live, snapshot.template),
    ];
    const tried = await client.patchJson<RawWorkload>(type, ref, patch, { ...FIELD_MANAGER, dryRun: true });
    if (!isSameTemplate(tried.spec?.template, snapshot.template)) {
      return { outcome: "refused", why: "something in the cluster changes the template while it is written" };
    }
    const after = await client.patchJson<RawWorkload>(type, ref, patch, FIELD_MANAGER);
    await handOverTemplate(client, type, after).catch((error: unknown) => {
      // It is back all the same.
      if (!isApiError(error)) throw error;
    });
    return { outcome: "patched" };
  } catch (error) {
    if (isStale(error)) return { outcome: "stale" };
    if (isApiError(error, "Forbidden", "Invalid", "BadRequest")) return { outcome: "refused", why: error.message };
    throw error;
  }
}

/** Sets one field of exactly the object that was read; one that changed meanwhile is looked at again. */
async function setIfFresh(
  { client }: Toolbox,
  type: ResourceType,
  metadata: KubeObject["metadata"],
  field: { path: string; value: unknown },
): Promise<void> {
  try {
    await client.patchJson(type, refOf(metadata), [...onlyIf(metadata), { op: "add", ...field }], FIELD_MANAGER);
  } catch (error) {
    if (!isStale(error)) throw error;
  }
}

/** Sets the replicas of a workload. */
export const scale = (tools: Toolbox, { kind, metadata }: WorkloadFacts, replicas: number) =>
  setIfFresh(tools, TYPES[kind], metadata, { path: "/spec/replicas", value: replicas });

/** Suspends a Job or CronJob, or lets it go on. */
export function suspend(tools: Toolbox, namespace: string, job: ContainedJob, isSuspended: boolean): Promise<void> {
  const { kind, name, uid, resourceVersion } = job;
  const metadata = { namespace, name, uid, resourceVersion };
  return setIfFresh(tools, kind === "Job" ? JOBS : CRON_JOBS, metadata, { path: "/spec/suspend", value: isSuspended });
}
