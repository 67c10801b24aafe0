// What needs a registry behind a password: pull secrets; and the vouchsafe command, as people use it.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demand, readJson } from "../../harness/kubectl.ts";
import { installChart, OPERATOR_NAMESPACE } from "../../harness/product.ts";
import type { Person } from "../../harness/users.ts";
import { eventually } from "../../harness/wait.ts";
import { approve, type Conditioned, makeVoice, openScene, type Scene, untilCondition } from "./scene.ts";

const PASSWORD = "s3cret-of-the-registry";
const BIN = fileURLToPath(new URL("../../../bin/vouchsafe", import.meta.url));

const OWN = "team";
const OPENED = [{ namespace: OWN, serviceAccounts: ["default", "serving"], secrets: ["pull", "spare"] }];

let scene: Scene;
beforeAll(async () => {
  scene = await openScene({
    registry: { user: { name: "puller", password: PASSWORD } },
    values: { pullSecrets: ["registry"], namespacePullSecrets: OPENED },
    authorization: `Basic ${Buffer.from(`puller:${PASSWORD}`).toString("base64")}`,
  });
});
afterAll(() => scene.stop());

const vouchsafe = (person: Person, ...args: string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((ok) => {
    execFile(BIN, ["--kubeconfig", person.kubeconfig, ...args], (error, stdout, stderr) => {
      ok({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });

const NS = "private";
const toRelease = (namespace: string) => ["modelrelease", "voice-gate-v5", "-n", namespace];
const RELEASE = toRelease(NS);

const put = (object: object) =>
  demand(scene.kubectl, ["apply", "--server-side", "--force-conflicts", "-f", "-"], JSON.stringify(object));
const toSecret = (namespace: string, name: string, password: string) => ({
  apiVersion: "v1",
  kind: "Secret",
  type: "kubernetes.io/dockerconfigjson",
  metadata: { name, namespace },
  stringData: {
    ".dockerconfigjson": JSON.stringify({
      auths: { [scene.product.registry.host]: { username: "puller", password } },
    }),
  },
});
const toAccount = (name: string, ...secrets: string[]) => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name, namespace: OWN },
  imagePullSecrets: secrets.map((secret) => ({ name: secret })),
});

/** Waits until the release says that it could not be read, and says this of a pull secret. */
const untilLack = (namespace: string, ...texts: string[]) => {
  const read = async () => {
    const found = await readJson<Conditioned>(scene.kubectl, toRelease(namespace));
    const condition = found?.status?.conditions?.find(({ type }) => type === "Verified");
    return `${condition?.reason} ${condition?.message}`;
  };
  return eventually(
    `the release in ${namespace} lacks a pull secret: ${texts.join()}`,
    async () => {
      const told = await read();
      return told.startsWith("PullSecretUnusable") && texts.every((text) => told.includes(text)) ? true : undefined;
    },
    { lastSeen: read },
  );
};

/** Everything that the operator wrote. */
async function readWritten(): Promise<string> {
  const everything = await demand(scene.kubectl, ["get", "vouchsafe,events", "-A", "-o", "yaml"]);
  const { logFile, evidenceFile } = scene.product.operator;
  return [everything, await readFile(logFile, "utf8"), await readFile(evidenceFile, "utf8")].join("\n");
}

test("a namespace's own pull secret opens the registry to it alone, by the names of its ServiceAccounts", async () => {
  await put(toAccount("serving"));
  await demand(scene.kubectl, ["delete", "rolebinding", "vouchsafe-pull-secrets", "-n", OWN]);
  await makeVoice(scene, OWN);
  const account = "system:serviceaccount:vouchsafe-system:vouchsafe";
  await untilLack(
    OWN,
    "HTTP 401",
    `the operator may not read ServiceAccount ${OWN}/default`,
    `kubectl auth can-i get serviceaccount/default -n ${OWN} --as=${account}`,
  );
  await installChart(scene.kubectl, { replicas: 0, pullSecrets: ["registry"], namespacePullSecrets: OPENED });
  await untilLack(
    OWN,
    `Secret ${OWN}/pull is not among the imagePullSecrets of ServiceAccount default, serving`,
    `kubectl get serviceaccount default -n ${OWN} -o yaml`,
  );
  await put(toAccount("serving", "spare", "pull"));
  await untilLack(OWN, `Secret ${OWN}/spare does not exist`, `kubectl get secrets -n ${OWN}`);
  await put(toSecret(OWN, "spare", "an-old-password"));
  await put({ ...toSecret(OWN, "pull", ""), stringData: { ".dockerconfigjson": '{"auths":{"x":{"auth":"broken"}}}' } });
  await untilLack(
    OWN,
    `Secret ${OWN}/pull is no kubernetes.io/dockerconfigjson`,
    `kubectl describe secret pull -n ${OWN}`,
  );
  // The spare one is refused by the registry, and the next one is tried.
  await put(toSecret(OWN, "pull", PASSWORD));
  await untilCondition(scene.kubectl, toRelease(OWN), "Verified=True", 40_000);

  // The same digests, named elsewhere while they are known.
  await makeVoice(scene, "stranger");
  await untilLack("stranger", "HTTP 401", "1 of the operator's own pull secrets cannot be used");
  const stranger = await readJson<Conditioned>(scene.kubectl, toRelease("stranger"));
  expect(stranger?.status?.artifacts?.map(({ signatures }) => signatures)).toEqual([[], []]);
  const written = await readWritten();
  for (const text of [PASSWORD, "an-old-password", "broken"]) expect(written).not.toContain(text);
}, 180_000);

test("without the pull secret the registry shows nothing; with it the release is verified; the password is nowhere", async () => {
  await makeVoice(scene, NS);
  await untilLack(NS, "HTTP 401", "kubectl logs -n vouchsafe-system deployment/vouchsafe");
  await put(toSecret(OPERATOR_NAMESPACE, "registry", PASSWORD));
  await untilCondition(scene.kubectl, RELEASE, "Verified=True", 30_000);
  expect(await readWritten()).not.toContain(PASSWORD);
}, 90_000);

test("whoami tells roles by name, and that * makes nobody an approver", async () => {
  const { bob, alice } = scene.people;
  const mine = await vouchsafe(alice, "-n", NS, "-o", "json", "whoami");
  expect(mine.code, mine.stderr).toBe(0);
  expect(JSON.parse(mine.stdout)).toMatchObject({
    username: "alice",
    approving: { "model-validator": "yes", "risk-owner": "no" },
    governing: { records: "no" },
  });
  const admin: Person = { ...bob, kubeconfig: scene.plane.kubeconfig };
  const all = await vouchsafe(admin, "-n", NS, "whoami");
  expect(all.stdout).toContain("makes nobody an approver");
});

test("explain, approve, status and withdraw lead from refused to running and back", async () => {
  const { alice, ruth, bob } = scene.people;
  const release = () => vouchsafe(bob, "-n", NS, "explain", "release", "voice-gate-v5");
  const before = await release();
  expect(before).toMatchObject({ code: 1, stdout: expect.stringContaining("one more person in role model-validator") });
  expect(before.stdout).toContain("signed by model-pipeline over the model (oms, 2 files)");

  const own = await vouchsafe(bob, "-n", NS, "approve", "mr", "voice-gate-v5", "--reason", "mine", "--yes");
  expect(own).toMatchObject({ code: 1, stdout: expect.stringContaining("ApproverIsAuthor") });
  const unsure = await vouchsafe(alice, "-n", NS, "approve", "mr", "voice-gate-v5", "--reason", "ok");
  expect(unsure).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes") });
  const wrong = await vouchsafe(
    alice,
    "-n",
    NS,
    "approve",
    "mr",
    "voice-gate-v5",
    "--role",
    "cook",
    "--reason",
    "ok",
    "--yes",
  );
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("only: model-validator") });
  expect(await vouchsafe(alice, "-n", NS, "approve", "mr", "nothing", "--reason", "ok", "--yes")).toMatchObject({
    code: 2,
  });

  expect(
    (await vouchsafe(alice, "-n", NS, "approve", "modelrelease", "voice-gate-v5", "--reason", "Noise suite.", "--yes"))
      .stdout,
  ).toContain("created by alice");
  expect(
    (await vouchsafe(ruth, "-n", NS, "approve", "ra", "voice-gate", "--days", "30", "--reason", "Accepted.", "--yes"))
      .code,
  ).toBe(0);
  await untilCondition(scene.kubectl, RELEASE, "Ready=True");
  const status = await vouchsafe(bob, "status", "-n", NS);
  expect(status).toMatchObject({ code: 0, stdout: expect.stringContaining("voice-gate-v5") });
  const image = scene.published.images["voice-gate:v5"];
  expect(await vouchsafe(bob, "-n", NS, "explain", "image", image)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("may run for voice-gate as server of voice-gate-v5"),
  });
  expect(await vouchsafe(bob, "-n", NS, "explain", "image", "busybox")).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("ImageNotPinned"),
  });
  expect((await vouchsafe(bob, "-n", NS, "explain", "system", "voice-gate")).stdout).toContain(
    "RiskAssessment voice-gate: medium, NeedsAcceptance",
  );

  const approval = /(voice-gate-v5-\w+)\)/.exec((await release()).stdout)?.[1] ?? "";
  expect((await vouchsafe(alice, "-n", NS, "withdraw", approval, "--reason", "A doubt.")).code).toBe(0);
  await untilCondition(scene.kubectl, RELEASE, "Ready=ApprovalMissing");
  expect(await vouchsafe(bob, "status", "-n", NS)).toMatchObject({ code: 1 });
});

