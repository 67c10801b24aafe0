// A small cluster that does what containment tells it: pods, workloads and Jobs, without I/O and without a clock.
import type { Incident } from "../../../src/api/incident.ts";
import { QUARANTINE_LABEL } from "../../../src/api/labels.ts";
import type { BreachKind, Step } from "../../../src/api/reaction.ts";
import { decideContainment } from "../../../src/controllers/containment/decide.ts";
import type { ContainedPod, ContainmentFacts } from "../../../src/controllers/containment/facts.ts";
import type { Act } from "../../../src/controllers/containment/rungs.ts";
import type { WorkloadKind } from "../../../src/controllers/workloads.ts";
import { findSteps } from "../../../src/domain/ladder.ts";
import { MODEL, MODEL6 } from "../domain/voice.ts";
import { FROZEN, LOOKED, toFacts, toIncident, toJob, toMirror, toPod, toSnapshot, toWorkload } from "./contained.ts";

const LABELS: Record<string, string> = { app: "gate", "vouchsafe.dev/system": "gate" };

/** What the world begins as. */
export interface Start {
  workloads: { kind: WorkloadKind; model: string; replicas: number; canGoBack: boolean; isAutoscaled: boolean }[];
  pods: { model: string; isMirror: boolean; isEnding: boolean; isReady: boolean }[];
  jobs: { kind: "Job" | "CronJob"; model: string; isSuspended: boolean }[];
  /** Undefined for the default one. */
  ladder: Step[] | undefined;
  breach: BreachKind;
  kills: number[];
}

interface Pod {
  name: string;
  model: string;
  isMirror: boolean;
  isEnding: boolean;
  isReady: boolean;
  /** The workload that wants it; undefined where none does, or its labels went. */
  owner: string | undefined;
  labels: Record<string, string>;
  quarantinedBy: string | undefined;
  isServed: boolean;
  before: { labels: Record<string, string>; owner: string | undefined };
}

export class ContainedWorld {
  pods: Pod[] = [];
  workloads;
  jobs;
  incident: Incident;
  /** Whether somebody vouches for v6 again. */
  isOver = false;
  rounds = 0;
  /** Every pod that was touched, with what was known of it then. */
  touched: { act: string; isMirror: boolean; isInBreach: boolean; isFrozen: boolean }[] = [];
  private now = LOOKED;
  /** Workloads that the Warrant holds; it follows the status a moment later. */
  private held: ReadonlySet<string> = new Set();
  private born = 0;
  private readonly kills: number[];
  private readonly steps: readonly Step[];
  private readonly history: string[] = [];

  constructor({ workloads, pods, jobs, ladder, breach, kills }: Start) {
    this.workloads = workloads.map((one, index) => ({ ...one, name: `w${index}`, before: { replicas: one.replicas } }));
    this.jobs = jobs.map((one, index) => ({ ...one, name: `j${index}`, before: { isSuspended: one.isSuspended } }));
    this.incident = toIncident({ breach });
    this.kills = [...kills];
    this.steps = findSteps(breach, ladder === undefined ? undefined : [{ for: [breach], steps: ladder }]);
    for (const one of this.workloads) for (let left = one.replicas; left > 0; left -= 1) this.make(one.model, one.name);
    for (const one of pods) Object.assign(this.make(one.model, undefined), one);
    this.serve();
  }

  private make(model: string, owner: string | undefined): Pod {
    this.born += 1;
    const pod: Pod = {
      name: `p${this.born}`,
      model,
      isMirror: false,
      isEnding: false,
      isReady: true,
      owner,
      labels: { ...LABELS },
      quarantinedBy: undefined,
      isServed: false,
      before: { labels: { ...LABELS }, owner },
    };
    this.pods.push(pod);
    return pod;
  }

  private readonly isInBreach = ({ model }: { model: string }) => !this.isOver && model === MODEL6;
  private readonly isFrozen = () => this.incident.status?.frozen !== undefined;

