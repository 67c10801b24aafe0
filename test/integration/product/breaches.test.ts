// Every way in which something that runs stops being vouched for, on the product as users run it: what people took
// back is contained, what ran out is refused anew and left running, what only tells of tampering is frozen.
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { OPERATOR_NAMESPACE } from "../../harness/product.ts";
import {
  actionsOf,
  apply,
  become,
  conditionOf,
  did,
  digestsOf,
  has,
  imagesOf,
  listIncidents,
  listFaults,
  listPods,
  listServed,
  QUARANTINE,
  readWorkload,
  runV5,
  type RunOptions,
  runV6,
  type SeenPod,
  SERVICE,
  SYSTEM,
  toDeployment,
  tryPod,
  untilIncident,
  untilRuns,
  untilSeen,
} from "./containment.ts";
import {
  approve,
  declareSystem,
  edit,
  list,
  make,
  need,
  openPlace,
  openStage,
  type Place,
  policyOf,
  publish,
  remove,
  revoke,
  type Stage,
  vouch,
  withdraw,
} from "./stage.ts";

// They mostly wait.
vi.setConfig({ maxConcurrency: 20, testTimeout: 240_000 });

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.stop());

const ONE: RunOptions = { workload: ({ spec }) => Object.assign(spec, { replicas: 1 }), wanted: 1 };

/** What has to be the same of pods that nobody touched. */
const portray = (pods: readonly SeenPod[]) =>
  pods
    .map(({ metadata: { uid, labels, annotations } }) => ({ uid, labels, annotations }))
    .toSorted((a, b) => String(a.uid).localeCompare(String(b.uid)));

/** Revokes both signers of the policy, under names that no other policy of these tests knows. */
const OWN_SIGNERS: RunOptions["policy"] = ({ signers, tiers }) => {
  for (const signer of signers) signer.name = `own-${signer.name}`;
  for (const { signatures } of tiers)
    for (const demand of signatures) demand.anyOf = demand.anyOf.map((name) => `own-${name}`);
};

const revokeEverywhere = (place: Place, spec: object) =>
  make(place, {
    kind: "ClusterRevocation",
    metadata: { generateName: "revoked-" },
    spec: { ...spec, reason: "The key was copied." },
  });

/** Breaks what vouches for v5, which runs with nothing to go back to. */
async function expectStopped(place: Place, kind: string, digests: string[]): Promise<void> {
  const incident = await untilIncident(place, kind, has("Restored", "Stopped"));
  expect(actionsOf(incident)).toEqual([
    "refuse Pods Done",
    "quarantine Pods Done",
    "leaveServices Pods Done",
    "freeze Pods Done",
    "sever Pods Done",
    "rollBack Deployment/voice-gate Failed",
    "stop Pods Done",
  ]);
  expect(incident.spec).toMatchObject({ system: "voice-gate", release: "voice-gate-v5" });
  expect(incident.spec.digests).toEqual(expect.arrayContaining(digests));
  expect(conditionOf(incident, "Restored")?.message).toContain("no other release was seen to run well");
  expect(conditionOf(incident, "Contained")?.status).toBe("True");
  await untilSeen(place, "no pod is left", async () => ((await list(place, "Pod")).length === 0 ? true : undefined));
  expect(await listServed(place)).toEqual([]);
  const { spec } = await readWorkload(place);
  expect(spec.replicas, "people see what was wanted").toBe(1);
  expect(spec.template.spec.containers[0]?.image).toBe(imagesOf(place, "v5").server);
  expect(await tryPod(place, "v5"), "no new pod").toBeDefined();
  expect(await listIncidents(place), "one Incident").toHaveLength(1);
}

test.concurrent("a digest is revoked", async () => {
  const { place } = await runV5(stage, "digest", ONE);
  const { model } = digestsOf(place, "v5");
  await revoke(place, { digests: [model] });
  await expectStopped(place, "DigestRevoked", [model]);
});

test.concurrent("a signer is revoked in the whole cluster", async () => {
  const { place } = await runV5(stage, "signer", { ...ONE, policy: OWN_SIGNERS });
  const { server } = digestsOf(place, "v5");
  await revokeEverywhere(place, { signer: "own-release-pipeline" });
  await expectStopped(place, "SignerRevoked", [server]);
});

