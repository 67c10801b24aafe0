// Servers that the tests start beside the control plane: output into a file, readiness by asking, memory by /proc.
import type { ChildProcess } from "node:child_process";
import { mkdir, open, readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { spawnChild, stopChild } from "../../harness/controlplane.ts";
import { eventually } from "../../harness/wait.ts";

export interface Server {
  name: string;
  child: ChildProcess;
  logFile: string;
  stop(): Promise<void>;
}

export interface ServerOptions {
  name: string;
  command: string;
  args: readonly string[];
  dir: string;
  env: Record<string, string>;
  isReady: () => Promise<boolean>;
}

/** Flags of a Go program. */
export const toFlags = (flags: Record<string, string | number | boolean>): string[] =>
  Object.entries(flags).map(([name, value]) => `--${name}=${value}`);

/** Starts a server and waits until it is ready; shows the end of its log where it ends before. */
export async function startServer({ name, command, args, dir, env, isReady }: ServerOptions): Promise<Server> {
  await mkdir(join(dir, "log"), { recursive: true });
  const logFile = join(dir, "log", `${name}.log`);
  const log = await open(logFile, "a");
  const child = spawnChild(command, [...args], { stdio: ["ignore", log.fd, log.fd], env });
  await log.close();
  const readEnd = async () => (await readFile(logFile, "utf8")).slice(-3000);
  let failure: Error | undefined;
  child.once("error", (error) => {
    failure = error;
  });
  await eventually(
    `${name} is ready`,
    async () => {
      if (failure !== undefined) throw failure;
      if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}: ${await readEnd()}`);
      return (await isReady().catch(() => false)) ? true : undefined;
    },
    { withinMs: 60_000, lastSeen: readEnd },
  );
  return { name, child, logFile, stop: () => stopChild(child) };
}

export interface Cost {
  /** Memory at most, MiB. */
  peak: number;
  /** Processor time, seconds. */
  cpu: number;
}

// A multi-call binary tells its tool by its first argument.
const MULTI_CALL = ["controlplane", "argocd", "git", "node"];
const TICKS_PER_SECOND = 100;

/** What each child of this process has cost so far, by the tool's name. */
export async function readCosts(): Promise<Record<string, Cost>> {
  const costs: Record<string, Cost> = {};
  for (const task of await readdir("/proc/self/task")) {
    const children = await readFile(`/proc/self/task/${task}/children`, "utf8").catch(() => "");
    for (const pid of children.split(" ").filter((one) => one !== "")) {
      const read = (file: string) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
      const words = (await read("cmdline")).split("\0").map((word) => basename(word));
      const name = MULTI_CALL.includes(words[0] ?? "") ? (words[1] ?? "") : (words[0] ?? "");
      const kib = /VmHWM:\s+(\d+)/.exec(await read("status"))?.[1];
      // The second field is the name in brackets; user and system time are the 14th and 15th.
      const fields = (await read("stat")).replace(/^.*\) /, "").split(" ");
      if (kib === undefined) continue;
      const cpu = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
      costs[name] = { peak: Math.round(Number(kib) / 1024), cpu: Math.round(cpu) };
    }
  }
  return costs;
}
