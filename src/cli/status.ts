/** `vouchsafe status`: every AI system with what it runs and what it waits for. */
import { AISystem } from "../api/ai-system.ts";
import type { Condition } from "../api/fields.ts";
import { describeOpen, listOpen } from "./containment/read-incidents.ts";
import { listFaults } from "./governance-faults.ts";
import { readAll } from "./read.ts";
import { type Answer, type Session, toTable } from "./session.ts";

const find = (conditions: readonly Condition[] | undefined, type: string) =>
  conditions?.find((one) => one.type === type);

/** Runs the command; exit status 1 where a system is not ready, or what governs its namespace is not sound. */
export async function status(session: Session, allNamespaces: boolean): Promise<Answer> {
  const reads = await readAll<AISystem>(session, AISystem, allNamespaces ? undefined : session.namespace);
  const open = await listOpen(session, allNamespaces ? undefined : session.namespace);
  const faults = await listFaults(session, allNamespaces ? undefined : session.namespace);
  const warnings = faults.map(({ namespace, fault }) => `namespace ${namespace}: ${fault}`);
  const systems = reads.map((read) => {
    const { name, namespace = "" } = read.metadata;
    if (read.outcome === "invalid") return { namespace, name, tier: "", release: "", ready: "False", why: read.why };
    const { status: observed } = read.object;
    const ready = find(observed?.conditions, "Ready");
    return {
      namespace,
      name,
      tier: observed?.tier ?? "",
      release: observed?.release ?? "",
      ready: ready?.status ?? "Unknown",
      why: ready?.status === "True" ? "" : (ready?.message ?? "the operator has not looked at it yet"),
    };
  });
  if (systems.length === 0) {
    const where = allNamespaces ? "the cluster" : `namespace ${session.namespace}`;
    return {
      exit: faults.length === 0 ? 0 : 1,
      warnings,
      json: [],
      lines: [`There is no AISystem in ${where}. Start with: kubectl explain aisystem.spec`],
    };
  }
  const rows = systems.map(({ namespace, name, tier, release, ready }) => [namespace, name, tier, release, ready]);
  // What a breach stopped is not waiting for whatever release is left over, so its Incidents come first.
  const waiting = systems
    .filter(({ why }) => why !== "")
    .flatMap(({ namespace, name, why }) => [
      ...open
        .filter(({ metadata, spec }) => metadata.namespace === namespace && spec.system === name)
        .map((incident) => `${name}: ${describeOpen(incident)}`),
      `${name}: ${why}`,
    ]);
  const isReady = faults.length === 0 && systems.every(({ ready }) => ready === "True");
  const lines = [
    ...toTable([["NAMESPACE", "SYSTEM", "TIER", "RELEASE", "READY"], ...rows]),
    ...(waiting.length > 0 ? ["", ...waiting] : []),
  ];
  return { exit: isReady ? 0 : 1, json: systems, lines, warnings };
}