test("explain namespace tells what a policy would refuse before the namespace is governed", async () => {
  const namespace = await (async () => {
    await demand(scene.kubectl, ["create", "namespace", "later"]);
    return "later";
  })();
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "old", namespace },
    spec: { containers: [{ name: "c", image: "busybox" }] },
  };
  await demand(scene.kubectl, ["create", "-f", "-"], JSON.stringify(pod));
  const admin: Person = { ...scene.people.bob, kubeconfig: scene.plane.kubeconfig };
  expect(await vouchsafe(admin, "explain", "namespace", namespace)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--policy NAME"),
  });
  const asked = await vouchsafe(admin, "explain", "namespace", namespace, "--policy", "standard");
  expect(asked).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/not governed yet[\s\S]*1 of its 1 pods would be refused[\s\S]*old\s+ImageNotPinned/),
  });
  await eventually("a governed one is explained from its Warrant", async () => {
    const governed = await vouchsafe(admin, "explain", "namespace", NS);
    return governed.stdout.includes(`Namespace ${NS} is governed (enforce: standard)`) ? true : undefined;
  });
  expect(await vouchsafe(admin, "explain", "nonsense")).toMatchObject({ code: 2 });
});

test("an approval by a person may be made with kubectl as well, and counts the same", async () => {
  await approve(scene, NS, "ModelRelease/voice-gate-v5");
  await untilCondition(scene.kubectl, RELEASE, "Ready=True");
});
