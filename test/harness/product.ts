// The whole product as users run it: the rendered chart on a real API server, the operator as a process under its own
// ServiceAccount, a real registry. Pods are played by a fake node, which only pods with its label reach.
import type { ChildProcess } from "node:child_process";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawnChild, stopChild } from "./controlplane.ts";
import { type FakeNode, readApi, startFakeNode } from "./fakelet.ts";
import { renderChart } from "./helm.ts";
import { bindKubectl, demand, type Kubectl, untilServed } from "./kubectl.ts";
import { startRegistry, type TestRegistry } from "./registry.ts";
import { writeServiceAccountKubeconfig } from "./users.ts";
import { eventually } from "./wait.ts";

export const OPERATOR_NAMESPACE = "vouchsafe-system";
export const NODE_LABEL = { "vouchsafe.dev/played-by": "fake-node" };

export interface Operator {
  pid: number;
  /** Base address of probes and metrics. */
  url: string;
  logFile: string;
  evidenceFile: string;
  stop(): Promise<void>;
  /** Ends it without a chance to clean up. */
  kill(): Promise<void>;
}

export interface Product {
  kubectl: Kubectl;
  kubeconfig: string;
  binary: string;
  dir: string;
  registry: TestRegistry;
  operator: Operator;
  startOperator(): Promise<Operator>;
  stop(): Promise<void>;
}

export interface ProductOptions {
  binary: string;
  kubeconfig: string;
  /** Folder for kubeconfigs and logs. */
  dir: string;
  registry?: Parameters<typeof startRegistry>[1];
  values?: object;
  /** Further registries that are asked without TLS. */
  insecureHosts?: readonly string[];
  /** How Node starts the operator; from its sources where it is left out. */
  program?: readonly string[];
  /** Starts what stands between the operator and the API server of a kubeconfig, and gives its address: plain HTTP. */
  openFront?: (kubeconfig: string) => Promise<string>;
}

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const MUTATING_API = "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy";

/** Whether the cluster serves MutatingAdmissionPolicy v1, as helm would find it. */
export async function listExtraApis(kubectl: Kubectl): Promise<string[]> {
  const found = await demand(kubectl, ["api-resources", "--api-group=admissionregistration.k8s.io", "-o", "name"]);
  const serves = found.includes("mutatingadmissionpolicies.");
  if (!serves) return [];
  const versions = await demand(kubectl, ["api-versions"]);
  return versions.includes("admissionregistration.k8s.io/v1\n") &&
    (await kubectl(["get", "mutatingadmissionpolicies.v1.admissionregistration.k8s.io"])).code === 0
    ? [MUTATING_API]
    : [];
}

/** Values of the chart that the operator's process is told of here, and not by its Deployment. */
interface ToldValues {
  pullSecrets?: string[];
  namespacePullSecrets?: { namespace: string; serviceAccounts?: string[]; secrets: string[] }[];
  github?: { secret: string; url: string };
}

/** Installs the chart without operator pods, and the namespaces that it needs before. */
export async function installChart(kubectl: Kubectl, values: object): Promise<void> {
  const namespace = OPERATOR_NAMESPACE;
  const rendered = await renderChart({ namespace, values, apiVersions: await listExtraApis(kubectl) });
  const { namespacePullSecrets = [] } = values as ToldValues;
  for (const name of [namespace, ...namespacePullSecrets.map((one) => one.namespace)]) {
    const object = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
    await demand(kubectl, ["apply", "--server-side", "-f", "-"], JSON.stringify(object));
  }
  await demand(kubectl, ["apply", "--server-side", "--force-conflicts", "-f", "-"], rendered);
  await untilServed(kubectl);
  await eventually("the guard of Warrants refuses one by the admin", async () => {
    const warrant = {
      apiVersion: "vouchsafe.dev/v1alpha1",
      kind: "Warrant",
      metadata: { name: "enforce", namespace: "default" },
      spec: {},
    };
    const answer = await kubectl(["create", "--dry-run=server", "-f", "-"], JSON.stringify(warrant));
    return answer.stderr.includes("WarrantGuarded") ? true : undefined;
  });
}

