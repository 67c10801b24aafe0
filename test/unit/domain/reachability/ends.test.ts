// Ends of connections that the grid does not have: hosts' networks, both address families, pods without an address.
import { expect, test } from "vitest";
import type { Endpoint } from "../../../../src/domain/reachability/evaluate.ts";
import { predictTable, type ProbePlan } from "../../../../src/domain/reachability/predict.ts";

const pod = (name: string, change: Partial<Endpoint & { kind: "pod" }> = {}): Endpoint => ({
  kind: "pod",
  namespace: "x",
  name,
  labels: { pod: name },
  addresses: ["10.244.1.1"],
  ...change,
});
const host = (name: string, ...addresses: string[]): Endpoint => ({ kind: "external", name, addresses });
const DENY = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };
const ingress = (...from: object[]) => ({ podSelector: {}, policyTypes: ["Ingress"], ingress: [{ from }] });
const egress = (...to: object[]) => ({ podSelector: {}, policyTypes: ["Egress"], egress: [{ to }] });
const block = (cidr: string, except?: string[]) => ({ ipBlock: { cidr, ...(except ? { except } : {}) } });

/** Who gets through, from the first end to the second, under one policy in namespace x. */
const CASES: [string, Endpoint, Endpoint, object, "allowed" | "blocked"][] = [
  ["a pod to itself, whatever stands", pod("a"), pod("a"), DENY, "allowed"],
  ["a pod to a namesake elsewhere", pod("a"), pod("a", { namespace: "y" }), DENY, "blocked"],
  ["one host to another", host("h", "192.0.2.1"), host("g", "192.0.2.2"), DENY, "allowed"],
  [
    "a pod in the host's network is no subject",
    pod("a", { isHostNetwork: true }),
    host("h", "192.0.2.1"),
    DENY,
    "allowed",
  ],
  ["into a pod in the host's network", host("h", "192.0.2.1"), pod("a", { isHostNetwork: true }), DENY, "allowed"],
  [
    "a pod in the host's network is no pod to a selector",
    pod("n", { isHostNetwork: true, addresses: ["192.0.2.7"] }),
    pod("a"),
    ingress({ podSelector: {} }, { namespaceSelector: {} }),
    "blocked",
  ],
  [
    "a pod in the host's network is an address",
    pod("n", { isHostNetwork: true, addresses: ["192.0.2.7"] }),
    pod("a"),
    ingress(block("192.0.2.0/24")),
    "allowed",
  ],
  [
    "an IPv6 address in a block",
    pod("a", { addresses: ["fd00::1"] }),
    host("h", "2001:db8::5"),
    egress(block("2001:db8::/32")),
    "allowed",
  ],
  [
    "an IPv6 address that is excepted",
    pod("a", { addresses: ["fd00::1"] }),
    host("h", "2001:db8:0:1::5"),
    egress(block("2001:db8::/32", ["2001:db8:0:1::/64"])),
    "blocked",
  ],
  [
    "another spelling of the same address",
    pod("a", { addresses: ["fd00::1"] }),
    host("h", "2001:0db8:0:0:0:0:0:0005"),
    egress(block("2001:db8::5/128")),
    "allowed",
  ],
  ["IPv4 is in no block of IPv6", pod("a"), host("h", "192.0.2.1"), egress(block("::/0")), "blocked"],
  [
    "IPv6 is in no block of IPv4",
    pod("a", { addresses: ["fd00::1"] }),
    host("h", "2001:db8::5"),
    egress(block("0.0.0.0/0")),
    "blocked",
  ],
  [
    "two families, one of them let through",
    pod("a", { addresses: ["10.244.1.1", "fd00::1"] }),
    host("h", "192.0.2.1", "2001:db8::5"),
    egress(block("2001:db8::/32")),
    "allowed",
  ],
  [
    "two families, but the peer lacks the one that is let through",
    pod("a", { addresses: ["10.244.1.1", "fd00::1"] }),
    host("h", "192.0.2.1"),
    egress(block("2001:db8::/32")),
    "blocked",
  ],
  ["no family in common", pod("a"), host("h", "2001:db8::5"), { podSelector: {}, egress: [{}] }, "blocked"],
  [
    "a pod without an address yet, by labels",
    pod("a", { addresses: [] }),
    pod("b"),
    egress({ podSelector: { matchLabels: { pod: "b" } } }),
    "allowed",
  ],
  [
    "a pod without an address yet, by block",
    pod("a"),
    pod("b", { addresses: [] }),
    egress(block("0.0.0.0/0")),
    "blocked",
  ],
  ["what is no address", pod("a"), host("h", "nowhere"), egress(block("0.0.0.0/0")), "blocked"],
  [
    "a block whose address has host bits",
    pod("a"),
    host("h", "192.0.2.200"),
    egress(block("192.0.2.77/24")),
    "allowed",
  ],
  [
    "a label called constructor",
    pod("a"),
    pod("b"),
    egress({ podSelector: { matchExpressions: [{ key: "constructor", operator: "Exists" }] } }),
    "blocked",
  ],
  ["a policy that cannot be read allows", pod("a"), host("h", "192.0.2.1"), { ...DENY, tier: 1 }, "allowed"],
  [
    "a rule that cannot be read allows",
    pod("a"),
    host("h", "192.0.2.1"),
    egress({ domainNames: ["example.com"] }),
    "allowed",
  ],
];

test.each(CASES)("%s", (...[, from, to, spec, verdict]) => {
  const plan: ProbePlan = {
    namespaces: [],
    policies: [{ namespace: "x", name: "p", spec }],
    endpoints: from === to ? [from] : [from, to],
    ports: [{ protocol: "TCP", port: 80 }],
  };
  const table = predictTable(plan);
  // The first end's own line comes first, then its way to the second.
  expect(table[from === to ? 0 : 1]?.verdict).toBe(verdict);
});

test("a named port is the destination's, whatever the source calls its own", () => {
  const ports = (port: number) => [{ name: "api", protocol: "TCP" as const, port }];
  const table = predictTable({
    namespaces: [],
    policies: [
      {
        namespace: "x",
        name: "p",
        spec: { podSelector: {}, policyTypes: ["Egress"], egress: [{ ports: [{ port: "api" }] }] },
      },
    ],
    endpoints: [pod("a", { ports: ports(80) }), pod("b", { ports: ports(81), addresses: ["10.244.1.2"] })],
    ports: [
      { protocol: "TCP", port: 80 },
      { protocol: "TCP", port: 81 },
    ],
  });
  const lines = table
    .filter(({ from, to }) => from !== to)
    .map(({ from, to, protocol, port, verdict }) => `${from} ${to} ${protocol} ${port} ${verdict}`);
  expect(lines).toEqual([
    "x/a x/b TCP 80 blocked",
    "x/a x/b TCP 81 allowed",
    "x/b x/a TCP 80 allowed",
    "x/b x/a TCP 81 blocked",
  ]);
});
