// helm itself on a real cluster: install, upgrade, uninstall. What must stay stays, what must go goes.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type ControlPlane, startControlPlane } from "../../harness/controlplane.ts";
import { CHART, findHelm } from "../../harness/helm.ts";
import { bindKubectl, demand, type Kubectl, readJson } from "../../harness/kubectl.ts";
import { OPERATOR_NAMESPACE } from "../../harness/product.ts";
import { eventually } from "../../harness/wait.ts";

const run = promisify(execFile);

let plane: ControlPlane;
let kubectl: Kubectl;
beforeAll(async () => {
  plane = await startControlPlane({ binary: inject("binary") });
  kubectl = bindKubectl(plane.binary, plane.kubeconfig);
});
afterAll(() => plane.stop());

const helm = async (...args: string[]) =>
  (
    await run(await findHelm(), [...args, "--namespace", OPERATOR_NAMESPACE, "--kubeconfig", plane.kubeconfig], {
      env: { ...process.env, HELM_CACHE_HOME: plane.dir },
    })
  ).stdout;
const count = async (kind: string) => (await readJson<{ items: unknown[] }>(kubectl, [kind]))?.items.length ?? 0;

test("while the API server does not know a Warrant yet, the product's own namespace is not held up", async () => {
  const policies = await helm("template", "vouchsafe", CHART, "--show-only", "templates/policies.yaml");
  await demand(kubectl, ["create", "-f", "-"], policies);
  const tryDeployment = (namespace: string) =>
    kubectl(["create", "deployment", "d", "--image=i", "--dry-run=server", "-n", namespace]);
  for (const namespace of [OPERATOR_NAMESPACE, "elsewhere"]) await demand(kubectl, ["create", "namespace", namespace]);
  await eventually(
    "the policies refuse what they cannot judge",
    async () =>
      (await tryDeployment("elsewhere")).stderr.includes("failed to find resource referenced by paramKind") ||
      undefined,
  );
  const own = await tryDeployment(OPERATOR_NAMESPACE);
  expect(own.stderr, "the product can be installed, upgraded and taken away").not.toContain("paramKind");
  expect(own.code).toBe(0);
  await demand(kubectl, ["delete", "-f", "-"], policies);
  await demand(kubectl, ["delete", "namespace", OPERATOR_NAMESPACE, "--timeout=30s"]);
});

test("install finds out that the cluster can fill things in, and tells what to do next", async () => {
  const notes = await helm("install", "vouchsafe", CHART, "--create-namespace");
  expect(notes).toContain("vouchsafe explain namespace NAMESPACE --policy NAME");
  expect(await count("mutatingadmissionpolicies")).toBe(4);
  expect(await count("validatingadmissionpolicies")).toBe(20);
  const deployment = await readJson<{ spec: { replicas: number } }>(kubectl, [
    "deployment",
    "vouchsafe",
    "-n",
    OPERATOR_NAMESPACE,
  ]);
  expect(deployment?.spec.replicas).toBe(2);
});

test("upgrade changes what values say and keeps the rest", async () => {
  await helm("upgrade", "vouchsafe", CHART, "--set", "mutations=disabled,logLevel=debug");
  expect(await count("mutatingadmissionpolicies")).toBe(0);
  expect(await count("validatingadmissionpolicies")).toBe(20);
});

test("uninstall takes the gate away and keeps every object of ours", async () => {
  const object = {
    apiVersion: "vouchsafe.dev/v1alpha1",
    kind: "ClusterRevocation",
    metadata: { name: "r" },
    spec: { signer: "pipeline", reason: "key lost" },
  };
  await demand(kubectl, ["create", "-f", "-"], JSON.stringify(object));
  await helm("uninstall", "vouchsafe");
  expect(await count("validatingadmissionpolicies")).toBe(0);
  expect(await readJson(kubectl, ["clusterrevocation", "r"]), "a revocation outlives the chart").toBeDefined();
  await demand(kubectl, ["delete", "namespace", OPERATOR_NAMESPACE, "--timeout=30s"]);
  await helm("install", "vouchsafe", CHART, "--create-namespace", "--take-ownership");
  expect(await readJson(kubectl, ["clusterrevocation", "r"])).toBeDefined();
});
