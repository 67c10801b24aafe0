// Starts a real control plane for tests and the demo: etcd, kube-apiserver, kube-controller-manager and,
// when asked, kube-scheduler. Every child is ended by its own pid, also when the runner dies.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Options {
  /** The multi-call binary that test/controlplane/build.sh prints. */
  binary: string;
  /** kube-controller-manager's --controllers; all that need no real node where it is left out. */
  controllers?: string[] | "none";
  scheduler?: boolean;
  apiserverArgs?: string[];
  /** Keeps the folder after stop(), for a look at the logs. */
  keep?: boolean;
}

export interface ControlPlane {
  dir: string;
  url: string;
  /** Path of the cluster-admin kubeconfig. */
  kubeconfig: string;
  binary: string;
  /** Milliseconds since the start at which each part was ready. */
  timings: Record<string, number>;
  /** Stops and starts kube-apiserver on the same port and etcd. */
  restartApiServer(): Promise<void>;
  stop(): Promise<void>;
}

const WITHOUT_NODES = ["*", "-node-lifecycle-controller", "-taint-eviction-controller", "-node-ipam-controller"];

// A crashed runner must not leave servers behind.
const alive = new Set<ChildProcess>();
const killAll = () => {
  for (const child of alive) child.kill("SIGKILL");
};
process.once("exit", killAll);
for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  // Others may listen too and end in their own way; the servers are gone in any case.
  process.once(signal, () => {
    killAll();
    setTimeout(() => process.exit(status), 2000).unref();
  });
}

/** Starts a child that is killed with this process at the latest. */
export function spawnChild(...args: Parameters<typeof spawn>): ChildProcess {
  const child = spawn(...args);
  alive.add(child);
  child.once("exit", () => alive.delete(child));
  return child;
}

