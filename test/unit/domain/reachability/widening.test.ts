// Which foreign policies open more than the fence: tables worked by hand.
import { describe, expect, test } from "vitest";
import { AISystem } from "../../../../src/api/ai-system.ts";
import { buildDefaultDeny, buildSystemFence, type StandingPolicy } from "../../../../src/domain/fence.ts";
import { findWidening } from "../../../../src/domain/reachability/widening.ts";
import { make, SYSTEM_SPEC } from "../voice.ts";

const toSystem = (name: string, dataFlows: object = {}) =>
  make<AISystem>(AISystem, name, { ...SYSTEM_SPEC, dataFlows });
const toStanding = (name: string, spec: unknown): StandingPolicy => ({ name, spec, isOurs: false, isDeleting: false });

const GATE = toSystem("gate", {
  ingress: [{ name: "ui", from: { namespace: "web", pods: { app: "ui" } }, ports: [8080, 8081] }],
  egress: [
    { name: "store", to: { cidr: "10.20.0.0/16" }, ports: [443] },
    { name: "feeds", to: { cidr: "0.0.0.0/0" }, ports: [80] },
    { name: "metrics", to: { namespace: "metrics" }, ports: [9090] },
  ],
});
// It has no flows and no pods yet.
const EAR = toSystem("ear");
const WANTED = [buildDefaultDeny("voice"), ...buildSystemFence("voice", GATE), ...buildSystemFence("voice", EAR)];
const FENCE = WANTED.map(({ metadata, spec }) => toStanding(metadata.name, spec));
const PODS = [{ "vouchsafe.dev/system": "gate", app: "gate" }, { app: "shop" }];

const find = (standing: StandingPolicy[], pods: Record<string, string>[] = PODS) =>
  findWidening({ namespace: "voice", wanted: WANTED, standing, systems: ["gate", "ear"], pods });
/** One line per finding: system, direction, what it opens. */
const summarise = (spec: unknown) =>
  find([...FENCE, toStanding("foreign", spec)]).map(({ policy, system, direction, opens }) => {
    expect(policy, "only the foreign policy is reported").toBe("foreign");
    return `${system} ${direction} ${opens}`;
  });

const ofGate = { matchLabels: { "vouchsafe.dev/system": "gate" } };
const UI = {
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "web" } },
  podSelector: { matchLabels: { app: "ui" } },
};
const web = UI.namespaceSelector;
const from = (peers: object[], ports?: object[]) => ({
  podSelector: ofGate,
  policyTypes: ["Ingress"],
  ingress: [{ from: peers, ...(ports ? { ports } : {}) }],
});
const to = (peers: object[], ports?: object[]) => ({
  podSelector: ofGate,
  policyTypes: ["Egress"],
  egress: [{ to: peers, ...(ports ? { ports } : {}) }],
});
const block = (cidr: string, ...except: string[]) => ({ ipBlock: { cidr, except } });
const P8080 = [{ port: 8080, protocol: "TCP" }];
const P443 = [{ port: 443, protocol: "TCP" }];
const P80 = [{ port: 80, protocol: "TCP" }];
const app = (operator: string, ...values: string[]) => ({ matchExpressions: [{ key: "app", operator, values }] });

