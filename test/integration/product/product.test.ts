// The product as users run it: the rendered chart, the operator under its own ServiceAccount, real signatures.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toPod } from "../../../examples/demo/pods.ts";
import { demand, readJson } from "../../harness/kubectl.ts";
import { OPERATOR_NAMESPACE, readEvidence } from "../../harness/product.ts";
import { readExample } from "../../harness/voice.ts";
import { eventually } from "../../harness/wait.ts";
import {
  applyExample,
  approve,
  type Conditioned,
  makeVoice,
  openScene,
  openVoice,
  type Scene,
  untilCondition,
} from "./scene.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.stop());

const podOf = (namespace: string, name: string) =>
  toPod({
    name,
    namespace,
    model: scene.published.images["models/silero-vad:v5"],
    server: scene.published.images["voice-gate:v5"],
  });
const tryPod = (namespace: string, name = "p") =>
  scene.people.bob.kubectl(["create", "--dry-run=server", "-f", "-"], podOf(namespace, name));
const isAdmitted = (namespace: string) =>
  eventually(`pods of v5 are admitted in ${namespace}`, async () =>
    (await tryPod(namespace)).code === 0 ? true : undefined,
  );
const isRefused = (namespace: string, code: string) =>
  eventually(
    `pods of v5 are refused with ${code} in ${namespace}`,
    async () => ((await tryPod(namespace)).stderr.includes(code) ? true : undefined),
    { lastSeen: () => tryPod(namespace) },
  );
const release = (namespace: string) => ["modelrelease", "voice-gate-v5", "-n", namespace];

test("an approved release runs; withdrawn, it runs no more; and a revoked digest stays refused for good", async () => {
  const namespace = "life";
  await makeVoice(scene, namespace);
  await openVoice(scene, namespace);
  await isAdmitted(namespace);

  const list = await readJson<{ items: (Conditioned & { spec: { target: { kind: string; digest: string } } })[] }>(
    scene.kubectl,
    ["approvals", "-n", namespace],
  );
  const approval = list?.items.find(({ spec }) => spec.target.kind === "ModelRelease");
  const withdrawal = {
    apiVersion: "vouchsafe.dev/v1alpha1",
    kind: "Approval",
    metadata: { generateName: "w-", namespace },
    spec: {
      target: approval?.spec.target,
      role: "model-validator",
      decision: "withdraw",
      withdraws: { name: approval?.metadata.name, uid: approval?.metadata.uid },
      reason: "A doubt.",
    },
  };
  await demand(scene.people.alice.kubectl, ["create", "-f", "-"], JSON.stringify(withdrawal));
  await isRefused(namespace, "ApprovalMissing");
  await approve(scene, namespace, "ModelRelease/voice-gate-v5");
  await isAdmitted(namespace);

  const revocation = {
    apiVersion: "vouchsafe.dev/v1alpha1",
    kind: "Revocation",
    metadata: { name: "r", namespace },
    spec: { release: "voice-gate-v5", reason: "It drops callers." },
  };
  await demand(scene.people.bob.kubectl, ["create", "-f", "-"], JSON.stringify(revocation));
  await isRefused(namespace, "DigestRevoked");
  await eventually("the Revocation remembers the digests", async () => {
    const found = await readJson<Conditioned>(scene.kubectl, ["revocation", "r", "-n", namespace]);
    return (found?.status?.digests?.length ?? 0) === 2 ? true : undefined;
  });
  await demand(scene.kubectl, ["delete", "modelrelease", "voice-gate-v5", "-n", namespace]);
  await demand(scene.kubectl, ["delete", "aisystem,riskassessment", "--all", "-n", namespace, "--timeout=20s"]);
  await scene.product.operator.kill();
  await scene.product.startOperator();
  await isRefused(namespace, "DigestRevoked");
});

