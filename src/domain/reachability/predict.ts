/**
 * The whole table of who reaches whom on which port, as the policies have it. A test that sends real packets
 * compares it with what it sees, line by line.
 */
import { type Cluster, type Endpoint, isAllowed } from "./evaluate.ts";
import { parsePolicy } from "./parse-policy.ts";
import type { Protocol } from "./ports.ts";
import type { Labels } from "./selectors.ts";

/** What the table is made from; every endpoint is tried with every other on every port. */
export interface ProbePlan {
  namespaces: readonly { name: string; labels: Labels }[];
  /** Policies of all namespaces, as the API server has them. */
  policies: readonly { namespace: string; name: string; spec: unknown }[];
  endpoints: readonly Endpoint[];
  ports: readonly { protocol: Protocol; port: number }[];
}

/** One line of the table. Pods are named `namespace/name`. */
export interface Prediction {
  from: string;
  to: string;
  protocol: Protocol;
  port: number;
  verdict: "allowed" | "blocked";
}

const toName = (end: Endpoint) => (end.kind === "pod" ? `${end.namespace}/${end.name}` : end.name);

/** Predicts every probe of the plan, in its order. */
export function predictTable({ namespaces, policies, endpoints, ports }: ProbePlan): Prediction[] {
  const cluster: Cluster = {
    namespaces: new Map(namespaces.map(({ name, labels }) => [name, labels])),
    policies: policies.map((policy) => parsePolicy(policy.namespace, policy)),
  };
  return endpoints.flatMap((from) =>
    endpoints.flatMap((to) =>
      ports.map(({ protocol, port }): Prediction => {
        const verdict = isAllowed(cluster, { from, to, protocol, port }) ? "allowed" : "blocked";
        return { from: toName(from), to: toName(to), protocol, port, verdict };
      }),
    ),
  );
}
