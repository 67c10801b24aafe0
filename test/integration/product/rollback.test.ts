// Back on what is still vouched for: every kind of workload, whatever it was in the middle of, and what no tool puts back.
// What runs is told by pods, never by a status alone.
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Reaction, Rung } from "../../../src/api/reaction.ts";
import { demand } from "../../harness/kubectl.ts";
import {
  actionsOf,
  apply,
  become,
  type Change,
  combine,
  conditionOf,
  did,
  digestsOf,
  has,
  imagesOf,
  isReady,
  listFaults,
  listIncidents,
  listPods,
  listServed,
  observedOf,
  readWorkload,
  runV5,
  runV6,
  SYSTEM,
  toDeployment,
  tryApply,
  tryPod,
  untilIncident,
  untilRecorded,
  untilRuns,
  untilSeen,
  type Workload,
} from "./containment.ts";
import {
  edit,
  list,
  make,
  need,
  openPlace,
  openStage,
  type Place,
  release,
  remove,
  revoke,
  type Stage,
  withdraw,
} from "./stage.ts";

// They mostly wait.
vi.setConfig({ maxConcurrency: 20, testTimeout: 240_000 });

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.stop());

const REVOKED = { release: "voice-gate-v6" };
const restored = has("Restored", "True");
const untilGone = (place: Place) =>
  untilSeen(place, "no pod is left", async () => ((await list(place, "Pod")).length === 0 ? true : undefined));
const serverOf = ({ spec }: Workload) => spec.template.spec.containers[0]?.image;
const one: Change = ({ spec }) => Object.assign(spec, { replicas: 1 });

/** Makes pods wait for a node that is not there. */
const NO_NODE: Change = ({ spec: { template } }) => {
  template.spec.nodeSelector = { "example.com/gpu": "none" };
};

/** What v6 brought beside its images: variable, container, volume, label, annotation. */
const EXTRAS: Change = ({ spec: { template } }) => {
  const [server] = template.spec.containers;
  if (server === undefined) return;
  Object.assign(server, { env: [{ name: "THRESHOLD", value: "0.2" }] });
  template.spec.containers.push({ ...server, name: "recorder" });
  template.spec.volumes?.push({ name: "recordings", emptyDir: {} });
  Object.assign(template.metadata, { annotations: { "example.com/recorder": "on" } });
};

test.concurrent("a Deployment goes back to the whole template of v5, keeps its replicas, and no tool puts v6 back", async () => {
  const { place } = await runV6(stage, "deployment", { v6: EXTRAS });
  const good = toDeployment(place, "v5");
  const kubectl = stage.people.bob.kubectl;
  await edit(place, "Deployment", "voice-gate", { spec: { replicas: 3 } });
  await untilRuns(place, "v6", 3);
  await revoke(place, REVOKED);
  const incident = await untilIncident(place, "ReleaseRevoked", restored);
  const pods = await untilRuns(place, "v5", 3);
  expect(conditionOf(incident, "Restored")?.message).toContain("3 pods of voice-gate-v5");
  expect(incident.spec).toMatchObject({ system: "voice-gate", release: "voice-gate-v6" });
  expect(actionsOf(incident)).toEqual([
    "refuse Pods Done",
    "quarantine Pods Done",
    "leaveServices Pods Done",
    "freeze Pods Done",
    "sever Pods Done",
    "rollBack Deployment/voice-gate Done",
  ]);
  expect(conditionOf(incident, "Contained")?.status).toBe("True");
  expect(Object.keys(incident.status?.timeline ?? {}).toSorted()).toEqual([
    "frozen",
    "leftServices",
    "quarantined",
    "refused",
    "restored",
    "rolledBack",
  ]);
  expect(incident.status?.workloads).toEqual([
    expect.objectContaining({ kind: "Deployment", name: "voice-gate", hold: "Held", to: "voice-gate-v5" }),
  ]);
  const { spec } = await readWorkload(place);
  expect(spec.replicas, "set by hand meanwhile").toBe(3);
  expect(spec.template.metadata).toMatchObject({ labels: good.spec.template.metadata.labels });
  expect(spec.template.metadata.annotations ?? {}, "nothing of v6").toEqual({});
  expect(spec.template.spec.containers.map(({ name, env }) => ({ name, env }))).toEqual([
    { name: "server", env: undefined },
  ]);
  expect(spec.template.spec.volumes?.map(({ name }) => name)).toEqual(["model"]);
  await untilSeen(place, "they serve", async () =>
    (await listServed(place)).join() ===
    pods
      .map(({ metadata }) => metadata.name)
      .toSorted()
      .join()
      ? true
      : undefined,
  );

  const { server } = imagesOf(place, "v6");
  const refusals = [
    await kubectl(["set", "image", "deployment/voice-gate", "-n", "deployment", `server=${server}`]),
    await kubectl(["apply", "-f", "-"], JSON.stringify(toDeployment(place, "v6", EXTRAS))),
    await kubectl(
      ["apply", "--server-side", "--force-conflicts", "-f", "-"],
      JSON.stringify(toDeployment(place, "v6", EXTRAS)),
    ),
    await kubectl(["replace", "-f", "-"], JSON.stringify(toDeployment(place, "v6"))),
    await kubectl(["rollout", "undo", "deployment/voice-gate", "-n", "deployment"]),
  ];
  for (const { code, stderr } of refusals) {
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(/ValidatingAdmissionPolicy 'vouchsafe-workloads-refused'.*DigestRevoked/s);
  }
  expect(serverOf(await readWorkload(place))).toBe(imagesOf(place, "v5").server);
  expect(await tryApply(place, toDeployment(place, "v5")), "the good manifest is welcome").toBeUndefined();
});

