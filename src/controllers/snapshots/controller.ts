/** Records each state in which a workload ran well and was vouched for, so that there is something to go back to. */
import { RECORD_LABEL } from "../../api/labels.ts";
import { findRelease } from "../../gate/find-breaches.ts";
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
import { CONFIG_MAPS, CONTROLLER_REVISIONS } from "../resources.ts";
import { OPERATOR_ACTOR, type Toolbox } from "../toolbox.ts";
import type { WorkloadFacts } from "../workloads.ts";
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

/** Makes the controller; its keys are names of namespaces. */
export function createSnapshotsController(tools: Toolbox): Controller {
  const { world, evidence } = tools;
  /** Names of records that are known to be there, so that a settled workload costs no request. */
  const known = new Set<string>();

  const record = async (namespace: string, facts: WorkloadFacts, release: string) => {
    const { kind, metadata, template, system = "" } = facts;
    const mark = `${namespace}/${kind}/${metadata.name}/${digestJson(template)}`;
    if (known.has(mark)) return;
    const configMaps = await digestConfigMaps(tools, namespace, listConfigMaps(template));
    const workload = { kind, name: metadata.name, uid: metadata.uid ?? "" };
    const data: Recorded = { workload, system, release, configMaps, template };
    const digest = digestJson(data);
    const labels = { [RECORD_LABEL]: LAST_KNOWN_GOOD };
    const outcome = await createRecord(tools, namespace, nameRecord("lkg", digest), {
      labels,
      data,
      revision: metadata.generation ?? 1,
    });
    known.add(mark);
    if (outcome === "kept") return;
    evidence.record({
      kind: "action",
      actor: OPERATOR_ACTOR,
      object: `${kind}/${namespace}/${metadata.name}`,
      what: "snapshotted",
      digest,
      inputs: [release, ...facts.images],
      codes: [],
    });
    const recorded = (await listSnapshots(tools, namespace)).get(`${kind}/${metadata.name}`) ?? [];
    for (const name of listObsolete(recorded)) await tools.client.delete(CONTROLLER_REVISIONS, { namespace, name });
  };

  const reconcile = async (namespace: string): Promise<Result> => {
    const warrant = world.warrants.get(`${namespace}/enforce`);
    if (warrant?.outcome !== "valid") return { kind: "done" };
    const index = observeReleases(world, namespace);
    for (const facts of listWorkloads(world, namespace)) {
      if (!shouldRecord(facts, warrant.object.spec, tools.now())) continue;
      const release = findRelease(facts.images, index);
      try {
        if (release !== undefined) await record(namespace, facts, release);
      } catch (error) {
        // A ConfigMap that is being replaced, or a record that somebody else pruned: the next change brings us back.
        if (!isApiError(error, "NotFound")) throw error;
        return { kind: "requeueAfter", ms: 1000 };
      }
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
