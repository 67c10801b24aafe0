// The corpus of signatures: what was bent in each case, and what has to come of it. Expected is what the tables of
// test/corpus say by the rule that they name; the cases are committed, so that a change of verdict is seen.
import { describe, expect, test } from "vitest";
import { countSigners, tellPeople } from "../../../src/domain/count-signers.ts";
import { readCorpus } from "../../corpus/case.ts";
import { collectCase, toFacts } from "../../corpus/judge.ts";

const { cases, trust } = readCorpus();

test("names of cases are unique", () => {
  expect(cases.length).toBeGreaterThan(150);
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
});

describe("corpus", () => {
  test.each(cases)("$name", async ({ content, signers, facts, problems, rule, signersThatCount }) => {
    const found = await collectCase({ content, signers }, trust);
    const told = found.problems.map(({ why }) => why).join("; ");
    expect(
      { facts: toFacts(found), problems: found.problems.map(({ code }) => code) },
      `${rule}. Told was: ${told}`,
    ).toEqual({ facts, problems });
    if (signersThatCount === undefined) return;
    const people = tellPeople(found.signatures);
    const counted = found.signatures.map(({ signer }, at) => ({ signer, who: people[at] ?? "" }));
    expect(countSigners(counted), "how many different signers stand behind it").toBe(signersThatCount);
  });
});