test.concurrent("a StatefulSet goes back pod by pod", async () => {
  const { place } = await runV6(stage, "stateful", { workload: become("StatefulSet"), wanted: 3 });
  await revoke(place, REVOKED);
  const incident = await untilIncident(place, "ReleaseRevoked", restored);
  const pods = await untilRuns(place, "v5", 3);
  expect(pods.map(({ metadata }) => metadata.name).toSorted()).toEqual([
    "voice-gate-0",
    "voice-gate-1",
    "voice-gate-2",
  ]);
  expect(observedOf(incident, "rollBack", "StatefulSet/voice-gate")).toBe("release voice-gate-v5: 3 of 3 pods ready");
});

const ladder = (...rungs: Rung[]): Reaction[] => [
  { for: ["ReleaseRevoked"], steps: rungs.map((rung) => ({ do: rung, authority: "Standing" })) },
];

test.concurrent("a StatefulSet whose pods are only quarantined gets their names back", async () => {
  const { place } = await runV6(stage, "names", {
    workload: become("StatefulSet"),
    wanted: 3,
    onBreach: ladder("refuse", "quarantine", "rollBack"),
  });
  await revoke(place, REVOKED);
  const incident = await untilIncident(place, "ReleaseRevoked", restored);
  await untilRuns(place, "v5", 3);
  expect(incident.status?.frozen?.find(({ what }) => what === "pods")?.objects, "frozen before").toBe(3);
});

test.concurrent("a StatefulSet that waits for a pod of v6 to become ready goes back", async () => {
  const { place } = await runV5(stage, "ordered", {
    workload: become("StatefulSet"),
    wanted: 3,
    onBreach: ladder("refuse", "rollBack"),
  });
  await Promise.all([release(place, "v6"), untilRecorded(place, "v5")]);
  await apply(place, toDeployment(place, "v6", combine(become("StatefulSet"), NO_NODE)));
  const { server } = imagesOf(place, "v6");
  await untilSeen(place, "the last pod is one of v6, and waits", async () => {
    const [last] = (await listPods(place)).filter(({ metadata }) => metadata.name === "voice-gate-2");
    return last?.spec.containers[0]?.image === server ? true : undefined;
  });
  const old = (await listPods(place)).filter(({ metadata }) => metadata.name !== "voice-gate-2");
  await revoke(place, REVOKED);
  await untilIncident(place, "ReleaseRevoked", restored);
  const pods = await untilRuns(place, "v5", 3);
  const uids = pods.map(({ metadata }) => metadata.uid);
  expect(uids, "what ran well goes on").toEqual(expect.arrayContaining(old.map(({ metadata }) => metadata.uid)));
});

