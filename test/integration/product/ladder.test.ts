// The containment ladder as an AIPolicy writes it, each rung on the product as users run it: what it does to pods and
// workloads, what it leaves alone, and that it is given back where the breach is over.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Reaction, Step } from "../../../src/api/reaction.ts";
import type { KubeObject } from "../../../src/runtime/index.ts";
import {
  actionsOf,
  become,
  conditionOf,
  did,
  has,
  imagesOf,
  isReady,
  listFaults,
  listPods,
  listServed,
  observedOf,
  QUARANTINE,
  readWorkload,
  runV5,
  type RunOptions,
  type SeenPod,
  SYSTEM,
  toDeployment,
  tryPod,
  untilIncident,
  untilRuns,
  untilSeen,
} from "./containment.ts";
import { edit, list, make, need, openStage, type Place, read, remove, type Stage, vouch, withdraw } from "./stage.ts";

// They mostly wait.
vi.setConfig({ maxConcurrency: 20, testTimeout: 240_000 });

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.stop());

type Draft = Omit<Step, "authority"> & { authority?: "Person" };

/** The ladder for an approval that is withdrawn, which is how these tests break what vouches for v5. */
const ladder = (...steps: Draft[]): Reaction[] => [
  { for: ["ApprovalWithdrawn"], steps: steps.map((step) => ({ authority: "Standing", ...step })) },
];

const replicas = (wanted: number): RunOptions => ({
  workload: ({ spec }) => Object.assign(spec, { replicas: wanted }),
  wanted,
});

const uidsOf = (pods: readonly KubeObject[]) => pods.map(({ metadata }) => metadata.uid ?? "").toSorted();
const wantedBy = async (place: Place) => (await readWorkload(place)).spec.replicas;

/** Pods with their marks, those that end included. */
async function find(place: Place, pods: readonly SeenPod[]): Promise<SeenPod[]> {
  const uids = new Set(uidsOf(pods));
  return (await list<SeenPod>(place, "Pod")).filter(({ metadata }) => uids.has(metadata.uid ?? ""));
}

/** Waits until a ReplicaSet of the workload says that its pods are refused. */
const untilRefused = (place: Place) =>
  untilSeen(place, "the ReplicaSet's new pods are refused", async () => {
    const sets = await list<{ status?: { conditions?: { type: string; status: string; message: string }[] } }>(
      place,
      "ReplicaSet",
    );
    const messages = sets.flatMap(({ status }) =>
      (status?.conditions ?? []).filter(({ type }) => type === "ReplicaFailure").map(({ message }) => message),
    );
    return messages.find((message) => message.includes("ValidatingAdmissionPolicy 'vouchsafe-"));
  });

test.concurrent("throttle lowers to its floor, stands for its time, and is given back", async () => {
  const { place, approval } = await runV5(stage, "throttle", {
    ...replicas(3),
    onBreach: ladder({ do: "refuse" }, { do: "throttle", floor: 1, for: "1m" }),
  });
  const before = await untilRuns(place, "v5", 3);
  await withdraw(place, approval);
  const incident = await untilIncident(place, "ApprovalWithdrawn", did("throttle", "Done"));
  expect(incident.status?.workloads).toEqual([expect.objectContaining({ kind: "Deployment", replicas: 3 })]);
  expect(await wantedBy(place)).toBe(1);
  const [left] = await untilRuns(place, "v5", 1);
  expect(uidsOf(before)).toContain(left?.metadata.uid);
  expect(left?.metadata.labels?.[QUARANTINE]).toBeUndefined();
  const taken = await untilIncident(place, "ApprovalWithdrawn", did("throttle", "TakenBack"));
  await untilSeen(place, "the replicas are given back", async () => ((await wantedBy(place)) === 3 ? true : undefined));
  const doneAt = incident.status?.actions?.find(({ rung }) => rung === "throttle")?.doneAt;
  expect(observedOf(taken, "throttle")).toContain(
    new Date(Date.parse(doneAt ?? "") + 60_000).toISOString().slice(0, 19),
  );
  expect(await tryPod(place, "v5"), "still refused").toContain("ApprovalMissing");
});

