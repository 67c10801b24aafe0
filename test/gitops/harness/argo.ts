// A real Argo CD: repo-server and application-controller over redis, and a git daemon. Its API server and user
// interface are left out; what they would make (the project `default`) is made here.
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Kubectl } from "../../harness/kubectl.ts";
import { writeServiceAccountKubeconfig } from "../../harness/users.ts";
import type { Client } from "./client.ts";
import { installCrds } from "./crds.ts";
import { type GitServer, isListening, startGitServer } from "./git.ts";
import { type Server, startServer, toFlags } from "./process.ts";

// The tests run in a network namespace of their own, so these are free.
const REDIS = 16379;
const REPO_SERVER = 18081;
const METRICS = { repoServer: 18084, controller: 18082 };

export const ARGO_NAMESPACE = "argocd";
const ACCOUNT = "argocd-application-controller";
export const ARGO_USER = `system:serviceaccount:${ARGO_NAMESPACE}:${ACCOUNT}`;

export interface Argo {
  git: GitServer;
  controllerLog: string;
  /** Ends the application-controller and starts it again. */
  restartController(): Promise<void>;
  stop(): Promise<void>;
}

export interface ArgoOptions {
  client: Client;
  kubectl: Kubectl;
  dir: string;
  binary: string;
  /** Folder with the CRDs of the version that was built. */
  crds: string;
  /** Entries of the ConfigMap argocd-cm, beside those that the upstream manifests have. */
  config: Record<string, string>;
}

const labels = { "app.kubernetes.io/part-of": "argocd" };

async function installObjects({ client, kubectl, crds, config }: ArgoOptions): Promise<void> {
  const files = (await readdir(crds)).filter((file) => file.endsWith("-crd.yaml")).map((file) => join(crds, file));
  await installCrds({ client, kubectl }, { files });
  const core = `/api/v1/namespaces/${ARGO_NAMESPACE}`;
  await client.apply(`/api/v1/namespaces/${ARGO_NAMESPACE}`, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: ARGO_NAMESPACE },
  });
  const upstream = {
    "resource.customizations.ignoreResourceUpdates.all": "jsonPointers:\n  - /status\n",
    "resource.exclusions": `${JSON.stringify([
      { apiGroups: ["", "discovery.k8s.io"], kinds: ["Endpoints", "EndpointSlice"], clusters: ["*"] },
      { apiGroups: ["coordination.k8s.io"], kinds: ["Lease"], clusters: ["*"] },
    ])}\n`,
  };
  const maps: Record<string, Record<string, string>> = {
    "argocd-cm": { ...upstream, ...config },
    "argocd-rbac-cm": {},
    "argocd-cmd-params-cm": {},
    "argocd-tls-certs-cm": {},
    "argocd-ssh-known-hosts-cm": {},
    "argocd-gpg-keys-cm": {},
  };
  for (const [name, data] of Object.entries(maps))
    await client.apply(`${core}/configmaps/${name}`, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, labels },
      data,
    });
  await client.apply(`${core}/secrets/argocd-secret`, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "argocd-secret", labels },
    stringData: { "server.secretkey": "of-this-test-run" },
  });
  await client.apply(`/apis/argoproj.io/v1alpha1/namespaces/${ARGO_NAMESPACE}/appprojects/default`, {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AppProject",
    metadata: { name: "default" },
    spec: {
      sourceRepos: ["*"],
      destinations: [{ server: "*", namespace: "*" }],
      clusterResourceWhitelist: [{ group: "*", kind: "*" }],
    },
  });
  await client.apply(`${core}/serviceaccounts/${ACCOUNT}`, {
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
    subjects: [{ kind: "ServiceAccount", name: ACCOUNT, namespace: ARGO_NAMESPACE }],
  });
}

async function findOnPath(tool: string): Promise<string> {
  const { stdout } = await promisify(execFile)("sh", ["-c", 'command -v "$0"', tool]);
  return stdout.trim();
}

