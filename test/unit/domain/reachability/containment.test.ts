// Whether what one selector, block or list of ports means lies within another: checked against every label set,
// address and port of a world small enough to go through.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Block,
  holdsAddress,
  isBlockContained,
  parseRange,
  type Range,
} from "../../../../src/domain/reachability/blocks.ts";
import { isSelectorContained, selectsNothing } from "../../../../src/domain/reachability/containment.ts";
import { allowPort, findMorePorts, type PortEntry, type Ports } from "../../../../src/domain/reachability/ports.ts";
import {
  type Demand,
  type Labels,
  matchesLabels,
  type Selector,
} from "../../../../src/domain/reachability/selectors.ts";

const VALUES = ["a", "b", "c"];
const demand: fc.Arbitrary<Demand> = fc.oneof(
  fc.record({
    key: fc.constantFrom("k", "l"),
    operator: fc.constantFrom("In" as const, "NotIn" as const),
    values: fc.subarray(VALUES, { minLength: 1 }),
  }),
  fc.record({ key: fc.constantFrom("k", "l"), operator: fc.constantFrom("Exists" as const, "DoesNotExist" as const) }),
);
const selector: fc.Arbitrary<Selector> = fc.array(demand, { maxLength: 4 });
// "other" stands for every value that no selector names.
const STATES = [undefined, ...VALUES, "other"];
const WORLD: Labels[] = STATES.flatMap((k) =>
  STATES.map((l) => ({ ...(k === undefined ? {} : { k }), ...(l === undefined ? {} : { l }) })),
);

test("a selector lies within another exactly if every label set of the one is of the other", () => {
  fc.assert(
    fc.property(selector, selector, (inner, outer) => {
      const isContained = WORLD.every((labels) => !matchesLabels(inner, labels) || matchesLabels(outer, labels));
      expect(isSelectorContained(inner, outer)).toBe(isContained);
    }),
    { numRuns: 2000 },
  );
});

test("a selector selects nothing exactly if no label set meets it", () => {
  fc.assert(
    fc.property(selector, (each) => {
      expect(selectsNothing(each)).toBe(!WORLD.some((labels) => matchesLabels(each, labels)));
    }),
    { numRuns: 1000 },
  );
});

const toRange = (text: string): Range => {
  const range = parseRange(text);
  if (range === undefined) throw new Error(`${text} should be a range`);
  return range;
};
const toBlock = (cidr: string, ...except: string[]): Block => ({ range: toRange(cidr), except: except.map(toRange) });

describe("blocks", () => {
  const ADDRESSES = Array.from({ length: 16 }, (_, last) => `10.0.0.${last}`);
  const cidr = fc
    .tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 28, max: 32 }))
    .map(([last, bits]) => `10.0.0.${last}/${bits}`);
  const block = fc.tuple(cidr, fc.array(cidr, { maxLength: 3 })).map(([range, except]) => toBlock(range, ...except));

  test("a block that is said to lie within another does so with every address", () => {
    let contained = 0;
    fc.assert(
      fc.property(block, block, (inner, outer) => {
        if (!isBlockContained(inner, outer)) return;
        contained += 1;
        expect(ADDRESSES.filter((a) => holdsAddress(inner, a) && !holdsAddress(outer, a))).toEqual([]);
      }),
      { numRuns: 2000 },
    );
    expect(contained, "the property was tried on more than a few blocks").toBeGreaterThan(100);
  });

  test.each<[string, Block, Block, boolean]>([
    ["the same", toBlock("10.0.0.0/8"), toBlock("10.0.0.0/8"), true],
    ["narrower", toBlock("10.20.0.0/16"), toBlock("10.0.0.0/8"), true],
    ["wider", toBlock("10.0.0.0/7"), toBlock("10.0.0.0/8"), false],
    ["beside", toBlock("11.0.0.0/8"), toBlock("10.0.0.0/8"), false],
    ["the same but for its host bits", toBlock("10.1.2.3/8"), toBlock("10.0.0.0/8"), true],
    ["without the exception", toBlock("10.0.0.0/8"), toBlock("10.0.0.0/8", "10.1.0.0/16"), false],
    ["with the exception", toBlock("10.0.0.0/8", "10.1.0.0/16"), toBlock("10.0.0.0/8", "10.1.0.0/16"), true],
    ["with a wider exception", toBlock("10.0.0.0/8", "10.0.0.0/9"), toBlock("10.0.0.0/8", "10.1.0.0/16"), true],
    ["with a narrower exception", toBlock("10.0.0.0/8", "10.1.1.0/24"), toBlock("10.0.0.0/8", "10.1.0.0/16"), false],
    ["away from the exception", toBlock("10.2.0.0/16"), toBlock("10.0.0.0/8", "10.1.0.0/16"), true],
    ["inside the exception", toBlock("10.1.2.0/24"), toBlock("10.0.0.0/8", "10.1.0.0/16"), false],
    ["IPv6 in IPv6", toBlock("2001:db8:1::/48"), toBlock("2001:db8::/32"), true],
    ["IPv6 in IPv4", toBlock("::/0"), toBlock("0.0.0.0/0"), false],
    ["IPv4 in IPv6", toBlock("10.0.0.0/8"), toBlock("::/0"), false],
  ])("%s", (_, inner, outer, isContained) => {
    expect(isBlockContained(inner, outer)).toBe(isContained);
  });
});

