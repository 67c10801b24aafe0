// Whether this machine can hold a real node. Where it cannot, tests are skipped by name, with this reason.
import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";

const isWritable = (path: string) => {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

const works = (command: string, ...args: string[]) => {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

/** Why no node can be started here; undefined where it can. */
export function findObstacle(): string | undefined {
  if (process.platform !== "linux") return "a node needs Linux";
  if (process.getuid?.() !== 0) return "a node needs root";
  if (!isWritable("/sys/fs/cgroup")) return "a node needs cgroups that it may write: /sys/fs/cgroup is read-only";
  if (!works("unshare", "--mount", "--net", "--pid", "--fork", "true"))
    return "a node needs mount, network and pid namespaces, and may not make them here";
  if (!works("apt-get", "--version") && !works("runc", "--version"))
    return "a node needs runc, iptables, ipset, conntrack and CNI plugins, and without apt-get they are not installed";
  return undefined;
}
