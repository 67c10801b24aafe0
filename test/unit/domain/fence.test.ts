// The fence: what it allows for which declared flow, and in which order it goes up and down.
import { describe, expect, test } from "vitest";
import { AISystem } from "../../../src/api/ai-system.ts";
import { Warrant } from "../../../src/api/warrant.ts";
import { decideFence, type FenceObservation, listOpenGates } from "../../../src/controllers/fence/decide.ts";
import { buildDefaultDeny, buildSystemFence, judgeFence, type StandingPolicy } from "../../../src/domain/fence.ts";
import { make, NO_DEMANDS, SYSTEM_SPEC, valid } from "./voice.ts";

const toSystem = (dataFlows?: object, metadata: object = {}) =>
  make<AISystem>(AISystem, "gate", { ...SYSTEM_SPEC, ...(dataFlows === undefined ? {} : { dataFlows }) }, { metadata });
const egress = (to: object) => toSystem({ egress: [{ name: "f", to, ports: [443] }] });
const PORTS = [{ protocol: "TCP", port: 443 }];
const DNS = {
  to: [
    {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
      podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
    },
  ],
  ports: [
    { protocol: "UDP", port: 53 },
    { protocol: "TCP", port: 53 },
  ],
};

/** Declared peer, and the rule beside DNS; undefined where nothing of it may be reached. */
const PEERS: [string, object, object | undefined][] = [
  ["a range", { cidr: "10.20.0.0/24" }, { ipBlock: { cidr: "10.20.0.0/24" } }],
  [
    "everything, never link-local",
    { cidr: "0.0.0.0/0" },
    { ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16", "100.100.100.200/32"] } },
  ],
  [
    "everything in IPv6",
    { cidr: "::/0" },
    { ipBlock: { cidr: "::/0", except: ["fe80::/10", "fd00:ec2::254/128", "fd20:ce::254/128"] } },
  ],
  ["the metadata address", { cidr: "169.254.169.254/32" }, undefined],
  ["a part of link-local", { cidr: "169.254.169.0/24" }, undefined],
  [
    "more than link-local",
    { cidr: "169.252.0.0/14" },
    { ipBlock: { cidr: "169.252.0.0/14", except: ["169.254.0.0/16"] } },
  ],
  ["no range at all", { cidr: "10.20.0.0/99" }, undefined],
  [
    "a namespace",
    { namespace: "metrics" },
    { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "metrics" } } },
  ],
  [
    "pods of a namespace: both selectors in one peer",
    { namespace: "metrics", pods: { app: "x" } },
    {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "metrics" } },
      podSelector: { matchLabels: { app: "x" } },
    },
  ],
  ["pods of the own namespace", { pods: { app: "x" } }, { podSelector: { matchLabels: { app: "x" } } }],
];

test.each(PEERS)("egress to %s", (_, peer, expected) => {
  const [into, out] = buildSystemFence("voice", egress(peer)).map(({ spec }) => spec);
  expect(into?.policyTypes).toEqual(["Ingress"]);
  expect(into?.ingress, "nothing was declared").toBeUndefined();
  expect(out?.policyTypes).toEqual(["Egress"]);
  expect(out?.egress).toEqual(expected === undefined ? [DNS] : [DNS, { to: [expected], ports: PORTS }]);
});

test("a system without flows reaches DNS only, and is reached by nobody", () => {
  const podSelector = { matchLabels: { "vouchsafe.dev/system": "gate" } };
  expect(buildSystemFence("voice", toSystem()).map(({ spec }) => spec)).toEqual([
    { podSelector, policyTypes: ["Ingress"] },
    { podSelector, policyTypes: ["Egress"], egress: [DNS] },
  ]);
});

test("the namespace denies everything both ways", () => {
  expect(buildDefaultDeny("voice").spec).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
});

const toStanding = (system: AISystem): StandingPolicy[] =>
  [buildDefaultDeny("voice"), ...buildSystemFence("voice", system)].map(({ metadata, spec }) => ({
    name: metadata.name,
    isOurs: true,
    isDeleting: false,
    spec,
  }));

describe("whether it stands", () => {
  const system = egress({ cidr: "10.0.0.0/8" });
  const standing = toStanding(system);
  const changed = (change: Partial<StandingPolicy>) =>
    [...standing.slice(0, 2), { ...standing[2], ...change }] as StandingPolicy[];

  test.each<[string, StandingPolicy[], "whole" | "broken"]>([
    ["all its policies", standing, "whole"],
    ["without the default deny", standing.slice(1), "broken"],
    ["without the system's own about ingress", standing.toSpliced(1, 1), "broken"],
    ["without the system's own about egress", standing.toSpliced(2, 1), "broken"],
    [
      "one that was widened",
      changed({ spec: buildSystemFence("voice", egress({ cidr: "0.0.0.0/0" }))[1].spec }),
      "broken",
    ],
    ["one that is going", changed({ isDeleting: true }), "broken"],
    ["one of the same name that is not ours", changed({ isOurs: false }), "broken"],
  ])("%s", (_, policies, outcome) => {
    expect(judgeFence("voice", system, policies).outcome).toBe(outcome);
  });

  test.each(["100.100.100.0200/32", "::ffff:169.254.169.254/128", "010.0.0.0/8"])(
    "a range spelled %s, which others may read as another one, keeps it from being whole",
    (cidr) => {
      const bad = egress({ cidr });
      expect(buildSystemFence("voice", bad)[1].spec.egress, "only DNS is allowed").toHaveLength(1);
      expect(judgeFence("voice", bad, toStanding(bad)).outcome).toBe("broken");
    },
  );

  test("a flow to link-local addresses keeps it from being whole, and says so", () => {
    const bad = egress({ cidr: "169.254.169.254/32" });
    expect(judgeFence("voice", bad, toStanding(bad))).toMatchObject({
      outcome: "broken",
      why: expect.stringContaining("link-local"),
    });
  });
});

