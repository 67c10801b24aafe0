// Who reaches whom under NetworkPolicies, by tables: the end-to-end cases of Kubernetes itself, and what was seen with
// real packets on a node.
import { describe, expect, test } from "vitest";
import { playCase, readCases } from "./grid.ts";

const UPSTREAM = ["upstream-peers", "upstream-ports", "upstream-egress-and-changes"].flatMap(readCases);
const SEMANTICS = ["semantics-peers-and-ports", "semantics-labels-and-directions"].flatMap(readCases);

test("all upstream cases are here: 42 of TCP, 3 of UDP, 3 of SCTP", () => {
  const count = (prefix: RegExp) => UPSTREAM.filter(({ name }) => prefix.test(name)).length;
  expect([count(/^should/), count(/^UDP: /), count(/^SCTP: /)]).toEqual([42, 3, 3]);
  expect(new Set(UPSTREAM.map(({ name }) => name)).size, "no name twice").toBe(48);
});

describe("upstream", () => {
  test.each(UPSTREAM)("$name", (each) => {
    for (const { target, predicted, expected } of playCase(each, false)) {
      expect(predicted, `who reaches whom on ${target}`).toEqual(expected);
    }
  });
});

describe("semantics", () => {
  test.each(SEMANTICS)("$name", (each) => {
    for (const { target, predicted, expected } of playCase(each, true)) {
      expect(predicted, `who reaches whom on ${target}`).toEqual(expected);
    }
  });
});
