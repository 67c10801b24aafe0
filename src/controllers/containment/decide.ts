/** The next acts for one Incident, and what its status says: rung by rung, each only once the one before is done. Pure. */
import {
  type Incident,
  type IncidentAction,
  type IncidentStatus,
  type IncidentWorkload,
  MAX_ACTIONS,
  MAX_SWAPS,
  MAX_WORKLOADS,
} from "../../api/incident.ts";
import type { Rung, Step } from "../../api/reaction.ts";
import { flatten } from "../../domain/findings.ts";
import { digestOfImage } from "../../domain/images.ts";
import { DUE_AT, findEnd, isDestroying, judgeDue } from "../../domain/ladder.ts";
import { listSwaps } from "../../domain/rollback.ts";
import { parseInstant, toIso, toIsoMs, toSeconds } from "../../domain/time.ts";
import type { ConditionDraft } from "../governance/condition-draft.ts";
import { listSlots, type PodTemplate } from "../workloads.ts";
import { describeContained, describeRestored, describeReview, isRestored } from "./conditions.ts";
import type { ContainedWorkload, ContainmentFacts } from "./facts.ts";
import {
  type Act,
  ALL_PODS,
  isFrozen,
  isStuck,
  judgeRung,
  listLive,
  type RungState,
  toEntry,
  toTarget,
} from "./rungs.ts";

export interface ContainmentDecision {
  acts: Act[];
  status: Omit<IncidentStatus, "conditions" | "pullRequest" | "observedGeneration"> & { conditions: ConditionDraft[] };
  /** Milliseconds until the next look; undefined where only a change brings something new. */
  comeBackMs: number | undefined;
}

/** How often an open Incident is looked at though nothing seems to change. */
const CALM_MS = 30_000;
/** How long a rung may take before the next one is begun beside it. */
const PATIENCE_MS = 10_000;

const RESULT_OF: Record<RungState["state"]["at"], IncidentAction["result"]> = {
  done: "Done",
  due: "Started",
  waiting: "Started",
  failed: "Failed",
  unsupported: "NotSupported",
};

interface Climb {
  acts: Act[];
  actions: IncidentAction[];
  comeBackMs: number | undefined;
}

const sooner = (a: number | undefined, b: number | undefined) =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b);

/** Climbs the ladder as far as it goes now. */
function climb(about: ContainmentFacts): Climb {
  const { incident, now } = about;
  const before = incident.status?.actions ?? [];
  const go = (incident.spec.go ?? []).map(({ rung }) => rung);
  const reached: Climb = { acts: [], actions: [], comeBackMs: undefined };
  const note = (rung: Rung, target: string, result: IncidentAction["result"], observed: string) => {
    const old = before.find((one) => one.rung === rung && one.target === target);
    // What was taken back keeps the moment it was done, or its time would begin anew.
    const known = result === "Done" || result === "TakenBack" ? old?.doneAt : undefined;
    const doneAt = result === "Done" ? (known ?? toIsoMs(now)) : known;
    // What only waited for its moment begins with it.
    const isBegun = old !== undefined && (old.result !== "Waiting" || result === "Waiting");
    const startedAt = isBegun ? old.startedAt : toIsoMs(now);
    const ended = doneAt === undefined ? {} : { doneAt };
    // What was observed when it was done stays: later there may be nothing left to see.
    const isKept = result === "Done" && old?.result === "Done" && rung !== "rollBack";
    reached.actions.push({
      rung,
      target,
      startedAt,
      ...ended,
      result,
      observed: isKept ? old.observed : flatten(observed),
    });
  };
  const take = (rung: Rung, step: Step): boolean => {
    const states = judgeRung(rung, about, step);
    for (const { target, state } of states) note(rung, target, RESULT_OF[state.at], state.observed);
    reached.acts.push(...states.flatMap(({ state }) => (state.at === "due" ? state.acts : [])));
    for (const { state } of states)
      if (state.at === "waiting") reached.comeBackMs = sooner(reached.comeBackMs, state.ms);
    const isBlocked = states.some(({ state }) => state.at === "due" || (state.at === "waiting" && rung !== "rollBack"));
    return !isBlocked || isLate(rung);
  };
  /** A rung that does not come to its end keeps others from being done; what it is waited for goes on beside them. */
  const isLate = (rung: Rung) =>
    rung !== "freeze" &&
    !isDestroying(rung) &&
    before.some(
      (one) =>
        one.rung === rung && one.result === "Started" && now - (parseInstant(one.startedAt) ?? now) > PATIENCE_MS,
    );
  for (const step of addStop(about)) {
    const due = judgeDue(step, incident.spec.detectedAt, go, now);
    if (due.due === "later") {
      note(step.do, ALL_PODS, "Waiting", `${DUE_AT}${toIso(due.at)}`);
      reached.comeBackMs = sooner(reached.comeBackMs, due.at - now + 1);
      return reached;
    }
    if (due.due === "person") {
      note(
        step.do,
        ALL_PODS,
        "Waiting",
        `waits for a holder of stopAuthority: vouchsafe incident go ${incident.metadata.name} ${step.do}`,
      );
      return reached;
    }
    const done = before.filter(({ rung, doneAt }) => rung === step.do && doneAt !== undefined);
    const end = findEnd(step, done[0]?.doneAt);
    if (end !== undefined && end <= now) {
      const acts = takeBack(step.do, about);
      for (const { target } of done) note(step.do, target, "TakenBack", `its time was over at ${toIso(end)}`);
      reached.acts.push(...acts);
      if (acts.length > 0) return reached;
      continue;
    }
    if (end !== undefined) reached.comeBackMs = sooner(reached.comeBackMs, end - now + 1);
    if (!take(step.do, step)) return reached;
  }
  return reached;
}