test.concurrent("a DaemonSet goes back on every node", async () => {
  const { place } = await runV6(stage, "daemon", { workload: become("DaemonSet"), wanted: 1 });
  await revoke(place, REVOKED);
  const incident = await untilIncident(place, "ReleaseRevoked", restored);
  await untilRuns(place, "v5", 1);
  expect(observedOf(incident, "rollBack", "DaemonSet/voice-gate")).toBe("release voice-gate-v5: 1 of 1 pods ready");
});

test.concurrent("Jobs and CronJobs of v6 are suspended beside the Deployment that goes back", async () => {
  const { place } = await runV6(stage, "jobs", { workload: one, wanted: 1 });
  // Its pod waits, so that the Job does not end.
  await make(place, toDeployment(place, "v6", combine(NO_NODE, become("Job"))));
  await make(place, toDeployment(place, "v6", become("CronJob")));
  await untilSeen(place, "the Job has its pod", async () => ((await listPods(place)).length === 2 ? true : undefined));
  await revoke(place, REVOKED);
  const incident = await untilIncident(place, "ReleaseRevoked", restored);
  await untilRuns(place, "v5", 1);
  for (const kind of ["Job", "CronJob"]) {
    expect((await need<Workload>(place, kind, "voice-gate")).spec.suspend, kind).toBe(true);
    expect(did("rollBack", "Done")(incident)).toBe(true);
    expect(observedOf(incident, "rollBack", `${kind}/voice-gate`)).toBe("suspended");
  }
});

test.concurrent("a rollout that is stuck on v6 goes back", async () => {
  const place = (await runV5(stage, "midway")).place;
  await Promise.all([release(place, "v6"), untilRecorded(place, "v5")]);
  const stuck: Change = ({ spec }) => {
    spec.strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } };
  };
  await apply(place, toDeployment(place, "v6", combine(stuck, NO_NODE)));
  const { server } = imagesOf(place, "v6");
  await untilSeen(place, "v6 waits for a node beside one pod of v5", async () => {
    const pods = await listPods(place);
    const ofV6 = pods.filter(({ spec }) => spec.containers[0]?.image === server);
    return ofV6.length === 2 && pods.length === 3 ? true : undefined;
  });
  const old = (await listPods(place)).filter(({ spec }) => spec.containers[0]?.image !== server);
  await revoke(place, REVOKED);
  await untilIncident(place, "ReleaseRevoked", restored);
  const pods = await untilRuns(place, "v5", 2);
  expect(
    pods.map(({ metadata }) => metadata.uid),
    "what ran well goes on",
  ).toContain(old[0]?.metadata.uid);
});

test.concurrent("a paused Deployment has its template back, and says what people have to do", async () => {
  const { place } = await runV6(stage, "paused", { workload: one, wanted: 1 });
  const kubectl = stage.people.bob.kubectl;
  expect((await kubectl(["rollout", "pause", "deployment/voice-gate", "-n", "paused"])).code).toBe(0);
  await revoke(place, REVOKED);
  const incident = await untilIncident(
    place,
    "ReleaseRevoked",
    (seen) =>
      has("Restored", "False")(seen) &&
      did("rollBack", "Started")(seen) &&
      has("Contained", "True")(seen) &&
      observedOf(seen, "rollBack")?.includes("back on") === true,
  );
  expect(observedOf(incident, "rollBack")).toBe(
    "back on release voice-gate-v5: 0 of 1 pods ready; the rollout is paused: kubectl rollout resume",
  );
  expect(conditionOf(incident, "Restored")?.message).toContain("the rollout is paused");
  expect(serverOf(await readWorkload(place))).toBe(imagesOf(place, "v5").server);
  expect(await listServed(place)).toEqual([]);
  expect((await kubectl(["rollout", "resume", "deployment/voice-gate", "-n", "paused"])).code).toBe(0);
  await untilIncident(place, "ReleaseRevoked", restored);
  await untilRuns(place, "v5", 1);
});

