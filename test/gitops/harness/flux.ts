// Flux's real kustomize-controller. Its source-controller is played: the test serves the artifact and writes the status
// that source-controller would write.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Kubectl } from "../../harness/kubectl.ts";
import { writeServiceAccountKubeconfig } from "../../harness/users.ts";
import { type Client, MERGE } from "./client.ts";
import { installCrds } from "./crds.ts";
import { startServer, toFlags } from "./process.ts";

const run = promisify(execFile);

// The tests run in a network namespace of their own, so these are free.
const METRICS = 18090;
const HEALTH = 18091;
const ARTIFACTS = 18092;

export const FLUX_NAMESPACE = "flux-system";
const ACCOUNT = "kustomize-controller";
export const FLUX_USER = `system:serviceaccount:${FLUX_NAMESPACE}:${ACCOUNT}`;
const SOURCE_GROUP = "source.toolkit.fluxcd.io";

/** What the tests read of a Kustomization. */
export interface Kustomization {
  metadata: { namespace: string; name: string };
  status?: {
    lastAppliedRevision?: string;
    conditions?: { type: string; status: string; reason: string; message: string }[];
  };
}

export interface Flux {
  /** Puts files into a GitRepository as a new artifact; its revision. */
  publish(name: string, files: Record<string, unknown>): Promise<string>;
  stop(): Promise<void>;
}

export interface FluxOptions {
  client: Client;
  kubectl: Kubectl;
  dir: string;
  binary: string;
  /** Folder with the CRDs of the version that was built. */
  crds: string;
}

/** The kinds that source-controller would bring; any content, as nobody but these tests writes them. */
const toSourceCrd = (kind: string) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${toPlural(kind)}.${SOURCE_GROUP}` },
  spec: {
    group: SOURCE_GROUP,
    scope: "Namespaced",
    names: { kind, plural: toPlural(kind), listKind: `${kind}List` },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
});
const toPlural = (kind: string) => `${kind.toLowerCase()}s`.replace("repositorys", "repositories");

async function installObjects({ client, kubectl, crds }: FluxOptions): Promise<void> {
  const objects = ["GitRepository", "OCIRepository", "Bucket", "ExternalArtifact"].map(toSourceCrd);
  const files = (await readdir(crds)).map((file) => join(crds, file));
  await installCrds({ client, kubectl }, { files });
  await installCrds({ client, kubectl }, { objects });
  await client.apply(`/api/v1/namespaces/${FLUX_NAMESPACE}`, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: FLUX_NAMESPACE },
  });
  await client.apply(`/api/v1/namespaces/${FLUX_NAMESPACE}/serviceaccounts/${ACCOUNT}`, {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: ACCOUNT },
  });
  const rbac = "rbac.authorization.k8s.io";
  await client.apply(`/apis/${rbac}/v1/clusterrolebindings/${ACCOUNT}`, {
    apiVersion: `${rbac}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name: ACCOUNT },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ kind: "ServiceAccount", name: ACCOUNT, namespace: FLUX_NAMESPACE }],
  });
}

/** Serves files of memory by path. */
async function serveArtifacts(): Promise<{ put(path: string, bytes: Buffer): string; stop(): Promise<void> }> {
  const files = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const bytes = files.get(request.url ?? "");
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
  await new Promise<void>((ok) => server.listen(ARTIFACTS, "127.0.0.1", ok));
  return {
    put: (path, bytes) => {
      files.set(path, bytes);
      return `http://127.0.0.1:${ARTIFACTS}${path}`;
    },
    stop: () =>
      new Promise((ok) => {
        server.closeAllConnections();
        server.close(() => ok());
      }),
  };
}

/** A gzipped tar archive of files in a folder `app`. */
async function pack(dir: string, files: Record<string, unknown>): Promise<Buffer> {
  const scratch = await mkdtemp(join(dir, "artifact-"));
  try {
    await mkdir(join(scratch, "app"));
    for (const [file, content] of Object.entries(files))
      await writeFile(join(scratch, "app", file), JSON.stringify(content));
    await run("tar", ["-czf", join(scratch, "a.tar.gz"), "-C", scratch, "app"]);
    return await readFile(join(scratch, "a.tar.gz"));
  } finally {
    await rm(scratch, { recursive: true });
  }
}

const pathOfSource = (name: string) => `/apis/${SOURCE_GROUP}/v1/namespaces/${FLUX_NAMESPACE}/gitrepositories/${name}`;
export const pathOfKustomization = (name: string) =>
  `/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/${FLUX_NAMESPACE}/kustomizations/${name}`;

/** Starts the controller. */
export async function startFlux(options: FluxOptions): Promise<Flux> {
  const dir = join(options.dir, "flux");
  for (const folder of ["home", "tmp"]) await mkdir(join(dir, folder), { recursive: true });
  await installObjects(options);
  const account = { namespace: FLUX_NAMESPACE, name: ACCOUNT };
  const kubeconfig = await writeServiceAccountKubeconfig(options, join(dir, "kubeconfig"), account);
  const artifacts = await serveArtifacts();
  const controller = await startServer({
    name: ACCOUNT,
    command: options.binary,
    args: toFlags({
      "metrics-addr": `127.0.0.1:${METRICS}`,
      "health-addr": `127.0.0.1:${HEALTH}`,
      "enable-leader-election": false,
    }),
    dir,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: join(dir, "home"),
      TMPDIR: join(dir, "tmp"),
      KUBECONFIG: kubeconfig,
      RUNTIME_NAMESPACE: FLUX_NAMESPACE,
      GOMEMLIMIT: "1GiB",
    },
    isReady: async () => (await fetch(`http://127.0.0.1:${HEALTH}/readyz`)).ok,
  });
  const publish = async (name: string, files: Record<string, unknown>): Promise<string> => {
    const bytes = await pack(dir, files);
    const digest = createHash("sha256").update(bytes).digest("hex");
    const revision = `main@sha1:${digest.slice(0, 40)}`;
    const now = new Date().toISOString();
    await options.client.apply(pathOfSource(name), {
      apiVersion: `${SOURCE_GROUP}/v1`,
      kind: "GitRepository",
      metadata: { name },
      spec: { interval: "1h", url: "https://git.example/voice.git", ref: { branch: "main" } },
    });
    const artifact = {
      url: artifacts.put(`/${name}/${digest}.tar.gz`, bytes),
      path: `${name}/${digest}.tar.gz`,
      revision,
      digest: `sha256:${digest}`,
      lastUpdateTime: now,
      size: bytes.length,
    };
    const ready = { type: "Ready", status: "True", reason: "Succeeded", message: "stored", lastTransitionTime: now };
    await options.client.demand("PATCH", `${pathOfSource(name)}/status`, {
      body: { status: { observedGeneration: 1, artifact, conditions: [ready] } },
      type: MERGE,
    });
    return revision;
  };
  return {
    publish,
    stop: async () => {
      await controller.stop();
      await artifacts.stop();
    },
  };
}
