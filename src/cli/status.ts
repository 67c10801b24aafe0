/** `vouchsafe status`: every AI system with what it runs and what it waits for. */
import { AISystem } from "../api/ai-system.ts";
import type { Condition } from "../api/fields.ts";
import { readAll } from "./read.ts";
import { type Answer, type Session, toTable } from "./session.ts";

const find = (conditions: readonly Condition[] | undefined, type: string) =>
  conditions?.find((one) => one.type === type);

/** Runs the command; exit status 1 where a system is not ready. */
export async function status(session: Session, allNamespaces: boolean): Promise<Answer> {
  const reads = await readAll<AISystem>(session, AISystem, allNamespaces ? undefined : session.namespace);
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
      exit: 0,
      json: [],
      lines: [`There is no AISystem in ${where}. Start with: kubectl explain aisystem.spec`],
    };
  }
  const rows = systems.map(({ namespace, name, tier, release, ready }) => [namespace, name, tier, release, ready]);
  const waiting = systems.filter(({ why }) => why !== "").map(({ name, why }) => `${name}: ${why}`);
  const isReady = systems.every(({ ready }) => ready === "True");
  const lines = [
    ...toTable([["NAMESPACE", "SYSTEM", "TIER", "RELEASE", "READY"], ...rows]),
    ...(waiting.length > 0 ? ["", ...waiting] : []),
  ];
  return { exit: isReady ? 0 : 1, json: systems, lines };
}
