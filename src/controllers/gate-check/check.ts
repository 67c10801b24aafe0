/** Looks at the admission policies at intervals, and raises the alarm where one is missing or changed. */
import { setTimeout as wait } from "node:timers/promises";
import { toGovernanceBreach } from "../../domain/breach.ts";
import { stateFinding } from "../../domain/findings.ts";
import type { Operator } from "../../gate/policies/policy.ts";
import { openIncident } from "../breaches/open.ts";
import { ADMISSION_BINDINGS, ADMISSION_POLICIES } from "../resources.ts";
import { OPERATOR_ACTOR, type Toolbox } from "../toolbox.ts";
import { findDamage } from "./decide.ts";

const INTERVAL_MS = 30_000;

/** Runs until the signal aborts. */
export async function watchGate(tools: Toolbox, operator: Operator, signal: AbortSignal): Promise<void> {
  const { client, metrics, evidence, logger } = tools;
  let before = "";
  while (!signal.aborted) {
    try {
      const lists = await Promise.all([client.list(ADMISSION_POLICIES), client.list(ADMISSION_BINDINGS)]);
      const damage = findDamage(
        operator,
        lists.flatMap(({ items }) => items),
      );
      metrics.set("gateIntact", {}, damage.length === 0 ? 1 : 0);
      const now = damage.join(", ");
      if (now !== before && damage.length > 0) {
        await openIncident(tools, operator.namespace, toGovernanceBreach(stateFinding("GateDamaged", { names: now })));
        logger.error({ damage }, "admission policies are missing or changed: run helm upgrade to restore them");
        evidence.record({
          kind: "action",
          actor: OPERATOR_ACTOR,
          object: "Gate",
          what: "damaged",
          inputs: damage,
          codes: [],
        });
      }
      before = now;
    } catch (error) {
      // Not knowing is not being intact.
      metrics.set("gateIntact", {}, 0);
      logger.warn({ err: error }, "admission policies could not be read");
    }
    await wait(INTERVAL_MS, undefined, { signal }).catch(() => {});
  }
}