describe("its order", () => {
  const held = { finalizers: ["vouchsafe.dev/fence"] };
  const leaving = { ...held, deletionTimestamp: "2026-11-24T00:00:00Z" };
  const observe = (change: Partial<FenceObservation>): FenceObservation => ({
    namespace: "voice",
    isEnforced: true,
    isTerminating: false,
    systems: [toSystem(undefined, held)],
    unreadable: [],
    standing: toStanding(toSystem()),
    populated: new Set(),
    open: new Set(),
    hasQuarantined: false,
    ...change,
  });
  const summary = (observed: FenceObservation) => {
    const { apply, remove, hold, release } = decideFence(observed);
    return { apply: apply.map(({ metadata }) => metadata.name), remove, hold: hold.length, release: release.length };
  };
  const nothing = { apply: [], remove: [], hold: 0, release: 0 };
  const OWN = ["vouchsafe-system-gate", "vouchsafe-egress-gate"];
  const ALL = "vouchsafe-default-deny";
  const ISOLATION: StandingPolicy = { name: "vouchsafe-quarantine", isOurs: true, isDeleting: false, spec: {} };

  test.each<[string, Partial<FenceObservation>, Partial<typeof nothing> | object]>([
    ["stands and is held: nothing to do", {}, {}],
    ["is new: held and fenced", { systems: [toSystem()], standing: [] }, { apply: [ALL, ...OWN], hold: 1 }],
    [
      "leaves while its gate is open: the fence stays",
      { systems: [toSystem(undefined, leaving)], open: new Set(["gate"]) },
      {},
    ],
    [
      "leaves while pods run: the fence stays",
      { systems: [toSystem(undefined, leaving)], populated: new Set(["gate"]) },
      {},
    ],
    [
      "leaves and nothing runs: fence down, released",
      { systems: [toSystem(undefined, leaving)] },
      { remove: OWN, release: 1 },
    ],
    ["was forced away while pods run: the fence stays", { systems: [], populated: new Set(["gate"]) }, {}],
    ["was forced away: the fence goes", { systems: [] }, { remove: OWN }],
    ["has a pod in quarantine: its isolation stands", { hasQuarantined: true }, { apply: ["vouchsafe-quarantine"] }],
    [
      "had a pod in quarantine: nothing of it is taken down",
      {
        standing: [...toStanding(toSystem()), ISOLATION],
      },
      {},
    ],
    ["cannot be read: the fence stays", { systems: [], unreadable: ["gate"] }, {}],
    ["is no longer enforced: everything goes", { isEnforced: false }, { remove: [ALL, ...OWN], release: 1 }],
    [
      "is no longer enforced while a pod is in quarantine: its isolation stays",
      { isEnforced: false, hasQuarantined: true, standing: [...toStanding(toSystem()), ISOLATION] },
      { remove: [ALL, ...OWN], release: 1 },
    ],
    [
      "is no longer enforced and has no pod in quarantine left: its isolation goes",
      { isEnforced: false, standing: [ISOLATION] },
      { remove: [ISOLATION.name], release: 1 },
    ],
    ["goes with its namespace", { isTerminating: true, systems: [toSystem(undefined, leaving)] }, { release: 1 }],
    [
      "waits for its pods in a namespace that goes",
      { isTerminating: true, systems: [toSystem(undefined, leaving)], populated: new Set(["gate"]) },
      {},
    ],
  ])("a system that %s", (_, change, expected) => {
    expect(summary(observe(change))).toEqual({ ...nothing, ...expected });
  });
});

describe("systems whose gate is open", () => {
  const warrant = make<Warrant>(Warrant, "enforce", {
    systems: { gate: { gate: "Open", ...NO_DEMANDS }, desk: { gate: "Closed", ...NO_DEMANDS } },
  });
  const unread = { outcome: "invalid" as const, metadata: { name: "enforce" }, why: "x" };
  test.each<[string, Parameters<typeof listOpenGates>[0], string[]]>([
    ["those that the Warrant opens", valid(warrant), ["gate"]],
    ["none without a Warrant: nothing is admitted", undefined, []],
    ["any of them where the Warrant cannot be read: the API server still goes by it", unread, ["gate", "desk"]],
  ])("%s", (_, read, expected) => {
    expect([...listOpenGates(read, ["gate", "desk"])]).toEqual(expected);
  });
});

// A NetworkPolicy with a selector that Kubernetes does not take is refused, and with it the fence.
test.each<[string, string, boolean]>([
  ["app", "x", true],
  ["app.kubernetes.io/name", "A_b.c-9", true],
  ["App", "", true],
  [`${"a".repeat(63)}`, "x", true],
  [`${"a".repeat(64)}`, "x", false],
  ["a b", "x", false],
  ["-a", "x", false],
  ["", "x", false],
  ["A.example/x", "x", false],
  ["a..b/x", "x", false],
  ["a/b/c", "x", false],
  ["app", "a b", false],
  ["app", "-x", false],
  ["app", "x.", false],
])("labels of peers are those that Kubernetes takes: %j=%j %s", (key, value, isTaken) => {
  const dataFlows = { egress: [{ name: "f", to: { pods: { [key]: value } }, ports: [443] }] };
  expect(AISystem.spec.safeParse({ ...SYSTEM_SPEC, dataFlows }).success).toBe(isTaken);
});