test("what nobody accounts for is applied by a ServiceAccount: one approval does not open it", async () => {
  const namespace = "delivered";
  await makeVoice(scene, namespace);
  await approve(scene, namespace, "RiskAssessment/voice-gate");
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "deployer", namespace } };
  const binding = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: "deployer", namespace },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "product-team" },
    subjects: [{ kind: "ServiceAccount", name: "deployer", namespace }],
  };
  for (const object of [account, binding]) await demand(scene.kubectl, ["create", "-f", "-"], JSON.stringify(object));
  await demand(scene.kubectl, ["delete", ...release(namespace)]);
  const asAccount = (args: readonly string[], input?: string) =>
    scene.kubectl([`--as=system:serviceaccount:${namespace}:deployer`, ...args], input);
  await demand(asAccount, ["apply", "-f", "-"], readExample("modelrelease-v5.yaml", namespace, scene.published));
  await untilCondition(scene.kubectl, release(namespace), "Verified=True");
  const stamped = await readJson<Conditioned>(scene.kubectl, release(namespace));
  expect(stamped?.metadata.annotations?.["vouchsafe.dev/authors"]).toBe(`system:serviceaccount:${namespace}:deployer`);
  await approve(scene, namespace, "ModelRelease/voice-gate-v5");
  const lacking = await eventually("the first approval was counted", async () => {
    const found = await readJson<Conditioned & { status: { approvals?: { counts: string }[] } }>(
      scene.kubectl,
      release(namespace),
    );
    return found?.status.approvals?.[0]?.counts === "Yes" ? found : undefined;
  });
  expect(lacking.status.conditions?.find(({ type }) => type === "Approved")).toMatchObject({
    status: "False",
    message: expect.stringContaining("its author is unknown"),
  });
});

test("an approval that ends soon is told of by condition, Event and metric", async () => {
  const namespace = "expiry";
  await makeVoice(scene, namespace);
  await approve(scene, namespace, "RiskAssessment/voice-gate");
  const until = new Date(Date.now() + 2 * 86_400_000).toISOString();
  await approve(scene, namespace, "ModelRelease/voice-gate-v5", { until });
  // Two days and the policy's 72 hours of grace: within seven days.
  const { status } = await untilCondition(scene.kubectl, release(namespace), "Expiring=True");
  expect(status?.conditions?.find(({ type }) => type === "Expiring")?.message).toContain("within 7 days");
  await eventually("an Event warns of it", async () => {
    const select = "--field-selector=reason=ApprovalExpiring,type=Warning";
    const notes = await demand(scene.kubectl, [
      "get",
      "events",
      "-n",
      namespace,
      select,
      "-o",
      "jsonpath={.items[*].message}",
    ]);
    return notes.includes("within 7 days") ? true : undefined;
  });
  const metrics = await (await fetch(`${scene.product.operator.url}/metrics`)).text();
  const [, seconds = ""] =
    new RegExp(`not_after_timestamp_seconds\\{namespace="${namespace}",release="voice-gate-v5"\\} (\\d+)`).exec(
      metrics,
    ) ?? [];
  expect(Math.abs(Number(seconds) - (Date.parse(until) / 1000 + 72 * 3600)), "the end plus grace").toBeLessThan(2);
});

test("deleting a system keeps its fence until its pods are gone, and its namespace goes within 30 s", async () => {
  const namespace = "fence";
  await makeVoice(scene, namespace);
  await openVoice(scene, namespace);
  await isAdmitted(namespace);
  await demand(scene.people.bob.kubectl, ["create", "-f", "-"], podOf(namespace, "running"));
  const held = await readJson<Conditioned>(scene.kubectl, ["aisystem", "voice-gate", "-n", namespace]);
  expect(held?.metadata.finalizers).toEqual(["vouchsafe.dev/fence"]);
  await demand(scene.kubectl, ["delete", "aisystem", "voice-gate", "-n", namespace, "--wait=false"]);
  await isRefused(namespace, "SystemDeleting");
  const fence = ["system", "egress"].map((part) => ["networkpolicy", `vouchsafe-${part}-voice-gate`, "-n", namespace]);
  const readFence = () => Promise.all(fence.map((part) => readJson(scene.kubectl, part)));
  expect(await readFence(), "the fence stands while a pod runs").not.toContain(undefined);
  await demand(scene.kubectl, ["delete", "pod", "running", "-n", namespace]);
  await demand(scene.kubectl, ["wait", "--for=delete", "aisystem/voice-gate", "-n", namespace, "--timeout=20s"]);
  await eventually("its fence went with it", async () =>
    (await readFence()).every((part) => part === undefined) ? true : undefined,
  );
  expect(
    await readJson(scene.kubectl, ["networkpolicy", "vouchsafe-default-deny", "-n", namespace]),
    "the default deny stays",
  ).toBeDefined();
  await applyExample(scene, "aisystem.yaml", namespace);
  await untilCondition(scene.kubectl, ["aisystem", "voice-gate", "-n", namespace], "Fenced=True");
  await demand(scene.kubectl, ["delete", "namespace", namespace, "--timeout=30s"]);
});

