/** How far each rung of the ladder is, judged by what was observed in the cluster. Pure. */
import { type Incident, type IncidentWorkload, MAX_FREEZES, MAX_WORKLOADS } from "../../api/incident.ts";
import { QUARANTINE_LABEL } from "../../api/labels.ts";
import type { Rung, Step } from "../../api/reaction.ts";
import type { Snapshot } from "../../domain/rollback.ts";
import { parseInstant } from "../../domain/time.ts";
import { toWorkloadKey } from "../workloads.ts";
import type { ContainedJob, ContainedPod, ContainedWorkload, ContainmentFacts } from "./facts.ts";

/** One thing to do. Every act may be repeated. */
export type Act =
  | { act: "hold"; workloads: IncidentWorkload[] }
  | { act: "proveRefusal"; workload: ContainedWorkload; digest: string }
  | { act: "throttle"; workload: ContainedWorkload; replicas: number }
  | { act: "quarantine"; pods: ContainedPod[] }
  | { act: "leaveServices"; pods: ContainedPod[] }
  | { act: "freeze" }
  | { act: "end"; pods: ContainedPod[] }
  | { act: "rollBack"; workload: ContainedWorkload; snapshot: Snapshot }
  | { act: "suspend"; job: ContainedJob; isSuspended: boolean }
  | { act: "giveBack"; pods: ContainedPod[] };

/** How far a rung is for one target: everything in breach at once, or one workload. */
export interface RungState {
  target: string;
  state:
    | { at: "done"; observed: string }
    | { at: "due"; acts: Act[]; observed: string }
    /** Nothing to do but to look again. */
    | { at: "waiting"; ms: number; observed: string }
    | { at: "failed"; observed: string }
    | { at: "unsupported"; observed: string };
}

export const ALL_PODS = "Pods";
/** Rungs after which others would want to bring back what was there. */
const DISPLACING: ReadonlySet<Rung> = new Set(["quarantine", "leaveServices", "sever", "rollBack", "stop"]);
/** How soon to look again at what other controllers are doing. */
const SOON_MS = 100;

