// The health scripts that the chart ships for Argo CD, and what Argo CD's own Lua makes of objects by them.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const FILE = fileURLToPath(new URL("../../../charts/vouchsafe/files/argocd-health.yaml", import.meta.url));

/** Entries of argocd-cm as the chart ships them. */
export async function readHealthScripts(): Promise<Record<string, string>> {
  const { data } = parse(await readFile(FILE, "utf8")) as { data: Record<string, string> };
  return data;
}

/** What Argo CD says of one object. */
export interface Health {
  /** Whether there is a script for its kind. */
  found: boolean;
  status?: string;
  message?: string;
  error?: string;
}

/** Judges objects as the application-controller would with the shipped scripts: its settings, its Lua, its libraries. */
export function judgeHealth(argocd: string, objects: readonly object[], configMap = FILE): Promise<Health[]> {
  return new Promise((ok, no) => {
    const child = spawn(argocd, ["health", configMap], { stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("error", no);
    child.once("close", (code) => (code === 0 ? ok(JSON.parse(stdout) as Health[]) : no(new Error(stderr))));
    child.stdin.end(JSON.stringify(objects));
  });
}
