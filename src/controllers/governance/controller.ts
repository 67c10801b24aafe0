/** Governs one namespace: observe it, decide on it, carry the decision out, and come back when time changes it. */
import { MODES, modeLabel } from "../../api/labels.ts";
import { type Controller, createController, fromStore, type Result, type Source } from "../../runtime/index.ts";
import { openIncident } from "../breaches/open.ts";
import type { Toolbox } from "../toolbox.ts";
import type { World } from "../world.ts";
import { carryOut } from "./carry-out.ts";
import { decideNamespace, findRelabelling, type NamespaceDecision } from "./decide.ts";
import { observeNamespace } from "./observe.ts";
import { isStale } from "./settle.ts";

/** Longest time between two looks at a namespace. */
const MAX_WAIT_MS = 3_600_000;
/** After somebody else's write our copy is old; the watch brings the new one within milliseconds. */
const CONFLICT_WAIT_MS = 50;

const namespaceOf = (item: { metadata: { namespace?: string } }) => [item.metadata.namespace ?? ""];

function listSources(world: World): Source[] {
  // What is cluster-wide concerns every namespace.
  const everywhere = () => world.namespaces.list().map(({ metadata }) => metadata.name);
  return [
    fromStore(world.namespaces, ({ metadata }) => [metadata.name]),
    fromStore(world.systems, namespaceOf),
    fromStore(world.assessments, namespaceOf),
    fromStore(world.releases, namespaceOf),
    fromStore(world.approvals, namespaceOf),
    fromStore(world.revocations, namespaceOf),
    fromStore(world.incidents, namespaceOf),
    fromStore(world.stops, namespaceOf),
    fromStore(world.warrants, namespaceOf),
    fromStore(world.networkPolicies, namespaceOf),
    fromStore(world.policies, everywhere),
    fromStore(world.clusterRevocations, everywhere),
    fromStore(world.configMaps, everywhere),
  ];
}

/** Keeps the gauges of a namespace, and forgets those of releases that are gone. */
function createGauges({ metrics }: Toolbox) {
  const known = new Map<string, Set<string>>();
  return (namespace: string, decision: NamespaceDecision) => {
    for (const [mode, { images = {} }] of decision.warrants) {
      const entries = Object.values(images);
      const refused = entries.filter((entry) => entry.refused !== undefined).length;
      const granted = entries.filter((entry) => (entry.grants?.length ?? 0) > 0).length;
      const set = (standing: string, value: number) => metrics.set("images", { namespace, mode, standing }, value);
      set("refused", refused);
      set("granted", granted);
      set("pending", entries.length - refused - granted);
    }
    const present = new Set<string>();
    for (const { object, status } of decision.releases) {
      if (status.notAfter === undefined) continue;
      present.add(object.metadata.name);
      const labels = { namespace, release: object.metadata.name };
      metrics.set("approvalEnds", labels, Date.parse(status.notAfter) / 1000);
    }
    for (const release of known.get(namespace) ?? []) {
      if (!present.has(release)) metrics.remove("approvalEnds", { namespace, release });
    }
    known.set(namespace, present);
  };
}

/** Records changes of governing labels. Who made them is in the API server's audit log; here is that and when. */
function createLabelRecord({ evidence }: Toolbox) {
  const known = new Map<string, string>();
  return (namespace: string, labels: Readonly<Record<string, string>> = {}) => {
    const now = MODES.map((mode) => `${mode}=${labels[modeLabel(mode)] ?? ""}`).join(" ");
    const before = known.get(namespace);
    known.set(namespace, now);
    if (before === undefined || before === now) return;
    evidence.record({
      kind: "action",
      actor: "unknown",
      object: `Namespace/${namespace}`,
      what: "relabelled",
      inputs: [before, now],
      codes: [],
    });
  };
}

/** Makes the controller; its keys are names of namespaces. */
export function createGovernanceController(tools: Toolbox, operatorNamespace: string): Controller {
  const { world } = tools;
  const setGauges = createGauges(tools);
  const recordLabels = createLabelRecord(tools);
  /** By namespace, the opened digests whose owners have still to be woken. */
  const owed = new Map<string, Set<string>>();
  const reconcile = async (namespace: string): Promise<Result> => {
    const entry = world.namespaces.get(namespace);
    if (entry === undefined || entry.metadata.deletionTimestamp !== undefined) {
      owed.delete(namespace);
      return { kind: "done" };
    }
    recordLabels(namespace, entry.metadata.labels);
    const now = tools.now();
    const facts = observeNamespace(world, operatorNamespace, namespace);
    const decision = decideNamespace(facts, now);
    setGauges(namespace, decision);
    const owedHere = owed.get(namespace) ?? new Set<string>();
    owed.set(namespace, owedHere);
    try {
      const relabelled = findRelabelling(facts);
      // Before the Warrant that tells of it is gone.
      if (relabelled !== undefined) await openIncident(tools, namespace, relabelled);
      await carryOut(tools, facts, decision, owedHere);
    } catch (error) {
      if (!isStale(error)) throw error;
      return { kind: "requeueAfter", ms: CONFLICT_WAIT_MS };
    }
    // A second late rather than a millisecond early.
    return { kind: "requeueAfter", ms: Math.min(decision.nextChange - now + 1000, MAX_WAIT_MS) };
  };
  return createController({
    name: "governance",
    sources: listSources(world),
    reconcile,
    logger: tools.logger,
    observer: toObserver(tools),
  });
}

/** Counts reconciles. */
export const toObserver = ({ metrics }: Pick<Toolbox, "metrics">) => ({
  reconciled: (controller: string, outcome: "done" | "requeued" | "failed", seconds: number) => {
    metrics.count("reconciles", { controller, outcome });
    metrics.observe("reconcileSeconds", { controller }, seconds);
  },
});
