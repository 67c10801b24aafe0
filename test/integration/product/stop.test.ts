// A person's stop, revocation and review by the vouchsafe command, on the product as users run it: with the operator up,
// and what works of it while the operator is down.
import { afterAll, beforeAll, expect, test } from "vitest";
import { runVouchsafe } from "../../harness/command.ts";
import { applyObjects, demand } from "../../harness/kubectl.ts";
import {
  actionsOf,
  conditionOf,
  digestsOf,
  did,
  has,
  imagesOf,
  listFaults,
  listPods,
  readWorkload,
  runV5,
  runV6,
  type SeenIncident,
  SYSTEM,
  tryApply,
  tryPod,
  toDeployment,
  untilIncident,
  untilRuns,
  untilSeen,
} from "./containment.ts";
import { openStage, publish, type Place, type Stage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.stop());

const RBAC = "rbac.authorization.k8s.io";

/** The Role of docs/containment.md, for alice: she may stop the system and handle its incidents; and revoke. */
async function makeOncall({ namespace }: Place): Promise<void> {
  const own = (resources: string[], verbs: string[]) => ({ apiGroups: ["vouchsafe.dev"], resources, verbs });
  await applyObjects(stage.kubectl, [
    {
      apiVersion: `${RBAC}/v1`,
      kind: "Role",
      metadata: { name: "speech-oncall", namespace },
      rules: [
        { ...own(["stopauthorities"], ["use"]), resourceNames: ["speech-oncall"] },
        own(["stops", "incidents"], ["create", "get", "list", "watch", "patch"]),
        own(["aisystems", "warrants"], ["get", "list", "watch"]),
        own(["revocations"], ["create"]),
        { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
      ],
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: "RoleBinding",
      metadata: { name: "speech-oncall", namespace },
      roleRef: { apiGroup: RBAC, kind: "Role", name: "speech-oncall" },
      subjects: [{ apiGroup: RBAC, kind: "User", name: "alice" }],
    },
  ]);
}

const run = ({ namespace }: Place, who: "alice" | "bob", ...args: string[]) =>
  runVouchsafe(stage.people[who].kubeconfig, "-n", namespace, ...args);

const listOfSystem = async (place: Place) =>
  (await listPods(place)).filter(({ metadata }) => metadata.labels?.[SYSTEM] === "voice-gate");

const untilNothingRuns = (place: Place) =>
  untilSeen(place, "no pod", async () => ((await listPods(place)).length === 0 ? true : undefined));

test("stop ends the pods and keeps them away; resume brings them back; the Incident is reviewed and closed", async () => {
  const { place } = await runV5(stage, "stopped");
  await makeOncall(place);
  const refused = await run(place, "bob", "stop", "voice-gate", "--reason", "x");
  expect(refused.stdout, "bob runs the workload, and may not stop the system").toContain("speech-oncall: not held");
  const before = await readWorkload(place);

  const stopped = await run(place, "alice", "stop", "voice-gate", "--reason", "It drops callers.");
  expect(stopped.code, stopped.stderr).toBe(0);
  expect(stopped.stdout).toContain("Stopped voice-gate in namespace stopped by alice as speech-oncall");
  expect(stopped.stdout).not.toContain("did not take it up");
  const incident = await untilIncident(place, "SystemStopped", did("stop", "Done"));
  await untilNothingRuns(place);
  expect(conditionOf(incident, "Contained")?.status).toBe("True");
  expect(incident.status?.frozen?.length, "evidence was frozen first").toBeGreaterThan(0);
  expect(await tryPod(place, "v5")).toContain("SystemStopped");
  expect((await readWorkload(place)).spec, "no tool sees a drift").toEqual(before.spec);

  const resumed = await run(place, "alice", "resume", "voice-gate", "--reason", "A new filter is in.");
  expect(resumed.code, resumed.stdout).toBe(0);
  expect(resumed.stdout).toContain("The Warrant lets pods of voice-gate in again");
  await untilRuns(place, "v5", 2);

  const { name } = incident.metadata;
  const early = await run(place, "alice", "incident", "close", name);
  expect(early.code).toBe(1);
  const review = [
    "--cause",
    "a threshold",
    "--action",
    "a test",
    "--check-due",
    "2027-01-15",
    "--check-result",
    "calm",
  ];
  expect((await run(place, "alice", "incident", "review", name, ...review)).code).toBe(0);
  expect((await run(place, "alice", "incident", "close", name)).code).toBe(0);
  await untilIncident(place, "SystemStopped", has("Closed", "True"));
  expect(await listFaults(stage)).toEqual([]);
}, 180_000);

test("a Stop beside an earlier breach leaves what that breach came to as it is", async () => {
  const { place } = await runV5(stage, "beside");
  await makeOncall(place);
  const { model, server } = digestsOf(place, "v5");
  // A release of another model that runs the same server.
  await publish(place, "v6", (spec) => ({
    ...spec,
    artifacts: [
      { name: "model", image: imagesOf(place, "v6").model, format: "ModelPack" },
      { name: "server", image: imagesOf(place, "v5").server },
    ],
  }));
  const revoked = await run(place, "alice", "revoke", "release", "voice-gate-v5", "--reason", "It drops callers.");
  expect(revoked.code, revoked.stderr).toBe(0);
  expect(revoked.stdout.split(/^Not refused for it.*\n/m), "what falls, and what does not").toEqual([
    expect.stringContaining(`refuses in namespace beside:\n  ${model}\n`),
    expect.stringContaining(`  ${server}\n`),
  ]);
  const isStopped = (one: SeenIncident) => has("Restored", "Stopped")(one) && did("stop", "Done")(one);
  const earlier = await untilIncident(place, "ReleaseRevoked", isStopped);
  const stopped = await run(place, "alice", "stop", "voice-gate", "--reason", "Nobody may bring it back.");
  expect(stopped.code, stopped.stderr).toBe(0);
  await untilIncident(place, "SystemStopped", did("stop", "Done"));
  const later = await untilIncident(place, "ReleaseRevoked");
  expect(actionsOf(earlier), "nothing vouched was left").toContain("rollBack Deployment/voice-gate Failed");
  expect(actionsOf(later), "nothing went back, and it stays stopped for this reason too").toEqual(actionsOf(earlier));
  expect(conditionOf(later, "Restored")).toEqual(conditionOf(earlier, "Restored"));
}, 180_000);

test("with the operator down a Stop keeps new pods out and says what waits; the operator carries it out later", async () => {
  const { place } = await runV5(stage, "down");
  await makeOncall(place);
  await stage.product.operator.kill();
  try {
    const running = (await listOfSystem(place)).map(({ metadata }) => metadata.name);
    const stopped = await run(place, "alice", "stop", "voice-gate", "--reason", "It drops callers.");
    expect(stopped.code, stopped.stderr).toBe(0);
    expect(stopped.stdout).toContain("The operator did not take it up within 10 s");
    for (const name of running) expect(stopped.stdout).toContain(`  ${name}\n`);
    expect(await tryPod(place, "v5")).toContain("vouchsafe-stopped");
    expect((await listOfSystem(place)).map(({ metadata }) => metadata.name)).toEqual(running);
  } finally {
    await stage.product.startOperator();
  }
  await untilIncident(place, "SystemStopped", did("stop", "Done"));
  await untilNothingRuns(place);
  expect((await run(place, "alice", "resume", "voice-gate", "--reason", "calm")).code).toBe(0);
  await untilRuns(place, "v5", 2);
}, 180_000);

test("revoke release shows what is refused and what came of it; closing the Incident lets its workload go", async () => {
  const { place } = await runV6(stage, "revoking");
  await makeOncall(place);
  const revoked = await run(place, "alice", "revoke", "release", "voice-gate-v6", "--reason", "It drops callers.");
  expect(revoked.code, revoked.stderr).toBe(0);
  expect(revoked.stdout).toContain("The API server refuses in namespace revoking:");
  const incident = await untilIncident(place, "ReleaseRevoked", has("Restored", "True"));
  const { name } = incident.metadata;
  await untilRuns(place, "v5", 2);
  const shown = await run(place, "alice", "incident", "show", name);
  expect(shown.stdout).toContain(`Incident ${name}: ReleaseRevoked, major, Open`);
  expect(shown.stdout).toMatch(/Deployment\/voice-gate +Held +voice-gate-v5/);
  for (const { digest } of incident.status?.frozen ?? []) expect(shown.stdout).toContain(digest);
  expect(actionsOf(incident).length).toBeGreaterThan(0);

  const remove = (who: "bob") =>
    stage.people[who].kubectl(["delete", "deployment", "voice-gate", "-n", "revoking", "--dry-run=server"]);
  expect((await remove("bob")).stderr).toContain(`Deployment/voice-gate is held by incident ${name}`);
  const review = [
    "--cause",
    "a threshold",
    "--action",
    "a test",
    "--check-due",
    "2027-01-15",
    "--check-result",
    "calm",
  ];
  await run(place, "alice", "incident", "review", name, ...review);
  expect((await run(place, "alice", "incident", "close", name)).code).toBe(0);
  await untilSeen(place, "the Deployment may be deleted", async () =>
    (await remove("bob")).code === 0 ? true : undefined,
  );
  expect(await tryApply(place, toDeployment(place, "v6")), "v6 stays refused").toContain("Revoked");
  await demand(stage.kubectl, ["delete", "namespace", "revoking", "--wait=false"]);
}, 180_000);
