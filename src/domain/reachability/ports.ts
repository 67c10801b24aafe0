/**
 * Ports of NetworkPolicy rules: ranges of one protocol, and names that only the destination pod gives a number.
 * A rule without ports allows every protocol, also those that it could not name.
 */

export const PROTOCOLS = ["TCP", "UDP", "SCTP"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** The ports of a protocol are numbered up to this. */
export const LAST_PORT = 65_535;

/** One entry of a rule's ports. */
export type PortEntry =
  | { kind: "range"; protocol: Protocol; first: number; last: number }
  | { kind: "name"; protocol: Protocol; name: string };

/** The ports that a rule allows. */
export type Ports = "any" | readonly PortEntry[];

/** A port that a container declares. */
export interface ContainerPort {
  name: string;
  protocol: Protocol;
  port: number;
}

/** Where a connection leads. */
export interface Target {
  protocol: Protocol;
  port: number;
  /** Ports that the destination pod names; none outside of pods. */
  named: readonly ContainerPort[];
}

function allowsTarget(entry: PortEntry, { protocol, port, named }: Target): boolean {
  if (entry.protocol !== protocol) return false;
  switch (entry.kind) {
    case "range":
      return entry.first <= port && port <= entry.last;
    case "name":
      return named.some((each) => each.name === entry.name && each.protocol === protocol && each.port === port);
  }
}

/** Whether a connection to this target is among the ports. */
export const allowPort = (ports: Ports, target: Target): boolean =>
  ports === "any" || ports.some((entry) => allowsTarget(entry, target));

type Span = Pick<PortEntry & { kind: "range" }, "first" | "last">;

/** The ranges of a protocol, sorted; those that touch are one. */
function mergeRanges(protocol: Protocol, entries: readonly PortEntry[]): Span[] {
  const spans = entries.flatMap((each) => (each.kind === "range" && each.protocol === protocol ? [each] : []));
  const merged: Span[] = [];
  for (const { first, last } of spans.toSorted((one, other) => one.first - other.first)) {
    const before = merged.at(-1);
    if (before !== undefined && first <= before.last + 1) before.last = Math.max(before.last, last);
    else merged.push({ first, last });
  }
  return merged;
}

/** What of `inner` is more than all of `outer` together: its first entry that is, "any", or undefined. */
export function findMorePorts(inner: Ports, outer: readonly Ports[]): PortEntry | "any" | undefined {
  if (outer.includes("any")) return undefined;
  if (inner === "any") return "any";
  const entries = outer.flatMap((ports) => (ports === "any" ? [] : ports));
  const spans = new Map(PROTOCOLS.map((protocol) => [protocol, mergeRanges(protocol, entries)]));
  const hasRange = (protocol: Protocol, first: number, last: number) =>
    spans.get(protocol)?.some((span) => span.first <= first && last <= span.last) === true;
  const isContained = (entry: PortEntry): boolean => {
    const { kind, protocol } = entry;
    switch (kind) {
      case "range":
        return hasRange(protocol, entry.first, entry.last);
      case "name":
        // A name may turn out to be any port of its protocol.
        return (
          hasRange(protocol, 1, LAST_PORT) ||
          entries.some((each) => each.kind === "name" && each.name === entry.name && each.protocol === protocol)
        );
    }
  };
  return inner.find((entry) => !isContained(entry));
}
