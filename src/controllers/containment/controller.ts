/**
 * Contains what an Incident is about: observe, decide, write down what is about to be done, do it, look again. What was
 * done is read from the cluster each time, so that a restart between any two writes goes on where it stood.
 */
import { Incident, type IncidentStatus } from "../../api/incident.ts";
import { toResource } from "../../api/kind.ts";
import { toCanonicalText } from "../../domain/canonical.ts";
import { toIso, toIsoMs } from "../../domain/time.ts";
import {
  type Controller,
  createController,
  fromStore,
  isApiError,
  type KubeObject,
  mergeConditions,
  type Result,
} from "../../runtime/index.ts";
import { isContained } from "../breaches/observe.ts";
import { toObserver } from "../governance/controller.ts";
import { applyStatus, type Toolbox } from "../toolbox.ts";
import { carryOut, describeActs, type Outcome, recordActs } from "./carry-out.ts";
import { type ContainmentDecision, decideContainment, listFinished } from "./decide.ts";
import { isAtRest, isInTheDark, listConcerned, observeContainment } from "./observe.ts";
import type { Act } from "./rungs.ts";

const INCIDENTS = toResource(Incident);
/** Our own writes come back by the watch within milliseconds. */
const ECHO_MS = 10;
/** Longest wait between two passes that do the same. */
const MAX_PAUSE_MS = 5000;
/** How long a rollback is tried again that the API server refuses. */
const REFUSAL_PATIENCE_MS = 10_000;
/** A watch that did not bring back our own write after this long never will: versions began anew. */
const MAX_ECHO_MS = 5000;

/** Whether a stored version is at least as new as one that we wrote. Versions of etcd are growing numbers. */
function isFresh(stored: string | undefined, written: string): boolean {
  if (stored === undefined) return true;
  if (!/^\d{1,20}$/.test(stored) || !/^\d{1,20}$/.test(written)) return true;
  return BigInt(stored) >= BigInt(written);
}

/** The status with what came of acts that no store shows. */
function withOutcome(
  status: ContainmentDecision["status"],
  outcome: Outcome,
  now: number,
): ContainmentDecision["status"] {
  const actions = (status.actions ?? []).map((action) => {
    if (action.rung === "refuse" && outcome.isRefusalProven) {
      return {
        ...action,
        result: "Done" as const,
        doneAt: toIsoMs(now),
        observed: "the API server refused a dry-run that brings it back",
      };
    }
    const why = action.rung === "rollBack" ? outcome.refusedRollbacks.get(action.target) : undefined;
    if (why === undefined) return action;
    // An API server that just started refuses what it takes a moment later.
    const isFinal = now - Date.parse(action.startedAt) > REFUSAL_PATIENCE_MS;
    return { ...action, result: isFinal ? ("Failed" as const) : ("Started" as const), observed: why };
  });
  return {
    ...status,
    ...(actions.length === 0 ? {} : { actions }),
    ...(outcome.frozen === undefined ? {} : { frozen: outcome.frozen }),
  };
}

const hasNews = ({ frozen, isRefusalProven, refusedRollbacks }: Outcome) =>
  frozen !== undefined || isRefusalProven || refusedRollbacks.size > 0;