test.concurrent("throttle is given back when people vouch again", async () => {
  const { place, approval } = await runV5(stage, "unthrottle", {
    ...replicas(3),
    onBreach: ladder({ do: "refuse" }, { do: "throttle", floor: 2 }),
  });
  await withdraw(place, approval);
  await untilIncident(place, "ApprovalWithdrawn", did("throttle", "Done"));
  await untilRuns(place, "v5", 2);
  await vouch(place, "v5");
  await untilRuns(place, "v5", 3);
  expect(await wantedBy(place)).toBe(3);
  const scaled = await edit(place, "Deployment", "voice-gate", { spec: { replicas: 1 } });
  await untilRuns(place, "v5", 1);
  const { metadata, spec } = await readWorkload(place);
  expect([spec.replicas, metadata.generation], "people have the last word").toEqual([1, scaled.metadata.generation]);
});

test.concurrent("throttle leaves to an autoscaler what is the autoscaler's, and somebody's raise to them", async () => {
  const { place, approval } = await runV5(stage, "autoscaled", {
    ...replicas(3),
    onBreach: ladder({ do: "refuse" }, { do: "throttle" }, { do: "freeze" }),
  });
  await make(place, {
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "speech" },
    spec: {
      minReplicas: 1,
      maxReplicas: 5,
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "voice-gate" },
    },
  });
  const before = await untilRuns(place, "v5", 3);
  await withdraw(place, approval);
  const incident = await untilIncident(place, "ApprovalWithdrawn", did("throttle", "NotSupported"));
  expect(actionsOf(incident), "evidence is frozen before pods are made fewer").toEqual([
    "refuse Pods Done",
    "freeze Pods Done",
    "throttle Deployment/voice-gate NotSupported",
  ]);
  expect(observedOf(incident, "throttle")).toBe("HorizontalPodAutoscaler speech owns its replicas");
  expect(await wantedBy(place)).toBe(3);
  expect(uidsOf(await untilRuns(place, "v5", 3))).toEqual(uidsOf(before));
});

/** An app beside the model's, of images that may run beside any model, with what owners give such an app. */
async function makeBystander(place: Place): Promise<void> {
  const template = { metadata: { labels: { app: "mesh" } }, spec: MESH_POD(place) };
  const selector = { matchLabels: { app: "mesh" } };
  await make(place, {
    kind: "Deployment",
    metadata: { name: "mesh" },
    spec: { replicas: 2, selector, template },
  });
  await make(place, { kind: "PodDisruptionBudget", metadata: { name: "mesh" }, spec: { selector, minAvailable: 2 } });
  await make(place, {
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "mesh" },
    spec: {
      minReplicas: 2,
      maxReplicas: 2,
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "mesh" },
    },
  });
}

const MESH = `registry.example/mesh/proxy@sha256:${"6".repeat(64)}`;
const MESH_POD = ({ namespace }: Place) => ({
  automountServiceAccountToken: false,
  nodeSelector: { "vouchsafe.dev/played-by": "fake-node" },
  containers: [{ name: "proxy", image: MESH, env: [{ name: "NAMESPACE", value: namespace }] }],
});

interface Budget {
  spec: object;
  status?: { expectedPods: number; currentHealthy: number; disruptionsAllowed: number };
}