test.concurrent("an approval is withdrawn while an older release is still vouched for", async () => {
  const { place, approval } = await runV6(stage, "withdrawn", ONE);
  await withdraw(place, approval);
  const incident = await untilIncident(place, "ApprovalWithdrawn", has("Restored", "True"));
  await untilRuns(place, "v5", 1);
  expect(actionsOf(incident)).toContain("rollBack Deployment/voice-gate Done");
  expect(conditionOf(incident, "Restored")?.message).toContain("1 pod of voice-gate-v5");
  expect(await tryPod(place, "v6")).toContain("HeldBack");
});

/** Waits for an Incident of what ran out, and shows that the pods go on as they were. */
async function expectLeftRunning(place: Place, kind: string, rungs: string[], before: SeenPod[]): Promise<void> {
  const incident = await untilIncident(
    place,
    kind,
    (one) => has("Contained", "NotOrdered")(one) && rungs.every((rung) => did(rung, "Done")(one)),
  );
  expect(actionsOf(incident)).toEqual(rungs.map((rung) => `${rung} Pods Done`));
  expect(incident.spec).toMatchObject({ system: "voice-gate", release: "voice-gate-v5" });
  const after = await untilRuns(place, "v5", 1);
  expect(portray(after), "the same pods, untouched").toEqual(portray(before));
  expect(await listServed(place)).toEqual(after.map(({ metadata }) => metadata.name));
  expect(await tryPod(place, "v5"), "no new pod").toBeDefined();
  expect(await listIncidents(place), "one Incident").toHaveLength(1);
}

const setPolicy = (place: Place, spec: object) => edit(place, "AIPolicy", policyOf(place), { spec });

test.concurrent("an approval ends: within its grace nothing happens, past it pods are refused and those that run go on", async () => {
  const place = await openPlace(stage, "expired", { policy: (spec) => Object.assign(spec, { expiryGrace: "1h" }) });
  await publish(place, "v5");
  await vouch(place, "v5", 3000);
  const end = Date.now() + 3000;
  await untilSeen(place, "the approval is over", async () => (Date.now() > end ? true : undefined));
  await make(place, SERVICE);
  await apply(place, toDeployment(place, "v5", ONE.workload));
  const before = await untilRuns(place, "v5", 1);
  expect(await listIncidents(place), "none in the time of grace").toEqual([]);
  await setPolicy(place, { expiryGrace: "0h" });
  await expectLeftRunning(place, "ApprovalExpired", ["refuse"], before);
});

interface Assessment {
  spec: { scenarios: { id: string; description: string; residual: object }[] };
}

/** Edits a scenario of the accepted assessment. */
async function editScenario(place: Place, change: object): Promise<void> {
  const { spec } = await need<Assessment>(place, "RiskAssessment", "voice-gate");
  const scenarios = spec.scenarios.map((one, index) => (index === 0 ? { ...one, ...change } : one));
  await edit(place, "RiskAssessment", "voice-gate", { spec: { scenarios } });
}

test.concurrent("an accepted assessment is edited, and its grace is over", async () => {
  const { place } = await runV5(stage, "stale", ONE);
  const before = await untilRuns(place, "v5", 1);
  await editScenario(place, { description: "Noise makes the gate drop a caller in need, at night above all." });
  await untilSeen(place, "the edit was seen", async () => {
    const { status } = await need<{ status?: { staleBecause?: string[] } }>(place, "RiskAssessment", "voice-gate");
    return (status?.staleBecause?.length ?? 0) > 0 ? true : undefined;
  });
  expect(await tryPod(place, "v5"), "what was accepted last is in force").toBeUndefined();
  expect(await listIncidents(place)).toEqual([]);
  await setPolicy(place, { editGrace: "0h" });
  await expectLeftRunning(place, "AssessmentStale", ["refuse"], before);
});