test("a fence that somebody breaks is mended", async () => {
  const namespace = "mend";
  await makeVoice(scene, namespace);
  const system = ["aisystem", "voice-gate", "-n", namespace];
  await untilCondition(scene.kubectl, system, "Fenced=True");
  // A cluster administrator takes the guard away for a moment, as only they can.
  await demand(scene.kubectl, ["delete", "validatingadmissionpolicybinding", "vouchsafe-guard-fence-enforce"]);
  const uid = await demand(scene.kubectl, [
    "get",
    "networkpolicy",
    "vouchsafe-default-deny",
    "-n",
    namespace,
    "-o",
    "jsonpath={.metadata.uid}",
  ]);
  await eventually("the policy can be deleted now", async () =>
    (await scene.kubectl(["delete", "networkpolicy", "vouchsafe-default-deny", "-n", namespace])).code === 0
      ? true
      : undefined,
  );
  await eventually("the operator puts it back", async () => {
    const now = await scene.kubectl([
      "get",
      "networkpolicy",
      "vouchsafe-default-deny",
      "-n",
      namespace,
      "-o",
      "jsonpath={.metadata.uid}",
    ]);
    return now.code === 0 && now.stdout !== uid ? true : undefined;
  });
  await eventually(
    "the missing binding is noticed",
    async () =>
      (await (await fetch(`${scene.product.operator.url}/metrics`)).text()).includes("vouchsafe_gate_intact 0")
        ? true
        : undefined,
    { withinMs: 40_000 },
  );
});

describe("bad input gives a condition with cause and cure, and loses nothing", () => {
  const edit = (object: string[], patch: object) =>
    demand(scene.kubectl, ["patch", ...object, "--type=merge", "-p", JSON.stringify(patch)]);

  test("a policy that does not exist", async () => {
    await makeVoice(scene, "bad1", { "vouchsafe.dev/enforce": "nowhere" });
    const { status } = await untilCondition(scene.kubectl, release("bad1"), "Ready=PolicyMissing");
    expect(status?.conditions?.find(({ type }) => type === "Ready")?.message).toMatch(
      /AIPolicy nowhere.*governance team.*kubectl get aipolicies/,
    );
    await isRefused("bad1", "PolicyMissing");
    const events = await demand(scene.kubectl, [
      "get",
      "events",
      "-n",
      "bad1",
      "--field-selector=reason=PolicyMissing",
      "-o",
      "name",
    ]);
    expect(events).not.toBe("");
  });

  test("a registry that cannot be reached, then can", async () => {
    const namespace = "bad2";
    const { host } = scene.product.registry;
    await makeVoice(scene, namespace);
    await openVoice(scene, namespace);
    const away = (text: string) => text.replaceAll(host, "127.0.0.1:1").replaceAll("voice-gate-v5", "voice-gate-away");
    await applyExample(scene, "modelrelease-v5.yaml", namespace, away);
    await untilCondition(
      scene.kubectl,
      ["modelrelease", "voice-gate-away", "-n", namespace],
      "Verified=RegistryFailed",
    );
    await isAdmitted(namespace);
  });

  test("a trust root that is missing, does not fit, does not parse, and at last does", async () => {
    const namespace = "bad3";
    const pem = await readFile(new URL("../../../examples/silero/keys/model-pipeline.pub", import.meta.url), "utf8");
    const sha256 = createHash("sha256").update(pem).digest("hex");
    const asMap = (text: string) =>
      text
        .replace("name: standard", "name: pinned")
        .replace(
          /publicKey:\n\s+pem: \|\n(?:\s+.*\n)+?(?=\s+- name: release)/,
          `publicKey: { configMap: keys, key: model.pem, sha256: ${sha256} }\n`,
        );
    await demand(scene.kubectl, ["apply", "-f", "-"], asMap(readExample("aipolicy.yaml", namespace, scene.published)));
    await untilCondition(scene.kubectl, ["aipolicy", "pinned"], "Ready=TrustRootMissing");
    const put = (value: string) =>
      demand(
        scene.kubectl,
        ["apply", "--server-side", "-f", "-"],
        JSON.stringify({
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "keys", namespace: OPERATOR_NAMESPACE },
          data: { "model.pem": value },
        }),
      );
    await put(`${pem} `);
    await untilCondition(scene.kubectl, ["aipolicy", "pinned"], "Ready=TrustRootMismatch");
    await put(pem);
    await untilCondition(scene.kubectl, ["aipolicy", "pinned"], "Ready=True");
    await makeVoice(scene, namespace, { "vouchsafe.dev/enforce": "pinned" });
    await openVoice(scene, namespace);
    await demand(scene.kubectl, ["delete", "configmap", "keys", "-n", OPERATOR_NAMESPACE]);
    await isRefused(namespace, "TrustRootMissing");
    await put(pem);
    await isAdmitted(namespace);
  });

  test("no tier, two assessments, a contested tag, a system that is not there", async () => {
    const namespace = "bad4";
    await makeVoice(scene, namespace);
    const system = ["aisystem", "voice-gate", "-n", namespace];
    await edit(system, { spec: { impact: { safety: "severe" } } });
    await untilCondition(scene.kubectl, system, "Ready=TierMissing");
    await edit(system, { spec: { impact: { safety: "minor" } } });
    await applyExample(scene, "riskassessment.yaml", namespace, (text) =>
      text.replace("name: voice-gate", "name: second"),
    );
    await untilCondition(scene.kubectl, system, "Assessed=AssessmentContested");
    await demand(scene.kubectl, ["delete", "riskassessment", "second", "-n", namespace]);
    await applyExample(scene, "modelrelease-v6.yaml", namespace, (text) => text.replaceAll(":v6@", ":v5@"));
    const { status } = await untilCondition(scene.kubectl, release(namespace), "Pinned=TagContested");
    expect(status?.conditions?.find(({ type }) => type === "Pinned")?.message).toContain(
      "voice-gate-v5, voice-gate-v6",
    );
    await applyExample(scene, "modelrelease-v5.yaml", namespace, (text) =>
      text.replace("name: voice-gate-v5", "name: orphan").replace("system: voice-gate", "system: nobody"),
    );
    await untilCondition(scene.kubectl, ["modelrelease", "orphan", "-n", namespace], "Ready=SystemMissing");
  });
});