/** A workload that cannot go back stands still: `stop` follows `rollBack` where the policy does not order it anyway. */
function addStop(about: ContainmentFacts): readonly Step[] {
  const { steps, workloads } = about;
  const rollsBack = steps.some((step) => step.do === "rollBack");
  const cannot = workloads.some((workload) => isStuck(about, workload));
  if (!rollsBack || !cannot || steps.some((step) => step.do === "stop")) return steps;
  return [...steps, { do: "stop", authority: "Standing" }];
}

/** What is done when the time of a rung is over. */
function takeBack(rung: Rung, about: ContainmentFacts): Act[] {
  if (rung === "throttle") return unthrottle(about, () => true);
  // Pods in breach are not let loose again: they end.
  const live = listLive(about).filter(({ facts }) => !facts.isMirror);
  if (live.length === 0) return [];
  return isFrozen(about) ? [{ act: "end", pods: live }] : [{ act: "freeze" }];
}

/**
 * Whether a workload stands where it was lowered to. Anywhere else people have put it since, also in the moment after it
 * was given back, and they have the last word.
 */
function isAsLowered({ steps }: ContainmentFacts, { facts }: ContainedWorkload): boolean {
  const step = steps.find((one) => one.do === "throttle");
  return step === undefined || facts.wanted === (step.floor ?? 1);
}

const unthrottle = (
  about: ContainmentFacts,
  isDue: (workload: ContainmentFacts["workloads"][number]) => boolean,
): Act[] =>
  about.workloads.flatMap((workload): Act[] => {
    const { entry } = workload;
    if (
      entry?.replicas === undefined ||
      entry.uid !== workload.facts.metadata.uid ||
      workload.facts.wanted >= entry.replicas ||
      !isAsLowered(about, workload) ||
      !isDue(workload)
    )
      return [];
    return [{ act: "throttle", workload, replicas: entry.replicas }];
  });

/** Contained pods whose breach is over are set free. */
function setFree({ pods }: ContainmentFacts): Act[] {
  const pardoned = pods.filter(
    ({ facts, isInBreach }) =>
      !isInBreach && facts.quarantinedBy !== undefined && facts.metadata.deletionTimestamp === undefined,
  );
  return pardoned.length === 0 ? [] : [{ act: "giveBack", pods: pardoned }];
}

/** What was taken is given back where the breach is over. */
function giveBack(about: ContainmentFacts): Act[] {
  const jobs = about.jobs.filter(
    ({ isVouched, isSuspended, entry, uid }) =>
      isVouched && isSuspended && entry?.suspended !== undefined && entry.uid === uid,
  );
  return [
    ...setFree(about),
    ...jobs.map((job) => ({ act: "suspend" as const, job, isSuspended: false })),
    ...unthrottle(about, ({ isVouched }) => isVouched),
  ];
}

