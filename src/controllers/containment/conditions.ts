/** What the conditions of an Incident say. Pure. */
import type { Incident, IncidentAction } from "../../api/incident.ts";
import { flatten } from "../../domain/findings.ts";
import { type ConditionDraft, holds } from "../governance/condition-draft.ts";
import type { ContainmentFacts } from "./facts.ts";
import { count, listLive } from "./rungs.ts";

/** Longest message that a condition carries. */
const MAX_MESSAGE = 2048;

const lacking = (type: string, reason: string, message: string): ConditionDraft => ({
  type,
  status: "False",
  reason,
  message,
});

/** Whether what is in breach serves nobody any more. */
export function describeContained(about: ContainmentFacts): ConditionDraft {
  const live = listLive(about);
  const free = live.filter(({ facts, isServed }) => facts.quarantinedBy === undefined || isServed);
  if (live.length === 0) return holds("Contained", "NothingRuns", "no pod in breach runs");
  if (free.length === 0)
    return holds("Contained", "Quarantined", `${count(live.length, "pod")} in breach, all contained`);
  const isReached = about.steps.some(({ do: rung }) => rung !== "refuse" && rung !== "freeze" && rung !== "throttle");
  if (!isReached) {
    return lacking(
      "Contained",
      "NotOrdered",
      `${count(free.length, "pod")} in breach still running; the policy orders no more than this`,
    );
  }
  return lacking("Contained", "InProgress", `${count(free.length, "pod")} in breach not contained yet`);
}

/** Whether every workload is out of breach with all its pods ready, after a throttle was given back. */
export const isRestored = ({ workloads }: ContainmentFacts) =>
  workloads.length > 0 &&
  workloads.every(
    ({ isInBreach, ready, facts: { wanted }, entry }) =>
      !isInBreach && ready >= wanted && wanted >= (entry?.replicas ?? 0),
  );

/** Whether vouched pods serve again. */
export function describeRestored(about: ContainmentFacts, actions: readonly IncidentAction[]): ConditionDraft {
  const { workloads } = about;
  if (workloads.length === 0) {
    return {
      type: "Restored",
      status: "Unknown",
      reason: "NoWorkload",
      message: "no workload that could be restored runs it",
    };
  }
  if (isRestored(about)) {
    const told = workloads.map(
      ({ facts, release, ready }) =>
        `${facts.kind}/${facts.metadata.name}: ${count(ready, "pod")} of ${release ?? "a vouched state"}`,
    );
    return holds("Restored", "VouchedPodsReady", flatten(told.join(", "), MAX_MESSAGE));
  }
  const failed = actions.find(({ rung, result }) => rung === "rollBack" && result === "Failed");
  if (failed !== undefined) return lacking("Restored", "Stopped", `${failed.target}: ${failed.observed}`);
  const isStopped = actions.some(({ rung, result }) => rung === "stop" && result === "Done");
  if (isStopped) return lacking("Restored", "Stopped", "it was stopped by order");
  const running = actions.find(({ rung, target }) => rung === "rollBack" && target !== "Pods");
  if (running !== undefined) return lacking("Restored", "InProgress", `${running.target}: ${running.observed}`);
  return lacking("Restored", "NotOrdered", "no rollback is due");
}

/** Whether people found the cause, acted, checked and closed. */
export function describeReview({ spec }: Incident): ConditionDraft[] {
  const { cause, action, check } = spec.review ?? {};
  const missing = [
    cause === undefined ? "cause" : "",
    action === undefined ? "action" : "",
    check?.result === undefined ? "the result of a check" : "",
  ].filter((part) => part !== "");
  const reviewed =
    missing.length === 0
      ? holds("Reviewed", "Complete", "cause, action and check are there")
      : lacking("Reviewed", "Incomplete", `it lacks ${missing.join(", ")}: vouchsafe incident review`);
  const closed =
    spec.state === "Closed"
      ? holds("Closed", "ClosedByPeople", "it is closed; what was revoked stays refused")
      : lacking("Closed", "Open", "people have not closed it: vouchsafe incident close");
  return [reviewed, closed];
}
