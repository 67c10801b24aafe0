// How many different signers signed: worked by hand, and against all ways of pairing them.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countSigners, findEnd, tellPeople } from "../../../src/domain/count-signers.ts";

const pairs = (...text: string[]) =>
  text.map((pair) => {
    const [signer = "", who = ""] = pair.split(" by ");
    return { signer, who };
  });

describe("different signers", () => {
  test.each<[string, string[], number]>([
    ["nobody", [], 0],
    ["one signer twice with one key", ["a by k", "a by k"], 1],
    ["one signer with two names", ["a by x", "a by y"], 1],
    ["two signers with one key", ["a by k", "b by k"], 1],
    ["two signers with a key each", ["a by k", "b by l"], 2],
    ["two patterns that take the same two names", ["a by x", "a by y", "b by x", "b by y"], 2],
    ["a pattern that takes what an exact name takes", ["exact by x", "pattern by x", "pattern by y"], 2],
    ["three signers of whom two have only each other's name", ["a by x", "b by x", "c by x", "c by y"], 2],
    ["a pairing that has to be undone", ["a by x", "a by y", "b by x", "c by y", "c by z"], 3],
  ])("%s", (_, text, expected) => {
    expect(countSigners(pairs(...text))).toBe(expected);
  });

  /** Tries every subset of pairs in which no signer and nobody occurs twice. */
  function tryAll(all: readonly { signer: string; who: string }[]): number {
    let most = 0;
    for (let subset = 0; subset < 1 << all.length; subset += 1) {
      const chosen = all.filter((_, index) => (subset >> index) & 1);
      const isPairing =
        new Set(chosen.map(({ signer }) => signer)).size === chosen.length &&
        new Set(chosen.map(({ who }) => who)).size === chosen.length;
      if (isPairing) most = Math.max(most, chosen.length);
    }
    return most;
  }

  test("as many as the best of all pairings", () => {
    const pair = fc.record({ signer: fc.constantFrom("a", "b", "c", "d"), who: fc.constantFrom("w", "x", "y", "z") });
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 9 }), (all) => {
        expect(countSigners(all)).toBe(tryAll(all));
      }),
    );
  });
});

describe("people", () => {
  const sign = (keyDigest: string, identity?: string) => ({
    keyDigest,
    ...(identity === undefined ? {} : { identity }),
  });
  test.each<[string, ReturnType<typeof sign>[], number]>([
    ["two keys", [sign("k"), sign("l")], 2],
    ["a key twice", [sign("k"), sign("k")], 1],
    ["one name with a new key each time, as without keys", [sign("k", "ml"), sign("l", "ml")], 1],
    ["one certificate with two names", [sign("k", "alice"), sign("k", "build")], 1],
    ["a key, and a certificate over it", [sign("k"), sign("k", "alice")], 1],
    ["two who share nothing but a third", [sign("k", "alice"), sign("l", "build"), sign("l", "alice")], 1],
    ["a key that is called as another one's owner", [sign("k", "l"), sign("l")], 2],
  ])("%s", (_, signatures, expected) => {
    expect(new Set(tellPeople(signatures)).size).toBe(expected);
  });
});

describe("until when enough of them stand behind it", () => {
  const FOREVER = Number.POSITIVE_INFINITY;
  const at = (...ends: [string, number][]) => ends.map(([signer, until]) => ({ signer, who: signer, until }));
  test.each<[string, ReturnType<typeof at>, number, number | undefined]>([
    ["a key does not run out", at(["a", FOREVER]), 1, FOREVER],
    ["a certificate does", at(["a", 200]), 1, 200],
    ["of two the later counts where one is asked", at(["a", 200], ["b", 300]), 1, 300],
    ["of two the earlier counts where both are asked", at(["a", 200], ["b", 300]), 2, 200],
    ["one that ran out is none", at(["a", 100]), 1, undefined],
    ["the last moment is out already", at(["a", 100], ["b", FOREVER]), 2, undefined],
    ["too few", at(["a", FOREVER]), 2, undefined],
  ])("%s", (_, signatures, count, expected) => {
    expect(findEnd(signatures, count, 100)).toBe(expected);
  });
});
