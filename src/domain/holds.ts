/** What open Incidents hold: digests that may not come back, workloads that may not be deleted, systems that stand still. Pure. */
import type { Incident } from "../api/incident.ts";
import type { Stop } from "../api/stop.ts";
import { listValid, type NamespaceFacts, type Read } from "./facts.ts";
import { type Stated, stateFinding } from "./findings.ts";

export interface Holds {
  /** By digest, why nothing may bring it back. It counts only where nobody vouches for the digest. */
  digests: ReadonlyMap<string, Stated>;
  /** By Kind/name, the Incident that holds the workload. */
  workloads: ReadonlyMap<string, string>;
  /** By AISystem, why none of its pods may start. */
  systems: ReadonlyMap<string, Stated>;
}

const isHolding = (incident: Incident) =>
  incident.spec.state === "Open" && incident.status?.workloads?.some(({ hold }) => hold === "Held") === true;

/** Whether the Incident reached its rung `stop` for pods that the Warrant itself would admit. */
const isStopping = ({ spec, status }: Incident) =>
  spec.state === "Open" &&
  spec.breach !== "SystemStopped" &&
  status?.actions?.some(({ rung, result }) => rung === "stop" && (result === "Started" || result === "Done")) === true;

/** Gathers what is held in a namespace. */
export function gatherHolds(facts: NamespaceFacts): Holds {
  const { namespace } = facts;
  const digests = new Map<string, Stated>();
  const workloads = new Map<string, string>();
  const systems = new Map<string, Stated>();
  for (const incident of listValid(facts.incidents)) {
    const { name } = incident.metadata;
    if (isHolding(incident)) {
      const why = incident.spec.summary;
      for (const digest of incident.spec.digests ?? []) {
        if (!digests.has(digest))
          digests.set(digest, stateFinding("HeldBack", { digest, incident: name, why, namespace }));
      }
      for (const { kind, name: workload, hold } of incident.status?.workloads ?? []) {
        const key = `${kind}/${workload}`;
        if (hold === "Held" && !workloads.has(key)) workloads.set(key, name);
      }
    }
    const { system } = incident.spec;
    if (system !== undefined && isStopping(incident) && isWholeSystem(incident)) {
      systems.set(system, stateFinding("SystemContained", { system, incident: name, namespace }));
    }
  }
  for (const [system, finding] of listStops(facts.stops, namespace)) systems.set(system, finding);
  return { digests, workloads, systems };
}

/** Breaches of digests are refused by digest; these are not, so the whole system has to be closed. */
const isWholeSystem = ({ spec }: Incident) =>
  spec.breach === "FenceWidened" || spec.breach === "MirrorPod" || spec.breach === "GovernanceChanged";

function listStops(stops: readonly Read<Stop>[], namespace: string): [string, Stated][] {
  return listValid(stops)
    .filter(({ spec }) => spec.resumed === undefined)
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? 1 : -1))
    .map(({ spec }) => {
      const by = spec.by?.username ?? `the authority ${spec.authority}`;
      return [spec.system, stateFinding("SystemStopped", { system: spec.system, by, why: spec.reason, namespace })];
    });
}
