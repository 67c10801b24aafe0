// What containment is decided from, in memory: one Incident of a revoked v6, and what runs it.
import { Incident } from "../../../src/api/incident.ts";
import { QUARANTINE_LABEL } from "../../../src/api/labels.ts";
import type { Rung, Step } from "../../../src/api/reaction.ts";
import { decideContainment } from "../../../src/controllers/containment/decide.ts";
import type {
  ContainedJob,
  ContainedPod,
  ContainedWorkload,
  ContainmentFacts,
} from "../../../src/controllers/containment/facts.ts";
import { judgeRung } from "../../../src/controllers/containment/rungs.ts";
import { type RawPod, toPodFacts, toWorkloadFacts, type WorkloadKind } from "../../../src/controllers/workloads.ts";
import { findSteps } from "../../../src/domain/ladder.ts";
import type { Snapshot } from "../../../src/domain/rollback.ts";
import { make, MODEL, MODEL6, SERVER } from "../domain/voice.ts";

export const DETECTED = "2026-11-25T12:00:00.000Z";
/** Two seconds after it was noticed. */
export const LOOKED = Date.parse(DETECTED) + 2000;
export const MINUTE = 60_000;
const LABELS = { app: "gate", "vouchsafe.dev/system": "gate" };

export const say = (rung: Rung, rest: Partial<Step> = {}): Step => ({ do: rung, authority: "Standing", ...rest });

export const toIncident = (spec: object = {}, status: object = {}): Incident =>
  make<Incident>(
    Incident,
    "inc",
    {
      system: "gate",
      release: "v6",
      type: "breach",
      breach: "ReleaseRevoked",
      severity: "major",
      summary: "v6 drops callers",
      digests: [MODEL6],
      detectedAt: DETECTED,
      ...spec,
    },
    { status },
  );

/** An action of a status; done a second after it was noticed unless told otherwise. */
export const did = (rung: Rung, result = "Done", rest: object = {}) => ({
  rung,
  target: "Pods",
  startedAt: DETECTED,
  ...(result === "Done" ? { doneAt: "2026-11-25T12:00:01.000Z" } : {}),
  result,
  observed: "seen",
  ...rest,
});

export const FROZEN = [
  { what: "pods", name: "vouchsafe-frozen-1", digest: MODEL6, objects: 2, pods: ["a", "b", "c", "m"] },
];

interface PodChange {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  isEnding?: boolean;
  model?: string;
  isReady?: boolean;
}

export const toRawPod = (name: string, change: PodChange = {}): RawPod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name,
    namespace: "voice",
    uid: `uid-${name}`,
    resourceVersion: "7",
    labels: change.labels ?? LABELS,
    ...(change.annotations === undefined ? {} : { annotations: change.annotations }),
    ...(change.isEnding === true ? { deletionTimestamp: DETECTED } : {}),
  },
  spec: {
    containers: [{ name: "server", image: `s@${SERVER}` }],
    volumes: [{ name: "model", image: { reference: `m@${change.model ?? MODEL6}` } }],
  },
  status: { phase: "Running", conditions: [{ type: "Ready", status: change.isReady === false ? "False" : "True" }] },
});

/** A running pod of v6 that Services name. */
export const toPod = (name: string, change: PodChange = {}, rest: Partial<ContainedPod> = {}): ContainedPod => ({
  facts: toPodFacts(toRawPod(name, change)),
  isInBreach: true,
  isServed: true,
  ...rest,
});

const BEFORE = { "vouchsafe.dev/labels-before": JSON.stringify(LABELS) };
/** One that the Incident took out of everything. */
export const toQuarantined = (name: string, change: PodChange = {}, rest: Partial<ContainedPod> = {}): ContainedPod =>
  toPod(name, { labels: { [QUARANTINE_LABEL]: "inc" }, annotations: BEFORE, ...change }, { isServed: false, ...rest });
/** One that only left the Services. */
export const toUnserved = (name: string, rest: Partial<ContainedPod> = {}): ContainedPod => {
  const labels = { "vouchsafe.dev/system": "gate", [QUARANTINE_LABEL]: "inc" };
  return toPod(name, { labels, annotations: BEFORE }, { isServed: false, ...rest });
};
export const toMirror = (name: string, rest: Partial<ContainedPod> = {}): ContainedPod =>
  toPod(name, { annotations: { "kubernetes.io/config.mirror": "x" } }, rest);

