// The namespaces that make a node out of processes of this machine, and the daemons in them. Process 1 reads from this
// process: when it ends, in whatever way, the input ends, and the kernel takes down everything in the namespaces.
import { type ChildProcess, execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { spawnChild } from "../harness/controlplane.ts";
import { LINK } from "./machine.ts";
import { BRIDGE, MACHINE_ADDRESS, NODE_ADDRESS, POD_GATEWAY, SERVICE_RANGE } from "./settings.ts";

const run = promisify(execFile);

export interface Namespaces {
  /** Process 1, as the machine numbers it. */
  pid: number;
  /** Runs a command in all namespaces of the node. */
  exec(...command: string[]): Promise<string>;
  /** Starts a daemon in the node; its output goes to a log in the node's folder. */
  startDaemon(name: string, command: readonly string[]): void;
  /** Starts a process outside the namespaces that lives no longer than the node. */
  startBeside(command: readonly string[]): void;
  /** Fails where a daemon ended: a test must not go on with rules that nobody keeps. */
  demandDaemons(): void;
  close(): Promise<void>;
}

const INIT = fileURLToPath(new URL("node-init.sh", import.meta.url));
const UNSHARE = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
/** ICMP without limits, so that a refused connection is told of at once. */
const SYSCTLS = [
  "net.ipv4.ip_forward=1",
  "net.bridge.bridge-nf-call-iptables=1",
  "net.ipv4.icmp_ratelimit=0",
  "net.ipv4.icmp_msgs_per_sec=1000000",
  "net.ipv4.icmp_msgs_burst=100000",
];
const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

async function startInit(env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const init = spawnChild("unshare", [...UNSHARE, "bash", INIT], { env, stdio: ["pipe", "pipe", "inherit"] });
  if (init.stdout === null) throw new Error("the node has no output");
  const ended = once(init, "exit").then(() => {
    throw new Error("the node's process 1 ended before it was ready");
  });
  await Promise.race([once(init.stdout, "data"), ended]);
  return init;
}

async function endChild(child: ChildProcess, how: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  how();
  await gone;
}

/** Links the node to the machine, and makes the bridge for its pods. It has no default route: nothing leaves. */
async function connect({ pid, exec }: Namespaces): Promise<void> {
  await run("ip", ["link", "add", LINK, "type", "veth", "peer", "name", "eth0", "netns", String(pid)]);
  await run("ip", ["addr", "add", `${MACHINE_ADDRESS}/24`, "dev", LINK]);
  await run("ip", ["link", "set", LINK, "up"]);
  const steps = [
    `ip addr add ${NODE_ADDRESS}/24 dev eth0`,
    "ip link set eth0 up",
    `ip link add ${BRIDGE} type bridge`,
    `ip addr add ${POD_GATEWAY}/24 dev ${BRIDGE}`,
    `ip link set ${BRIDGE} up`,
    // Only so that the node's own look-up of a ClusterIP finds a route, before kube-proxy rewrites it.
    `ip route add ${SERVICE_RANGE} dev ${BRIDGE}`,
    `sysctl -qw ${SYSCTLS.join(" ")}`,
  ];
  await exec("bash", "-euc", steps.join("\n"));
}

/** Opens the namespaces, with a network; `dir` holds the logs. */
export async function openNamespaces(dir: string, env: NodeJS.ProcessEnv): Promise<Namespaces> {
  const init = await startInit(env);
  const { stdout } = await run("ps", ["-o", "pid=", "--ppid", String(init.pid)]);
  const pid = Number(stdout.trim());
  const daemons: string[] = [];
  const beside: ChildProcess[] = [];
  const exitFile = (name: string) => join(dir, `${name}.exit`);
  const logFile = (name: string) => join(dir, "log", `${name}.log`);

  const namespaces: Namespaces = {
    pid,
    exec: async (...command) => {
      const enter = ["-t", String(pid), "-m", "-n", "-p", "--", ...command];
      return (await run("nsenter", enter, { env, maxBuffer: 64 * 1024 * 1024 })).stdout;
    },
    startDaemon: (name, command) => {
      daemons.push(name);
      const line = `${command.map(quote).join(" ")} >>${quote(logFile(name))} 2>&1; echo $? >${quote(exitFile(name))}`;
      init.stdin?.write(`${line}\n`);
    },
    startBeside: (command) => {
      // It follows this process into death even where that is sudden.
      beside.push(
        spawnChild("setpriv", ["--pdeathsig", "KILL", ...command], { env, stdio: ["ignore", "ignore", "inherit"] }),
      );
    },
    demandDaemons: () => {
      const ended = daemons.find((name) => existsSync(exitFile(name)));
      if (ended === undefined) return;
      const tail = readFileSync(logFile(ended), "utf8").split("\n").slice(-15).join("\n");
      throw new Error(`${ended} ended:\n${tail}`);
    },
    close: async () => {
      for (const child of beside) await endChild(child, () => child.kill("SIGKILL"));
      await endChild(init, () => init.stdin?.end());
    },
  };
  try {
    await connect(namespaces);
    return namespaces;
  } catch (error) {
    await namespaces.close();
    throw error;
  }
}