/** The bystander as it stands, without what its controllers tell of themselves. */
async function portrayBystander(place: Place) {
  const [deployment, budget, autoscaler, pods] = await Promise.all([
    need<{ spec: object }>(place, "Deployment", "mesh"),
    need<Budget>(place, "PodDisruptionBudget", "mesh"),
    need<{ spec: object }>(place, "HorizontalPodAutoscaler", "mesh"),
    list<SeenPod>(place, "Pod", "app=mesh"),
  ]);
  const { expectedPods, currentHealthy } = budget.status ?? {};
  return {
    deployment: { uid: deployment.metadata.uid, generation: deployment.metadata.generation, spec: deployment.spec },
    budget: { uid: budget.metadata.uid, spec: budget.spec, expectedPods, currentHealthy },
    autoscaler: { uid: autoscaler.metadata.uid, spec: autoscaler.spec },
    pods: pods
      .map(({ metadata: { uid, labels }, status }) => ({ uid, labels, phase: status?.phase }))
      .toSorted((a, b) => String(a.uid).localeCompare(String(b.uid))),
  };
}

test.concurrent("quarantine takes pods out of every selector, and gives them back where they were", async () => {
  const { place, approval } = await runV5(stage, "quarantine", {
    onBreach: ladder({ do: "refuse" }, { do: "quarantine" }, { do: "leaveServices" }),
    policy: (spec) => Object.assign(spec, { supportingImages: [MESH] }),
  });
  await makeBystander(place);
  await untilSeen(place, "the other app runs under its budget", async () => {
    const { budget, pods } = await portrayBystander(place);
    return budget.currentHealthy === 2 && pods.length === 2 ? true : undefined;
  });
  const bystander = await portrayBystander(place);
  const before = await untilRuns(place, "v5", 2);
  await withdraw(place, approval);
  const incident = await untilIncident(place, "ApprovalWithdrawn", did("leaveServices", "Done"));
  const name = incident.metadata.name;
  const contained = await find(place, before);
  expect(
    contained.map(({ metadata }) => metadata.labels),
    "one label each, and all of them run",
  ).toEqual([{ [QUARANTINE]: name }, { [QUARANTINE]: name }]);
  expect(contained.every(isReady)).toBe(true);
  for (const { metadata } of contained) {
    const old = before.find(({ metadata: { uid } }) => uid === metadata.uid);
    expect(JSON.parse(metadata.annotations?.["vouchsafe.dev/labels-before"] ?? "")).toEqual(old?.metadata.labels);
  }
  expect((await need<{ spec: object }>(place, "NetworkPolicy", "vouchsafe-quarantine")).spec).toEqual({
    podSelector: { matchExpressions: [{ key: "vouchsafe.dev/quarantine", operator: "Exists" }] },
    policyTypes: ["Ingress", "Egress"],
  });
  expect(await listServed(place)).toEqual([]);
  expect(await untilRefused(place)).toContain("HeldBack");
  expect(conditionOf(incident, "Contained")).toMatchObject({ status: "True", reason: "Quarantined" });
  expect(await portrayBystander(place), "the other app").toEqual(bystander);

  await vouch(place, "v5");
  const after = await untilSeen(place, "the same pods have their labels back", async () => {
    const found = await find(place, before);
    return found.every(({ metadata }) => metadata.labels?.[SYSTEM] === "voice-gate") ? found : undefined;
  });
  const marks = ({ metadata: { uid, labels, annotations } }: SeenPod) => ({ uid, labels, annotations });
  expect(after.map(marks)).toEqual(before.map(marks));
  const running = await untilRuns(place, "v5", 2);
  await untilSeen(place, "they serve", async () => ((await listServed(place)).length === 2 ? true : undefined));
  const owners = running.map(({ metadata }) => metadata.ownerReferences?.find(({ controller }) => controller)?.kind);
  expect(owners, "adopted").toEqual(["ReplicaSet", "ReplicaSet"]);
  expect(await portrayBystander(place), "the other app").toEqual(bystander);
});

