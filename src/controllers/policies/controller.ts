/** Says in the status of each AIPolicy whether it can be used and how many namespaces name it. */
import { AIPolicy } from "../../api/ai-policy.ts";
import { toResource } from "../../api/kind.ts";
import { MODES, modeLabel } from "../../api/labels.ts";
import { toCanonicalText } from "../../domain/canonical.ts";
import { toIso } from "../../domain/time.ts";
import { type Controller, createController, fromStore, mergeConditions, type Result } from "../../runtime/index.ts";
import { toObserver } from "../governance/controller.ts";
import { readTrust } from "../governance/observe.ts";
import { applyStatus, type Toolbox } from "../toolbox.ts";
import { decidePolicy, resolveSigners } from "./decide.ts";

/** Makes the controller; its keys are names of AIPolicies. */
export function createPoliciesController(tools: Toolbox, operatorNamespace: string): Controller {
  const { world } = tools;
  const all = () => world.policies.list().map(({ metadata }) => metadata.name);
  const namesOf = (labels: Record<string, string> = {}) => MODES.map((mode) => labels[modeLabel(mode)] ?? "");
  const reconcile = async (name: string): Promise<Result> => {
    const read = world.policies.get(name);
    if (read?.outcome !== "valid") return { kind: "done" };
    const { object } = read;
    const signers = resolveSigners(object, readTrust(world, operatorNamespace));
    const namespaces = world.namespaces.list().filter(({ metadata }) => namesOf(metadata.labels).includes(name)).length;
    const decision = decidePolicy(signers, namespaces);
    const kept = object.status?.conditions ?? [];
    const { generation = 0 } = object.metadata;
    const conditions = mergeConditions(kept, decision.conditions, generation, toIso(tools.now()));
    const value = { observedGeneration: generation, namespaces, conditions };
    if (toCanonicalText(object.status ?? {}) === toCanonicalText(value)) return { kind: "done" };
    await applyStatus(tools, toResource(AIPolicy), object, { fieldManager: "vouchsafe-policies", value });
    for (const { code, text } of decision.findings) {
      if (kept.some(({ reason }) => reason === code)) continue;
      await tools.events.record(object, { type: "Warning", reason: code, note: text, action: "Resolve" });
    }
    return { kind: "done" };
  };
  return createController({
    name: "policies",
    sources: [
      fromStore(world.policies, ({ metadata }) => [metadata.name]),
      fromStore(world.configMaps, all),
      fromStore(world.namespaces, ({ metadata }) => namesOf(metadata.labels).filter((name) => name !== "")),
    ],
    reconcile,
    logger: tools.logger,
    observer: toObserver(tools),
  });
}
