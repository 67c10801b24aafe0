// Random policies over the small world of the grid, so that they often meet: few labels, ports and blocks.
import fc from "fast-check";

const KEYS: Record<string, string[]> = { pod: ["a", "b", "c"], tier: ["web", "db"] };
const NAMES: Record<string, string[]> = { "kubernetes.io/metadata.name": ["x", "y", "z"], env: ["prod"] };

const demandOf = (keys: Record<string, string[]>) =>
  fc.constantFrom(...Object.entries(keys)).chain(([key, values]) =>
    fc.oneof(
      fc.record({
        key: fc.constant(key),
        operator: fc.constantFrom("In", "NotIn"),
        values: fc.subarray(values, { minLength: 1 }),
      }),
      fc.record({ key: fc.constant(key), operator: fc.constantFrom("Exists", "DoesNotExist") }),
    ),
  );
const selectorOf = (keys: Record<string, string[]>) =>
  fc.array(demandOf(keys), { maxLength: 2 }).map((matchExpressions) => ({ matchExpressions }));

/** A selector on pods. */
export const podSelector = selectorOf(KEYS);
const namespaceSelector = selectorOf(NAMES);

const cidr = fc.constantFrom(
  "0.0.0.0/0",
  "10.244.0.0/16",
  "10.244.1.0/24",
  "10.244.2.0/24",
  "10.244.2.2/32",
  "203.0.113.0/24",
  "::/0",
);
const block = fc.record({ cidr, except: fc.array(cidr, { maxLength: 2 }) });

const peer = fc.oneof(
  fc.record({ podSelector }),
  fc.record({ namespaceSelector }),
  fc.record({ podSelector, namespaceSelector }),
  fc.record({ ipBlock: block }),
);

const protocol = fc.constantFrom("TCP", "UDP");
const port = fc.oneof(
  fc.record({ protocol }),
  fc.record({ protocol, port: fc.constantFrom<number | string>(53, 80, 81, "serve-80-tcp", "serve-53-udp") }),
  fc.record({ protocol, port: fc.constantFrom(53, 80), endPort: fc.constantFrom(80, 81, 8080) }),
);

const peers = fc.array(peer, { maxLength: 2 });
const ports = fc.array(port, { maxLength: 2 });

/** A spec that says which directions it is about. */
export const policySpec = fc.record({
  podSelector,
  policyTypes: fc.constantFrom<string[]>(["Ingress"], ["Egress"], ["Ingress", "Egress"]),
  ingress: fc.array(fc.record({ from: peers, ports }), { maxLength: 2 }),
  egress: fc.array(fc.record({ to: peers, ports }), { maxLength: 2 }),
});
export type PolicySpec = typeof policySpec extends fc.Arbitrary<infer T> ? T : never;

/** Policies of the grid's namespaces. */
export const placedPolicies = fc.array(
  fc.record({ namespace: fc.constantFrom("x", "y", "z"), name: fc.uuid(), spec: policySpec }),
  { maxLength: 4 },
);