test.concurrent("leaveServices alone leaves pods in their fence", async () => {
  const { place, approval } = await runV5(stage, "leave", {
    workload: ({ spec }) => Object.assign(spec.template.metadata.labels, { team: "speech" }),
    onBreach: ladder({ do: "refuse" }, { do: "leaveServices" }),
  });
  const before = await untilRuns(place, "v5", 2);
  await withdraw(place, approval);
  const incident = await untilIncident(place, "ApprovalWithdrawn", did("leaveServices", "Done"));
  const contained = await find(place, before);
  const rest = before.map(({ metadata: { labels = {} } }) => {
    const { app: _, ...kept } = labels;
    return { ...kept, [QUARANTINE]: incident.metadata.name };
  });
  expect(contained.map(({ metadata }) => metadata.labels)).toEqual(rest);
  expect(rest[0]).toMatchObject({ [SYSTEM]: "voice-gate", team: "speech" });
  expect(await listServed(place)).toEqual([]);
  expect(contained.every(isReady)).toBe(true);
  await vouch(place, "v5");
  await untilRuns(place, "v5", 2);
  await untilSeen(place, "they serve", async () => ((await listServed(place)).length === 2 ? true : undefined));
});

test.concurrent("a rung in the authority of a person waits for one, and the rungs after it with it", async () => {
  const { place, approval } = await runV5(stage, "person", {
    ...replicas(1),
    onBreach: ladder({ do: "refuse" }, { do: "freeze" }, { do: "quarantine", authority: "Person" }, { do: "stop" }),
  });
  const [before] = await untilRuns(place, "v5", 1);
  await withdraw(place, approval);
  const waiting = await untilIncident(place, "ApprovalWithdrawn", did("quarantine", "Waiting"));
  expect(actionsOf(waiting)).toEqual(["refuse Pods Done", "freeze Pods Done", "quarantine Pods Waiting"]);
  expect(observedOf(waiting, "quarantine")).toContain(`vouchsafe incident go ${waiting.metadata.name} quarantine`);
  const [still] = await untilRuns(place, "v5", 1);
  expect(still?.metadata.labels).toEqual(before?.metadata.labels);
  const go = [{ rung: "quarantine", authority: "speech-oncall" }];
  const patch = JSON.stringify({ spec: { go } });
  const { name } = waiting.metadata;
  const answer = await stage.people.alice.kubectl([
    "patch",
    "incident",
    name,
    "-n",
    "person",
    "--type=merge",
    "-p",
    patch,
  ]);
  expect(answer.stderr).toBe("");
  const after = await untilIncident(place, "ApprovalWithdrawn", did("stop", "Done"));
  expect(actionsOf(after)).toEqual(["refuse Pods Done", "freeze Pods Done", "quarantine Pods Done", "stop Pods Done"]);
  await untilSeen(place, "no pod is left", async () => ((await list(place, "Pod")).length === 0 ? true : undefined));
});

test.concurrent("a rung that is due later waits, and what comes before it is done", async () => {
  const { place, approval } = await runV5(stage, "later", {
    ...replicas(1),
    onBreach: ladder({ do: "refuse", after: "0m" }, { do: "quarantine", after: "2h" }),
  });
  await withdraw(place, approval);
  const incident = await untilIncident(place, "ApprovalWithdrawn", did("quarantine", "Waiting"));
  const due = new Date(Date.parse(incident.spec.detectedAt) + 2 * 3_600_000).toISOString().slice(0, 19);
  expect(observedOf(incident, "quarantine")).toBe(`due at ${due}Z`);
  expect(actionsOf(incident)).toEqual(["refuse Pods Done", "quarantine Pods Waiting"]);
  await untilRuns(place, "v5", 1);
});

test.concurrent("stop ends pods after a freeze that nobody ordered, and approval brings new ones by itself", async () => {
  const { place, approval } = await runV5(stage, "stop", { onBreach: ladder({ do: "refuse" }, { do: "stop" }) });
  const { metadata } = await readWorkload(place);
  await withdraw(place, approval);
  const incident = await untilIncident(place, "ApprovalWithdrawn", did("stop", "Done"));
  expect(actionsOf(incident)).toEqual(["refuse Pods Done", "freeze Pods Done", "stop Pods Done"]);
  expect(incident.status?.frozen?.find(({ what }) => what === "pods")?.objects).toBe(2);
  await untilSeen(place, "no pod is left", async () => ((await list(place, "Pod")).length === 0 ? true : undefined));
  expect(await untilRefused(place)).toContain("HeldBack");
  const stopped = await readWorkload(place);
  expect(stopped.metadata.generation, "the workload is as people left it").toBe(metadata.generation);
  expect(await untilIncident(place, "ApprovalWithdrawn", has("Restored", "Stopped"))).toBeDefined();
  await vouch(place, "v5");
  await untilRuns(place, "v5", 2);
});

