// Real packets between hosts: the whole table at once, compared with what was predicted, and single connections that
// are watched over time. Probes start in the network namespace of the host that asks.
import { type ChildProcess, execFile } from "node:child_process";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { type Prediction, predictTable } from "../../src/domain/reachability/predict.ts";
import type { Protocol } from "../../src/domain/reachability/ports.ts";
import { spawnChild } from "../harness/controlplane.ts";
import { type Kubectl, readJson } from "../harness/kubectl.ts";
import { type Host, nameOf } from "./hosts.ts";
import type { RealNode } from "./node.ts";

const run = promisify(execFile);

/**
 * Blocked connections are refused, which is told of at once, so this may be long: time enough for a lost packet to be
 * sent again. An answer that a busy machine gives late is still an answer.
 */
const PROBE_TIMEOUT = "3s";

export interface Port {
  protocol: Protocol;
  port: number;
}

export interface Table {
  hosts: readonly Host[];
  ports: readonly Port[];
}

/** Asks every host for every host on every port; the answers in the order in which predictTable has its lines. */
async function askAll(node: RealNode, { hosts, ports }: Table): Promise<string[]> {
  const targets = hosts.flatMap(({ address }) =>
    ports.map(({ protocol, port }) => `${protocol.toLowerCase()}/${address}:${port}`),
  );
  const rows: string[] = [];
  // One source after the other: more at once would be late on two cores, and late is blocked.
  for (const { enter } of hosts) {
    const [command = "", ...args] = [...enter, "probe", "ask", PROBE_TIMEOUT, ...targets];
    const { stdout } = await run(command, args, { env: node.env });
    rows.push(...(JSON.parse(stdout) as string[]));
  }
  return rows;
}

interface Listed {
  metadata: { namespace: string; name: string; labels?: Record<string, string> };
  spec: unknown;
}

/** What the evaluator says of the policies that stand in the API server now. */
export async function predict(kubectl: Kubectl, { hosts, ports }: Table): Promise<Prediction[]> {
  const policies = await readJson<{ items: Listed[] }>(kubectl, ["networkpolicies", "--all-namespaces"]);
  const namespaces = await readJson<{ items: Listed[] }>(kubectl, ["namespaces"]);
  if (policies === undefined || namespaces === undefined) throw new Error("policies or namespaces are not served");
  return predictTable({
    namespaces: namespaces.items.map(({ metadata }) => ({ name: metadata.name, labels: metadata.labels ?? {} })),
    policies: policies.items.map(({ metadata, spec }) => ({
      namespace: metadata.namespace,
      name: metadata.name,
      spec,
    })),
    endpoints: hosts.map(({ endpoint }) => endpoint),
    ports,
  });
}

export interface Comparison {
  probes: number;
  allowed: number;
  blocked: number;
  mismatches: string[];
  /** How long it took until the enforcer had the policies in force. */
  settledMs: number;
}

function compare(predicted: readonly Prediction[], answers: readonly string[]): string[] {
  return predicted.flatMap(({ from, to, protocol, port, verdict }, index) => {
    const answer = answers[index];
    // Anything but the right server's answer is a connection that did not get through.
    const seen = answer === to ? "allowed" : "blocked";
    if (seen === verdict) return [];
    const got = answer === "" || answer === undefined ? "" : ` (${answer} answered)`;
    return [`${from} → ${to} ${protocol} ${port}: predicted ${verdict}, seen ${seen}${got}`];
  });
}

/**
 * Probes until the table fits what is predicted, forgets all connections and probes once more: that is the verdict.
 * The enforcer takes a moment to follow the API server, and old UDP flows outlive a policy. `keep` spares live
 * connections that are watched.
 */
export async function compareTable(
  node: RealNode,
  kubectl: Kubectl,
  table: Table,
  connections: "forget" | "keep" = "forget",
): Promise<Comparison> {
  const predicted = await predict(kubectl, table);
  const began = performance.now();
  let fits = false;
  while (!fits && performance.now() - began < 5000) {
    fits = compare(predicted, await askAll(node, table)).length === 0;
  }
  const settledMs = Math.round(performance.now() - began);
  if (connections === "forget") await node.exec("conntrack", "-F");
  const mismatches = compare(predicted, await askAll(node, table));
  node.demandDaemons();
  const allowed = predicted.filter(({ verdict }) => verdict === "allowed").length;
  return { probes: predicted.length, allowed, blocked: predicted.length - allowed, mismatches, settledMs };
}

/** One line of what a watching probe says. */
export interface Moment {
  what: string;
  at: number;
}

export interface Watch {
  /** The last line of this kind, if there was one. */
  last(what: string): Moment | undefined;
  stop(): void;
}

/** Runs `probe knock` or `probe follow` on a host and notes what it says; times are milliseconds since 1970. */
export function watch(node: RealNode, { enter }: Host, ...probe: string[]): Watch {
  const [command = "", ...args] = [...enter, "probe", ...probe];
  const child: ChildProcess = spawnChild(command, args, { env: node.env, stdio: ["ignore", "pipe", "inherit"] });
  const latest = new Map<string, Moment>();
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [what = "", at = ""] = line.split(" ");
      latest.set(what, { what, at: Number(at) });
    });
  }
  return { last: (what) => latest.get(what), stop: () => void child.kill("SIGKILL") };
}

/** Watches whether new connections get through. */
export const knock = (node: RealNode, from: Host, to: Host, { protocol, port }: Port): Watch =>
  watch(node, from, "knock", PROBE_TIMEOUT, `${protocol.toLowerCase()}/${to.address}:${port}`, nameOf(to.endpoint));

/** Stays connected to a stream. */
export const follow = (node: RealNode, from: Host, to: Host, port: number): Watch =>
  watch(node, from, "follow", `${to.address}:${port}`);
