// What is still open of a pod after it was relabelled for quarantine.
import { describe, expect, test } from "vitest";
import type { StandingPolicy } from "../../../../src/domain/fence.ts";
import { findStillAllowed } from "../../../../src/domain/reachability/still-allowed.ts";

const QUARANTINED = { "vouchsafe.dev/quarantine": "inc-1", app: "gate" };
const toStanding = (name: string, spec: unknown): StandingPolicy => ({ name, spec, isOurs: false, isDeleting: false });

const DENY = toStanding("deny", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
const FENCE = toStanding("fence", {
  podSelector: { matchLabels: { "vouchsafe.dev/system": "gate" } },
  policyTypes: ["Ingress", "Egress"],
  egress: [{ to: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }],
});
const policy = (name: string, podSelector: object, rest: object) => toStanding(name, { podSelector, ...rest });
const SCRAPE = policy("scrape", {}, { ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 9090 }] }] });
const BY_APP = policy("by-app", { matchLabels: { app: "gate" } }, { egress: [{}] });
const IMPOSSIBLE = {
  podSelector: {
    matchExpressions: [
      { key: "a", operator: "Exists" },
      { key: "a", operator: "DoesNotExist" },
    ],
  },
};

const cut = { isIsolated: true, allowedBy: [] };
const open = { isIsolated: false, allowedBy: [] };
const by = (...allowedBy: string[]) => ({ isIsolated: true, allowedBy });

test.each<[string, StandingPolicy[], object, object, boolean]>([
  ["nothing stands", [], open, open, false],
  ["the default deny", [DENY], cut, cut, true],
  ["the fence does not select it any more", [DENY, FENCE], cut, cut, true],
  ["nothing but a fence that does not select it", [FENCE], open, open, false],
  ["isolated on the way in only", [policy("in", {}, { policyTypes: ["Ingress"] })], cut, open, false],
  ["isolated on the way out only", [policy("out", {}, { policyTypes: ["Egress"] })], open, cut, false],
  [
    "isolated by two policies",
    [policy("in", {}, { policyTypes: ["Ingress"] }), policy("out", {}, { policyTypes: ["Egress"] })],
    cut,
    cut,
    true,
  ],
  ["a policy for every pod lets metrics in", [DENY, SCRAPE], by("scrape"), cut, false],
  ["policies by labels that it kept", [SCRAPE, DENY, BY_APP], by("scrape"), by("by-app"), false],
  [
    "a policy without rules that selects it too",
    [DENY, policy("more", { matchLabels: { app: "gate" } }, {})],
    cut,
    cut,
    true,
  ],
  [
    "name resolution for every pod",
    [DENY, policy("dns", {}, { policyTypes: ["Egress"], egress: [{ ports: [{ port: 53, protocol: "UDP" }] }] })],
    cut,
    by("dns"),
    false,
  ],
  ["a peer that nobody could be", [DENY, policy("none", {}, { ingress: [{ from: [IMPOSSIBLE] }] })], cut, cut, true],
  [
    "such a peer beside one that could be",
    [DENY, policy("some", {}, { ingress: [{ from: [IMPOSSIBLE, { podSelector: {} }] }] })],
    by("some"),
    cut,
    false,
  ],
  [
    "a peer that matches nobody today",
    [DENY, policy("ghosts", {}, { ingress: [{ from: [{ podSelector: { matchLabels: { app: "ghost" } } }] }] })],
    by("ghosts"),
    cut,
    false,
  ],
  [
    "rules of a direction that the policy is not about",
    [DENY, policy("p", {}, { policyTypes: ["Ingress"], egress: [{}] })],
    cut,
    cut,
    true,
  ],
  ["a policy that cannot be read", [DENY, toStanding("odd", { later: 1 })], by("odd"), by("odd"), false],
  ["a rule that cannot be read", [DENY, policy("odd", {}, { ingress: [{ from: [{}] }] })], by("odd"), cut, false],
  [
    "only a policy that cannot be read",
    [toStanding("odd", "x")],
    { isIsolated: false, allowedBy: ["odd"] },
    { isIsolated: false, allowedBy: ["odd"] },
    false,
  ],
  ["a default deny that is being deleted", [{ ...DENY, isDeleting: true }], open, open, false],
  ["a policy that is being deleted still allows", [DENY, { ...SCRAPE, isDeleting: true }], by("scrape"), cut, false],
  [
    "names come sorted",
    [policy("b", {}, { ingress: [{}] }), policy("a", {}, { ingress: [{}] })],
    by("a", "b"),
    open,
    false,
  ],
])("%s", (...[, standing, ingress, egress, isCutOff]) => {
  expect(findStillAllowed("voice", QUARANTINED, standing)).toEqual({ ingress, egress, isCutOff });
});

describe("relabelling", () => {
  test("is what takes the fence away: before it, the fence's own flows are open", () => {
    const before = { ...QUARANTINED, "vouchsafe.dev/system": "gate" };
    expect(findStillAllowed("voice", before, [DENY, FENCE])).toEqual({
      ingress: cut,
      egress: by("fence"),
      isCutOff: false,
    });
  });

  test("does not help against a policy that selects whatever is not something else", () => {
    const rest = policy(
      "rest",
      { matchExpressions: [{ key: "tier", operator: "NotIn", values: ["db"] }] },
      { ingress: [{}] },
    );
    expect(findStillAllowed("voice", QUARANTINED, [DENY, rest]).ingress).toEqual(by("rest"));
  });
});
