// The digest of a model by its files: published vectors, any order, and the recipe of the documentation.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchArtifact } from "../../../src/adapters/model-artifact/match-artifact.ts";
import { digestModel, toModelText } from "../../../src/adapters/model-artifact/model-digest.ts";
import {
  packArtifact,
  packLayer,
  rawLayer,
  run,
  sha256,
  signFiles,
  tarFiles,
  withFolder,
} from "../../harness/packs.ts";

const at = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
interface Vector {
  case: string;
  files: Record<string, string>;
  canonical: string;
  digest: string;
}
const { cases } = JSON.parse(readFileSync(at("test/vectors/model-digests.json"), "utf8")) as { cases: Vector[] };
const toList = (files: Record<string, string>) =>
  Object.entries(files).map(([path, content]) => ({ path, sha256: sha256(content) }));

describe("the published vectors", () => {
  test.each(cases)("$case", ({ files, canonical, digest }) => {
    expect(toModelText(toList(files))).toBe(canonical);
    expect(digestModel(toList(files))).toBe(digest);
    expect(digestModel(toList(files).toReversed()), "in another order").toBe(digest);
  });

  test("there are some", () => {
    expect(cases.length).toBeGreaterThan(5);
  });
});

/** The command that the documentation gives. */
function readRecipe(): string {
  const section = readFileSync(at("docs/model-artifacts.md"), "utf8").split("## The digest of a model")[1] ?? "";
  return /```sh\n(.*?)```/s.exec(section)?.[1] ?? "";
}

test("the documentation's recipe makes the digest that it prints, and that of the vector", () => {
  const vector = cases.find((one) => one.case === "the folder of docs/model-artifacts.md");
  if (vector === undefined) throw new Error("that vector is there");
  const printed = withFolder(
    Object.fromEntries(Object.entries(vector.files).map(([path, content]) => [`model/${path}`, content])),
    (cwd) => run("bash", ["-euo", "pipefail", "-c", readRecipe()], { cwd }).toString(),
  );
  expect(printed.trim()).toBe(vector.digest);
  expect(readFileSync(at("docs/model-artifacts.md"), "utf8")).toContain(vector.digest);
});

test("it is the same for raw and packed layers, in any split, and whatever order the signer took", async () => {
  const files = { "w.bin": "weights", "sub/card.txt": "card" };
  const { "w.bin": weights, ...card } = files;
  const artifacts = [
    packArtifact("ModelPack", [rawLayer("w.bin", weights), rawLayer("sub/card.txt", "card")]),
    packArtifact("ModelPack", [packLayer("ModelPack", "tar+zstd", tarFiles(card)), rawLayer("w.bin", weights)]),
    packArtifact("ModelKit", [packLayer("ModelKit", "tar+gzip", tarFiles(files))]),
  ];
  const orders = [signFiles(files), signFiles({ ...card, "w.bin": weights })];
  expect(orders[0]?.subject, "the root digest of OMS hangs on the order").not.toBe(orders[1]?.subject);
  const found = await Promise.all(
    artifacts.flatMap((artifact) => orders.map((signed) => matchArtifact({ ...artifact, signed }))),
  );
  const digest = cases.find((one) => one.case === "the folder of docs/model-artifacts.md")?.digest;
  expect(found.map((match) => (match.outcome === "matches" ? match.modelDigest : match.why))).toEqual(
    found.map(() => digest),
  );
});

test("two models have one digest only if they are one", () => {
  const model = fc.dictionary(fc.stringMatching(/^[a-zA-Z"\\,:{}é-]{1,6}$/), fc.constantFrom("a", "b", "c"), {
    minKeys: 1,
    maxKeys: 6,
    // Told apart by what they hold alone.
    noNullPrototype: true,
  });
  const sound = model.filter((files) => !Object.keys(files).some((path) => path.includes("\\")));
  fc.assert(
    fc.property(sound, sound, (one, other) => {
      const isSame = isDeepStrictEqual(one, other);
      expect(digestModel(toList(one)) === digestModel(toList(other))).toBe(isSame);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["nothing", []],
  [
    "a path twice",
    [
      { path: "a", sha256: sha256("") },
      { path: "a", sha256: sha256("") },
    ],
  ],
  ["a path that leaves", [{ path: "../a", sha256: sha256("") }]],
  ["half a character", [{ path: "a\ud800", sha256: sha256("") }]],
  ["a digest in capitals", [{ path: "a", sha256: sha256("").toUpperCase() }]],
  ["another digest", [{ path: "a", sha256: "ab" }]],
])("%s has no digest", (_, files) => {
  expect(() => digestModel(files)).toThrow();
});
