// What the gate costs a pod: creation with no policy, with the gate at 1, 100 and 2,000 digests, and with a validating
// webhook that does nothing, one after the other in each round.
import { execFile, fork } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createClient, loadClusterConfig } from "../../src/runtime/index.ts";
import { type ControlPlane, startControlPlane } from "../harness/controlplane.ts";
import { installGate } from "../harness/gate.ts";
import { applyObjects, bindKubectl, demand, type Kubectl } from "../harness/kubectl.ts";
import { eventually } from "../harness/wait.ts";

const run = promisify(execFile);
const PODS = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };
const SIZES = [1, 100, 2000] as const;
const ROUNDS = 300;
const WARM_UP = 30;

const toDigest = (index: number) => `sha256:${index.toString(16).padStart(64, "0")}`;
const IMAGE = `registry.example/server@${toDigest(0)}`;

function toPod(namespace: string, name: string) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { "vouchsafe.dev/system": "gate" } },
    spec: { containers: [{ name: "server", image: IMAGE }] },
  };
}

function toWarrant(namespace: string, size: number) {
  const entry = (index: number) => ({
    grants: [{ system: "gate", release: `r${index}`, artifact: "server", notAfter: "2099-01-01T00:00:00Z" }],
  });
  const images = Object.fromEntries(Array.from({ length: size }, (_, index) => [toDigest(index), entry(index)]));
  const system = {
    gate: "Open",
    runAsNonRoot: "Any",
    readOnlyRootFilesystem: "Any",
    hostNetwork: "Forbidden",
    serviceAccountToken: "Any",
  };
  return {
    apiVersion: "vouchsafe.dev/v1alpha1",
    kind: "Warrant",
    metadata: { name: "enforce", namespace },
    spec: { policy: "p", images, systems: { gate: system }, notYet: "Warn" },
  };
}

/** A webhook in a process of its own that admits everything; its address and the CA that it is known by. */
async function startWebhook(plane: ControlPlane): Promise<{ url: string; ca: string; stop: () => void }> {
  const dir = join(plane.dir, "webhook");
  await run(plane.binary, ["certs", "--dir", dir]);
  const child = fork(fileURLToPath(new URL("no-op-webhook.ts", import.meta.url)), [dir]);
  const port = await new Promise<number>((ok) => child.once("message", (message) => ok(Number(message))));
  const ca = (await readFile(join(dir, "ca.crt"))).toString("base64");
  return { url: `https://127.0.0.1:${port}/`, ca, stop: () => child.kill("SIGKILL") };
}

const toWebhook = ({ url, ca }: { url: string; ca: string }) => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingWebhookConfiguration",
  metadata: { name: "no-op" },
  webhooks: [
    {
      name: "no-op.bench.example",
      clientConfig: { url, caBundle: ca },
      rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
      namespaceSelector: { matchLabels: { bench: "webhook" } },
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
      failurePolicy: "Fail",
    },
  ],
});

async function prepare(plane: ControlPlane, kubectl: Kubectl, webhook: { url: string; ca: string }): Promise<string[]> {
  const asOperator = await installGate({ kubectl, binary: plane.binary, dir: plane.dir }, { mutations: true });
  const gated = SIZES.map((size) => ({ name: `gate-${size}`, size }));
  const toNamespace = (name: string, labels: object) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels },
  });
  await applyObjects(kubectl, [
    toNamespace("plain", {}),
    toNamespace("webhook", { bench: "webhook" }),
    ...gated.map(({ name }) => toNamespace(name, { "vouchsafe.dev/enforce": "p" })),
    toWebhook(webhook),
  ]);
  for (const { name, size } of gated) {
    await demand(asOperator, ["create", "-f", "-"], JSON.stringify(toWarrant(name, size)));
  }
  const client = createClient(await loadClusterConfig({ kubeconfig: plane.kubeconfig }));
  const names = ["plain", ...gated.map(({ name }) => name), "webhook"];
  for (const name of names) {
    await eventually(`pods are admitted in ${name}`, () =>
      client.create(PODS, toPod(name, "probe")).then(
        () => true,
        () => undefined,
      ),
    );
  }
  await client.close();
  return names;
}

/** Milliseconds per creation by namespace, in rounds that take every namespace once. */
export async function measureAdmission(binary: string): Promise<Map<string, number[]>> {
  const plane = await startControlPlane({ binary });
  const webhook = await startWebhook(plane);
  try {
    const names = await prepare(plane, bindKubectl(binary, plane.kubeconfig), webhook);
    const client = createClient(await loadClusterConfig({ kubeconfig: plane.kubeconfig }));
    const spent = new Map(names.map((name) => [name, [] as number[]]));
    for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
      // Another one goes first in each round.
      for (const offset of names.keys()) {
        const name = names[(round + offset) % names.length] ?? "";
        const began = performance.now();
        await client.create(PODS, toPod(name, `p${round}`));
        if (round >= WARM_UP) spent.get(name)?.push(performance.now() - began);
      }
    }
    await client.close();
    return spent;
  } finally {
    webhook.stop();
    await plane.stop();
  }
}
