/** Records each state in which a workload ran well and was vouched for, so that there is something to go back to. */
import { RECORD_LABEL } from "../../api/labels.ts";
import type { Snapshot } from "../../domain/rollback.ts";
import { toIso } from "../../domain/time.ts";
import { findRelease, listGoverned } from "../../gate/find-breaches.ts";
import {
  type Controller,
  createController,
  fromStore,
  isApiError,
  type KubeObject,
  type Result,
} from "../../runtime/index.ts";
import { observeReleases } from "../breaches/observe.ts";
import { toObserver } from "../governance/controller.ts";
import { settleAll } from "../governance/settle.ts";
import { CONFIG_MAPS, CONTROLLER_REVISIONS } from "../resources.ts";
import { OPERATOR_ACTOR, type Toolbox } from "../toolbox.ts";
import { toWorkloadKey, type WorkloadFacts } from "../workloads.ts";
import { listWorkloads } from "../world.ts";
import { listConfigMaps, listObsolete, shouldRecord } from "./decide.ts";
import { createRecord, digestJson, LAST_KNOWN_GOOD, listSnapshots, nameRecord, type Recorded } from "./record.ts";

type ConfigMap = KubeObject & { data?: Record<string, string>; binaryData?: Record<string, string> };

async function digestConfigMaps(
  { client }: Toolbox,
  namespace: string,
  names: readonly string[],
): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const name of names) {
    const { data = {}, binaryData = {} } = await client.get<ConfigMap>(CONFIG_MAPS, { namespace, name });
    digests[name] = digestJson({ data, binaryData });
  }
  return digests;
}

/** Reads the records of a namespace once, when they are first asked for. */
function createListing(tools: Toolbox, namespace: string): () => Promise<Map<string, Snapshot[]>> {
  let listing: Promise<Map<string, Snapshot[]>> | undefined;
  return () => {
    listing ??= listSnapshots(tools, namespace);
    return listing;
  };
}

/** Makes the controller; its keys are names of namespaces. */
export function createSnapshotsController(tools: Toolbox): Controller {
  const { world, evidence, client } = tools;
  /** By namespace and Kind/name, the template that is known to be recorded, so that a settled workload costs no request. */
  const known = new Map<string, Map<string, string>>();

  const prune = async (namespace: string, recorded: readonly Snapshot[]) => {
    for (const name of listObsolete(recorded)) {
      try {
        await client.delete(CONTROLLER_REVISIONS, { namespace, name });
      } catch (error) {
        if (!isApiError(error, "NotFound")) throw error;
      }
    }
  };

  const record = async (
    namespace: string,
    facts: WorkloadFacts,
    release: string,
    listRecorded: () => Promise<Map<string, Snapshot[]>>,
  ) => {
    const { kind, metadata, template, system = "", images } = facts;
    const key = toWorkloadKey(facts);
    const mark = digestJson(template);
    const marks = known.get(namespace) ?? new Map<string, string>();
    known.set(namespace, marks);
    if (marks.get(key) === mark) return;
    const configMaps = await digestConfigMaps(tools, namespace, listConfigMaps(template));
    const workload = { kind, name: metadata.name, uid: metadata.uid ?? "" };
    const data: Recorded = { workload, system, release, configMaps, template };
    const digest = digestJson(data);
    const name = nameRecord("lkg", digest);
    const recorded = [...((await listRecorded()).get(key) ?? [])];
    if (!recorded.some((one) => one.name === name)) {
      // First, since after a restart nobody would tell of a record that is there.
      evidence.record({
        kind: "action",
        actor: OPERATOR_ACTOR,
        object: `${kind}/${namespace}/${metadata.name}`,
        what: "snapshotted",
        digest,
        inputs: [release, ...images],
        codes: [],
      });
      const labels = { [RECORD_LABEL]: LAST_KNOWN_GOOD };
      await createRecord(tools, namespace, name, { labels, data, revision: metadata.generation ?? 1 });
      recorded.push({ name, release, images, template: { ...template }, configMaps, recordedAt: toIso(tools.now()) });
    }
    await prune(namespace, recorded);
    // Last: what is not known is looked at again, so that nothing is left half done.
    marks.set(key, mark);
  };

  const reconcile = async (namespace: string): Promise<Result> => {
    const warrant = world.warrants.get(`${namespace}/enforce`);
    if (warrant?.outcome !== "valid") {
      known.delete(namespace);
      return { kind: "done" };
    }
    const { spec } = warrant.object;
    const index = observeReleases(world, namespace);
    const workloads = listWorkloads(world, namespace);
    const present = new Set(workloads.map(toWorkloadKey));
    const marks = known.get(namespace);
    for (const key of marks?.keys() ?? []) if (!present.has(key)) marks?.delete(key);
    const listRecorded = createListing(tools, namespace);
    const look = async (facts: WorkloadFacts) => {
      if (!shouldRecord(facts, spec, tools.now())) return;
      const release = findRelease(listGoverned(facts.images, spec), index, facts.system);
      if (release !== undefined) await record(namespace, facts, release, listRecorded);
    };
    try {
      await settleAll(workloads.map((facts) => () => look(facts)));
    } catch (error) {
      // A ConfigMap that is being replaced.
      if (!isApiError(error, "NotFound")) throw error;
      return { kind: "requeueAfter", ms: 1000 };
    }
    return { kind: "done" };
  };
  const namespaceOf = (item: { metadata: { namespace?: string } }) => [item.metadata.namespace ?? ""];
  const ofGoverned = (facts: WorkloadFacts) => (facts.system === undefined ? [] : namespaceOf(facts));
  return createController({
    name: "snapshots",
    sources: [
      fromStore(world.deployments, ofGoverned),
      fromStore(world.statefulSets, ofGoverned),
      fromStore(world.daemonSets, ofGoverned),
      fromStore(world.warrants, namespaceOf),
    ],
    reconcile,
    logger: tools.logger,
    observer: toObserver(tools),
  });
}