export const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? "" : "s"}`;
export const toTarget = ({ facts }: ContainedWorkload) => toWorkloadKey(facts);

const isEnding = ({ facts }: ContainedPod) => facts.metadata.deletionTimestamp !== undefined;
/** Pods in breach, or contained here, that nobody has ended yet. */
export const listLive = ({ pods }: ContainmentFacts) => pods.filter((pod) => !isEnding(pod) && pod.isInBreach);

const isBare = ({ facts }: ContainedPod) =>
  Object.keys(facts.metadata.labels ?? {}).every((label) => label === QUARANTINE_LABEL) &&
  facts.quarantinedBy !== undefined;

const ofPods = (state: RungState["state"]): RungState[] => [{ target: ALL_PODS, state }];

/** How often evidence was frozen: pods that turn up later get records of their own. */
export const countFreezes = ({ status }: Incident) =>
  (status?.frozen ?? []).filter(({ what }) => what === "pods" || /^pods-\d$/.test(what)).length;

/** Whether what can be lost is frozen: every pod that runs, as far as an Incident can name records. */
export function isFrozen(about: ContainmentFacts): boolean {
  const told = new Set((about.incident.status?.frozen ?? []).flatMap(({ pods = [] }) => pods));
  const freezes = countFreezes(about.incident);
  return freezes >= MAX_FREEZES || (freezes > 0 && listLive(about).every(({ facts }) => told.has(facts.metadata.name)));
}

/** How a status names a workload. */
export const toEntry = ({ facts }: ContainedWorkload) => ({
  kind: facts.kind,
  name: facts.metadata.name,
  uid: facts.metadata.uid ?? "",
});

/** Workloads in breach that are to be held, as many as a status names. */
function listUnheld({ incident, workloads, jobs }: ContainmentFacts): IncidentWorkload[] {
  const isUnheld = ({ isInBreach, entry }: ContainedWorkload | ContainedJob) => isInBreach && entry?.hold !== "Held";
  const found = [
    ...workloads.filter(isUnheld).map((one) => ({ ...toEntry(one), isNamed: one.entry !== undefined })),
    ...jobs.filter(isUnheld).map(({ kind, name, uid, entry }) => ({ kind, name, uid, isNamed: entry !== undefined })),
  ];
  let room = MAX_WORKLOADS - (incident.status?.workloads?.length ?? 0);
  return found.flatMap(({ isNamed, ...one }) => {
    if (!isNamed) room -= 1;
    return isNamed || room >= 0 ? [{ ...one, hold: "Held" as const }] : [];
  });
}

function judgeRefuse(about: ContainmentFacts): RungState[] {
  if (!about.isByDigest) {
    return ofPods({ at: "unsupported", observed: "its digests are vouched for, so none of them is refused" });
  }
  // What merely ran out may still be scaled, moved and deleted by its owners; nothing was put in its place.
  if (!about.steps.some((step) => DISPLACING.has(step.do))) {
    return ofPods({ at: "done", observed: "the Warrant refuses new pods of it" });
  }
  const workloads = listUnheld(about);
  if (workloads.length > 0) {
    const acts: Act[] = [{ act: "hold", workloads }];
    return ofPods({ at: "due", acts, observed: "workloads are being held" });
  }
  if (!about.isHeldByWarrant) {
    return ofPods({ at: "waiting", ms: SOON_MS, observed: "the Warrant does not refuse it yet" });
  }
  const known = about.incident.status?.actions?.find(({ rung }) => rung === "refuse");
  if (known?.result === "Done") return ofPods({ at: "done", observed: known.observed });
  const workload = about.workloads.find(({ facts }) => facts.metadata.deletionTimestamp === undefined);
  const digest = about.refusedDigest;
  if (digest === undefined) {
    return ofPods({ at: "done", observed: "the Warrant admits no pod of it; no digest of it is refused by itself" });
  }
  if (workload === undefined) {
    return ofPods({ at: "done", observed: "the Warrant refuses it; no workload was there to prove it on" });
  }
  return ofPods({
    at: "due",
    acts: [{ act: "proveRefusal", workload, digest }],
    observed: "the refusal is being proven",
  });
}

/** What is changed has to be remembered, so that it can be given back: there is room for so many. */
const NO_ROOM: RungState["state"] = {
  at: "unsupported",
  observed: `an Incident remembers ${MAX_WORKLOADS} workloads and no more`,
};
const hasRoom = ({ incident }: ContainmentFacts, entry: IncidentWorkload | undefined) =>
  entry !== undefined || (incident.status?.workloads?.length ?? 0) < MAX_WORKLOADS;

function judgeThrottle(about: ContainmentFacts, { floor = 1 }: Step): RungState[] {
  const { workloads, incident } = about;
  if (workloads.length === 0) return ofPods({ at: "unsupported", observed: "no workload runs it" });
  return workloads.map((workload): RungState => {
    const { facts, entry, isInBreach, autoscaler } = workload;
    const target = toTarget(workload);
    if (!hasRoom(about, entry)) return { target, state: NO_ROOM };
    if (facts.kind === "DaemonSet") {
      return { target, state: { at: "unsupported", observed: "a DaemonSet has as many pods as nodes" } };
    }
    if (entry?.replicas !== undefined && facts.wanted <= floor) {
      return { target, state: { at: "done", observed: `${facts.wanted} replicas, ${entry.replicas} before` } };
    }
    if (!isInBreach)
      return { target, state: { at: "done", observed: `${count(facts.wanted, "replica")}, not in breach` } };
    const before = incident.status?.actions?.find((one) => one.rung === "throttle" && one.target === target);
    if (before?.result === "Done" || before?.result === "Failed") {
      // Whoever raised it owns it: no tug of war.
      return { target, state: { at: "failed", observed: `raised to ${facts.wanted} replicas again by somebody else` } };
    }
    if (facts.wanted <= floor) {
      return {
        target,
        state: { at: "done", observed: `${count(facts.wanted, "replica")}, which is not above the floor` },
      };
    }
    if (autoscaler !== undefined) {
      return {
        target,
        state: { at: "unsupported", observed: `HorizontalPodAutoscaler ${autoscaler} owns its replicas` },
      };
    }
    const acts: Act[] = [{ act: "throttle", workload, replicas: floor }];
    return { target, state: { at: "due", acts, observed: `${facts.wanted} replicas are being lowered to ${floor}` } };
  });
}

const describeMirrors = (mirrors: readonly ContainedPod[]) =>
  `${count(mirrors.length, "mirror pod")}: the node makes their labels anew`;

function judgeQuarantine(about: ContainmentFacts): RungState[] {
  const live = listLive(about);
  const mirrors = live.filter(({ facts }) => facts.isMirror);
  const loose = live.filter((pod) => !isBare(pod) && !pod.facts.isMirror);
  if (loose.length > 0) {
    const acts: Act[] = [{ act: "quarantine", pods: loose }];
    return ofPods({ at: "due", acts, observed: `${count(loose.length, "pod")} being taken out of every selector` });
  }
  if (mirrors.length > 0) {
    return ofPods({ at: "unsupported", observed: describeMirrors(mirrors) });
  }
  if (live.length > 0 && about.leaks.length > 0) {
    return ofPods({
      at: "failed",
      observed: `NetworkPolicy ${about.leaks.join(", ")} allows quarantined pods something`,
    });
  }
  const kept = live.length === 0 ? "no pod is left of it" : `${count(live.length, "pod")} in no selector`;
  return ofPods({ at: "done", observed: `${kept}; policies written, enforcement by the network plugin is not probed` });
}

function judgeLeaveServices(about: ContainmentFacts): RungState[] {
  // A pod that ends stays in its EndpointSlice until it is gone, which on a dead node is never.
  const served = about.pods.filter((pod) => pod.isServed && pod.isInBreach && !isEnding(pod));
  const open = served.filter(({ facts }) => facts.quarantinedBy === undefined && !facts.isMirror);
  if (open.length > 0) {
    const acts: Act[] = [{ act: "leaveServices", pods: open }];
    return ofPods({ at: "due", acts, observed: `${count(open.length, "pod")} being taken out of Services` });
  }
  const mirrors = served.filter(({ facts }) => facts.isMirror);
  const named = served.length - mirrors.length;
  if (named > 0) {
    return ofPods({ at: "waiting", ms: SOON_MS, observed: `${count(named, "pod")} still named by EndpointSlices` });
  }
  // A node's file must not keep evidence from being frozen and the workload from going back.
  if (mirrors.length > 0) return ofPods({ at: "unsupported", observed: describeMirrors(mirrors) });
  return ofPods({ at: "done", observed: "no EndpointSlice names a pod of it" });
}

function judgeFreeze(about: ContainmentFacts): RungState[] {
  const frozen = about.incident.status?.frozen ?? [];
  if (!isFrozen(about)) return ofPods({ at: "due", acts: [{ act: "freeze" }], observed: "evidence is being frozen" });
  return ofPods({
    at: "done",
    observed: `${count(frozen.length, "record")} frozen: ${frozen.map(({ what }) => what).join(", ")}`,
  });
}

function judgeEnd(about: ContainmentFacts): RungState {
  const live = listLive(about).filter(({ facts }) => !facts.isMirror);
  if (live.length > 0) {
    const acts: Act[] = [{ act: "end", pods: live }];
    return { target: ALL_PODS, state: { at: "due", acts, observed: `${count(live.length, "pod")} being ended` } };
  }
  const ending = about.pods.filter((pod) => isEnding(pod) && pod.isInBreach).length;
  const mirrors = listLive(about).length;
  const rest = mirrors > 0 ? `; ${count(mirrors, "mirror pod")} on its node is out of reach` : "";
  return {
    target: ALL_PODS,
    state: { at: "done", observed: `no pod of it runs${ending > 0 ? `, ${ending} ending` : ""}${rest}` },
  };
}

/** Why the API server did not take the state that is chosen now; another one may fare better. */
function findRefusal({ incident }: ContainmentFacts, workload: ContainedWorkload): string | undefined {
  const { choice, entry } = workload;
  if (choice.choice !== "rollBack" || (entry !== undefined && entry.snapshot !== choice.snapshot.name))
    return undefined;
  const target = toTarget(workload);
  const before = incident.status?.actions?.find((one) => one.rung === "rollBack" && one.target === target);
  return before?.result === "Failed" ? before.observed : undefined;
}

/** Whether a workload in breach cannot go back. */
export const isStuck = (about: ContainmentFacts, workload: ContainedWorkload): boolean =>
  workload.isInBreach && (workload.choice.choice === "stop" || findRefusal(about, workload) !== undefined);

/** Longest wait for a pod that ends to be gone: a node that is away must not hold up a rollback for good. */
const MAX_ENDING_MS = 10_000;

/**
 * What keeps a StatefulSet from going back. It makes no pod anew while one of that name is there, and is not told when
 * a contained one is gone, so they go before its template does. Afterwards it waits for each old pod to be ready, also
 * for one that never will be (kubernetes/kubernetes#67250).
 */
function judgeWay(about: ContainmentFacts, { facts, isInBreach }: ContainedWorkload): RungState["state"] | undefined {
  if (facts.kind !== "StatefulSet") return undefined;
  const isContained = (pod: ContainedPod) => pod.facts.quarantinedBy !== undefined;
  const isItsName = (pod: string) => /^-\d+$/.test(pod.slice(facts.metadata.name.length));
  const its = about.pods.filter(({ facts: pod, isInBreach: isBad }) => {
    const { name } = pod.metadata;
    return isBad && !pod.isMirror && name.startsWith(facts.metadata.name) && isItsName(name);
  });
  const blocking = its.filter((pod) => !isEnding(pod) && (isContained(pod) || (!isInBreach && !pod.facts.isReady)));
  if (blocking.length > 0) {
    const acts: Act[] = [{ act: "end", pods: blocking }];
    return { at: "due", acts, observed: `${count(blocking.length, "pod")} in its way being ended` };
  }
  const isNews = ({ facts: pod }: ContainedPod) =>
    about.now < (parseInstant(pod.metadata.deletionTimestamp) ?? 0) + MAX_ENDING_MS;
  const ending = isInBreach ? its.filter((pod) => isEnding(pod) && isContained(pod) && isNews(pod)) : [];
  if (ending.length === 0) return undefined;
  return { at: "waiting", ms: SOON_MS, observed: `${count(ending.length, "pod")} in its way, ending` };
}

/** What keeps the pods of a workload that went back, as far as it is known. */
function describeDelay({ facts: { isPaused, partition }, trouble }: ContainedWorkload): string {
  if (isPaused) return "; the rollout is paused: kubectl rollout resume";
  if (trouble !== undefined) return `; ${trouble}`;
  if (partition === 0) return "";
  return `; pods below its partition keep the revision they had: set spec.updateStrategy.rollingUpdate.partition of ${partition} to 0`;
}

function judgeRollBackOf(about: ContainmentFacts, workload: ContainedWorkload): RungState {
  const target = toTarget(workload);
  const { facts, isInBreach, release, choice, ready } = workload;
  if (!isInBreach) {
    const where = release === undefined ? "what it runs" : `release ${release}`;
    if (ready >= facts.wanted)
      return { target, state: { at: "done", observed: `${where}: ${ready} of ${facts.wanted} pods ready` } };
    const state = judgeWay(about, workload);
    if (state !== undefined) return { target, state };
    const why = describeDelay(workload);
    return {
      target,
      state: { at: "waiting", ms: 1000, observed: `back on ${where}: ${ready} of ${facts.wanted} pods ready${why}` },
    };
  }
  switch (choice.choice) {
    case "stop":
      return { target, state: { at: "failed", observed: `not rolled back, so it is stopped: ${choice.why}` } };
    case "rollBack": {
      const refusal = findRefusal(about, workload);
      if (refusal !== undefined) return { target, state: { at: "failed", observed: refusal } };
      const state = judgeWay(about, workload);
      if (state !== undefined) return { target, state };
      // Others would put back what the API server does not refuse yet.
      if (about.incident.status?.actions?.some(({ rung, result }) => rung === "refuse" && result === "Started")) {
        return { target, state: { at: "waiting", ms: 1000, observed: "the refusal is not proven yet" } };
      }
      const acts: Act[] = [{ act: "rollBack", workload, snapshot: choice.snapshot }];
      return { target, state: { at: "due", acts, observed: `going back to release ${choice.snapshot.release}` } };
    }
  }
}

function judgeJob(about: ContainmentFacts, job: ContainedJob): RungState {
  const target = `${job.kind}/${job.name}`;
  if (!hasRoom(about, job.entry)) return { target, state: NO_ROOM };
  if (!job.isInBreach || job.isSuspended)
    return { target, state: { at: "done", observed: job.isSuspended ? "suspended" : "not in breach" } };
  return {
    target,
    state: { at: "due", acts: [{ act: "suspend", job, isSuspended: true }], observed: "being suspended" },
  };
}

function judgeRollBack(about: ContainmentFacts): RungState[] {
  const states = about.workloads.map((workload) => judgeRollBackOf(about, workload));
  const jobs = about.jobs.map((job) => judgeJob(about, job));
  if (states.length + jobs.length > 0) return [...jobs, ...states];
  return ofPods({ at: "unsupported", observed: "no workload that could be rolled back runs it" });
}

/** Pods end and stay away: what made them is refused, and Jobs are suspended. */
function judgeStop(about: ContainmentFacts): RungState[] {
  const ended = judgeEnd(about);
  const { state } = ended;
  const stays = about.workloads.some(({ isInBreach }) => isInBreach) ? "; new ones are refused" : "";
  const observed = state.at === "done" ? `${state.observed}${stays}` : state.observed;
  return [...about.jobs.map((job) => judgeJob(about, job)), { ...ended, state: { ...state, observed } }];
}

/** How far a rung is. */
export function judgeRung(rung: Rung, about: ContainmentFacts, step: Step): RungState[] {
  switch (rung) {
    case "refuse":
      return judgeRefuse(about);
    case "throttle":
      return judgeThrottle(about, step);
    case "quarantine":
      return judgeQuarantine(about);
    case "leaveServices":
      return judgeLeaveServices(about);
    case "freeze":
      return judgeFreeze(about);
    case "sever":
      return [judgeEnd(about)];
    case "rollBack":
      return judgeRollBack(about);
    case "stop":
      return judgeStop(about);
  }
}