/** What an act changes of a workload or Job. */
function findChanged(act: Act): Omit<IncidentWorkload, "hold">[] {
  if (act.act === "throttle" || act.act === "rollBack") return [toEntry(act.workload)];
  return act.act === "suspend" ? [{ kind: act.job.kind, name: act.job.name, uid: act.job.uid }] : [];
}

/** Every workload that is held or changed; what is changed without being held has to be remembered too. */
function listEntries(incident: Incident, acts: readonly Act[]): IncidentWorkload[] {
  const entries = new Map((incident.status?.workloads ?? []).map((one) => [`${one.kind}/${one.name}`, one]));
  for (const act of acts) {
    for (const one of act.act === "hold" ? act.workloads : findChanged(act)) {
      const key = `${one.kind}/${one.name}`;
      entries.set(key, { hold: "Released", ...entries.get(key), ...one });
    }
  }
  return [...entries.values()].slice(0, MAX_WORKLOADS);
}

/** What the status says of each workload: held before anything is done, what was changed of it, where it went back to. */
function describeWorkloads(about: ContainmentFacts, acts: readonly Act[]): IncidentWorkload[] {
  const { incident, workloads } = about;
  const isClosed = incident.spec.state === "Closed";
  return listEntries(incident, acts).map((entry) => {
    const now = workloads.find(({ facts }) => facts.kind === entry.kind && facts.metadata.name === entry.name);
    const hold = isClosed ? ("Released" as const) : entry.hold;
    const held = { ...forgetGivenBack(entry, about), hold, ...describeChange(entry, acts) };
    // Where its owners moved it on, nothing was rolled back.
    const isBack = now?.isInBreach === false && entry.snapshot !== undefined && now.release !== incident.spec.release;
    if (!isBack || entry.to !== undefined || now.release === undefined) return held;
    return { ...held, to: now.release };
  });
}

/** What was given back is forgotten, so that its owners may lower or suspend it again as they like. */
function forgetGivenBack(entry: IncidentWorkload, about: ContainmentFacts): IncidentWorkload {
  const { incident, workloads, jobs } = about;
  const { replicas, suspended, ...rest } = entry;
  const target = `${entry.kind}/${entry.name}`;
  const workload = workloads.find((one) => toTarget(one) === target);
  const job = jobs.find(({ kind, name }) => `${kind}/${name}` === target);
  const isTakenBack = incident.status?.actions?.some(
    (one) => one.rung === "throttle" && one.target === target && one.result === "TakenBack",
  );
  const isOver = workload !== undefined && (workload.isVouched || isTakenBack === true);
  const isRaised = isOver && (workload.facts.wanted >= (replicas ?? 0) || !isAsLowered(about, workload));
  const isResumed = job !== undefined && job.isVouched && !job.isSuspended;
  return {
    ...rest,
    ...(replicas === undefined || isRaised ? {} : { replicas }),
    ...(suspended === undefined || isResumed ? {} : { suspended }),
  };
}

/** What has to be remembered of a workload before it is changed, so that it can be given back. */
function describeChange(entry: IncidentWorkload, acts: readonly Act[]): Partial<IncidentWorkload> {
  for (const act of acts) {
    if (act.act === "throttle" && toTarget(act.workload) === `${entry.kind}/${entry.name}`) {
      const isLowered = act.replicas < act.workload.facts.wanted;
      if (isLowered) return { replicas: entry.replicas ?? act.workload.facts.wanted };
    }
    if (act.act === "suspend" && act.isSuspended && act.job.kind === entry.kind && act.job.name === entry.name) {
      return { suspended: "ByUs" };
    }
    if (act.act === "rollBack" && toTarget(act.workload) === `${entry.kind}/${entry.name}`) {
      const { to, rollbacks = 0 } = entry;
      const swaps = Object.entries(
        listSwaps(
          toDigests(act.workload.facts.template.spec),
          toDigests(act.snapshot.template.spec as PodTemplate["spec"]),
        ),
      );
      return {
        snapshot: act.snapshot.name,
        ...(swaps.length === 0 ? {} : { swaps: Object.fromEntries(swaps.slice(0, MAX_SWAPS)) }),
        // It was back already, so somebody undid that.
        ...(to === undefined ? {} : { to: undefined, rollbacks: rollbacks + 1 }),
      };
    }
  }
  return {};
}

