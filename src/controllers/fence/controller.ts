/** Keeps the network fence of each enforced namespace standing, and takes it down after what it fenced. */
import { AISystem } from "../../api/ai-system.ts";
import { toResource } from "../../api/kind.ts";
import { FENCE_FINALIZER, modeLabel } from "../../api/labels.ts";
import { listValid } from "../../domain/facts.ts";
import type { FencePolicy } from "../../domain/fence.ts";
import { type Controller, createController, fromStore, isApiError, type Result } from "../../runtime/index.ts";
import { toObserver } from "../governance/controller.ts";
import { listStanding } from "../governance/observe.ts";
import { settleAll } from "../governance/settle.ts";
import { NETWORK_POLICIES } from "../resources.ts";
import { OPERATOR_ACTOR, type Toolbox } from "../toolbox.ts";
import { isOver } from "../workloads.ts";
import type { World } from "../world.ts";
import { decideFence, type FenceObservation, listOpenGates } from "./decide.ts";

const SYSTEMS = toResource(AISystem);

function observe(world: World, operatorNamespace: string, namespace: string): FenceObservation | undefined {
  const entry = world.namespaces.get(namespace);
  if (entry === undefined || namespace === operatorNamespace) return undefined;
  const systems = world.systems.byIndex("namespace", namespace);
  const pods = world.pods.byIndex("namespace", namespace).filter((pod) => !isOver(pod));
  const names = systems.map(({ metadata }) => metadata.name);
  return {
    namespace,
    isEnforced: entry.metadata.labels?.[modeLabel("enforce")] !== undefined,
    isTerminating: entry.metadata.deletionTimestamp !== undefined,
    systems: listValid(systems),
    unreadable: systems.filter(({ outcome }) => outcome === "invalid").map(({ metadata }) => metadata.name),
    standing: listStanding(world, namespace),
    hasQuarantined: pods.some(({ quarantinedBy }) => quarantinedBy !== undefined),
    populated: new Set(pods.flatMap(({ system }) => (system === undefined ? [] : [system]))),
    open: listOpenGates(world.warrants.get(`${namespace}/enforce`), names),
  };
}

/** Sets or removes the finalizer on exactly the object that was read. */
async function setFinalizer({ client }: Toolbox, { metadata }: AISystem, held: boolean): Promise<void> {
  const { name, namespace = "", uid = "", resourceVersion = "" } = metadata;
  const rest = (metadata.finalizers ?? []).filter((finalizer) => finalizer !== FENCE_FINALIZER);
  const finalizers = held ? [...rest, FENCE_FINALIZER] : rest;
  await client.patchMerge(SYSTEMS, { namespace, name }, { metadata: { uid, resourceVersion, finalizers } });
}

/** Makes the controller; its keys are names of namespaces. */
export function createFenceController(tools: Toolbox, operatorNamespace: string): Controller {
  const { world, client, evidence } = tools;
  // Before the write: after a restart nobody would record what is done already.
  const record = (namespace: string, name: string, what: string) =>
    evidence.record({
      kind: "action",
      actor: OPERATOR_ACTOR,
      object: `NetworkPolicy/${namespace}/${name}`,
      what,
      inputs: [],
      codes: [],
    });
  const putUp = async (policy: FencePolicy) => {
    record(policy.metadata.namespace, policy.metadata.name, "fenced");
    await client.apply(NETWORK_POLICIES, policy, { fieldManager: "vouchsafe-fence", force: true });
  };
  const takeDown = async (namespace: string, name: string) => {
    record(namespace, name, "unfenced");
    try {
      await client.delete(NETWORK_POLICIES, { namespace, name });
    } catch (error) {
      if (!isApiError(error, "NotFound")) throw error;
    }
  };
  const carryOut = (namespace: string, observed: FenceObservation) => {
    const { apply, remove, hold, release } = decideFence(observed);
    return settleAll([
      // Held before it is fenced: a fence that stands has somebody who takes it down in order.
      ...hold.map((system) => () => setFinalizer(tools, system, true)),
      ...apply.map((policy) => () => putUp(policy)),
      ...remove.map((name) => () => takeDown(namespace, name)),
      ...release.map((system) => () => setFinalizer(tools, system, false)),
    ]);
  };
  const reconcile = async (namespace: string): Promise<Result> => {
    const observed = observe(world, operatorNamespace, namespace);
    if (observed === undefined) return { kind: "done" };
    try {
      await carryOut(namespace, observed);
    } catch (error) {
      if (!isApiError(error, "Conflict", "NotFound")) throw error;
      return { kind: "requeueAfter", ms: 50 };
    }
    return { kind: "done" };
  };
  const namespaceOf = (item: { metadata: { namespace?: string } }) => [item.metadata.namespace ?? ""];
  return createController({
    name: "fence",
    sources: [
      fromStore(world.namespaces, ({ metadata }) => [metadata.name]),
      fromStore(world.systems, namespaceOf),
      fromStore(world.networkPolicies, namespaceOf),
      fromStore(world.pods, namespaceOf),
      fromStore(world.warrants, namespaceOf),
    ],
    reconcile,
    logger: tools.logger,
    observer: toObserver(tools),
  });
}
