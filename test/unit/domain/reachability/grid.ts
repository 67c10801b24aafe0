// The grid of the reachability cases: three namespaces of three pods and, where asked for, one host outside. Turns
// policies into the table that is predicted, and expectations into the table that it should be.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { type Endpoint } from "../../../../src/domain/reachability/evaluate.ts";
import { predictTable } from "../../../../src/domain/reachability/predict.ts";
import { type ContainerPort, type Protocol } from "../../../../src/domain/reachability/ports.ts";

type Labels = Record<string, string>;

/** What changes, and who then reaches whom: lines such as `deny x/* -> *`, of which a later one prevails. */
export interface Step {
  /** By `namespace/name`; null takes it away. */
  policies?: Record<string, unknown>;
  namespaces?: Record<string, Labels>;
  /** Labels beside `pod: <name>`, by `namespace/name`. */
  pods?: Record<string, Labels>;
  expect: Record<string, string[]>;
}

export interface Case {
  name: string;
  steps: Step[];
}

export const readCases = (file: string): Case[] =>
  parse(readFileSync(fileURLToPath(new URL(`cases/${file}.yaml`, import.meta.url)), "utf8")) as Case[];

const NAMESPACES = ["x", "y", "z"];
const PODS = ["a", "b", "c"];
const PROTOCOLS: Protocol[] = ["TCP", "UDP", "SCTP"];
const NAMED: ContainerPort[] = PROTOCOLS.flatMap((protocol) =>
  [53, 80, 81, 8080, 8081].map((port) => ({ name: `serve-${port}-${protocol.toLowerCase()}`, protocol, port })),
);
export const OUTSIDE: Endpoint = { kind: "external", name: "out", addresses: ["203.0.113.10"] };

/** The pods, x/a at 10.244.1.1 to z/c at 10.244.3.3. */
export const listPods = (labels: Record<string, Labels> = {}): Endpoint[] =>
  NAMESPACES.flatMap((namespace, n) =>
    PODS.map((name, p) => ({
      kind: "pod" as const,
      namespace,
      name,
      labels: { pod: name, ...labels[`${namespace}/${name}`] },
      addresses: [`10.244.${n + 1}.${p + 1}`],
      ports: NAMED,
    })),
  );

/** Rows of a table: `.` allowed, `X` blocked, `-` not judged. */
type Table = string[];

const toTable = (names: string[], isAllowed: (from: string, to: string) => boolean): Table =>
  names.map(
    (from) => `${from.padEnd(3)} ${names.map((to) => (from === to ? "-" : isAllowed(from, to) ? "." : "X")).join("")}`,
  );

const toPattern = (text: string) =>
  new RegExp(`^${text === "*" ? ".*" : text.replaceAll("*", "[^/]+").replaceAll("/", "\\/")}$`);

/** The table that the lines say. */
function expectedTable(names: string[], lines: string[]): Table {
  const rules = lines.map((line) => {
    const [, verdict, from, to] = /^(allow|deny) (\S+) -> (\S+)$/.exec(line) ?? [];
    if (from === undefined || to === undefined) throw new Error(`not an expectation: ${line}`);
    return { isAllowed: verdict === "allow", from: toPattern(from), to: toPattern(to) };
  });
  return toTable(
    names,
    (from, to) => rules.findLast((rule) => rule.from.test(from) && rule.to.test(to))?.isAllowed ?? true,
  );
}

/** For each step of a case and each port: what was predicted and what should be. */
export function playCase({ steps }: Case, isOutsideIn: boolean) {
  const policies = new Map<string, unknown>();
  const namespaces: Record<string, Labels> = {};
  const pods: Record<string, Labels> = {};
  return steps.flatMap((step) => {
    for (const [key, spec] of Object.entries(step.policies ?? {})) {
      if (spec === null) policies.delete(key);
      else policies.set(key, spec);
    }
    Object.assign(namespaces, step.namespaces);
    Object.assign(pods, step.pods);
    const endpoints = [...listPods(pods), ...(isOutsideIn ? [OUTSIDE] : [])];
    const names = endpoints.map((end) => (end.kind === "pod" ? `${end.namespace}/${end.name}` : end.name));
    return Object.entries(step.expect).map(([target, lines]) => {
      const [, protocol, port] = /^(TCP|UDP|SCTP) (\d+)$/.exec(target) ?? [];
      const predictions = predictTable({
        namespaces: Object.entries(namespaces).map(([name, labels]) => ({ name, labels })),
        policies: [...policies].map(([key, spec]) => {
          const [namespace = "", name = ""] = key.split("/");
          return { namespace, name, spec };
        }),
        endpoints,
        ports: [{ protocol: protocol as Protocol, port: Number(port) }],
      });
      const allowed = new Set(predictions.filter((p) => p.verdict === "allowed").map((p) => `${p.from} ${p.to}`));
      return {
        target,
        predicted: toTable(names, (from, to) => allowed.has(`${from} ${to}`)),
        expected: expectedTable(names, lines),
      };
    });
  });
}