test.concurrent("a Deployment that keeps no history goes back by the record", async () => {
  const keepsNothing: Change = ({ spec }) => {
    spec.revisionHistoryLimit = 0;
    spec.replicas = 1;
  };
  const { place } = await runV6(stage, "history", { workload: keepsNothing, wanted: 1 });
  await untilSeen(place, "the ReplicaSet of v5 is gone", async () =>
    (await list(place, "ReplicaSet")).length === 1 ? true : undefined,
  );
  await revoke(place, REVOKED);
  await untilIncident(place, "ReleaseRevoked", restored);
  await untilRuns(place, "v5", 1);
});

/** Takes its threshold from a ConfigMap. */
const reads = (name: string): Change =>
  combine(one, ({ spec }) => {
    const [server] = spec.template.spec.containers;
    if (server !== undefined) server.envFrom = [{ configMapRef: { name } }];
  });
const makeConfig = (place: Place, name: string) =>
  make(place, { kind: "ConfigMap", metadata: { name }, data: { THRESHOLD: "0.5" } });

test.concurrent("where the newest state needs a ConfigMap that is gone, an older one is taken", async () => {
  const { place } = await runV5(stage, "config", { workload: reads("old"), wanted: 1 });
  // The fake node starts pods without their ConfigMaps; a state without them is not recorded as good.
  await makeConfig(place, "old");
  await makeConfig(place, "new");
  await edit(place, "Deployment", "voice-gate", { metadata: { labels: { touched: "once" } } });
  await untilRecorded(place, "v5");
  await apply(place, toDeployment(place, "v5", reads("new")));
  await untilRuns(place, "v5", 1);
  await untilRecorded(place, "v5", 2);
  await release(place, "v6");
  await apply(place, toDeployment(place, "v6", one));
  await untilRuns(place, "v6", 1);
  await remove(place, "ConfigMap", "new");
  await revoke(place, REVOKED);
  await untilIncident(place, "ReleaseRevoked", restored);
  await untilRuns(place, "v5", 1);
  const { spec } = await readWorkload(place);
  expect(spec.template.spec.containers[0]?.envFrom).toEqual([{ configMapRef: { name: "old" } }]);
});

test.concurrent("where every state needs a ConfigMap that is gone, it stops and says which", async () => {
  const { place } = await runV5(stage, "noconfig", { workload: reads("thresholds"), wanted: 1 });
  await makeConfig(place, "thresholds");
  await edit(place, "Deployment", "voice-gate", { metadata: { labels: { touched: "once" } } });
  await untilRecorded(place, "v5");
  await release(place, "v6");
  await apply(place, toDeployment(place, "v6", one));
  await untilRuns(place, "v6", 1);
  await remove(place, "ConfigMap", "thresholds");
  await revoke(place, REVOKED);
  const incident = await untilIncident(place, "ReleaseRevoked", has("Restored", "Stopped"));
  expect(conditionOf(incident, "Restored")?.message).toContain(
    "release voice-gate-v5 needs ConfigMap thresholds, which is gone",
  );
  await untilGone(place);
});

test.concurrent("a full quota keeps pods away: it is not called restored, and says why", async () => {
  const { place } = await runV6(stage, "quota", { workload: one, wanted: 1 });
  await make(place, { kind: "ResourceQuota", metadata: { name: "pods" }, spec: { hard: { pods: "0" } } });
  await untilSeen(place, "the quota is counted", async () => {
    const { status } = await need<{ status?: { hard?: object } }>(place, "ResourceQuota", "pods");
    return status?.hard === undefined ? undefined : true;
  });
  await revoke(place, REVOKED);
  const incident = await untilIncident(
    place,
    "ReleaseRevoked",
    (seen) => conditionOf(seen, "Restored")?.message.includes("exceeded quota") === true,
  );
  expect(conditionOf(incident, "Restored")).toMatchObject({ status: "False", reason: "InProgress" });
  expect(conditionOf(incident, "Restored")?.message).toContain("0 of 1 pods ready");
  expect(conditionOf(incident, "Contained")?.status).toBe("True");
  expect(serverOf(await readWorkload(place)), "the template is back").toBe(imagesOf(place, "v5").server);
  await edit(place, "ResourceQuota", "pods", { spec: { hard: { pods: "5" } } });
  // The ReplicaSet tries again with growing delays; people wake it by any change.
  await untilIncident(place, "ReleaseRevoked", restored);
  await untilRuns(place, "v5", 1);
});

