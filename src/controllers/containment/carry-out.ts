/** Carries acts out, and tells what came of those whose result no store shows. Every act may be repeated. */
import type { FrozenPiece } from "../../api/incident.ts";
import { flatten } from "../../domain/findings.ts";
import { isApiError } from "../../runtime/index.ts";
import { PODS } from "../resources.ts";
import { OPERATOR_ACTOR, type Toolbox } from "../toolbox.ts";
import { proveRefusal, rollBack, scale, suspend } from "./change-workload.ts";
import type { ContainedPod, ContainmentFacts } from "./facts.ts";
import { freeze } from "./freeze.ts";
import { forEachOf } from "./parallel.ts";
import { giveBack, leaveServices, quarantine } from "./quarantine.ts";
import { type Act, toTarget } from "./rungs.ts";

/** What came of the acts, as far as the Incident has to say it. */
export interface Outcome {
  frozen: FrozenPiece[] | undefined;
  isRefusalProven: boolean;
  /** By target, why a rollback was refused. */
  refusedRollbacks: Map<string, string>;
}

/** Long enough for a server to say goodbye, short enough for its connections to end within about a second. */
const GRACE_SECONDS = 1;

async function end({ client }: Toolbox, pods: readonly ContainedPod[]): Promise<void> {
  await forEachOf(pods, async ({ facts: { metadata } }) => {
    const { namespace = "", name, uid = "" } = metadata;
    try {
      await client.delete(PODS, { namespace, name }, { uid, gracePeriodSeconds: GRACE_SECONDS });
    } catch (error) {
      if (!isApiError(error, "NotFound", "Conflict")) throw error;
    }
  });
}

async function perform(tools: Toolbox, about: ContainmentFacts, act: Act, outcome: Outcome): Promise<void> {
  const { namespace, incident } = about;
  const { name } = incident.metadata;
  switch (act.act) {
    case "hold":
      // Written with the status; the governance controller takes it into the Warrant.
      return;
    case "proveRefusal":
      outcome.isRefusalProven = await proveRefusal(tools, act.workload.facts, act.digest);
      return;
    case "throttle":
      return scale(tools, act.workload.facts, act.replicas);
    case "quarantine":
      return quarantine(tools, namespace, name, act.pods);
    case "leaveServices":
      return leaveServices(tools, namespace, name, act.pods);
    case "freeze":
      outcome.frozen = await freeze(tools, about);
      return;
    case "end":
      return end(tools, act.pods);
    case "rollBack": {
      const result = await rollBack(tools, act.workload.facts, act.snapshot);
      if (result.outcome === "refused") outcome.refusedRollbacks.set(toTarget(act.workload), flatten(result.why, 400));
      return;
    }
    case "suspend":
      return suspend(tools, namespace, act.job, act.isSuspended);
    case "giveBack":
      return giveBack(tools, act.pods);
  }
}

/** What an act concerns, as evidence names it. */
function listSubjects(act: Act): string[] {
  switch (act.act) {
    case "hold":
      return act.workloads.map(({ kind, name }) => `${kind}/${name}`);
    case "proveRefusal":
      return [act.digest];
    case "throttle":
      return [toTarget(act.workload)];
    case "rollBack":
      return [toTarget(act.workload), act.snapshot.name];
    case "quarantine":
    case "leaveServices":
    case "end":
    case "giveBack":
      return act.pods.map(({ facts }) => `Pod/${facts.metadata.name}`);
    case "suspend":
      return [`${act.job.kind}/${act.job.name}`];
    case "freeze":
      return [];
  }
}

/** What acts do and to what, as one text: the same for the same acts. */
export const describeActs = (acts: readonly Act[]): string =>
  acts.map((act) => [act.act, ...listSubjects(act)].join(" ")).join("; ");

/**
 * Records what is about to be done. Whoever is killed before it is done does it again, and the record's id tells that it
 * is the same; the other way round it would be done and never told.
 */
export function recordActs({ evidence }: Toolbox, about: ContainmentFacts, acts: readonly Act[]): void {
  for (const act of acts) {
    evidence.record({
      kind: "action",
      actor: OPERATOR_ACTOR,
      object: `Incident/${about.namespace}/${about.incident.metadata.name}`,
      what: act.act,
      inputs: listSubjects(act),
      codes: [],
    });
  }
}

/** Performs the acts in order. Throws where one fails; what was done stays right. */
export async function carryOut(tools: Toolbox, about: ContainmentFacts, acts: readonly Act[]): Promise<Outcome> {
  const outcome: Outcome = { frozen: undefined, isRefusalProven: false, refusedRollbacks: new Map() };
  for (const act of acts) await perform(tools, about, act, outcome);
  return outcome;
}
