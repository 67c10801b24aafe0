// What mutation tests leave out, and how they count.
import { expect, test } from "vitest";
import { type Mutant, score, showTable } from "../mutation/report.ts";
import { isSentence } from "../mutation/texts.ts";

test.each([
  ["its certificate is not for signing code", true],
  ["it is about another artifact than …", true],
  ["… is no subject of its statement", true],
  ["", false],
  ["SignatureInvalid", false],
  ["cosign-legacy", false],
  ["-----BEGIN ", false],
  ["X509 CRL", false],
  ["DSSEv1 … … … ", false],
  ["application/vnd.in-toto+json", false],
  ["key …", false],
])("%j is a sentence: %s", (text, expected) => {
  expect(isSentence(text)).toBe(expected);
});

test("what is noticed counts for, what is not or is never reached against, and all else neither way", () => {
  const place = { line: 1, column: 1 };
  const mutant = (status: string): Mutant => ({
    fileName: "a.ts",
    location: { start: place, end: place },
    mutatorName: "x",
    status,
  });
  const all = ["Killed", "Timeout", "Survived", "NoCoverage", "Ignored", "RuntimeError", "CompileError"].map(mutant);
  expect(score(all)).toBe(0.5);
  expect(score([])).toBe(0);
  expect(showTable(all)).toContain("| all | 4 | 2 | 50.0 % |");
});