test.concurrent("an assessment is too old for its tier", async () => {
  const { place } = await runV5(stage, "old", ONE);
  const before = await untilRuns(place, "v5", 1);
  await setPolicy(place, { expiryGrace: "0h" });
  const assessedOn = new Date(Date.now() - 10 * 86_400_000).toISOString().slice(0, 10);
  const { spec } = await need<{ spec: { tiers: { assessment: object }[] } }>(place, "AIPolicy", policyOf(place));
  await edit(place, "RiskAssessment", "voice-gate", { spec: { assessedOn } });
  await approve(place, "RiskAssessment", "voice-gate");
  await setPolicy(place, { tiers: spec.tiers.map((tier) => ({ ...tier, assessment: { maxAgeDays: 5 } })) });
  await expectLeftRunning(place, "AssessmentExpired", ["refuse"], before);
});

test.concurrent("a risk rises above the tolerance", async () => {
  const { place } = await runV5(stage, "above", ONE);
  const before = await untilRuns(place, "v5", 1);
  await editScenario(place, { residual: { likelihood: "almostCertain", consequence: "severe" } });
  await expectLeftRunning(place, "RiskAboveTolerance", ["refuse", "freeze"], before);
});

test.concurrent("a system is retired", async () => {
  const { place } = await runV5(stage, "retired", ONE);
  const before = await untilRuns(place, "v5", 1);
  await edit(place, "AISystem", "voice-gate", { spec: { lifecycle: "retired" } });
  await expectLeftRunning(place, "SystemRetired", ["refuse"], before);

  // What was left running is contained when worse comes up.
  await revoke(place, { release: "voice-gate-v5" });
  await untilIncident(place, "ReleaseRevoked", has("Restored", "Stopped"));
  await untilSeen(place, "no pod is left", async () => ((await list(place, "Pod")).length === 0 ? true : undefined));
  await untilIncident(place, "SystemRetired", has("Contained", "NothingRuns"));
  expect(await listServed(place)).toEqual([]);
});

test.concurrent("what ran before its namespace was governed is told of, and goes on until people vouch for it", async () => {
  const place = await openPlace(stage, "adopted", { ungoverned: true });
  const { spec } = toDeployment(place, "v5").spec.template;
  const image = `registry.example/unknown@sha256:${"7".repeat(64)}`;
  const stranger = { containers: [{ name: "server", image }], nodeSelector: spec.nodeSelector };
  await make(place, { kind: "Pod", metadata: { name: "stranger", labels: { app: "stranger" } }, spec: stranger });
  await make(place, toDeployment(place, "v5", ONE.workload));
  const before = await untilRuns(place, "v5", 1);
  const [unknown] = (await listPods(place)).filter(({ metadata }) => metadata.name === "stranger");

  await edit(place, "Namespace", "adopted", {
    metadata: { labels: { "vouchsafe.dev/enforce": policyOf(place) } },
  });
  await declareSystem(place);
  await publish(place, "v5");
  const isFrozen = did("freeze", "Done");
  await untilIncident(place, "ImageUnvouched", (one) => one.spec.system === undefined && isFrozen(one));
  const ofSystem = await untilIncident(
    place,
    "ImageUnvouched",
    (one) => one.spec.release === "voice-gate-v5" && isFrozen(one) && has("Contained", "NotOrdered")(one),
  );
  expect(portray(await untilRuns(place, "v5", 1)), "never approved, so never withdrawn").toEqual(portray(before));
  const after = (await listPods(place)).filter(({ metadata }) => metadata.name === "stranger");
  expect(portray(after)).toEqual(portray(unknown === undefined ? [] : [unknown]));
  expect((await listIncidents(place)).map((one) => one.spec.breach)).not.toContain("ApprovalWithdrawn");

  await vouch(place, "v5");
  await untilIncident(
    place,
    "ImageUnvouched",
    (one) => one.metadata.name === ofSystem.metadata.name && has("Contained", "NothingRuns")(one),
  );
  expect(portray(await untilRuns(place, "v5", 1)), "the same pods, now vouched for").toEqual(portray(before));
});