  private listHeld(): string[] {
    return (this.incident.status?.workloads ?? []).flatMap(({ hold, name }) => (hold === "Held" ? [name] : []));
  }

  /** What the operator sees. */
  private observe(): ContainmentFacts {
    const entryOf = (kind: string, name: string) =>
      this.incident.status?.workloads?.find((one) => one.kind === kind && one.name === name);
    const pods = this.pods
      .filter((pod) => pod.quarantinedBy !== undefined || this.isInBreach(pod))
      .map((pod): ContainedPod => {
        const { name, isEnding, isReady, isServed, model } = pod;
        const labels = pod.quarantinedBy === undefined ? pod.labels : { ...pod.labels, [QUARANTINE_LABEL]: "inc" };
        const rest = { isInBreach: this.isInBreach(pod), isServed };
        if (pod.isMirror) return toMirror(name, rest);
        return toPod(name, { labels, isEnding, isReady, model }, rest);
      });
    const workloads = this.workloads.flatMap(({ kind, name, model, replicas, canGoBack, isAutoscaled }) => {
      const entry = entryOf(kind, name);
      const isInBreach = this.isInBreach({ model });
      if (!isInBreach && entry === undefined) return [];
      const serves = (pod: Pod) => pod.owner === name && pod.isReady && !pod.isEnding && pod.model === model;
      const choice = canGoBack
        ? { choice: "rollBack" as const, snapshot: toSnapshot() }
        : { choice: "stop" as const, why: "nothing vouched is left" };
      const ready = isInBreach ? 0 : this.pods.filter(serves).length;
      const autoscaler = isAutoscaled ? "hpa" : undefined;
      return [toWorkload({ kind, name, model, replicas }, { entry, isInBreach, ready, choice, autoscaler })];
    });
    const jobs = this.jobs.flatMap(({ kind, name, model, isSuspended }) => {
      const entry = entryOf(kind, name);
      const isInBreach = this.isInBreach({ model });
      return isInBreach || entry !== undefined ? [toJob(kind, name, { isInBreach, isSuspended, entry })] : [];
    });
    const { incident, steps, now } = this;
    const isHeldByWarrant = this.listHeld().every((name) => this.held.has(name));
    const isByDigest = incident.spec.breach !== "FenceWidened";
    return toFacts({ incident, steps, pods, workloads, jobs, isHeldByWarrant, isByDigest, now });
  }

  private freeze() {
    const before = this.incident.status?.frozen ?? [];
    const what = before.length === 0 ? "pods" : `pods-${before.length + 1}`;
    return [...before, { ...FROZEN[0], what, pods: this.pods.map(({ name }) => name) }] as typeof before;
  }

  private podsOf(act: string, pods: readonly ContainedPod[]): Pod[] {
    const names = new Set(pods.map(({ facts }) => facts.metadata.name));
    return this.pods.filter((pod) => {
      if (!names.has(pod.name)) return false;
      const { isMirror } = pod;
      this.touched.push({ act, isMirror, isInBreach: this.isInBreach(pod), isFrozen: this.isFrozen() });
      return true;
    });
  }

  private carryOut(act: Act): void {
    const { status } = this.incident;
    switch (act.act) {
      case "hold":
        return;
      case "proveRefusal": {
        const actions = status?.actions?.map((one) =>
          one.rung === "refuse" ? { ...one, result: "Done" as const } : one,
        );
        this.incident = { ...this.incident, status: { ...status, actions } };
        return;
      }
      case "freeze":
        this.incident = { ...this.incident, status: { ...status, frozen: this.freeze() } };
        return;
      case "quarantine":
        for (const pod of this.podsOf(act.act, act.pods))
          Object.assign(pod, { labels: {}, quarantinedBy: "inc", owner: undefined });
        return;
      case "leaveServices": {
        const rest = { labels: { "vouchsafe.dev/system": "gate" }, quarantinedBy: "inc", owner: undefined };
        for (const pod of this.podsOf(act.act, act.pods)) Object.assign(pod, structuredClone(rest));
        return;
      }
      case "giveBack":
        for (const pod of this.podsOf(act.act, act.pods))
          Object.assign(pod, { ...pod.before, quarantinedBy: undefined });
        return;
      case "end":
        for (const pod of this.podsOf(act.act, act.pods)) pod.isEnding = true;
        return;
      case "throttle":
      case "rollBack":
      case "suspend":
        this.changeOwner(act);
        return;
    }
  }