test.concurrent("sever ends pods whatever their budget, and those that come instead are refused", async () => {
  const { place, approval } = await runV5(stage, "sever", { onBreach: ladder({ do: "refuse" }, { do: "sever" }) });
  const selector = { matchLabels: { app: "voice-gate" } };
  await make(place, {
    kind: "PodDisruptionBudget",
    metadata: { name: "voice-gate" },
    spec: { selector, minAvailable: 2 },
  });
  await withdraw(place, approval);
  const incident = await untilIncident(place, "ApprovalWithdrawn", did("sever", "Done"));
  expect(actionsOf(incident)).toEqual(["refuse Pods Done", "freeze Pods Done", "sever Pods Done"]);
  await untilSeen(place, "no pod is left", async () => ((await list(place, "Pod")).length === 0 ? true : undefined));
  await untilRefused(place);
  expect(await wantedBy(place)).toBe(2);
});

test.concurrent("quarantine whose time is over ends what is still in breach", async () => {
  const { place, approval } = await runV5(stage, "timed", {
    ...replicas(1),
    onBreach: ladder({ do: "refuse" }, { do: "quarantine", for: "1m" }),
  });
  await withdraw(place, approval);
  await untilIncident(place, "ApprovalWithdrawn", did("quarantine", "Done"));
  expect((await listPods(place)).map(({ metadata }) => Object.keys(metadata.labels ?? {}))).toEqual([[QUARANTINE]]);
  await untilIncident(place, "ApprovalWithdrawn", did("quarantine", "TakenBack"));
  await untilSeen(place, "no pod is left", async () => ((await list(place, "Pod")).length === 0 ? true : undefined));
});

/** Canonical JSON (RFC 8785): members sorted, numbers and strings as ECMAScript writes them. */
function toCanonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toCanonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${toCanonical(member)}`).join(",")}}`;
}

interface Frozen extends KubeObject {
  data: {
    incident: { namespace: string; name: string; uid: string };
    what: string;
    left: number;
    objects: (KubeObject & Record<string, unknown>)[];
  };
}