test.each<[string, unknown, string[]]>([
  ["denies everything", { podSelector: {}, policyTypes: ["Ingress", "Egress"] }, []],
  ["says what the fence says", from([UI], P8080), []],
  [
    "says a part of it by other words",
    from([{ ...UI, podSelector: app("In", "ui") }], [{ port: 8080, endPort: 8081 }]),
    [],
  ],
  ["asks more of the peer", from([{ ...UI, podSelector: { matchLabels: { app: "ui", tier: "x" } } }], P8080), []],
  [
    "lets in nobody that could be",
    from([
      {
        ...UI,
        podSelector: { matchExpressions: [...app("In", "a").matchExpressions, ...app("NotIn", "a").matchExpressions] },
      },
    ]),
    [],
  ],
  [
    "asks less of the peer",
    from([{ namespaceSelector: web }], P8080),
    ["gate ingress from all pods of namespaces kubernetes.io/metadata.name=web on TCP 8080"],
  ],
  [
    "lets in one app more",
    from([{ ...UI, podSelector: app("In", "ui", "bot") }], P8080),
    ["gate ingress from pods app in (ui,bot) of namespaces kubernetes.io/metadata.name=web on TCP 8080"],
  ],
  [
    "lets in whatever is not",
    from([{ ...UI, podSelector: app("NotIn", "bot") }], P8080),
    ["gate ingress from pods app notin (bot) of namespaces kubernetes.io/metadata.name=web on TCP 8080"],
  ],
  [
    "makes two items of the two selectors",
    from([{ namespaceSelector: web }, { podSelector: UI.podSelector }], P8080),
    ["gate ingress from all pods of namespaces kubernetes.io/metadata.name=web on TCP 8080"],
  ],
  [
    "means the own namespace",
    from([{ podSelector: UI.podSelector }], P8080),
    ["gate ingress from pods app=ui of namespaces kubernetes.io/metadata.name=voice on TCP 8080"],
  ],
  [
    "lets in a namespace that is not there yet",
    from([{ namespaceSelector: { matchLabels: { team: "ghosts" } } }]),
    ["gate ingress from all pods of namespaces team=ghosts on any port"],
  ],
  [
    "lets in every pod",
    from([{ namespaceSelector: {} }], P8080),
    ["gate ingress from all pods of all namespaces on TCP 8080"],
  ],
  [
    "opens a further port",
    from([UI], [...P8080, { port: 22 }]),
    ["gate ingress from pods app=ui of namespaces kubernetes.io/metadata.name=web on TCP 22"],
  ],
  [
    "opens a range that ends too high",
    from([UI], [{ port: 8080, endPort: 8082 }]),
    ["gate ingress from pods app=ui of namespaces kubernetes.io/metadata.name=web on TCP 8080-8082"],
  ],
  [
    "opens the port of another protocol",
    from([UI], [{ port: 8080, protocol: "UDP" }]),
    ["gate ingress from pods app=ui of namespaces kubernetes.io/metadata.name=web on UDP 8080"],
  ],
  [
    "opens a protocol",
    from([UI], [{ protocol: "TCP" }]),
    ["gate ingress from pods app=ui of namespaces kubernetes.io/metadata.name=web on any TCP port"],
  ],
  [
    "opens a port by name",
    from([UI], [{ port: "http" }]),
    ["gate ingress from pods app=ui of namespaces kubernetes.io/metadata.name=web on TCP port http"],
  ],
  [
    "opens every port",
    from([UI]),
    ["gate ingress from pods app=ui of namespaces kubernetes.io/metadata.name=web on any port"],
  ],
  ["lets in addresses", from([block("10.244.0.0/16")], P8080), ["gate ingress from 10.244.0.0/16 on TCP 8080"]],

  ["leads to a part of a range", to([block("10.20.3.0/24")], P443), []],
  ["leads to more than the range", to([block("10.0.0.0/8")], P443), ["gate egress to 10.0.0.0/8 on TCP 443"]],
  ["leads to IPv6", to([block("::/0")], P80), ["gate egress to ::/0 on TCP 80"]],
  ["leaves out the exceptions of the fence", to([block("0.0.0.0/0")], P80), ["gate egress to 0.0.0.0/0 on TCP 80"]],
  [
    "leaves out one of them",
    to([block("0.0.0.0/0", "169.254.0.0/16")], P80),
    ["gate egress to 0.0.0.0/0 without 169.254.0.0/16 on TCP 80"],
  ],
  ["takes out the same", to([block("0.0.0.0/0", "169.254.0.0/16", "100.100.100.200/32")], P80), []],
  ["takes out more", to([block("0.0.0.0/0", "168.0.0.0/6", "100.64.0.0/10")], P80), []],
  [
    "leads to the metadata of a cloud",
    to([block("169.254.169.254/32")], P80),
    ["gate egress to 169.254.169.254/32 on TCP 80"],
  ],
  ["needs two flows of the fence together", to([block("10.20.3.4/32")], [...P443, ...P80]), []],
  ["mixes up the flows of the fence", to([block("8.8.8.8/32")], P443), ["gate egress to 8.8.8.8/32 on TCP 443"]],
  [
    "leads to pods by address",
    to([{ podSelector: {} }], P80),
    ["gate egress to all pods of namespaces kubernetes.io/metadata.name=voice on TCP 80"],
  ],
  [
    "leads to name resolution",
    to(
      [
        {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
          podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
        },
      ],
      [{ port: 53, protocol: "UDP" }],
    ),
    [],
  ],

  [
    "has a second peer that the fence does not have",
    from([UI, { namespaceSelector: {} }], P8080),
    ["gate ingress from all pods of all namespaces on TCP 8080"],
  ],
  [
    "has a second peer that the fence has on other ports",
    to([block("10.20.3.4/32"), block("8.8.8.8/32")], P443),
    ["gate egress to 8.8.8.8/32 on TCP 443"],
  ],
  [
    "has a second rule that the fence does not have",
    {
      podSelector: ofGate,
      ingress: [
        { from: [UI], ports: P8080 },
        { from: [UI], ports: P443 },
      ],
    },
    ["gate ingress from pods app=ui of namespaces kubernetes.io/metadata.name=web on TCP 443"],
  ],

  [
    "is about both directions and all pods",
    { podSelector: {}, ingress: [{}], egress: [{}] },
    [
      "ear ingress from anywhere on any port",
      "ear egress to anywhere on any port",
      "gate ingress from anywhere on any port",
      "gate egress to anywhere on any port",
    ],
  ],
  ["has egress rules but is not about egress", { podSelector: {}, policyTypes: ["Ingress"], egress: [{}] }, []],
  [
    "is about egress only because it has rules",
    { podSelector: ofGate, egress: [{}] },
    ["gate egress to anywhere on any port"],
  ],
  ["is about other pods", { podSelector: { matchLabels: { app: "shop" } }, ingress: [{}], egress: [{}] }, []],
  [
    "is about the pods by another label",
    { podSelector: { matchLabels: { app: "gate" } }, ingress: [{}] },
    ["gate ingress from anywhere on any port"],
  ],
  [
    "is about all that are not the shop: only a pod that is there tells",
    { podSelector: app("NotIn", "shop"), ingress: [{}] },
    ["gate ingress from anywhere on any port"],
  ],
  [
    "is about pods of the system that are not there",
    { podSelector: { matchLabels: { ...ofGate.matchLabels, app: "new" } }, ingress: [{}] },
    [],
  ],
  [
    "is about every governed pod",
    { podSelector: { matchExpressions: [{ key: "vouchsafe.dev/system", operator: "Exists" }] }, ingress: [{}] },
    ["ear ingress from anywhere on any port", "gate ingress from anywhere on any port"],
  ],
  [
    "is about a system without pods",
    { podSelector: { matchLabels: { "vouchsafe.dev/system": "ear" } }, ingress: [{ from: [UI], ports: P8080 }] },
    ["ear ingress from pods app=ui of namespaces kubernetes.io/metadata.name=web on TCP 8080"],
  ],

  [
    "cannot be read",
    { podSelector: ofGate, later: true },
    [
      "ear ingress anything: spec is not understood",
      "ear egress anything: spec is not understood",
      "gate ingress anything: spec is not understood",
      "gate egress anything: spec is not understood",
    ],
  ],
  [
    "has a rule that cannot be read",
    from([{ domainNames: ["example.com"] }]),
    ["gate ingress anything: ingress.0.from.0 is not understood"],
  ],
  [
    "cannot be read, about other pods",
    { podSelector: { matchLabels: { app: "shop" } }, ingress: [{ from: [{}] }] },
    [],
  ],
  [
    "writes what is no label",
    from([{ ...UI, podSelector: { matchLabels: { app: `x\n<b>${"y".repeat(200)}` } } }], P443),
    [`gate ingress from pods app=x??b?${"y".repeat(110)}… of namespaces kubernetes.io/metadata.name=web on TCP 443`],
  ],
])("a policy that %s", (_, spec, expected) => {
  expect(summarise(spec)).toEqual(expected);
});

