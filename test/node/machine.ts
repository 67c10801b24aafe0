// What a node changes on the machine outside its namespaces, noted down before, so that the next run puts it back
// even if this one is killed: kernel settings that the kubelet sets for the whole machine, cgroups, one link.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The node's folder; there is one node on a machine at a time, since its addresses are fixed. */
export const NODE_DIR = join(tmpdir(), "vouchsafe-node");
/** The machine's end of the link to the node. */
export const LINK = "vouchsafe0";
export const CGROUP = "vouchsafe-node";

const NOTES = join(NODE_DIR, "machine.json");
const CGROUPS = "/sys/fs/cgroup";
/** Settings that the kubelet changes machine-wide. */
const SETTINGS = ["vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops"].concat(
  ["root_maxkeys", "root_maxbytes"].map((name) => `kernel/keys/${name}`),
);

interface Notes {
  runner: { pid: number; startedAt: string };
  settings: Record<string, string>;
}

const pathOf = (setting: string) => join("/proc/sys", setting);

/** When a process started, in the kernel's ticks: with its pid it names one process for good. */
function readStart(pid: number): string | undefined {
  try {
    // The command's name, which may hold spaces, ends with the last bracket.
    return readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")[19];
  } catch {
    return undefined;
  }
}

function readNotes(): Notes | undefined {
  return existsSync(NOTES) ? (JSON.parse(readFileSync(NOTES, "utf8")) as Notes) : undefined;
}

/** Folders of all cgroup hierarchies: several with version 1, one with version 2. */
const listHierarchies = () =>
  existsSync(join(CGROUPS, "cgroup.controllers"))
    ? [CGROUPS]
    : readdirSync(CGROUPS, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => join(CGROUPS, name));

/** Makes the cgroup in which the kubelet keeps its pods. */
export function makeCgroups(): void {
  for (const hierarchy of listHierarchies()) {
    const own = join(hierarchy, CGROUP);
    mkdirSync(own, { recursive: true });
    const controllers = join(hierarchy, "cgroup.controllers");
    if (hierarchy === CGROUPS && existsSync(controllers)) {
      const names = readFileSync(controllers, "utf8").trim().split(" ");
      writeFileSync(join(hierarchy, "cgroup.subtree_control"), names.map((name) => `+${name}`).join(" "));
    }
    // Version 1 takes no process before these are set.
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      if (existsSync(join(hierarchy, file))) writeFileSync(join(own, file), readFileSync(join(hierarchy, file)));
    }
  }
}

function removeTree(dir: string): void {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(dir, entry.name));
  }
  rmdirSync(dir);
}

/** Processes of the node's cgroups, by a part of the folder's path such as a pod's uid. */
export function listProcesses(part: string): number[] {
  const [hierarchy = CGROUPS] = listHierarchies();
  return readdirSync(join(hierarchy, CGROUP), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith("/cgroup.procs") && path.includes(part))
    .flatMap((path) => readFileSync(join(hierarchy, CGROUP, path), "utf8").split("\n"))
    .filter((line) => line !== "")
    .map(Number);
}

/** Puts back what a node changed, and removes its folder. Its processes have to be gone. */
export async function restoreMachine(): Promise<void> {
  const notes = readNotes();
  if (existsSync(`/sys/class/net/${LINK}`)) {
    // It goes by itself once the node's network namespace is gone.
    await run("ip", ["link", "delete", LINK]).catch(() => {});
  }
  for (const hierarchy of listHierarchies()) {
    const own = join(hierarchy, CGROUP);
    if (existsSync(own)) removeTree(own);
  }
  for (const [setting, value] of Object.entries(notes?.settings ?? {})) {
    if (readFileSync(pathOf(setting), "utf8") !== value) writeFileSync(pathOf(setting), value);
  }
  rmSync(NODE_DIR, { recursive: true, force: true });
}

/** Cleans up after a run that was killed, and notes how the machine is before the node starts. */
export async function claimMachine(): Promise<void> {
  const before = readNotes();
  if (before !== undefined && readStart(before.runner.pid) === before.runner.startedAt) {
    throw new Error(`process ${before.runner.pid} runs a node on this machine, and there is room for one only`);
  }
  await restoreMachine();
  const settings = Object.fromEntries(
    SETTINGS.filter((setting) => existsSync(pathOf(setting))).map((setting) => [
      setting,
      readFileSync(pathOf(setting), "utf8"),
    ]),
  );
  const notes: Notes = { runner: { pid: process.pid, startedAt: readStart(process.pid) ?? "" }, settings };
  mkdirSync(dirname(NOTES), { recursive: true, mode: 0o700 });
  writeFileSync(NOTES, JSON.stringify(notes));
}
