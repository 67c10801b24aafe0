/**
 * Leader election on a Lease: 15 s lease, renewed every 2 s, given up by a holder that could not renew for 10 s.
 * A holder that lost the lease is told by a signal and must end: two leaders never work at once as long as
 * clocks run at the same pace, since a follower waits for the whole lease from when *it* saw the last renewal.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { Client } from "./client.ts";
import { isApiError } from "./errors.ts";
import { toMicroTime } from "./events.ts";
import type { Logger } from "./logger.ts";
import type { KubeObject, ObjectRef, ResourceType } from "./objects.ts";

export const LEASES: ResourceType = {
  group: "coordination.k8s.io",
  version: "v1",
  plural: "leases",
  kind: "Lease",
  namespaced: true,
};

export interface LeaderOptions {
  client: Client;
  namespace: string;
  name: string;
  /** Unique per process, such as the pod's name. */
  identity: string;
  logger: Logger;
  leaseMs?: number;
  renewDeadlineMs?: number;
  retryMs?: number;
}

interface Lease extends KubeObject {
  spec: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}

async function readLease(client: Client, ref: ObjectRef): Promise<Lease | undefined> {
  try {
    return await client.get<Lease>(LEASES, ref);
  } catch (error) {
    if (isApiError(error, "NotFound")) return undefined;
    throw error;
  }
}

/**
 * Waits for the lease, then runs `lead` with a signal that aborts when the lease is lost or `signal` aborts.
 * Returns when `lead` does; the lease is released then.
 */
export async function runAsLeader(
  options: LeaderOptions,
  signal: AbortSignal,
  lead: (signal: AbortSignal) => Promise<void>,
): Promise<"stopped" | "lost"> {
  const leaseMs = options.leaseMs ?? 15_000;
  const renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
  const retryMs = options.retryMs ?? 2_000;
  const ref = { namespace: options.namespace, name: options.name };
  let observed: { version: string; at: number } | undefined;

  const tryHold = async (): Promise<boolean> => {
    const now = toMicroTime(new Date());
    const mine = { holderIdentity: options.identity, leaseDurationSeconds: Math.ceil(leaseMs / 1000), renewTime: now };
    const lease = await readLease(options.client, ref);
    if (lease === undefined) {
      const spec = { ...mine, acquireTime: now, leaseTransitions: 0 };
      const fresh: Lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: ref, spec };
      await options.client.create(LEASES, fresh);
      return true;
    }
    const version = lease.metadata.resourceVersion ?? "";
    const isMine = lease.spec.holderIdentity === options.identity;
    const isFree = (lease.spec.holderIdentity ?? "") === "";
    if (!isMine && !isFree) {
      // The holder's clock may differ from ours: count from when we saw the lease change.
      if (observed?.version !== version) observed = { version, at: performance.now() };
      const duration = (lease.spec.leaseDurationSeconds ?? leaseMs / 1000) * 1000;
      if (performance.now() - observed.at < duration) return false;
    }
    const taken = isMine ? {} : { acquireTime: now, leaseTransitions: (lease.spec.leaseTransitions ?? 0) + 1 };
    await options.client.replace(LEASES, { ...lease, spec: { ...lease.spec, ...mine, ...taken } });
    return true;
  };

  const release = async () => {
    const lease = await options.client.get<Lease>(LEASES, ref);
    if (lease.spec.holderIdentity !== options.identity) return;
    await options.client.replace(LEASES, { ...lease, spec: { ...lease.spec, holderIdentity: "" } });
  };

  const pause = () => wait(retryMs, undefined, { signal }).catch(() => {});
  const attempt = async () => {
    try {
      return await tryHold();
    } catch (error) {
      // Somebody else was faster, or the server cannot be reached: both mean that we do not hold it now.
      if (!isApiError(error, "Conflict", "AlreadyExists")) options.logger.warn({ err: error }, "lease not renewed");
      return false;
    }
  };

  while (!(await attempt())) {
    await pause();
    if (signal.aborted) return "stopped";
  }
  options.logger.info({ lease: options.name, identity: options.identity }, "leading");
  const lost = new AbortController();
  const work = lead(AbortSignal.any([signal, lost.signal]));
  const ended = new AbortController();
  const renew = async () => {
    let lastHeld = performance.now();
    while (!ended.signal.aborted) {
      await wait(retryMs, undefined, { signal: ended.signal }).catch(() => {});
      if (ended.signal.aborted) return;
      // A renewal that hangs must not outlast the deadline.
      const deadline = wait(Math.max(0, renewDeadlineMs - (performance.now() - lastHeld)), false);
      if (await Promise.race([attempt(), deadline])) lastHeld = performance.now();
      if (performance.now() - lastHeld >= renewDeadlineMs) {
        options.logger.error({ lease: options.name }, "lease lost");
        lost.abort();
        return;
      }
    }
  };
  const renewing = renew();
  try {
    await work;
  } finally {
    ended.abort();
    await renewing;
    if (!lost.signal.aborted) {
      await release().catch((error: unknown) => options.logger.warn({ err: error }, "lease not released"));
    }
  }
  return lost.signal.aborted ? "lost" : "stopped";
}