test("a cluster that starts cold without the operator admits what is vouched and nothing else", async () => {
  const namespace = "cold";
  await makeVoice(scene, namespace);
  await openVoice(scene, namespace);
  await isAdmitted(namespace);
  await scene.product.operator.stop();
  await scene.plane.restartApiServer();
  const unknown = podOf(namespace, "unknown").replaceAll(/sha256:[a-f0-9]{64}/g, `sha256:${"5".repeat(64)}`);
  await eventually(
    "the API server admits v5 again",
    async () => ((await tryPod(namespace)).code === 0 ? true : undefined),
    { withinMs: 60_000, lastSeen: () => tryPod(namespace) },
  );
  expect((await scene.people.bob.kubectl(["create", "--dry-run=server", "-f", "-"], unknown)).stderr).toContain(
    "ImageUnknown",
  );
  await scene.product.startOperator();
}, 180_000);

test("evidence and metrics tell what happened, and no secret is in them", async () => {
  const records = await readEvidence(scene.product.operator);
  const kinds = new Set(records.map(({ kind }) => kind));
  expect([...kinds].toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
    "action",
    "approval",
    "breach",
    "verdict",
    "verification",
  ]);
  const granted = records.find(({ kind, what }) => kind === "verdict" && what === "granted");
  expect(granted).toMatchObject({
    actor: "vouchsafe",
    id: expect.stringMatching(/^sha256:[a-f0-9]{64}$/),
    digest: expect.stringMatching(/^sha256:/),
    inputs: expect.any(Array),
  });
  expect(records.find(({ kind }) => kind === "approval")).toMatchObject({
    what: "counted",
    actor: expect.stringMatching(/alice|ruth/),
  });
  const metrics = await (await fetch(`${scene.product.operator.url}/metrics`)).text();
  for (const name of [
    "vouchsafe_reconciles_total",
    "vouchsafe_warrant_images",
    "vouchsafe_release_not_after_timestamp_seconds",
    "vouchsafe_leader 1",
  ])
    expect(metrics).toContain(name);
  const log = await readFile(scene.product.operator.logFile, "utf8");
  expect(log, "no token in the log").not.toMatch(/eyJ[A-Za-z0-9_-]{20,}/);
  expect(
    log.split("\n").filter((line) => line.includes('"level":"error"') && !line.includes("admission policies")),
  ).toEqual([]);
  expect(log, "every right that is needed is granted").not.toContain('"code":"Forbidden"');
});