const toDigests = (spec: PodTemplate["spec"]) =>
  new Map(
    [...listSlots(spec)]
      .map(([slot, image]) => [slot, digestOfImage(image)] as const)
      .filter(([, digest]) => digest !== ""),
  );

/** What rungs of the ladder came to that are out of reach now, since an earlier one has to be done again, stays on record. */
function keepActions(about: ContainmentFacts, reached: readonly IncidentAction[]): IncidentAction[] {
  const ladder = new Set(addStop(about).map((step) => step.do));
  for (const { rung } of reached) ladder.delete(rung);
  const kept = about.incident.status?.actions?.filter(({ rung }) => ladder.has(rung)) ?? [];
  return [...reached, ...kept].slice(0, MAX_ACTIONS);
}

type Timeline = NonNullable<IncidentStatus["timeline"]>;
const CLOCK_OF: Partial<Record<Rung, keyof Timeline>> = {
  refuse: "refused",
  quarantine: "quarantined",
  leaveServices: "leftServices",
  freeze: "frozen",
};

/** Each clock stops once, when its step was first observed to be done. */
function readClocks(about: ContainmentFacts, actions: readonly IncidentAction[]): Timeline {
  const spent = toSeconds(about.now - Date.parse(about.incident.spec.detectedAt));
  const clocks: Timeline = { ...about.incident.status?.timeline };
  for (const { rung, result } of actions) {
    const clock = CLOCK_OF[rung];
    if (clock !== undefined && result === "Done") clocks[clock] ??= spent;
  }
  const isOrdered = actions.some(({ rung }) => rung === "rollBack");
  if (isOrdered && about.workloads.length > 0 && about.workloads.every(({ isVouched }) => isVouched)) {
    clocks.rolledBack ??= spent;
    if (isRestored(about)) clocks.restored ??= spent;
  }
  return clocks;
}

/** Decides on one Incident. */
export function decideContainment(about: ContainmentFacts): ContainmentDecision {
  const { incident } = about;
  const isOpen = incident.spec.state === "Open";
  const before = incident.status?.actions ?? [];
  const reached: Climb = isOpen ? climb(about) : { acts: [], actions: before, comeBackMs: undefined };
  const actions = isOpen ? keepActions(about, reached.actions) : before;
  const timeline = readClocks(about, actions);
  // Replicas and Jobs are their owners' again once people closed it; nobody but us can set a pod free.
  const acts = isOpen ? [...giveBack(about), ...reached.acts] : setFree(about);
  const workloads = describeWorkloads(about, acts);
  const names =
    incident.status?.pods ??
    about.pods
      .map(({ facts }) => facts.metadata.name)
      .toSorted()
      .slice(0, 256);
  return {
    acts,
    status: {
      ...(about.tier === undefined ? {} : { tier: about.tier }),
      ...(names.length === 0 ? {} : { pods: names }),
      ...(workloads.length === 0 ? {} : { workloads }),
      ...(actions.length === 0 ? {} : { actions }),
      ...(incident.status?.frozen === undefined ? {} : { frozen: incident.status.frozen }),
      ...(Object.keys(timeline).length === 0 ? {} : { timeline }),
      conditions: [describeContained(about), describeRestored(about, actions), ...describeReview(incident)],
    },
    comeBackMs: isOpen ? (reached.comeBackMs ?? CALM_MS) : undefined,
  };
}

/** The rungs whose result became Done with this decision, for Events, evidence and metrics. */
export function listFinished(incident: Incident, actions: readonly IncidentAction[]): IncidentAction[] {
  const isDone = (one: IncidentAction) =>
    one.result === "Done" || one.result === "Failed" || one.result === "NotSupported";
  const before = incident.status?.actions ?? [];
  return actions.filter((one) => {
    const old = before.find(({ rung, target }) => rung === one.rung && target === one.target);
    return isDone(one) && old?.result !== one.result;
  });
}
