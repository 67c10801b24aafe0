// Only the lines that decide which image runs are changed, and of them only the reference: a table worked by hand, and
// properties over any text.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holdsRecord, listGovernedDigests, swapImages } from "../../../src/domain/governed-text.ts";

const GOOD = `sha256:${"a".repeat(64)}`;
const BAD = `sha256:${"b".repeat(64)}`;
const SWAP = [{ from: `reg.example:5000/m:v6@${BAD}`, to: `reg.example:5000/m:v5@${GOOD}` }];

describe("a reference", () => {
  test.each<[string, string, string]>([
    ["plain", `image: reg.example:5000/m@${BAD}`, `image: reg.example:5000/m@${GOOD}`],
    ["with its tag", `image: "reg.example:5000/m:v6@${BAD}"`, `image: "reg.example:5000/m:v5@${GOOD}"`],
    ["of a mirror, with tag", `image: mirror.local/m:v6@${BAD}`, `image: mirror.local/m:v5@${GOOD}`],
    ["in JSON", `{"image":"reg.example:5000/m:v6@${BAD}","x":1}`, `{"image":"reg.example:5000/m:v5@${GOOD}","x":1}`],
    ["kustomize", `  digest: ${BAD}  # pinned`, `  digest: ${GOOD}  # pinned`],
    ["with a scheme", `uri: oci://reg.example:5000/m:v6@${BAD}`, `uri: oci://reg.example:5000/m:v5@${GOOD}`],
    ["as an argument", `- --model=reg.example:5000/m@${BAD}`, `- --model=reg.example:5000/m@${GOOD}`],
    ["twice in a line", `[x@${BAD}, y@${BAD}]`, `[x@${GOOD}, y@${GOOD}]`],
    ["with a line end of Windows", `image: m@${BAD}\r`, `image: m@${GOOD}\r`],
    ["of another digest", `image: m@sha256:${"c".repeat(64)}`, `image: m@sha256:${"c".repeat(64)}`],
    ["longer than a digest", `image: m@${BAD}b`, `image: m@${BAD}b`],
    ["in a comment", `  # was m@${BAD}`, `  # was m@${BAD}`],
    ["a tag in its own line", `newTag: v6\ndigest: ${BAD}`, `newTag: v6\ndigest: ${GOOD}`],
  ])("%s", (_, before, after) => {
    expect(swapImages(before, SWAP)).toBe(after);
  });

  test("a new place goes along where the old one is named", () => {
    const moved = [{ from: `old/m:v6@${BAD}`, to: `new/m@${GOOD}` }];
    expect(swapImages(`a: old/m:v6@${BAD}\nb: else/m:v6@${BAD}`, moved)).toBe(`a: new/m@${GOOD}\nb: else/m@${GOOD}`);
  });

  test("bare digests are enough", () => {
    expect(swapImages(`image: m:v6@${BAD}`, [{ from: BAD, to: GOOD }])).toBe(`image: m@${GOOD}`);
  });
});

describe("records of the product", () => {
  const record = `apiVersion: vouchsafe.dev/v1alpha1\nkind: Revocation\nspec:\n  digests: [${BAD}]\n`;
  const workload = `kind: Deployment\nimage: m@${BAD}\n`;
  test.each<[string, string, string]>([
    ["alone", record, record],
    ["before a workload", `${record}---\n${workload}`, `${record}---\n${workload.replace(BAD, GOOD)}`],
    ["after a workload", `${workload}---\n${record}`, `${workload.replace(BAD, GOOD)}---\n${record}`],
    [
      "in JSON",
      `{"apiVersion": "vouchsafe.dev/v1alpha1", "d": "${BAD}"}`,
      `{"apiVersion": "vouchsafe.dev/v1alpha1", "d": "${BAD}"}`,
    ],
    [
      "in a list",
      `kind: List\nitems:\n- apiVersion: "vouchsafe.dev/v1"\n  d: ${BAD}\n`,
      `kind: List\nitems:\n- apiVersion: "vouchsafe.dev/v1"\n  d: ${BAD}\n`,
    ],
  ])("%s they stay", (_, before, after) => {
    expect(swapImages(before, SWAP)).toBe(after);
    expect(holdsRecord(before)).toBe(true);
    expect(listGovernedDigests(after).has(BAD)).toBe(false);
  });
});

const piece = fc.oneof(
  fc.constantFrom(
    BAD,
    GOOD,
    `m:v6@${BAD}`,
    "---\n",
    "\n",
    "\r\n",
    "# ",
    "apiVersion: vouchsafe.dev/v1alpha1\n",
    "@",
    "b",
    " ",
  ),
  fc.string({ maxLength: 8 }),
);
const text = fc.array(piece, { maxLength: 40 }).map((parts) => parts.join(""));

test("property: nothing governed names the bad digest afterwards, and a second time changes nothing", () => {
  fc.assert(
    fc.property(text, (before) => {
      const after = swapImages(before, SWAP);
      expect(listGovernedDigests(after).has(BAD)).toBe(false);
      expect(swapImages(after, SWAP)).toBe(after);
    }),
  );
});

test("property: lines without the bad digest stay, byte for byte", () => {
  fc.assert(
    fc.property(text, (before) => {
      const [old, now] = [before.split("\n"), swapImages(before, SWAP).split("\n")];
      expect(now).toHaveLength(old.length);
      for (const [index, line] of old.entries()) if (!line.includes(BAD)) expect(now[index]).toBe(line);
    }),
  );
});

test("property: a text without the bad digest stays", () => {
  fc.assert(fc.property(fc.string(), (before) => swapImages(before, SWAP) === before));
});
