/**
 * Reads the spec of a NetworkPolicy that anybody may have written, with the defaults of the API server. Fields it
 * does not know are not skipped: a rule with one is unreadable, and so is a policy whose own fields are not known.
 * The schema follows networking.k8s.io/v1 and what its validation admits.
 */
import * as z from "zod";
import { parseRange, type Range } from "./blocks.ts";
import type { Peer, Peers } from "./peers.ts";
import type { Direction, Policy, PolicyContent, Rule } from "./policy.ts";
import { LAST_PORT, type PortEntry, PROTOCOLS } from "./ports.ts";
import { type Demand, selectNamespace, type Selector, toSelector } from "./selectors.ts";

/** More than this in one list is not read. */
const MAX_ITEMS = 4096;
/** Nor a rule of more combinations of peer and port, for each of them is compared with the fence. */
const MAX_COMBINATIONS = 10_000;
const text = z.string().max(317);

/** A list that may be left out; the API server makes no difference between none and empty. */
const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .max(MAX_ITEMS)
    .nullish()
    .transform((items) => items ?? []);

const demand = z.union([
  z.strictObject({ key: text, operator: z.enum(["In", "NotIn"]), values: z.array(text).min(1).max(MAX_ITEMS) }),
  z
    .strictObject({ key: text, operator: z.enum(["Exists", "DoesNotExist"]), values: z.array(text).max(0).nullish() })
    .transform(({ key, operator }): Demand => ({ key, operator })),
]);

const selector = z
  .strictObject({ matchLabels: z.record(text, text).nullish(), matchExpressions: list(demand) })
  .transform(({ matchLabels, matchExpressions }): Selector => [...toSelector(matchLabels ?? {}), ...matchExpressions]);

const range = text.transform((cidr, context): Range => {
  const parsed = parseRange(cidr);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: "custom", message: "no plain address range" });
  return z.NEVER;
});

const number = z.int().min(1).max(LAST_PORT);
const protocol = z
  .enum(PROTOCOLS)
  .nullish()
  .transform((given) => given ?? "TCP");

const port = z
  .strictObject({
    protocol,
    // A name has a letter, so it cannot be taken for a number.
    port: z
      .union([
        number,
        z
          .string()
          .max(15)
          .regex(/^[a-z0-9-]*[a-z][a-z0-9-]*$/),
      ])
      .nullish(),
    endPort: number.nullish(),
  })
  .refine(({ port, endPort }) => typeof endPort !== "number" || (typeof port === "number" && port <= endPort))
  .transform(({ protocol, port, endPort }): PortEntry => {
    if (typeof port === "string") return { kind: "name", protocol, name: port };
    if (typeof port === "number") return { kind: "range", protocol, first: port, last: endPort ?? port };
    return { kind: "range", protocol, first: 1, last: LAST_PORT };
  });

const peer = z
  .strictObject({
    podSelector: selector.nullish(),
    namespaceSelector: selector.nullish(),
    ipBlock: z.strictObject({ cidr: range, except: list(range) }).nullish(),
  })
  .refine(
    ({ podSelector, namespaceSelector, ipBlock }) => ((podSelector ?? namespaceSelector) != null) !== (ipBlock != null),
  );
type RawPeer = z.output<typeof peer>;

const fits = ({ peers, ports }: { peers: unknown[]; ports: unknown[] }) =>
  peers.length * ports.length <= MAX_COMBINATIONS;

const rule = {
  ingress: z
    .strictObject({ from: list(peer), ports: list(port) })
    .transform(({ from, ports }) => ({ peers: from, ports }))
    .refine(fits),
  egress: z
    .strictObject({ to: list(peer), ports: list(port) })
    .transform(({ to, ports }) => ({ peers: to, ports }))
    .refine(fits),
};

const spec = z.strictObject({
  podSelector: selector.nullish(),
  policyTypes: list(z.enum(["Ingress", "Egress"])),
  ingress: list(z.unknown()),
  egress: list(z.unknown()),
});

/** Where it could not be read, without the words of whoever wrote it: label keys are left out. */
function explain(where: string, { issues }: z.ZodError): string {
  const path = (issues[0]?.path ?? []).map(String);
  const labels = path.indexOf("matchLabels");
  return `${[where, ...path.slice(0, labels === -1 ? undefined : labels + 1)].join(".")} is not understood`;
}

function toPeer({ podSelector, namespaceSelector, ipBlock }: RawPeer, namespace: string): Peer {
  if (ipBlock != null) return { kind: "block", block: { range: ipBlock.cidr, except: ipBlock.except } };
  return { kind: "pods", namespaces: namespaceSelector ?? selectNamespace(namespace), pods: podSelector ?? [] };
}

function parseRules(namespace: string, direction: Direction, raws: readonly unknown[]): Rule[] {
  return raws.map((raw, index): Rule => {
    const parsed = rule[direction].safeParse(raw);
    if (!parsed.success) return { kind: "unreadable", why: explain(`${direction}.${index}`, parsed.error) };
    const { peers, ports } = parsed.data;
    const read: Peers = peers.length === 0 ? "any" : peers.map((each) => toPeer(each, namespace));
    return { kind: "rule", peers: read, ports: ports.length === 0 ? "any" : ports };
  });
}

function parseContent(namespace: string, raw: unknown): PolicyContent {
  const parsed = spec.safeParse(raw);
  if (!parsed.success) return { outcome: "unreadable", why: explain("spec", parsed.error) };
  const { podSelector, policyTypes, ingress, egress } = parsed.data;
  const isAbout = (type: "Ingress" | "Egress") => policyTypes.includes(type);
  const hasDefault = policyTypes.length === 0;
  return {
    outcome: "readable",
    subject: podSelector ?? [],
    rules: {
      ...(hasDefault || isAbout("Ingress") ? { ingress: parseRules(namespace, "ingress", ingress) } : {}),
      ...((hasDefault && egress.length > 0) || isAbout("Egress")
        ? { egress: parseRules(namespace, "egress", egress) }
        : {}),
    },
  };
}

/** Reads a policy of a namespace. */
export const parsePolicy = (namespace: string, { name, spec: raw }: { name: string; spec: unknown }): Policy => ({
  namespace,
  name,
  content: parseContent(namespace, raw),
});