test.concurrent("a rollback is not rolled back: with v5 revoked too it stops, since nothing vouched is left", async () => {
  const { place } = await runV6(stage, "both", { workload: one, wanted: 1 });
  // Otherwise there is nothing to go back to, vouched for or not.
  await untilRecorded(place, "v6");
  await revoke(place, REVOKED);
  await untilIncident(place, "ReleaseRevoked", restored);
  await untilRuns(place, "v5", 1);
  const { server } = digestsOf(place, "v5");
  await revoke(place, { digests: [server] });
  const second = await untilIncident(place, "DigestRevoked", has("Restored", "Stopped"));
  await untilGone(place);
  expect(second.spec.release).toBe("voice-gate-v5");
  expect(conditionOf(second, "Restored")?.message).toMatch(/stopped.*nothing vouched is left/);
  expect(serverOf(await readWorkload(place))).toBe(imagesOf(place, "v5").server);
  expect(await tryApply(place, toDeployment(place, "v6", one)), "not back to what it was rolled back from").toContain(
    "DigestRevoked",
  );
  expect(await tryPod(place, "v5")).toContain("DigestRevoked");
});

test.concurrent("a workload that goes back and forth is stopped the fourth time", async () => {
  const { place } = await runV6(stage, "flapping", { workload: one, wanted: 1 });
  const isOver = (names: ReadonlySet<string>) => async () => {
    const found = (await listIncidents(place)).find(({ metadata }) => !names.has(metadata.name));
    return found !== undefined && (restored(found) || has("Restored", "Stopped")(found)) ? found : undefined;
  };
  const seen = new Set<string>();
  for (let round = 1; round <= 3; round += 1) {
    const revocation = await revoke(place, REVOKED);
    const incident = await untilSeen(place, `rollback ${round}`, isOver(seen));
    expect(restored(incident), `rollback ${round} of 3`).toBe(true);
    seen.add(incident.metadata.name);
    // People take it back too early, each time.
    const review = { cause: "Noise.", action: "None.", check: { due: "2026-12-01", result: "Seems fine." } };
    await edit(place, "Incident", incident.metadata.name, { spec: { state: "Closed", review } });
    await remove(place, "Revocation", revocation.metadata.name);
    await untilSeen(place, "v6 may run again", async () =>
      (await tryApply(place, toDeployment(place, "v6", one))) === undefined ? true : undefined,
    );
    await untilRuns(place, "v6", 1);
  }
  await revoke(place, REVOKED);
  const last = await untilSeen(place, "the fourth breach is over", isOver(seen));
  expect(conditionOf(last, "Restored")?.message).toContain("it was rolled back 3 times within an hour");
  await untilGone(place);
});

test.concurrent("a release that names nothing to go back to is stopped", async () => {
  const { place } = await runV6(stage, "nowhere", {
    workload: one,
    wanted: 1,
    release: (spec) => ({ ...spec, rollback: { to: "none" } }),
  });
  await revoke(place, REVOKED);
  const incident = await untilIncident(place, "ReleaseRevoked", has("Restored", "Stopped"));
  expect(conditionOf(incident, "Restored")?.message).toContain("release voice-gate-v6 names no release to go back to");
  await untilGone(place);
  expect(serverOf(await readWorkload(place)), "its template stays").toBe(imagesOf(place, "v6").server);
});

test.concurrent("a release that names where to go back to goes there", async () => {
  const { place } = await runV6(stage, "named", {
    workload: one,
    wanted: 1,
    release: (spec) => ({ ...spec, rollback: { to: "release", release: "voice-gate-v5" } }),
  });
  await revoke(place, REVOKED);
  await untilIncident(place, "ReleaseRevoked", restored);
  await untilRuns(place, "v5", 1);
});