/** Folders, stubs and variables that both servers need; nothing of the user's home is read. */
async function makeEnvironment(options: ArgoOptions, dir: string): Promise<Record<string, string>> {
  const at = (name: string) => join(dir, name);
  for (const folder of ["home", "tmp", "tls", "ssh", "gnupg", "gpg", "plugins", "bin"])
    await mkdir(at(folder), { recursive: true });
  await writeFile(at("ssh/ssh_known_hosts"), "");
  // Part of Argo CD's image, called for every commit also where signatures are not asked for.
  await writeFile(at("bin/git-verify-wrapper.sh"), "#!/bin/sh\nexit 0\n");
  await chmod(at("bin/git-verify-wrapper.sh"), 0o755);
  await symlink(options.binary, at("bin/argocd-git-ask-pass"));
  // Debian's redis-tools has the server under another name; the name it is started by decides.
  await symlink(await findOnPath("redis-check-rdb"), at("bin/redis-server"));
  const kubeconfig = await writeServiceAccountKubeconfig(options, at("kubeconfig"), {
    namespace: ARGO_NAMESPACE,
    name: ACCOUNT,
  });
  // Argo CD reads its own namespace from the context.
  const config = JSON.parse(await readFile(kubeconfig, "utf8")) as { contexts: { context: Record<string, string> }[] };
  for (const { context } of config.contexts) context.namespace = ARGO_NAMESPACE;
  await writeFile(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  return {
    PATH: `${at("bin")}:${process.env.PATH ?? ""}`,
    HOME: at("home"),
    TMPDIR: at("tmp"),
    KUBECONFIG: kubeconfig,
    // https://kubernetes.default.svc then means the cluster of that kubeconfig.
    ARGOCD_FAKE_IN_CLUSTER: "true",
    ARGOCD_TLS_DATA_PATH: at("tls"),
    ARGOCD_SSH_DATA_PATH: at("ssh"),
    ARGOCD_GNUPGHOME: at("gnupg"),
    ARGOCD_GPG_DATA_PATH: at("gpg"),
    ARGOCD_GPG_ENABLED: "false",
    ARGOCD_PLUGINSOCKFILEPATH: at("plugins"),
    GIT_CONFIG_NOSYSTEM: "1",
    GOMEMLIMIT: "1GiB",
    // Looks at Git this often; the default is two to three minutes.
    ARGOCD_RECONCILIATION_TIMEOUT: "10s",
    ARGOCD_RECONCILIATION_JITTER: "0s",
  };
}

/** Installs Argo CD's objects and starts its servers. */
export async function startArgo(options: ArgoOptions): Promise<Argo> {
  const dir = join(options.dir, "argocd");
  await installObjects(options);
  const env = await makeEnvironment(options, dir);
  const git = await startGitServer(dir);
  const start = (name: string, command: string, args: string[], isReady: () => Promise<boolean>) =>
    startServer({ name, command, args, dir, env, isReady });
  const redisArgs = ["--bind", "127.0.0.1", "--port", `${REDIS}`, "--save", "", "--appendonly", "no", "--dir", dir];
  const common = { redis: `127.0.0.1:${REDIS}`, logformat: "text" };
  const controllerFlags = {
    ...common,
    "repo-server": `127.0.0.1:${REPO_SERVER}`,
    "repo-server-plaintext": true,
    "metrics-port": METRICS.controller,
    namespace: ARGO_NAMESPACE,
  };
  const repoServerFlags = {
    ...common,
    address: "127.0.0.1",
    port: REPO_SERVER,
    "metrics-address": "127.0.0.1",
    "metrics-port": METRICS.repoServer,
    // Without TLS it must not look for a client CA either.
    "disable-tls": true,
    "client-ca-path": "",
  };
  const startController = () =>
    start(
      "application-controller",
      options.binary,
      ["argocd-application-controller", ...toFlags(controllerFlags)],
      async () => (await fetch(`http://127.0.0.1:${METRICS.controller}/healthz`)).ok,
    );
  const [redis, repoServer] = await Promise.all([
    start("redis", join(dir, "bin/redis-server"), redisArgs, () => isListening(REDIS)),
    start("repo-server", options.binary, ["argocd-repo-server", ...toFlags(repoServerFlags)], () =>
      isListening(REPO_SERVER),
    ),
  ]);
  let controller = await startController();
  const all = (): Server[] => [controller, repoServer, redis, git.server];
  return {
    git,
    controllerLog: controller.logFile,
    restartController: async () => {
      await controller.stop();
      controller = await startController();
    },
    stop: async () => {
      for (const server of all()) await server.stop();
    },
  };
}

/** What the tests read of an Application. */
export interface Application {
  metadata: { namespace: string; name: string };
  operation?: object;
  status?: {
    sync?: { status?: string; revision?: string };
    health?: { status?: string };
    operationState?: { phase?: string; retryCount?: number; message?: string };
    conditions?: { type: string; message: string }[];
    resources?: { kind: string; name: string; status?: string }[];
  };
}

export const pathOfApplication = (name: string) =>
  `/apis/argoproj.io/v1alpha1/namespaces/${ARGO_NAMESPACE}/applications/${name}`;