/** Starts the operator's process and waits until it leads and its stores are filled. */
export async function startOperatorProcess(
  dir: string,
  env: Record<string, string>,
  program: readonly string[] = [MAIN],
): Promise<Operator> {
  const logFile = join(dir, "operator.log");
  const evidenceFile = join(dir, "evidence.jsonl");
  const child: ChildProcess = spawnChild(process.execPath, [...program], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, VOUCHSAFE_HOST: "127.0.0.1", VOUCHSAFE_PORT: "0", ...env },
  });
  let log = "";
  child.stdout?.on("data", (chunk: Buffer) => void appendFile(evidenceFile, chunk));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    log += text;
    void appendFile(logFile, text);
  });
  const port = await eventually(
    "the operator serves its probes",
    () => {
      if (child.exitCode !== null) throw new Error(`the operator ended with ${child.exitCode}: ${log}`);
      return /"port":(\d+)/.exec(log)?.[1];
    },
    { lastSeen: () => Promise.resolve(log) },
  );
  const url = `http://127.0.0.1:${port}`;
  await eventually(
    "the operator is ready and leads",
    async () => {
      const ready = await fetch(`${url}/readyz`).catch(() => undefined);
      return ready?.status === 200 && log.includes('"leading"') ? true : undefined;
    },
    { withinMs: 40_000, lastSeen: () => Promise.resolve(log.slice(-2000)) },
  );
  return {
    pid: child.pid ?? 0,
    url,
    logFile,
    evidenceFile,
    stop: () => stopChild(child),
    kill: async () => {
      const gone = new Promise((ok) => child.once("exit", ok));
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** Has a kubeconfig lead to another address on this machine, without TLS. */
async function redirect(path: string, server: string): Promise<void> {
  const config = JSON.parse(await readFile(path, "utf8")) as { clusters: object[] };
  // Without this word the client refuses plain HTTP.
  const cluster = { server, "insecure-skip-tls-verify": true };
  const clusters = config.clusters.map((one) => ({ ...one, cluster }));
  await writeFile(path, JSON.stringify({ ...config, clusters }), { mode: 0o600 });
}

/** Brings everything up on a cluster. */
export async function startProduct(options: ProductOptions): Promise<Product> {
  const { binary, kubeconfig, dir } = options;
  const kubectl = bindKubectl(binary, kubeconfig);
  const registry = await startRegistry(binary, options.registry);
  await installChart(kubectl, { replicas: 0, insecureRegistries: [registry.host], ...options.values });
  const account = { namespace: OPERATOR_NAMESPACE, name: "vouchsafe" };
  const own = await writeServiceAccountKubeconfig({ kubectl }, join(dir, "operator.kubeconfig"), account);
  if (options.openFront !== undefined) await redirect(own, await options.openFront(kubeconfig));
  const { pullSecrets = [], namespacePullSecrets = [], github } = (options.values ?? {}) as ToldValues;
  const env = {
    KUBECONFIG: own,
    VOUCHSAFE_NAMESPACE: OPERATOR_NAMESPACE,
    VOUCHSAFE_INSECURE_REGISTRIES: [registry.host, ...(options.insecureHosts ?? [])].join(","),
    VOUCHSAFE_LAYERS_FOLDER: join(dir, "layers"),
    VOUCHSAFE_PULL_SECRETS: pullSecrets.join(","),
    VOUCHSAFE_NAMESPACE_PULL_SECRETS: JSON.stringify(namespacePullSecrets),
    ...(github === undefined ? {} : { VOUCHSAFE_GITHUB_SECRET: github.secret, VOUCHSAFE_GITHUB_URL: github.url }),
  };
  const startOperator = () => startOperatorProcess(dir, env, options.program);
  let node: FakeNode | undefined;
  try {
    node = await startFakeNode(await readApi(kubeconfig), "fake-node", { labels: NODE_LABEL });
    const operator = await startOperator();
    const product: Product = {
      kubectl,
      kubeconfig,
      binary,
      dir,
      registry,
      operator,
      startOperator: async () => {
        product.operator = await startOperator();
        return product.operator;
      },
      stop: async () => {
        await product.operator.stop();
        await node?.stop();
        await registry.stop();
      },
    };
    return product;
  } catch (error) {
    await node?.stop();
    await registry.stop();
    throw error;
  }
}

/** The evidence so far. */
export async function readEvidence(operator: Operator): Promise<Record<string, unknown>[]> {
  const text = await readFile(operator.evidenceFile, "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