test.concurrent("v5 is not taken where its own approval is withdrawn", async () => {
  const { place, approval } = await runV6(stage, "unvouched", { workload: one, wanted: 1 });
  const [ofV5] = (await list<{ spec: { target: { name: string }; role: string } }>(place, "Approval")).filter(
    ({ spec }) => spec.target.name === "voice-gate-v5",
  );
  if (ofV5 === undefined) throw new Error("v5 was approved");
  await withdraw(place, ofV5);
  await untilSeen(place, "v5 may run no more", async () => {
    const warrant = await need<{ spec: { images: Record<string, { pending?: object }> } }>(place, "Warrant", "enforce");
    return warrant.spec.images[digestsOf(place, "v5").model]?.pending === undefined ? undefined : true;
  });
  await untilRuns(place, "v6", 1);
  await withdraw(place, approval);
  const incident = await untilIncident(place, "ApprovalWithdrawn", has("Restored", "Stopped"));
  expect(conditionOf(incident, "Restored")?.message).toContain("nothing vouched is left: ApprovalMissing");
  await untilGone(place);
});

test.concurrent("rolling forward to what is vouched for works while the Incident is open", async () => {
  const { place } = await runV6(stage, "forward", { workload: one, wanted: 1 });
  const { model } = digestsOf(place, "v6");
  await revoke(place, { digests: [model] });
  await untilIncident(place, "DigestRevoked", restored);
  await untilRuns(place, "v5", 1);
  const tuned: Change = combine(one, ({ spec }) => {
    Object.assign(spec.template.metadata.labels, { tuned: "yes" });
  });
  await apply(place, toDeployment(place, "v5", tuned));
  await untilSeen(place, "the tuned pod runs", async () => {
    const pods = await listPods(place);
    return pods.length === 1 &&
      pods[0]?.metadata.labels?.tuned === "yes" &&
      pods[0].metadata.labels[SYSTEM] !== undefined
      ? true
      : undefined;
  });
});

/** Updates only pods from this ordinal on, as canaries do. */
const partition = (ordinal: number): Change =>
  combine(become("StatefulSet"), ({ spec }) =>
    Object.assign(spec, { updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: ordinal } } }),
  );

test.concurrent("a canary of a StatefulSet goes back, and the pods that were never updated go on", async () => {
  const { place } = await runV5(stage, "canary", { workload: become("StatefulSet"), wanted: 3 });
  await Promise.all([release(place, "v6"), untilRecorded(place, "v5")]);
  const before = await untilRuns(place, "v5", 3);
  await apply(place, toDeployment(place, "v6", partition(2)));
  const { server } = imagesOf(place, "v6");
  await untilSeen(place, "one pod runs v6", async () => {
    const [last] = (await listPods(place)).filter(({ metadata }) => metadata.name === "voice-gate-2");
    return last?.spec.containers[0]?.image === server && isReady(last) ? true : undefined;
  });
  await revoke(place, REVOKED);
  await untilIncident(place, "ReleaseRevoked", restored);
  const after = await untilRuns(place, "v5", 3);
  const kept = before.filter(({ metadata }) => metadata.name !== "voice-gate-2").map(({ metadata }) => metadata.uid);
  expect(after.map(({ metadata }) => metadata.uid)).toEqual(expect.arrayContaining(kept));
});

test.concurrent("a StatefulSet that holds its pods on the old revision says so", async () => {
  const { place } = await runV6(stage, "partition", { workload: become("StatefulSet"), wanted: 3 });
  await edit(place, "StatefulSet", "voice-gate", {
    spec: { updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 2 } } },
  });
  await revoke(place, REVOKED);
  const incident = await untilIncident(
    place,
    "ReleaseRevoked",
    (seen) => conditionOf(seen, "Restored")?.message.includes("partition") === true,
  );
  expect(conditionOf(incident, "Contained")?.status).toBe("True");
  expect(await listServed(place)).toEqual([]);
  await edit(place, "StatefulSet", "voice-gate", { spec: { updateStrategy: { rollingUpdate: { partition: 0 } } } });
  await untilIncident(place, "ReleaseRevoked", restored);
  await untilRuns(place, "v5", 3);
});

