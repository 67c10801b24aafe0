/**
 * Sees what the gate refused, by the Events of the owners: evidence and a metric for each, and a nudge where the
 * refusal no longer holds (an API server that has just started refuses vouched pods until it has read the CRDs).
 */
import { type Controller, createController, fromStore, type Result } from "../../runtime/index.ts";
import { toObserver } from "../governance/controller.ts";
import { nudgeOwners } from "../nudge/nudge.ts";
import type { Toolbox } from "../toolbox.ts";
import type { RefusalFacts } from "../world.ts";
import { listGranted, mayHavePassed, readRefusal } from "./decide.ts";

const ofRefusal = ({ metadata }: RefusalFacts) => [`${metadata.namespace ?? ""}/${metadata.name}`];
/** The owner has just failed; its next try comes after this. */
const SETTLE_MS = 2000;

/** Makes the controller; its keys are `namespace/name` of Events. */
export function createRefusalsController(tools: Toolbox): Controller {
  const { world, metrics, evidence } = tools;
  const counted = new Map<string, number>();
  const reconcile = async (key: string): Promise<Result> => {
    const event = world.refusals.get(key);
    if (event === undefined) {
      counted.delete(key);
      return { kind: "done" };
    }
    const refusal = readRefusal(event.message);
    if (refusal === undefined) return { kind: "done" };
    const { namespace = "" } = event.metadata;
    const isNew = counted.get(key) !== event.count;
    counted.set(key, event.count);
    if (isNew) {
      metrics.count("refusals", { code: refusal.code });
      evidence.record({
        kind: "refusal",
        actor: `${event.owner.kind}/${namespace}/${event.owner.name}`,
        object: `Namespace/${namespace}`,
        what: "refused",
        inputs: [event.owner.uid, String(event.count)],
        codes: [refusal.code],
        text: refusal.text,
      });
      return { kind: "requeueAfter", ms: SETTLE_MS };
    }
    const warrant = world.warrants.get(`${namespace}/enforce`);
    if (warrant?.outcome !== "valid" || !mayHavePassed(refusal.code)) return { kind: "done" };
    await nudgeOwners(tools, namespace, listGranted(warrant.object.spec, tools.now()));
    return { kind: "done" };
  };
  return createController({
    name: "refusals",
    sources: [fromStore(world.refusals, ofRefusal)],
    reconcile,
    logger: tools.logger,
    observer: toObserver(tools),
    concurrency: 1,
  });
}