test.concurrent("a pod that a node makes from a file is told of, and not touched", async () => {
  const place = await openPlace(stage, "mirror");
  const { uid } = (await need(place, "Node", "fake-node")).metadata;
  const owner = { apiVersion: "v1", kind: "Node", name: "fake-node", uid, controller: true };
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "static-fake-node",
      namespace: "mirror",
      labels: { [SYSTEM]: "voice-gate" },
      annotations: { "kubernetes.io/config.mirror": "0" },
      ownerReferences: [owner],
    },
    spec: {
      nodeName: "fake-node",
      containers: [{ name: "server", image: `registry.example/x@sha256:${"8".repeat(64)}` }],
    },
  };
  const asNode = ["--as=system:node:fake-node", "--as-group=system:nodes"];
  // A namespace's first ServiceAccount is a moment in coming.
  await untilSeen(place, "the node mirrors its pod", async () =>
    (await stage.kubectl(["create", ...asNode, "-f", "-"], JSON.stringify(pod))).code === 0 ? true : undefined,
  );
  const before = await untilSeen(place, "it runs", async () => {
    const pods = await listPods(place);
    return pods[0]?.status?.phase === "Running" ? pods : undefined;
  });
  const incident = await untilIncident(place, "MirrorPod", did("freeze", "Done"));
  expect(incident.spec).toMatchObject({ system: "voice-gate", summary: expect.stringContaining("static-fake-node") });
  expect(portray(await listPods(place))).toEqual(portray(before));
  expect(actionsOf(incident)).toEqual(["freeze Pods Done"]);
});

test.concurrent("the label that governs a namespace names another policy, and then is gone", async () => {
  const { place } = await runV5(stage, "relabelled", ONE);
  const before = await untilRuns(place, "v5", 1);
  const label = (value: string | null) =>
    edit(place, "Namespace", "relabelled", { metadata: { labels: { "vouchsafe.dev/enforce": value } } });
  await label("standard");
  const first = await untilIncident(place, "GovernanceChanged");
  expect(first.spec.summary).toMatch(/for-relabelled.*standard/);
  await untilSeen(place, "the Warrant follows the other policy", async () => {
    const warrant = await need<{ spec: { policy: string } }>(place, "Warrant", "enforce");
    return warrant.spec.policy === "standard" ? true : undefined;
  });
  expect(portray(await untilRuns(place, "v5", 1))).toEqual(portray(before));
  await label(null);
  await untilSeen(place, "nothing enforces", async () =>
    (await list(place, "Warrant")).every(({ metadata }) => metadata.name !== "enforce") ? true : undefined,
  );
  const incidents = (await listIncidents(place)).filter(({ spec }) => spec.breach === "GovernanceChanged");
  expect(incidents[0]?.spec.state, "it is open until people close it").toBe("Open");
  expect(portray(await untilRuns(place, "v5", 1))).toEqual(portray(before));
});

test.concurrent("an administrator opens the fence: it is told of and frozen, and over when the policy is gone", async () => {
  const { place } = await runV5(stage, "widened", ONE);
  const before = await untilRuns(place, "v5", 1);
  const anywhere = { to: [{ ipBlock: { cidr: "0.0.0.0/0" } }] };
  await make(place, {
    kind: "NetworkPolicy",
    metadata: { name: "debug" },
    spec: { podSelector: {}, policyTypes: ["Egress"], egress: [anywhere] },
  });
  const incident = await untilIncident(place, "FenceWidened", did("freeze", "Done"));
  expect(incident.spec).toMatchObject({ system: "voice-gate", summary: expect.stringContaining("debug") });
  expect(actionsOf(incident)).toEqual(["freeze Pods Done"]);
  expect(conditionOf(incident, "Contained")?.status, "it goes on while the policy stands").toBe("False");
  expect(portray(await untilRuns(place, "v5", 1)), "nobody touched the pod").toEqual(portray(before));
  await remove(place, "NetworkPolicy", "debug");
  await untilIncident(place, "FenceWidened", has("Contained", "True"));
  expect(portray(await untilRuns(place, "v5", 1))).toEqual(portray(before));
});