test.concurrent("frozen evidence tells what ran, is named by its digest, and outlives what it tells of", async () => {
  const { place, approval } = await runV5(stage, "freeze", { onBreach: ladder({ do: "refuse" }, { do: "freeze" }) });
  const running = await untilRuns(place, "v5", 2);
  await withdraw(place, approval);
  const incident = await untilIncident(place, "ApprovalWithdrawn", did("freeze", "Done"));
  const frozen = incident.status?.frozen ?? [];
  expect(frozen.map(({ what }) => what)).toEqual(["events", "logs", "owners", "pods", "policies"]);
  const records = new Map<string, Frozen>();
  for (const { what, name, digest, objects } of frozen) {
    const record = await need<Frozen>(place, "ControllerRevision", name);
    records.set(what, record);
    const hash = createHash("sha256").update(toCanonical(record.data)).digest("hex");
    expect(digest, what).toBe(`sha256:${hash}`);
    expect(name, `${what} is named by its digest`).toBe(
      `vouchsafe-frozen-${hash.slice(0, name.length - "vouchsafe-frozen-".length)}`,
    );
    expect(name.length - "vouchsafe-frozen-".length, "enough of it that none is made to fit").toBeGreaterThanOrEqual(
      40,
    );
    expect(record.data.objects).toHaveLength(objects);
    expect(record.data).toMatchObject({
      what,
      left: 0,
      incident: { namespace: "freeze", name: incident.metadata.name, uid: incident.metadata.uid },
    });
    expect(record.metadata.ownerReferences, "it belongs to nobody").toBeUndefined();
  }
  const objectsOf = (what: string) => records.get(what)?.data.objects ?? [];
  expect(uidsOf(objectsOf("pods"))).toEqual(uidsOf(running));
  const { server, model } = imagesOf(place, "v5");
  for (const image of [server, model]) expect(JSON.stringify(objectsOf("pods"))).toContain(image);
  expect(objectsOf("owners").map(({ kind }) => kind)).toEqual(["Deployment", "ReplicaSet"]);
  const policies = objectsOf("policies").map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  expect(policies).toEqual(
    expect.arrayContaining([
      "NetworkPolicy/vouchsafe-default-deny",
      "NetworkPolicy/vouchsafe-system-voice-gate",
      "NetworkPolicy/vouchsafe-egress-voice-gate",
      "Warrant/enforce",
      "Warrant/approvals",
    ]),
  );
  const told = objectsOf("events") as unknown as { involvedObject: { kind: string } }[];
  expect(new Set(told.map(({ involvedObject }) => involvedObject.kind))).toContain("Pod");
  const logs = objectsOf("logs") as unknown as { pod: string; container: string; unread?: string }[];
  expect(logs.map(({ pod, container }) => `${pod} ${container}`).toSorted()).toEqual(
    running.map(({ metadata }) => `${metadata.name} server`).toSorted(),
  );
  for (const { unread } of logs) expect(unread, "the fake node has no kubelet, and that is said").toMatch(/./);

  await remove(place, "Deployment", "voice-gate");
  await untilSeen(place, "everything of it is gone", async () => {
    const left = await Promise.all(["Pod", "ReplicaSet", "Deployment"].map((kind) => list(place, kind)));
    return left.flat().length === 0 ? true : undefined;
  });
  for (const [what, record] of records) {
    expect((await read<Frozen>(place, "ControllerRevision", record.metadata.name))?.data, what).toEqual(record.data);
  }
  expect((await untilIncident(place, "ApprovalWithdrawn")).status?.frozen, "named for good").toEqual(frozen);

  await remove(place, "Namespace", "freeze");
  await untilSeen(place, "the namespace goes with everything, so that nothing wedges", async () =>
    (await read(place, "Namespace", "freeze")) === undefined ? true : undefined,
  );
});

test.concurrent("what was suspended runs on when the breach is over, unless its owner had suspended it", async () => {
  const { place, approval } = await runV5(stage, "suspended", {
    ...replicas(1),
    onBreach: ladder({ do: "refuse" }, { do: "stop" }),
  });
  const toCronJob = (name: string, suspend: boolean) => {
    const job = toDeployment(place, "v5", become("CronJob"));
    job.metadata.name = name;
    job.spec.suspend = suspend;
    return job;
  };
  await make(place, toCronJob("nightly", false));
  await make(place, toCronJob("asleep", true));
  const suspensions = async () =>
    (await list<{ spec: { suspend?: boolean } }>(place, "CronJob"))
      .map(({ metadata, spec }) => `${metadata.name} ${spec.suspend}`)
      .toSorted();
  await withdraw(place, approval);
  await untilIncident(
    place,
    "ApprovalWithdrawn",
    (seen) => observedOf(seen, "stop", "CronJob/nightly") === "suspended" && has("Contained", "NothingRuns")(seen),
  );
  expect(await suspensions()).toEqual(["asleep true", "nightly true"]);
  await vouch(place, "v5");
  await untilRuns(place, "v5", 1);
  await untilSeen(place, "the nightly run is due again", async () =>
    (await suspensions()).includes("nightly false") ? true : undefined,
  );
  expect(await suspensions()).toEqual(["asleep true", "nightly false"]);
});

test("the operator met no error, and lacked no right", async () => {
  const faults = await listFaults(stage);
  expect(faults).toEqual([]);
});