/** Ends a child: politely first, by force after 8 s. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((done) => {
    const hard = setTimeout(() => child.kill("SIGKILL"), 8000);
    child.once("exit", () => {
      clearTimeout(hard);
      done();
    });
    child.kill("SIGTERM");
  });
}

async function findFreePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((ok, no) => {
          const server = createServer();
          server.once("error", no);
          server.listen(0, "127.0.0.1", () => ok(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((ok) => server.close(ok))));
  return ports;
}

function apiserverFlags(pki: string, dir: string, apiPort: number, etcdUrl: string): string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${apiPort}`,
    "--advertise-address=127.0.0.1",
    `--cert-dir=${join(dir, "apiserver")}`,
    `--tls-cert-file=${pki}/apiserver.crt`,
    `--tls-private-key-file=${pki}/apiserver.key`,
    `--client-ca-file=${pki}/ca.crt`,
    "--service-cluster-ip-range=10.0.0.0/24",
    "--endpoint-reconciler-type=none",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${pki}/sa.key`,
    `--service-account-signing-key-file=${pki}/sa.key`,
    "--authorization-mode=Node,RBAC",
    "--allow-privileged=true",
    "--enable-admission-plugins=NodeRestriction",
    "--profiling=false",
    "--shutdown-delay-duration=0s",
    `--requestheader-client-ca-file=${pki}/ca.crt`,
    "--requestheader-allowed-names=front-proxy-client",
    "--requestheader-username-headers=X-Remote-User",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    `--proxy-client-cert-file=${pki}/front-proxy-client.crt`,
    `--proxy-client-key-file=${pki}/front-proxy-client.key`,
  ];
}

/** Starts the control plane and waits until it serves; on failure nothing is left running. */
export async function startControlPlane(options: Options): Promise<ControlPlane> {
  const began = performance.now();
  const timings: Record<string, number> = {};
  const mark = (what: string) => {
    timings[what] = Math.round(performance.now() - began);
  };
  const dir = await mkdtemp(join(tmpdir(), "controlplane-"));
  const pki = join(dir, "pki");
  await mkdir(join(dir, "log"));
  const [etcdPort = 0, peerPort = 0, apiPort = 0, managerPort = 0, schedulerPort = 0] = await findFreePorts(5);
  const children: ChildProcess[] = [];

  const startTool = async (name: string, args: string[]): Promise<ChildProcess> => {
    const log = await open(join(dir, "log", `${name}.log`), "a");
    const child = spawnChild(options.binary, [name, ...args], {
      stdio: ["ignore", log.fd, log.fd],
      env: { ...process.env, GOMEMLIMIT: "2GiB" },
    });
    await log.close();
    children.push(child);
    return child;
  };
  const readTail = async (name: string) =>
    (await readFile(join(dir, "log", `${name}.log`), "utf8").catch(() => "")).split("\n").slice(-15).join("\n");

  const waitFor = async (name: string, child: ChildProcess, isReady: () => Promise<boolean>) => {
    const end = performance.now() + 90_000;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`${name} exited with ${child.exitCode}:\n${await readTail(name)}`);
      if (await isReady().catch(() => false)) return;
      if (performance.now() > end) throw new Error(`${name} was not ready in 90 s:\n${await readTail(name)}`);
      await new Promise((ok) => setTimeout(ok, 50));
    }
  };

  const stop = async () => {
    for (const child of children.reverse()) await stopChild(child);
    if (options.keep !== true) await rm(dir, { recursive: true, force: true });
  };

  try {
    await run(options.binary, ["certs", "--dir", pki]);
    mark("certs");
    const [ca, cert, key] = await Promise.all(
      ["ca.crt", "admin.crt", "admin.key"].map((file) => readFile(join(pki, file))),
    );
    const url = `https://127.0.0.1:${apiPort}`;
    const writeKubeconfig = async (file: string, user: string) => {
      const path = join(dir, file);
      const encode = async (name: string) => (await readFile(join(pki, name))).toString("base64");
      await writeFile(
        path,
        JSON.stringify({
          apiVersion: "v1",
          kind: "Config",
          "current-context": "test",
          clusters: [{ name: "test", cluster: { server: url, "certificate-authority-data": ca?.toString("base64") } }],
          users: [
            {
              name: user,
              user: {
                "client-certificate-data": await encode(`${user}.crt`),
                "client-key-data": await encode(`${user}.key`),
              },
            },
          ],
          contexts: [{ name: "test", context: { cluster: "test", user } }],
        }),
        { mode: 0o600 },
      );
      return path;
    };
    const readStatus = (path: string) =>
      new Promise<number>((ok, no) => {
        const r = request(url + path, { ca, cert, key, agent: false }, (res) => {
          res.resume();
          ok(res.statusCode ?? 0);
        });
        r.once("error", no);
        r.setTimeout(2000, () => r.destroy(new Error("slow")));
        r.end();
      });

    const etcdUrl = `http://127.0.0.1:${etcdPort}`;
    const etcd = await startTool("etcd", [
      "--data-dir",
      join(dir, "etcd"),
      "--listen-client-urls",
      etcdUrl,
      "--listen-peer-urls",
      `http://127.0.0.1:${peerPort}`,
    ]);
    await waitFor("etcd", etcd, async () => (await fetch(`${etcdUrl}/health`)).ok);
    mark("etcd");

    const apiFlags = [...apiserverFlags(pki, dir, apiPort, etcdUrl), ...(options.apiserverArgs ?? [])];
    const startApiServer = async () => {
      const child = await startTool("kube-apiserver", apiFlags);
      await waitFor("kube-apiserver", child, async () => (await readStatus("/readyz")) === 200);
      return child;
    };
    let api = await startApiServer();
    mark("apiserver");

    const kubeconfig = await writeKubeconfig("admin.kubeconfig", "admin");
    if (options.controllers !== "none") {
      const manager = await startTool("kube-controller-manager", [
        `--kubeconfig=${await writeKubeconfig("controller-manager.kubeconfig", "controller-manager")}`,
        "--bind-address=127.0.0.1",
        `--secure-port=${managerPort}`,
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        `--service-account-private-key-file=${pki}/sa.key`,
        `--root-ca-file=${pki}/ca.crt`,
        `--cluster-signing-cert-file=${pki}/ca.crt`,
        `--cluster-signing-key-file=${pki}/ca.key`,
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--profiling=false",
        `--controllers=${(options.controllers ?? WITHOUT_NODES).join(",")}`,
      ]);
      await waitFor(
        "kube-controller-manager",
        manager,
        async () => (await readStatus("/api/v1/namespaces/default/serviceaccounts/default")) === 200,
      );
      mark("default service account");
    }
    if (options.scheduler === true) {
      await startTool("kube-scheduler", [
        `--kubeconfig=${await writeKubeconfig("scheduler.kubeconfig", "scheduler")}`,
        "--bind-address=127.0.0.1",
        `--secure-port=${schedulerPort}`,
        "--leader-elect=false",
        "--profiling=false",
      ]);
    }
    mark("started");
    const restartApiServer = async () => {
      await stopChild(api);
      api = await startApiServer();
    };
    return { dir, url, kubeconfig, binary: options.binary, timings, restartApiServer, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