/** Makes the controller; its keys are `namespace/name` of Incidents. */
export function createContainmentController(tools: Toolbox, operatorNamespace: string): Controller {
  const { world, events, metrics } = tools;
  /** By key, the version of the Incident that we wrote last: decisions on an older one would repeat themselves. */
  const written = new Map<string, { version: string; at: number }>();
  /** By key, the acts of the last pass and how often they were repeated without changing what is seen. */
  const repeated = new Map<string, { acts: string; times: number }>();

  /** Acts that change nothing, since something else undoes them or refuses first, are tried less and less often. */
  const findPause = (key: string, acts: readonly Act[]): number => {
    const told = describeActs(acts);
    const last = repeated.get(key);
    const times = last?.acts === told ? last.times + 1 : 0;
    repeated.set(key, { acts: told, times });
    return Math.min(ECHO_MS * 2 ** times, MAX_PAUSE_MS);
  };

  const writeStatus = async (
    key: string,
    incident: Incident,
    draft: ContainmentDecision["status"],
  ): Promise<Incident> => {
    const { generation = 0 } = incident.metadata;
    const { conditions: kept = [], pullRequest: _, ...stored } = incident.status ?? {};
    const conditions = mergeConditions(kept, draft.conditions, generation, toIso(tools.now()));
    const value = { ...draft, observedGeneration: generation, conditions };
    if (toCanonicalText({ ...stored, conditions: kept }) === toCanonicalText(value)) return incident;
    // What is to be given back stands here alone: a leader that was replaced must not write over its successor.
    const after = await applyStatus(tools, INCIDENTS, incident, {
      fieldManager: "vouchsafe-containment",
      value,
      isFenced: true,
    });
    const { resourceVersion = "" } = after.metadata;
    written.set(key, { version: resourceVersion, at: tools.now() });
    await announce(incident, value);
    const status: IncidentStatus = {
      ...value,
      ...(incident.status?.pullRequest === undefined ? {} : { pullRequest: incident.status.pullRequest }),
    };
    return { ...incident, metadata: { ...incident.metadata, resourceVersion }, status };
  };

  const announce = async (incident: Incident, status: IncidentStatus) => {
    const spent = (tools.now() - Date.parse(incident.spec.detectedAt)) / 1000;
    for (const { rung, target, result, observed } of listFinished(incident, status.actions ?? [])) {
      const isGood = result === "Done";
      if (isGood) metrics.observe("containment", { rung }, spent);
      const reason = `${rung[0]?.toUpperCase()}${rung.slice(1)}${result}`;
      await events.record(incident, {
        type: isGood ? "Normal" : "Warning",
        reason,
        note: `${target}: ${observed}`,
        action: "Contain",
      });
    }
  };

  const reconcile = async (key: string): Promise<Result> => {
    const read = world.incidents.get(key);
    if (read === undefined) {
      written.delete(key);
      repeated.delete(key);
    }
    if (read?.outcome !== "valid" || !isContained(read.object)) return { kind: "done" };
    const last = written.get(key);
    const isAwaited = last !== undefined && tools.now() - last.at < MAX_ECHO_MS;
    if (isAwaited && !isFresh(read.metadata.resourceVersion, last.version))
      return { kind: "requeueAfter", ms: ECHO_MS };
    const { namespace = "" } = read.metadata;
    if (isAtRest(tools, namespace, read.object) || isInTheDark(tools, namespace, read.object)) return { kind: "done" };
    try {
      const about = await observeContainment(tools, operatorNamespace, namespace, read.object);
      const { acts, status, comeBackMs } = decideContainment(about);
      recordActs(tools, about, acts);
      // What is about to be done is written down first, so that it can be given back whatever happens.
      const incident = await writeStatus(key, read.object, status);
      const outcome = await carryOut(tools, { ...about, incident }, acts);
      if (hasNews(outcome)) await writeStatus(key, incident, withOutcome(status, outcome, tools.now()));
      if (acts.length > 0) return { kind: "requeueAfter", ms: findPause(key, acts) };
      return comeBackMs === undefined ? { kind: "done" } : { kind: "requeueAfter", ms: comeBackMs };
    } catch (error) {
      if (!isApiError(error, "Conflict", "NotFound")) throw error;
      return { kind: "requeueAfter", ms: ECHO_MS };
    }
  };

  const keyOf = ({ metadata }: Pick<KubeObject, "metadata">) => [`${metadata.namespace ?? ""}/${metadata.name}`];
  const concernedBy = ({ metadata }: Pick<KubeObject, "metadata">) =>
    listConcerned(world, metadata.namespace ?? "").flatMap(keyOf);
  return createController({
    name: "containment",
    sources: [
      fromStore(world.incidents, keyOf),
      fromStore(world.warrants, concernedBy),
      fromStore(world.pods, concernedBy),
      fromStore(world.networkPolicies, concernedBy),
      fromStore(world.deployments, concernedBy),
      fromStore(world.statefulSets, concernedBy),
      fromStore(world.daemonSets, concernedBy),
    ],
    reconcile,
    logger: tools.logger,
    observer: toObserver(tools),
  });
}