test.concurrent("the policy demands a signature that the release does not have: new pods are refused, those that run go on", async () => {
  const { place } = await runV5(stage, "unsigned", ONE);
  const before = await untilRuns(place, "v5", 1);
  const { spec } = await need<{ spec: { tiers: { signatures: { over: string; anyOf: string[] }[] }[] } }>(
    place,
    "AIPolicy",
    policyOf(place),
  );
  // The key of the other pipeline signed no model.
  const tiers = spec.tiers.map((tier) => ({
    ...tier,
    signatures: tier.signatures.map((demand) => ({ ...demand, anyOf: ["release-pipeline"] })),
  }));
  await setPolicy(place, { tiers });
  await expectLeftRunning(place, "SignatureLost", ["refuse", "freeze"], before);
});

test.concurrent("an admission policy is deleted", async () => {
  const place = { stage, namespace: OPERATOR_NAMESPACE };
  await remove(place, "ValidatingAdmissionPolicy", "vouchsafe-guard-revokers");
  const incident = await untilIncident(place, "GovernanceChanged");
  expect(incident.spec.summary).toContain("vouchsafe-guard-revokers");
});

test.concurrent("a namespace that only warns has no breaches", async () => {
  const { place } = await runV5(stage, "warned", ONE);
  const before = await untilRuns(place, "v5", 1);
  await edit(place, "Namespace", "warned", {
    metadata: { labels: { "vouchsafe.dev/enforce": null, "vouchsafe.dev/warn": policyOf(place) } },
  });
  await untilSeen(place, "it warns", async () => {
    const names = (await list(place, "Warrant")).map(({ metadata }) => metadata.name);
    return names.includes("warn") && !names.includes("enforce") ? true : undefined;
  });
  await revoke(place, { release: "voice-gate-v5" });
  await untilSeen(place, "the release is known to be revoked", async () => {
    const warrant = await need<{ spec: { images: Record<string, { refused?: object }> } }>(place, "Warrant", "warn");
    return warrant.spec.images[digestsOf(place, "v5").model]?.refused === undefined ? undefined : true;
  });
  expect((await listIncidents(place)).map(({ spec }) => spec.breach)).toEqual(["GovernanceChanged"]);
  expect(portray(await untilRuns(place, "v5", 1))).toEqual(portray(before));
});

test.concurrent("pods of a revoked release that carry no Deployment are contained as well, Jobs are suspended", async () => {
  const { place } = await runV5(stage, "alone", ONE);
  const bare = toDeployment(place, "v5").spec.template;
  await make(place, { kind: "Pod", metadata: { name: "bare", labels: bare.metadata.labels }, spec: bare.spec });
  await make(place, toDeployment(place, "v5", become("CronJob")));
  await untilSeen(place, "the bare pod runs", async () =>
    (await listServed(place)).includes("bare") ? true : undefined,
  );
  await revoke(place, { release: "voice-gate-v5" });
  await untilIncident(place, "ReleaseRevoked", has("Restored", "Stopped"));
  await untilSeen(place, "no pod is left", async () => ((await list(place, "Pod")).length === 0 ? true : undefined));
  // That nothing is there to go back to is known before all is stopped.
  await untilSeen(place, "the CronJob is suspended", async () => {
    const cronJob = await need<{ spec: { suspend?: boolean } }>(place, "CronJob", "voice-gate");
    return cronJob.spec.suspend === true ? true : undefined;
  });
  await untilIncident(
    place,
    "ReleaseRevoked",
    ({ status }) =>
      status?.workloads?.some(({ kind, suspended }) => kind === "CronJob" && suspended === "ByUs") === true,
  );
});

// The last: it concerns every namespace.
test("a digest is revoked in the whole cluster", async () => {
  const { place } = await runV5(stage, "everywhere", ONE);
  const { server } = digestsOf(place, "v5");
  await revokeEverywhere(place, { digests: [server] });
  await expectStopped(place, "DigestRevoked", [server]);
  expect((await listPods(place)).every(({ metadata }) => metadata.labels?.[QUARANTINE] === undefined)).toBe(true);
});

test("the operator met no error, and lacked no right", async () => {
  const faults = await listFaults(stage);
  expect(faults.filter((line) => !line.includes("admission policies"))).toEqual([]);
});
