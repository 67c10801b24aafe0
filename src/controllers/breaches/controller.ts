/** Notices what runs without being vouched for, whatever the cause, and opens an Incident for it. */
import { modeLabel } from "../../api/labels.ts";
import type { Breach } from "../../domain/breach.ts";
import { listValid } from "../../domain/facts.ts";
import { stateFinding } from "../../domain/findings.ts";
import type { Widening } from "../../domain/reachability/widening.ts";
import { findBreaches } from "../../gate/find-breaches.ts";
import { type Controller, createController, fromStore, type Result } from "../../runtime/index.ts";
import { toObserver } from "../governance/controller.ts";
import { isStale, settleAll } from "../governance/settle.ts";
import type { Toolbox } from "../toolbox.ts";
import type { World } from "../world.ts";
import { decideIncidents } from "./decide.ts";
import { writeIncident } from "./open.ts";
import { listLoose, observeReleases, observeWidening, toRunning } from "./observe.ts";

/** Approvals end without anybody's write; the Warrant refuses to the second, this is how late the breach is noticed at most. */
const LOOK_AGAIN_MS = 30_000;
/** After a write that our old copy misled; where the watch brings the new one, that comes first. */
const OLD_COPY_WAIT_MS = 1000;

/** Stops that are in force, whether or not a pod of the system runs. */
function listStopped(world: World, namespace: string): Breach[] {
  return listValid(world.stops.byIndex("namespace", namespace)).flatMap(({ metadata, spec }): Breach[] => {
    if (spec.resumed !== undefined) return [];
    const text = `AISystem ${spec.system} was stopped by ${spec.by?.username ?? spec.authority}: ${spec.reason}`;
    const why = { code: "SystemStopped" as const, text };
    return [
      {
        kind: "SystemStopped",
        system: spec.system,
        release: undefined,
        order: metadata.name,
        digests: [],
        pods: [],
        why,
      },
    ];
  });
}

/** One breach per Stop: the pods that were found for it, or none. */
function withStops(found: readonly Breach[], stopped: readonly Breach[]): Breach[] {
  const seen = new Set(found.map(({ order }) => order));
  return [...found, ...stopped.filter(({ order }) => !seen.has(order))];
}

/** One breach per system whose fence is open, with the first policy that opens it. */
function listWidened(world: World, namespace: string): Breach[] {
  const first = new Map<string, Widening>();
  for (const one of observeWidening(world, namespace)) if (!first.has(one.system)) first.set(one.system, one);
  return [...first.values()].map(({ system, policy, direction, opens }): Breach => {
    const why = stateFinding("FenceWidened", { policy, system, namespace, why: `${direction}: ${opens}` });
    return { kind: "FenceWidened", system, release: undefined, order: undefined, digests: [], pods: [], why };
  });
}

/** When the Revocation or Stop behind a breach was made. */
function findOccurrence(world: World, namespace: string, { order, release, digests }: Breach): string | undefined {
  if (order !== undefined) return world.stops.get(`${namespace}/${order}`)?.metadata.creationTimestamp;
  const revocations = [
    ...listValid(world.revocations.byIndex("namespace", namespace)),
    ...listValid(world.clusterRevocations.list()),
  ];
  const cause = revocations.find(
    ({ spec }) =>
      ("release" in spec && spec.release !== undefined && spec.release === release) ||
      spec.digests?.some((digest) => digests.includes(digest)) === true,
  );
  return cause?.spec.since ?? cause?.metadata.creationTimestamp;
}

/** Makes the controller; its keys are names of namespaces. */
export function createBreachesController(tools: Toolbox, operatorNamespace: string): Controller {
  const { world } = tools;
  const reconcile = async (namespace: string): Promise<Result> => {
    const entry = world.namespaces.get(namespace);
    const isGoverned = entry?.metadata.labels?.[modeLabel("enforce")] !== undefined && namespace !== operatorNamespace;
    if (!isGoverned || entry.metadata.deletionTimestamp !== undefined) return { kind: "done" };
    const warrant = world.warrants.get(`${namespace}/enforce`);
    // Without a Warrant nothing is known to be wrong, and nothing is admitted.
    if (warrant?.outcome !== "valid") return { kind: "done" };
    const now = tools.now();
    const pods = listLoose(world, namespace).map(toRunning);
    const found = findBreaches(pods, warrant.object.spec, observeReleases(world, namespace), { now, namespace });
    const breaches = [...withStops(found, listStopped(world, namespace)), ...listWidened(world, namespace)];
    const incidents = world.incidents.byIndex("namespace", namespace);
    const occurrence = (breach: Breach) => findOccurrence(world, namespace, breach);
    try {
      const writes = decideIncidents(breaches, incidents, occurrence, now);
      await settleAll(writes.map((one) => () => writeIncident(tools, namespace, one)));
    } catch (error) {
      if (!isStale(error)) throw error;
      return { kind: "requeueAfter", ms: OLD_COPY_WAIT_MS };
    }
    return { kind: "requeueAfter", ms: LOOK_AGAIN_MS };
  };
  const namespaceOf = (item: { metadata: { namespace?: string } }) => [item.metadata.namespace ?? ""];
  return createController({
    name: "breaches",
    sources: [
      fromStore(world.namespaces, ({ metadata }) => [metadata.name]),
      fromStore(world.warrants, namespaceOf),
      fromStore(world.pods, namespaceOf),
      fromStore(world.stops, namespaceOf),
      fromStore(world.networkPolicies, namespaceOf),
      fromStore(world.systems, namespaceOf),
      fromStore(world.incidents, namespaceOf),
    ],
    reconcile,
    logger: tools.logger,
    observer: toObserver(tools),
  });
}
