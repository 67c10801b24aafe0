// Lists of files and shards that a trusted signer made, each with the root digest that is its own: only what is looked at
// beside that digest can refuse them.
import { generateKeyPairSync } from "node:crypto";
import { rm } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import {
  judgeModel,
  type ModelStatement,
  type Resource,
  sha256,
  signWithKey,
  toResources,
  toStatement,
  writeModel,
} from "../../harness/models.ts";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const TEXT = "0123456789";

async function judge(statement: ModelStatement, text = TEXT) {
  const model = await writeModel({ w: text });
  const signature = signWithKey(statement, privateKey);
  const verdict = await judgeModel({ model, signature, trust: { method: "key", key: publicKey } });
  await rm(model, { recursive: true });
  return verdict;
}

describe("shards of four bytes", () => {
  const judgeShards = (names: readonly string[], text = TEXT, size = 4) => {
    const resources = names.map((name): Resource => {
      const [start, end] = name.split(":").slice(1).map(Number);
      return { name, digest: sha256(text.slice(start, end)), algorithm: "sha256" };
    });
    return judge(
      toStatement(resources, { method: "shards", hash_type: "sha256", allow_symlinks: false, shard_size: size }),
      text,
    );
  };

  test.each<[string, string[], string]>([
    ["that make up the file, the last of them shorter", ["w:0:4", "w:4:8", "w:8:10"], TEXT],
    ["all of one size", ["w:0:4", "w:4:8"], "01234567"],
    ["of which there is one, and shorter", ["w:0:3"], "012"],
  ])("%s are verified", async (_, names, text) => {
    expect(await judgeShards(names, text)).toMatchObject({ verdict: "verified", files: 1, bytes: text.length });
  });

  const DO_NOT_ADD_UP = "the shards of w do not make up a file";
  test.each<[string, string[], string]>([
    ["one that is longer", ["w:0:5", "w:5:10"], DO_NOT_ADD_UP],
    ["one that is longer, and alone", ["w:0:10"], DO_NOT_ADD_UP],
    ["one before the last that is shorter", ["w:0:2", "w:2:6", "w:6:10"], DO_NOT_ADD_UP],
    ["a gap", ["w:0:4", "w:8:10"], DO_NOT_ADD_UP],
    ["a beginning that is missing", ["w:4:8", "w:8:10"], DO_NOT_ADD_UP],
    ["two that lie over each other", ["w:0:4", "w:3:7", "w:7:10"], DO_NOT_ADD_UP],
    ["one that holds nothing", ["w:0:4", "w:4:4", "w:4:8", "w:8:10"], "w:4:4 is no shard of a file"],
    ["one that ends before it begins", ["w:0:4", "w:4:8", "w:8:10", "w:10:8"], "w:10:8 is no shard of a file"],
    ["one with something after its place", ["w:0:4", "w:4:8", "w:8:10x"], "w:8:10x is no shard of a file"],
    ["one with a line after its place", ["w:0:4\n"], String.raw`"w:0:4\n" is no shard of a file`],
    ["one without its end", ["w:0"], "w:0 is no shard of a file"],
    ["one without a beginning", ["w::4"], "w::4 is no shard of a file"],
    ["one with a place of 16 digits", ["w:0:1234567890123456"], "w:0:1234567890123456 is no shard of a file"],
    ["one from below zero", ["w:-4:4"], "w:-4:4 is no shard of a file"],
  ])("with %s are refused", async (_, names, why) => {
    expect(await judgeShards(names)).toEqual({ verdict: "refused", code: "SignatureBroken", why });
  });

  test("that end before the file does, or after it, are not those of the file", async () => {
    for (const names of [
      ["w:0:4", "w:4:8"],
      ["w:0:4", "w:4:8", "w:8:11"],
    ]) {
      expect(await judgeShards(names)).toEqual({
        verdict: "refused",
        code: "ModelMismatch",
        why: "w is not as long as what was signed",
      });
    }
  });
});

describe("a digest", () => {
  const judgeDigest = (digest: string) => judge(toStatement([{ name: "w", digest, algorithm: "sha256" }]));

  test("of 64 digits of hex is one", async () => {
    expect(await judgeDigest(sha256(TEXT))).toMatchObject({ verdict: "verified" });
  });

  test.each([
    ["with what is no digit at its beginning", `x${sha256(TEXT).slice(1)}`],
    ["with what is no digit at its end", `${sha256(TEXT).slice(0, -1)}x`],
    ["with a line at its end", `${sha256(TEXT).slice(0, -1)}\n`],
    ["in capitals", sha256(TEXT).toUpperCase()],
    ["that is empty", ""],
  ])("%s is none", async (_, digest) => {
    expect(await judgeDigest(digest)).toMatchObject({
      code: "SignatureBroken",
      why: "its payload is no statement of model signing v1.0",
    });
  });

  test.each([
    ["with a byte less", sha256(TEXT).slice(2)],
    ["with a byte more", `${sha256(TEXT)}00`],
    ["as long as another hash", sha256(TEXT).repeat(2)],
  ])("%s is not of SHA-256", async (_, digest) => {
    expect(await judgeDigest(digest)).toMatchObject({
      code: "SignatureBroken",
      why: "the digest of w is no sha256",
    });
  });
});

test.each(["/w", "w/", "//w", "a//w", "./w", "w/.", "../w", "a/../w", String.raw`a\w`, "w\0"])(
  "%j is no path within a model, beside one that is",
  async (name) => {
    expect(await judge(toStatement(toResources({ w: TEXT, [name]: "" })))).toMatchObject({
      code: "SignatureBroken",
      why: expect.stringContaining("is no path within a model") as string,
    });
  },
);
