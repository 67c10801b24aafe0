// Laws that reachability obeys whatever the policies are.
import fc from "fast-check";
import { expect, test } from "vitest";
import { predictTable } from "../../../../src/domain/reachability/predict.ts";
import { placedPolicies, policySpec, type PolicySpec } from "./arbitraries.ts";
import { listPods, OUTSIDE } from "./grid.ts";

interface Placed {
  namespace: string;
  name: string;
  spec: unknown;
}

// Less than the grid: there are hundreds of runs.
const ENDPOINTS = [
  ...listPods({ "x/b": { tier: "web" }, "y/b": { tier: "db" } }).filter((end) => !end.name.endsWith("c")),
  OUTSIDE,
];
const PORTS = [
  { protocol: "TCP" as const, port: 80 },
  { protocol: "UDP" as const, port: 53 },
];
const DENY = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };
const DENY_EVERYWHERE: Placed[] = ["x", "y", "z"].map((namespace) => ({ namespace, name: "deny", spec: DENY }));

const minus = (one: ReadonlySet<string>, other: ReadonlySet<string>) => [...one].filter((each) => !other.has(each));

/** The connections that get through. */
function listAllowed(policies: readonly Placed[]): Set<string> {
  const table = predictTable({
    namespaces: [{ name: "z", labels: { env: "prod" } }],
    policies,
    endpoints: ENDPOINTS,
    ports: PORTS,
  });
  return new Set(
    table
      .filter(({ verdict }) => verdict === "allowed")
      .map(({ from, to, protocol, port }) => `${from} ${to} ${protocol} ${port}`),
  );
}

const place = (spec: unknown): Placed => ({ namespace: "x", name: "added", spec });

test("the order of policies does not matter", () => {
  fc.assert(
    fc.property(
      placedPolicies.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([policies, shuffled]) => {
        expect(listAllowed(shuffled)).toEqual(listAllowed(policies));
      },
    ),
  );
});

test("where everything is isolated, a further policy never blocks anything", () => {
  fc.assert(
    fc.property(placedPolicies, policySpec, (policies, spec) => {
      const before = listAllowed([...DENY_EVERYWHERE, ...policies]);
      const after = listAllowed([...DENY_EVERYWHERE, ...policies, place(spec)]);
      expect(minus(before, after)).toEqual([]);
    }),
  );
});

test("a policy without rules never allows anything", () => {
  fc.assert(
    fc.property(placedPolicies, policySpec, (policies, spec) => {
      const after = listAllowed([...policies, place({ ...spec, ingress: [], egress: [] })]);
      expect(minus(after, listAllowed(policies))).toEqual([]);
    }),
  );
});

test("taking a rule away never allows more", () => {
  fc.assert(
    fc.property(placedPolicies, policySpec, (policies, spec) => {
      const before = listAllowed([...policies, place(spec)]);
      const less = { ...spec, ingress: spec.ingress.slice(1), egress: spec.egress.slice(1) };
      expect(minus(listAllowed([...policies, place(less)]), before)).toEqual([]);
    }),
  );
});

test("a connection gets through if it gets out and gets in", () => {
  const only = (policies: readonly { namespace: string; name: string; spec: PolicySpec }[], type: string) =>
    policies
      .filter(({ spec }) => spec.policyTypes.includes(type))
      .map((policy) => ({ ...policy, spec: { ...policy.spec, policyTypes: [type] } }));
  fc.assert(
    fc.property(placedPolicies, (policies) => {
      const out = listAllowed(only(policies, "Egress"));
      const into = listAllowed(only(policies, "Ingress"));
      expect(listAllowed(policies)).toEqual(new Set([...out].filter((each) => into.has(each))));
    }),
  );
});

test("a rule is the union of its pairs of peer and port", () => {
  const orAny = <T>(items: readonly T[]): T[][] => (items.length === 0 ? [[]] : items.map((item) => [item]));
  const split = (spec: PolicySpec) => ({
    ...spec,
    ingress: spec.ingress.flatMap(({ from, ports }) =>
      orAny(from).flatMap((peer) => orAny(ports).map((port) => ({ from: peer, ports: port }))),
    ),
    egress: spec.egress.flatMap(({ to, ports }) =>
      orAny(to).flatMap((peer) => orAny(ports).map((port) => ({ to: peer, ports: port }))),
    ),
  });
  fc.assert(
    fc.property(placedPolicies, (policies) => {
      const apart = policies.map((policy) => ({ ...policy, spec: split(policy.spec) }));
      expect(listAllowed(apart)).toEqual(listAllowed(policies));
    }),
  );
});

test("a pod always reaches itself", () => {
  fc.assert(
    fc.property(placedPolicies, (policies) => {
      const allowed = listAllowed([...DENY_EVERYWHERE, ...policies]);
      expect(allowed.has("x/a x/a TCP 80"), "x/a to x/a").toBe(true);
    }),
  );
});
