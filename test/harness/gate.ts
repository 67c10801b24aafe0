// Installs CRDs and admission policies as the chart has them, with a ServiceAccount that plays the operator.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { listValidatingPolicies, MUTATING_POLICIES } from "../../src/gate/policies/index.ts";
import { type Operator, SERVICE_ACCOUNT, toObjects } from "../../src/gate/policies/policy.ts";
import { applyObjects, bindKubectl, demand, type Kubectl, untilServed } from "./kubectl.ts";
import { writeServiceAccountKubeconfig } from "./users.ts";
import { eventually } from "./wait.ts";

export const OPERATOR: Operator = { namespace: "vouchsafe-system", serviceAccount: SERVICE_ACCOUNT };

const CRDS = fileURLToPath(new URL("../../crds", import.meta.url));

/** Applies the CRDs and waits until they are served. */
export async function installCrds(kubectl: Kubectl): Promise<void> {
  const files = readdirSync(CRDS).flatMap((file) => ["-f", join(CRDS, file)]);
  await demand(kubectl, ["apply", "--server-side", ...files]);
  await untilServed(kubectl);
}

/** Installs the gate; the answer is kubectl as the operator's ServiceAccount, which here may do anything. */
export async function installGate(
  admin: { kubectl: Kubectl; binary: string; dir: string },
  options: { mutations: boolean },
): Promise<Kubectl> {
  const { kubectl, binary, dir } = admin;
  await installCrds(kubectl);
  const { namespace, serviceAccount: name } = OPERATOR;
  await applyObjects(kubectl, [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "test-operator" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
  ]);
  const policies = [...listValidatingPolicies(OPERATOR), ...(options.mutations ? MUTATING_POLICIES : [])];
  await applyObjects(
    kubectl,
    policies.flatMap((policy) => toObjects(policy, OPERATOR)),
  );
  const kubeconfig = await writeServiceAccountKubeconfig({ kubectl }, join(dir, "operator.kubeconfig"), {
    namespace,
    name,
  });
  await untilGateWorks(kubectl);
  return bindKubectl(binary, kubeconfig);
}

/** New policies take effect within a second or two: a Warrant by anybody else must be refused. */
async function untilGateWorks(kubectl: Kubectl): Promise<void> {
  const probe = JSON.stringify({
    apiVersion: "vouchsafe.dev/v1alpha1",
    kind: "Warrant",
    metadata: { name: "enforce", namespace: "default" },
    spec: {},
  });
  await eventually("the guard of Warrants refuses one by the admin", async () => {
    const answer = await kubectl(["create", "--dry-run=server", "-f", "-"], probe);
    return answer.stderr.includes("WarrantGuarded") ? true : undefined;
  });
}