  private changeOwner(act: Extract<Act, { act: "throttle" | "rollBack" | "suspend" }>): void {
    if (act.act === "suspend") {
      const job = this.jobs.find(({ name }) => name === act.job.name);
      if (job === undefined) throw new Error("a Job that is not there");
      job.isSuspended = act.isSuspended;
      return;
    }
    const found = this.workloads.find(({ name }) => name === act.workload.facts.metadata.name);
    if (found === undefined) throw new Error("a workload that is not there");
    if (act.act === "throttle") found.replicas = act.replicas;
    else found.model = MODEL;
  }

  /** What other controllers do meanwhile. A pod in breach is refused, so that none is made. */
  private settle(): void {
    this.pods = this.pods.filter((pod) => !pod.isEnding || pod.isMirror);
    for (const { name, model, replicas } of this.workloads) {
      const own = this.pods.filter(({ owner }) => owner === name);
      for (const pod of own.filter((one) => one.model !== model)) pod.isEnding = true;
      const present = own.filter((one) => one.model === model);
      for (const pod of present.slice(replicas)) pod.isEnding = true;
      if (this.isInBreach({ model })) continue;
      for (let missing = replicas - present.length; missing > 0; missing -= 1) this.make(model, name);
    }
    this.serve();
    this.held = new Set(this.listHeld());
  }

  private serve(): void {
    for (const pod of this.pods) pod.isServed = pod.isReady && pod.labels.app === "gate";
  }

  /** One look, and what follows from it; killed after as many acts as drawn. */
  round(): { acts: string[]; isNew: boolean } {
    const { acts, status, comeBackMs } = decideContainment(this.observe());
    const before = JSON.stringify(this.incident.status);
    const stamp = (one: object) => ({ ...one, lastTransitionTime: "2026-11-25T12:00:00Z" });
    this.incident = { ...this.incident, status: { ...status, conditions: status.conditions.map(stamp) } } as Incident;
    const isNew = JSON.stringify(this.incident.status) !== before;
    for (const act of acts.slice(0, this.kills.shift() ?? acts.length)) this.carryOut(act);
    this.settle();
    this.now += acts.length > 0 ? 10 : (comeBackMs ?? 0);
    const names = acts.map(({ act }) => act);
    this.history.push(names.join("+"));
    return { acts: names, isNew };
  }

  /** Looks until three looks in a row bring nothing new, or the rounds are used up. */
  run(limit: number): void {
    for (let quiet = 0; quiet < 3 && this.rounds < limit; this.rounds += 1) {
      const { acts, isNew } = this.round();
      quiet = acts.length > 0 || isNew ? 0 : quiet + 1;
    }
  }

  tell(): string {
    return `${this.history.join(" / ")} ${JSON.stringify(this.incident.status?.actions?.map(({ rung, target, result }) => `${rung} ${target} ${result}`))}`;
  }

  /** The end, without the moments at which it came about. */
  describeEnd(): object {
    const { workloads, pods, actions, frozen } = this.incident.status ?? {};
    return {
      pods: this.pods.map(({ model, labels, quarantinedBy, isEnding }) => ({ model, labels, quarantinedBy, isEnding })),
      workloads: this.workloads,
      jobs: this.jobs,
      incident: {
        workloads,
        pods,
        frozen: frozen?.map(({ what }) => what),
        actions: actions?.map(({ rung, target, result }) => [rung, target, result]),
      },
    };
  }
}
