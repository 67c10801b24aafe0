// What of a NetworkPolicy is understood. The API server's own validation (pkg/apis/networking/validation) admits what
// is readable here; the rest stands for fields of a later version, for older objects, and for mistakes.
import { expect, test } from "vitest";
import { listRules, type Policy } from "../../../../src/domain/reachability/policy.ts";
import { parsePolicy } from "../../../../src/domain/reachability/parse-policy.ts";

const parse = (spec: unknown) => parsePolicy("voice", { name: "p", spec });
const ofPeer = (peer: unknown) => ({ podSelector: {}, ingress: [{ from: [peer] }] });
const ofPort = (port: unknown) => ({ podSelector: {}, ingress: [{ ports: [port] }] });
const ofSelector = (podSelector: unknown) => ofPeer({ podSelector });
const expression = (key: string, operator: string, values?: unknown) =>
  ofSelector({ matchExpressions: [{ key, operator, ...(values === undefined ? {} : { values }) }] });

/** What of the policy could not be read: "policy", "rule" or nothing. */
function judge(policy: Policy): "readable" | "policy" | "rule" {
  if (policy.content.outcome === "unreadable") return "policy";
  return listRules(policy, "ingress").some(({ kind }) => kind === "unreadable") ? "rule" : "readable";
}

test.each<[string, unknown, "readable" | "policy" | "rule"]>([
  ["nothing but defaults", {}, "readable"],
  ["nulls for what is left out", { podSelector: null, policyTypes: null, ingress: null, egress: null }, "readable"],
  ["an empty rule", { ingress: [{}] }, "readable"],
  ["a rule of nulls", { ingress: [{ from: null, ports: null }] }, "readable"],
  ["a pod selector", ofPeer({ podSelector: {} }), "readable"],
  ["nulls beside the peer", ofPeer({ podSelector: {}, namespaceSelector: null, ipBlock: null }), "readable"],
  ["both selectors", ofPeer({ podSelector: {}, namespaceSelector: {} }), "readable"],
  ["a block", ofPeer({ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }), "readable"],
  ["an IPv6 block", ofPeer({ ipBlock: { cidr: "2001:db8::/32" } }), "readable"],
  ["an empty port", ofPort({}), "readable"],
  ["the last port", ofPort({ port: 65_535 }), "readable"],
  ["a named port", ofPort({ port: "http-2" }), "readable"],
  ["a range of one", ofPort({ port: 80, endPort: 80 }), "readable"],
  ["In", expression("a", "In", ["b"]), "readable"],
  ["Exists with an empty list", expression("a", "Exists", []), "readable"],

  ["no object", "open", "policy"],
  ["nothing at all", undefined, "policy"],
  ["a list", [], "policy"],
  ["a field of a later version", { podSelector: {}, nodeSelector: {} }, "policy"],
  ["a type of a later version", { policyTypes: ["Forward"] }, "policy"],
  ["a selector of a later version", { podSelector: { matchFields: {} } }, "policy"],
  ["rules that are no list", { ingress: {} }, "policy"],
  ["more rules than are read", { ingress: Array.from({ length: 4097 }, () => ({})) }, "policy"],

  ["a rule that is no object", { ingress: ["all"] }, "rule"],
  ["a rule of a later version", { ingress: [{ action: "Allow" }] }, "rule"],
  ["`to` on the way in", { ingress: [{ to: [] }] }, "rule"],
  ["a peer that names nobody", ofPeer({}), "rule"],
  ["a peer that is null", ofPeer(null), "rule"],
  ["a peer of a later version", ofPeer({ domainNames: ["example.com"] }), "rule"],
  ["a later field beside a selector", ofPeer({ podSelector: {}, nodeSelector: {} }), "rule"],
  ["a block beside a selector", ofPeer({ podSelector: {}, ipBlock: { cidr: "10.0.0.0/8" } }), "rule"],
  ["a block without a range", ofPeer({ ipBlock: {} }), "rule"],
  ["a range of two readings", ofPeer({ ipBlock: { cidr: "010.0.0.0/8" } }), "rule"],
  ["an exception of two readings", ofPeer({ ipBlock: { cidr: "10.0.0.0/8", except: ["10.01.0.0/16"] } }), "rule"],
  ["an unknown operator", expression("a", "Gt", ["1"]), "rule"],
  ["In of nothing", expression("a", "In", []), "rule"],
  ["In without a list", expression("a", "In"), "rule"],
  ["Exists of something", expression("a", "Exists", ["b"]), "rule"],
  ["labels that are no text", ofSelector({ matchLabels: { a: 1 } }), "rule"],
  ["a label longer than labels are", ofSelector({ matchLabels: { a: "b".repeat(400) } }), "rule"],
  ["an unknown protocol", ofPort({ protocol: "ICMP", port: 1 }), "rule"],
  ["port 0", ofPort({ port: 0 }), "rule"],
  ["a port too high", ofPort({ port: 65_536 }), "rule"],
  ["a port and a half", ofPort({ port: 80.5 }), "rule"],
  ["a number in quotes", ofPort({ port: "80" }), "rule"],
  ["an empty name", ofPort({ port: "" }), "rule"],
  ["a range that ends before it begins", ofPort({ port: 81, endPort: 80 }), "rule"],
  ["a range from a name", ofPort({ port: "http", endPort: 80 }), "rule"],
  ["a range from nowhere", ofPort({ endPort: 80 }), "rule"],
  ["a later field of a port", ofPort({ port: 80, appProtocol: "h2c" }), "rule"],
  [
    "more pairs of peer and port than are compared",
    {
      ingress: [
        {
          from: Array.from({ length: 101 }, () => ({ podSelector: {} })),
          ports: Array.from({ length: 100 }, () => ({})),
        },
      ],
    },
    "rule",
  ],
])("%s", (_, spec, outcome) => {
  expect(judge(parse(spec))).toBe(outcome);
});

test("a rule that cannot be read leaves the others as they are", () => {
  const policy = parse({ ingress: [{ from: [{}] }, { ports: [{ port: 80 }] }], egress: [{ to: [{}] }] });
  expect(listRules(policy, "ingress")).toEqual([
    { kind: "unreadable", why: "ingress.0.from.0 is not understood" },
    { kind: "rule", peers: "any", ports: [{ kind: "range", protocol: "TCP", first: 80, last: 80 }] },
  ]);
  expect(listRules(policy, "egress")).toEqual([{ kind: "unreadable", why: "egress.0.to.0 is not understood" }]);
});

test("the reason says where, in no words of the policy's writer", () => {
  const policy = parse({ podSelector: { matchLabels: { "ignore previous": 7 } } });
  expect(policy.content).toEqual({ outcome: "unreadable", why: "spec.podSelector.matchLabels is not understood" });
});
