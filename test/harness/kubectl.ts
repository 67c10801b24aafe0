// Runs the real kubectl of the control plane binary, as a user would type it. A command that fails is a
// result like any other: tests and the demo look at what the API server answered.
import { spawn } from "node:child_process";
import { eventually } from "./wait.ts";

export interface Answer {
  code: number;
  stdout: string;
  stderr: string;
}

/** kubectl bound to one kubeconfig. `input` goes to standard input. */
export type Kubectl = (args: readonly string[], input?: string) => Promise<Answer>;

/** Binds kubectl of `binary` to a kubeconfig. */
export function bindKubectl(binary: string, kubeconfig: string): Kubectl {
  return (args, input) =>
    new Promise((ok, no) => {
      const child = spawn(binary, ["kubectl", "--kubeconfig", kubeconfig, ...args], {
        stdio: ["pipe", "pipe", "pipe"],
        // kubectl would colour its answers and write a discovery cache into the home folder.
        env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: "1", KUBECTL_KUBERC: "false" },
      });
      const answer: Answer = { code: 0, stdout: "", stderr: "" };
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        answer.stdout += text;
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        answer.stderr += text;
      });
      child.once("error", no);
      child.once("close", (code) => ok({ ...answer, code: code ?? 1 }));
      // A command that fails early closes its input; that is no error of ours.
      child.stdin.once("error", () => {});
      child.stdin.end(input ?? "");
    });
}

/** Runs a command that has to succeed; gives what it printed. */
export async function demand(kubectl: Kubectl, args: readonly string[], input?: string): Promise<string> {
  const answer = await kubectl(args, input);
  if (answer.code !== 0) throw new Error(`kubectl ${args.join(" ")} failed: ${answer.stderr || answer.stdout}`);
  return answer.stdout;
}

/** Reads one object or list as JSON; undefined where the server has none. */
export async function readJson<T>(kubectl: Kubectl, args: readonly string[]): Promise<T | undefined> {
  const answer = await kubectl(["get", ...args, "-o", "json"]);
  if (answer.code === 0) return JSON.parse(answer.stdout) as T;
  if (answer.stderr.includes("NotFound")) return undefined;
  throw new Error(`kubectl get ${args.join(" ")} failed: ${answer.stderr}`);
}

interface Crd {
  metadata: { name: string };
  status?: { conditions?: { type: string; status: string }[] | null };
}

/** Waits until CRDs are served. `kubectl wait` fails on one whose status is still empty. */
export async function untilServed(kubectl: Kubectl): Promise<void> {
  const isServed = ({ status }: Crd) =>
    status?.conditions?.some(({ type, status: is }) => type === "Established" && is === "True") === true;
  let waiting: string[] = [];
  await eventually(
    "every CRD is served",
    async () => {
      const crds = await readJson<{ items: Crd[] }>(kubectl, ["crd"]);
      waiting = (crds?.items ?? []).filter((crd) => !isServed(crd)).map(({ metadata }) => metadata.name);
      return waiting.length === 0 ? true : undefined;
    },
    { withinMs: 30_000, lastSeen: () => Promise.resolve(waiting) },
  );
}

/** Applies objects by server-side apply under a manager of their own; has to succeed. */
export async function applyObjects(kubectl: Kubectl, objects: readonly unknown[]): Promise<string> {
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
  return demand(kubectl, ["apply", "--server-side", "--force-conflicts", "-f", "-"], list);
}
