/** Finds for each workload in breach where it may go back to, at this moment. */
import type { WarrantSpec } from "../../api/warrant.ts";
import type { Incident } from "../../api/incident.ts";
import { listValid } from "../../domain/facts.ts";
import { chooseSnapshot, type RollbackCase, type RollbackChoice, type Snapshot } from "../../domain/rollback.ts";
import { HOUR } from "../../domain/time.ts";
import { findRelease, listGoverned } from "../../gate/find-breaches.ts";
import { judgeImages } from "../../gate/judge-pod.ts";
import { isApiError } from "../../runtime/index.ts";
import { CONFIG_MAPS } from "../resources.ts";
import { listSnapshots } from "../snapshots/record.ts";
import type { Toolbox } from "../toolbox.ts";
import { toWorkloadKey, type WorkloadFacts } from "../workloads.ts";
import type { Docket } from "./docket.ts";
import { forEachOf } from "./parallel.ts";

async function listPresent({ client }: Toolbox, namespace: string, names: ReadonlySet<string>): Promise<Set<string>> {
  const present = new Set<string>();
  await forEachOf([...names], async (name) => {
    try {
      await client.get(CONFIG_MAPS, { namespace, name });
      present.add(name);
    } catch (error) {
      if (!isApiError(error, "NotFound")) throw error;
    }
  });
  return present;
}

/** Rollbacks of a workload by other Incidents: to which release, and how many within the last hour. */
function listEarlier(incidents: readonly Incident[], docket: Docket, { kind, metadata }: WorkloadFacts) {
  const others = incidents.flatMap((incident) => {
    if (incident.metadata.name === docket.incident.metadata.name) return [];
    const entry = incident.status?.workloads?.find((one) => one.kind === kind && one.name === metadata.name);
    return entry?.to === undefined ? [] : [{ to: entry.to, at: Date.parse(incident.spec.detectedAt) }];
  });
  return { to: new Set(others.map(({ to }) => to)), recent: others.filter(({ at }) => docket.now - at < HOUR).length };
}

const judgeSnapshot = (warrant: WarrantSpec | undefined, system: string, now: number) => (snapshot: Snapshot) =>
  warrant === undefined ? "the namespace has no Warrant" : judgeImages(snapshot.images, system, warrant, now)?.text;

/** By Kind/name, where each workload goes. */
export async function observeChoices(
  tools: Toolbox,
  docket: Docket,
  workloads: readonly { facts: WorkloadFacts }[],
): Promise<Map<string, RollbackChoice>> {
  const { namespace, warrant, index, now } = docket;
  const choices = new Map<string, RollbackChoice>();
  if (workloads.length === 0) return choices;
  const { world } = tools;
  const releases = listValid(world.releases.byIndex("namespace", namespace));
  const published = new Map(
    releases.map(({ metadata }) => [metadata.name, Date.parse(metadata.creationTimestamp ?? "") || 0]),
  );
  const incidents = listValid(world.incidents.byIndex("namespace", namespace));
  const recorded = await listSnapshots(tools, namespace);
  const candidates = workloads.flatMap(({ facts }) => recorded.get(toWorkloadKey(facts)) ?? []);
  const needed = new Set(candidates.flatMap(({ configMaps }) => Object.keys(configMaps)));
  const present = await listPresent(tools, namespace, needed);
  for (const { facts } of workloads) {
    const key = toWorkloadKey(facts);
    const own = docket.incident.status?.workloads?.find((one) => `${one.kind}/${one.name}` === key);
    const from = findRelease(listGoverned(facts.images, warrant), index, facts.system);
    const earlier = listEarlier(incidents, docket, facts);
    const about: RollbackCase = {
      snapshots: recorded.get(key) ?? [],
      from: releases.find(({ metadata }) => metadata.name === from),
      published,
      judge: judgeSnapshot(warrant, facts.system ?? "", now),
      hasConfigMap: (name) => present.has(name),
      isRolledBack: from !== undefined && earlier.to.has(from),
      recent: earlier.recent + (own?.rollbacks ?? 0),
    };
    choices.set(key, chooseSnapshot(about));
  }
  return choices;
}