export const toSnapshot = (release = "v5", model = MODEL): Snapshot => ({
  name: `lkg-${release}`,
  release,
  images: [`s@${SERVER}`, `m@${model}`],
  template: { metadata: { labels: LABELS }, spec: toRawPod("x", { model }).spec },
  configMaps: {},
  recordedAt: "2026-11-20T00:00:00Z",
});

/** A workload of v6 with three replicas, which may go back to v5. */
export function toWorkload(
  change: { kind?: WorkloadKind; name?: string; replicas?: number; paused?: boolean; model?: string } = {},
  rest: Partial<ContainedWorkload> = {},
): ContainedWorkload {
  const { kind = "Deployment", name = "gate", replicas = 3, paused = false, model = MODEL6 } = change;
  const facts = toWorkloadFacts({
    apiVersion: "apps/v1",
    kind,
    metadata: { name, namespace: "voice", uid: `uid-${name}`, resourceVersion: "7", generation: 2 },
    spec: {
      replicas,
      paused,
      selector: { matchLabels: { app: "gate" } },
      template: { metadata: { labels: LABELS }, spec: { ...toRawPod("x", { model }).spec } },
    },
    status: kind === "DaemonSet" ? { desiredNumberScheduled: replicas } : {},
  });
  return {
    facts,
    entry: { kind, name, uid: `uid-${name}`, hold: "Held" },
    isInBreach: true,
    isVouched: rest.isInBreach === false,
    release: model === MODEL6 ? "v6" : "v5",
    ready: 0,
    autoscaler: undefined,
    choice: { choice: "rollBack", snapshot: toSnapshot() },
    trouble: undefined,
    ...rest,
  };
}

export const toJob = (kind: ContainedJob["kind"], name: string, rest: Partial<ContainedJob> = {}): ContainedJob => ({
  kind,
  name,
  uid: `uid-${name}`,
  resourceVersion: "7",
  isInBreach: true,
  isVouched: rest.isInBreach === false,
  isSuspended: false,
  entry: { kind, name, uid: `uid-${name}`, hold: "Held" },
  ...rest,
});

/** What is known of the Incident; nothing runs, and the default ladder holds. */
export const toFacts = (change: Partial<ContainmentFacts> = {}): ContainmentFacts => ({
  incident: toIncident(),
  namespace: "voice",
  tier: undefined,
  steps: findSteps("ReleaseRevoked", undefined),
  pods: [],
  workloads: [],
  jobs: [],
  isHeldByWarrant: true,
  refusedDigest: MODEL6,
  isByDigest: true,
  leaks: [],
  now: LOOKED,
  ...change,
});

/** How far one rung is, target by target. */
export const look = (step: Step, change: Partial<ContainmentFacts>) =>
  judgeRung(step.do, toFacts({ steps: [step, say("rollBack")], ...change }), step).map(({ target, state }) => ({
    target,
    at: state.at,
    observed: state.observed,
    acts: state.at === "due" ? state.acts.map(({ act }) => act) : [],
  }));

/** A decision in short: its acts, and every rung with its result. */
export function decide(change: Partial<ContainmentFacts>) {
  const decision = decideContainment(toFacts(change));
  return {
    ...decision,
    names: decision.acts.map(({ act }) => act),
    results: (decision.status.actions ?? []).map(({ rung, target, result }) => `${rung} ${target} ${result}`),
  };
}

/** Target, how far, the acts, and what is observed of it. */
type Row = [target: string, at: string, acts: string[], observed: RegExp];
export type RungTable = [string, Partial<ContainmentFacts>, Row[]][];

/** What is seen of a rung, and what was expected, both in short. */
export function compare(step: Step, change: Partial<ContainmentFacts>, rows: readonly Row[]) {
  const seen = look(step, change).map((one, index) => {
    const isTold = rows[index]?.[3].test(one.observed) === true;
    return [one.target, one.at, one.acts, isTold ? "as expected" : one.observed];
  });
  return { seen, expected: rows.map(([target, at, acts]) => [target, at, acts, "as expected"]) };
}