/** v5 with a variable and a container of its own. */
const OLD_WAYS: Change = ({ spec }) => {
  const [server] = spec.template.spec.containers;
  if (server === undefined) return;
  spec.replicas = 1;
  Object.assign(server, { env: [{ name: "OLD_WAYS", value: "yes" }] });
  spec.template.spec.containers.push({ ...server, name: "tap" });
};

test.concurrent.for([
  ["client-side", ["apply", "-f", "-"]],
  ["server-side", ["apply", "--server-side", "-f", "-"]],
] as const)("what v5 had leaves with it when people roll forward by %s apply", async ([how, args]) => {
  const place = await openPlace(stage, how);
  const put = (workload: Workload) => demand(stage.people.bob.kubectl, args, JSON.stringify(workload));
  await release(place, "v5");
  await put(toDeployment(place, "v5", OLD_WAYS));
  await untilRuns(place, "v5", 1);
  await Promise.all([release(place, "v6"), untilRecorded(place, "v5")]);
  await put(toDeployment(place, "v6", one));
  await untilRuns(place, "v6", 1);
  await revoke(place, REVOKED);
  await untilIncident(place, "ReleaseRevoked", restored);
  const back = await readWorkload(place);
  expect(back.spec.template.spec.containers.map(({ name }) => name)).toEqual(["server", "tap"]);
  await put(toDeployment(place, "v5", one));
  const forward = await readWorkload(place);
  expect(forward.spec.template.spec.containers.map(({ name, env }) => ({ name, env }))).toEqual([
    { name: "server", env: undefined },
  ]);
});

test.concurrent("of two workloads the one goes back, and the other stops that never ran anything else", async () => {
  const { place } = await runV6(stage, "two", { workload: one, wanted: 1 });
  const other = toDeployment(place, "v6", one);
  other.metadata.name = "batch-gate";
  other.spec.selector = { matchLabels: { app: "batch-gate" } };
  other.spec.template.metadata.labels.app = "batch-gate";
  await apply(place, other);
  await untilRuns(place, "v6", 2);
  await revoke(place, REVOKED);
  const incident = await untilIncident(place, "ReleaseRevoked", has("Restored", "Stopped"));
  expect(conditionOf(incident, "Restored")?.message).toContain("Deployment/batch-gate");
  await untilIncident(
    place,
    "ReleaseRevoked",
    (seen) => observedOf(seen, "rollBack", "Deployment/voice-gate") === "release voice-gate-v5: 1 of 1 pods ready",
  );
  await untilRuns(place, "v5", 1);
});

test.concurrent("a server that both releases share goes on with v5", async () => {
  const { place } = await runV5(stage, "shared", { workload: one, wanted: 1 });
  const { server } = imagesOf(place, "v5");
  const share = (text: string) => text.replaceAll(imagesOf(place, "v6").server, server);
  await Promise.all([
    release(place, "v6", (spec) => JSON.parse(share(JSON.stringify(spec))) as object),
    untilRecorded(place, "v5"),
  ]);
  const { model } = imagesOf(place, "v6");
  const ofV6 = JSON.parse(share(JSON.stringify(toDeployment(place, "v6", one)))) as Workload;
  await apply(place, ofV6);
  const runs = (image: string) =>
    untilSeen(place, `one ready pod with ${image}`, async () => {
      const pods = await listPods(place);
      return pods.length === 1 && pods.every(isReady) && JSON.stringify(pods[0]?.spec.volumes).includes(image)
        ? true
        : undefined;
    });
  await runs(model);
  await revoke(place, REVOKED);
  const incident = await untilIncident(place, "ReleaseRevoked", restored);
  await runs(imagesOf(place, "v5").model);
  expect(incident.spec.digests, "the shared server is no part of it").toEqual([digestsOf(place, "v6").model]);
});

test("the operator met no error, and lacked no right", async () => {
  const faults = await listFaults(stage);
  expect(faults).toEqual([]);
});