describe("what stands", () => {
  test("the fence itself opens nothing more", () => {
    expect(find(FENCE)).toEqual([]);
  });

  test("the fence's own policy counts like any other once it says more", () => {
    const widened = { ...FENCE[1], spec: { ...WANTED[1]?.spec, ingress: [{}] } } as StandingPolicy;
    expect(find([widened])).toEqual([
      { policy: "vouchsafe-system-gate", system: "gate", direction: "ingress", opens: "from anywhere on any port" },
    ]);
  });

  test("a policy that is being deleted still allows", () => {
    const leaving = { ...toStanding("p", { podSelector: ofGate, ingress: [{}] }), isDeleting: true };
    expect(find([leaving])).toHaveLength(1);
  });

  test("the fence of one system says nothing for another", () => {
    const same = WANTED.slice(1, 3).map(({ metadata, spec }) =>
      toStanding(metadata.name, { ...spec, podSelector: {} }),
    );
    expect(find(same).map(({ system, direction }) => `${system} ${direction}`)).toEqual(["ear egress", "ear ingress"]);
  });

  test("a pod of a system that nobody named is fenced by the default deny alone", () => {
    const open = toStanding("p", { podSelector: { matchLabels: { app: "stray" } }, ingress: [{ from: [UI] }] });
    expect(find([open], [{ "vouchsafe.dev/system": "lost", app: "stray" }])).toMatchObject([{ system: "lost" }]);
  });

  test("without a fence everything that is allowed is more", () => {
    const scene = { namespace: "voice", wanted: [], systems: ["gate"], pods: [] };
    expect(findWidening({ ...scene, standing: FENCE })).toMatchObject([
      { policy: "vouchsafe-egress-gate", direction: "egress" },
      { policy: "vouchsafe-system-gate", direction: "ingress" },
    ]);
  });

  test("findings come by policy, system and direction, however the policies come", () => {
    const open = { podSelector: {}, ingress: [{}], egress: [{}] };
    const policies = ["b", "a", "c"].map((name) => toStanding(name, open));
    const order = find(policies).map(({ policy, system, direction }) => `${policy} ${system} ${direction}`);
    expect(order).toEqual(
      ["a", "b", "c"].flatMap((name) =>
        ["ear ingress", "ear egress", "gate ingress", "gate egress"].map((rest) => `${name} ${rest}`),
      ),
    );
    expect(find(policies.toReversed())).toEqual(find(policies));
  });
});