test.each([
  "10.0.0.0",
  "10.0.0.0/33",
  "10.0.0.0/08",
  "10.0.0.0/-1",
  "10.0.0/8",
  "010.0.0.0/8",
  "0x0a.0.0.0/8",
  "167772160/8",
  "10.0.0.256/32",
  "::ffff:10.0.0.0/104",
  "fe80::1%eth0/64",
  "2001:db8::/129",
  "2001:db8::1::/64",
  " 10.0.0.0/8",
  "10.0.0.0/8\n",
  "",
])("%j is no range in its plain spelling", (text) => {
  expect(parseRange(text)).toBeUndefined();
});

describe("ports", () => {
  const number = fc.integer({ min: 1, max: 12 });
  const protocol = fc.constantFrom("TCP" as const, "UDP" as const);
  const entry: fc.Arbitrary<PortEntry> = fc
    .record({ protocol, first: number, length: fc.integer({ min: 0, max: 5 }) })
    .map(({ protocol, first, length }) => ({ kind: "range", protocol, first, last: first + length }));
  const ports: fc.Arbitrary<Ports> = fc.array(entry, { minLength: 1, maxLength: 4 });
  const TARGETS = (["TCP", "UDP", "SCTP"] as const).flatMap((protocol) =>
    Array.from({ length: 20 }, (_, port) => ({ protocol, port, named: [] })),
  );

  test("there is more exactly if some port is allowed by no list", () => {
    fc.assert(
      fc.property(ports, fc.array(ports, { maxLength: 3 }), (inner, outer) => {
        const isMore = TARGETS.some((t) => allowPort(inner, t) && !outer.some((each) => allowPort(each, t)));
        expect(findMorePorts(inner, outer) !== undefined).toBe(isMore);
      }),
      { numRuns: 2000 },
    );
  });

  const range = (protocol: "TCP" | "UDP", first: number, last = first): PortEntry => ({
    kind: "range",
    protocol,
    first,
    last,
  });
  const http: PortEntry & { kind: "name" } = { kind: "name", protocol: "TCP", name: "http" };

  test.each<[string, Ports, Ports[], PortEntry | "any" | undefined]>([
    ["all ports within none", "any", [], "any"],
    ["all ports within some", "any", [[range("TCP", 1, 65_535), range("UDP", 1, 65_535)]], "any"],
    ["all ports within all", "any", [[range("TCP", 80)], "any"], undefined],
    ["one port within all", [range("TCP", 80)], ["any"], undefined],
    ["the same name", [http], [[http]], undefined],
    ["another name", [http], [[{ ...http, name: "https" }]], http],
    ["the same name of another protocol", [http], [[{ ...http, protocol: "UDP" }]], http],
    ["a name within its number", [http], [[range("TCP", 80)]], http],
    ["a name within every port of its protocol", [http], [[range("TCP", 1, 80), range("TCP", 81, 65_535)]], undefined],
    ["a name within every port of another protocol", [http], [[range("UDP", 1, 65_535)]], http],
    ["a number within a name", [range("TCP", 80)], [[http]], range("TCP", 80)],
    [
      "a range within two that touch",
      [range("TCP", 80, 90)],
      [[range("TCP", 80, 85)], [range("TCP", 86, 90)]],
      undefined,
    ],
    [
      "a range within two with a gap",
      [range("TCP", 80, 90)],
      [[range("TCP", 80, 84)], [range("TCP", 86, 90)]],
      range("TCP", 80, 90),
    ],
    ["the second of two", [range("TCP", 80), range("UDP", 80)], [[range("TCP", 80)]], range("UDP", 80)],
  ])("%s", (_, inner, outer, more) => {
    expect(findMorePorts(inner, outer)).toEqual(more);
  });
});
