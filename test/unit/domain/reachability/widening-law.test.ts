// The law of the fence: a policy that is not reported lets nothing more through to or from the pods of the system.
// The packets are those that the table of all probes predicts, which knows nothing of fences.
import fc from "fast-check";
import { expect, test } from "vitest";
import { AISystem } from "../../../../src/api/ai-system.ts";
import {
  buildDefaultDeny,
  buildSystemFence,
  type FencePolicy,
  type StandingPolicy,
} from "../../../../src/domain/fence.ts";
import { predictTable } from "../../../../src/domain/reachability/predict.ts";
import { findWidening } from "../../../../src/domain/reachability/widening.ts";
import { make, SYSTEM_SPEC } from "../voice.ts";
import { podSelector, policySpec, type PolicySpec } from "./arbitraries.ts";
import { listPods, OUTSIDE } from "./grid.ts";

const toSystem = (dataFlows: object) => make<AISystem>(AISystem, "gate", { ...SYSTEM_SPEC, dataFlows });
const toStanding = (spec: unknown): StandingPolicy => ({ name: "foreign", spec, isOurs: false, isDeleting: false });

const NAMESPACE = "x";
const peer = fc.constantFrom(
  { namespace: "y" },
  { namespace: "y", pods: { pod: "b" } },
  { namespace: "x", pods: { tier: "web" } },
  { pods: { pod: "c" } },
  { cidr: "10.244.0.0/16" },
  { cidr: "203.0.113.0/24" },
  { cidr: "0.0.0.0/0" },
);
const ports = fc.subarray([53, 80, 81], { minLength: 1 });
const protocol = fc.constantFrom("TCP", "UDP");
const system = fc
  .record({
    ingress: fc.array(fc.record({ from: peer, ports, protocol }), { maxLength: 3 }),
    egress: fc.array(fc.record({ to: peer, ports, protocol }), { maxLength: 3 }),
  })
  .map(({ ingress, egress }) =>
    toSystem({
      ingress: ingress.map((flow, index) => ({ ...flow, name: `i${index}` })),
      egress: egress.map((flow, index) => ({ ...flow, name: `e${index}` })),
    }),
  );
const toFence = (of: AISystem) => [buildDefaultDeny(NAMESPACE), ...buildSystemFence(NAMESPACE, of)];
const GOVERNED = { "vouchsafe.dev/system": "gate" };
// Less than the grid: there are hundreds of runs.
const ENDPOINTS = [
  ...listPods({ "x/a": GOVERNED, "x/b": { tier: "web" }, "y/b": { tier: "db" } }).filter(
    (end) => end.kind === "pod" && (end.namespace === "x" || end.name === "b"),
  ),
  OUTSIDE,
];
const pods = [{ ...GOVERNED, pod: "a" }];

/** What gets in to x/a and out of it. */
function listFlows(specs: unknown[]) {
  const table = predictTable({
    namespaces: [],
    policies: specs.map((spec, index) => ({ namespace: NAMESPACE, name: String(index), spec })),
    endpoints: ENDPOINTS,
    ports: [53, 80, 81].flatMap((port) => [
      { protocol: "TCP" as const, port },
      { protocol: "UDP" as const, port },
    ]),
  });
  return table
    .filter((p) => (p.from === "x/a" || p.to === "x/a") && p.verdict === "allowed")
    .map((p) => `${p.from} ${p.to} ${p.protocol} ${p.port}`);
}

/** A random policy, or one that has the peers of the fence with random ports, or its ports with random peers. */
const mix = (kind: "random" | "peers" | "ports", foreign: PolicySpec, fence: FencePolicy["spec"]) => {
  if (kind === "random") return foreign;
  const random = {
    from: foreign.ingress[0] ?? { from: [], ports: [] },
    to: foreign.egress[0] ?? { to: [], ports: [] },
  };
  return {
    policyTypes: foreign.policyTypes,
    ingress: (fence.ingress ?? []).map((rule) => ({
      ...rule,
      ...(kind === "peers" ? { ports: random.from.ports } : { from: random.from.from }),
    })),
    egress: (fence.egress ?? []).map((rule) => ({
      ...rule,
      ...(kind === "peers" ? { ports: random.to.ports } : { to: random.to.to }),
    })),
  };
};

test("a policy that is not reported lets no packet more through", () => {
  let quiet = 0;
  fc.assert(
    fc.property(system, policySpec, fc.constantFrom("random", "peers", "ports"), (of, random, kind) => {
      const wanted = toFence(of);
      const own = wanted.slice(1).map(({ spec }) => spec);
      const foreign = own.map((spec) => mix(kind, random, spec))[0];
      const standing = [toStanding(foreign)];
      if (findWidening({ namespace: NAMESPACE, wanted, standing, systems: ["gate"], pods }).length > 0) return;
      quiet += 1;
      // The system's own policy isolates x/a; without the default deny no other pod is held back at its own end.
      const before = listFlows(own);
      expect(listFlows([...own, foreign]).filter((flow) => !before.includes(flow))).toEqual([]);
    }),
    { numRuns: 200 },
  );
  expect(quiet, "the law was tried on more than a few policies").toBeGreaterThan(15);
});

test("a policy that asks more than the fence of every peer is never reported", () => {
  fc.assert(
    fc.property(system, podSelector, podSelector, (of, subject, extra) => {
      const wanted = toFence(of);
      const { ingress = [] } = wanted[1]?.spec ?? {};
      const { egress = [] } = wanted[2]?.spec ?? {};
      const narrow = (peers: object[] = []) =>
        peers.map((each) => {
          if ("ipBlock" in each) return each;
          const { podSelector: given = {} } = each as { podSelector?: object };
          return { ...each, podSelector: { ...given, ...extra } };
        });
      const foreign = {
        podSelector: subject,
        policyTypes: ["Ingress", "Egress"],
        ingress: ingress.map((rule) => ({ from: narrow(rule.from), ports: rule.ports.slice(0, 1) })),
        egress: egress.map((rule) => ({ to: narrow(rule.to), ports: rule.ports.slice(0, 1) })),
      };
      const standing = [toStanding(foreign)];
      expect(findWidening({ namespace: NAMESPACE, wanted, standing, systems: ["gate"], pods })).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
