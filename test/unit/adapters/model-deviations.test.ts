// Where implementations of model signing depart from their specification or from each other: which side is taken here, row
// by row as docs/verifying.md tells it, and why.
import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseSignature } from "../../../src/adapters/model-signing/envelope.ts";
import { signModel } from "../../../src/adapters/model-signing/sign-model.ts";
import type { ModelCase, ModelTrust, ModelVerdict } from "../../../src/adapters/model-signing/verify-model.ts";
import {
  hashResources,
  judgeModel,
  type ModelStatement,
  type Resource,
  sha256,
  signWithKey,
  toResources,
  toStatement,
  writeModel,
} from "../../harness/models.ts";
import { createAuthority, createCertificateLog, createKeys, issueSigner } from "../../harness/sigstore/certificates.ts";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const trust: ModelTrust = { method: "key", key: publicKey };

type Files = Readonly<Record<string, string>>;
/** Verifies a statement by a key that is trusted against files on disk; `prepare` may do more to them. */
async function judge(
  files: Files,
  statement: ModelStatement,
  about: Partial<ModelCase> = {},
  prepare: (model: string) => Promise<unknown> = async () => {},
): Promise<ModelVerdict> {
  const model = await writeModel(files);
  await prepare(model);
  const verdict = await judgeModel({ model, signature: signWithKey(statement, privateKey), trust, ...about });
  await rm(model, { recursive: true });
  return verdict;
}
const toShards = (resources: readonly Resource[], size = 4): ModelStatement =>
  toStatement(resources, { method: "shards", hash_type: "sha256", allow_symlinks: false, shard_size: size });
const refusal = (code: string, why: string) => ({
  verdict: "refused",
  code,
  why: expect.stringContaining(why) as string,
});

describe("1. the order of files: the specification sorts by code point, Python by the parts of paths", () => {
  const FILES = { "a-b/x": "1", "a.txt": "2", "a/x": "3" };
  const [dash, dot, slash] = toResources(FILES) as [Resource, Resource, Resource];
  test.each([
    ["by code point", [dash, dot, slash]],
    ["by the parts of paths", [slash, dash, dot]],
    ["the other way round", [slash, dot, dash]],
  ])("what is listed %s is read, because the root digest says in which order", async (_, resources) => {
    expect(await judge(FILES, toStatement(resources))).toMatchObject({ verdict: "verified", files: 3 });
    const moved = toStatement(resources.toReversed());
    moved.predicate.resources = resources;
    expect(await judge(FILES, moved)).toMatchObject(refusal("SignatureBroken", "root digest"));
  });

  test.each([
    ["by their numbers", ["w:8:12", "w:12:15", "w:0:4", "w:4:8"]],
    ["by code point", ["w:0:4", "w:12:15", "w:4:8", "w:8:12"]],
  ])("shards that are listed %s are read", async (_, names) => {
    const text = "0123456789abcde";
    const resources = names.map((name): Resource => {
      const [, start, end] = name.split(":").map(Number);
      return { name, digest: sha256(text.slice(start, end)), algorithm: "sha256" };
    });
    expect(await judge({ w: text }, toShards(resources))).toMatchObject({ verdict: "verified", bytes: 15 });
  });

  test("what is signed here is in the specification's order, beyond the basic plane too", async () => {
    const model = await writeModel({ ...FILES, "\u{1f600}": "4", "\uff5e": "5", ".z": "6" });
    const { text } = await signModel({ model, key: privateKey, chain: [], ignored: [] }, () => {});
    await rm(model, { recursive: true });
    const statement = JSON.parse(parseSignature(Buffer.from(text)).payload.toString("utf8")) as ModelStatement;
    // U+1F600 comes after U+FF5E; in UTF-16 it would come before.
    expect(statement.predicate.resources.map(({ name }) => name)).toEqual([
      ".z",
      "a-b/x",
      "a.txt",
      "a/x",
      "\uff5e",
      "\u{1f600}",
    ]);
    expect(statement.subject[0]?.digest).toEqual({ sha256: hashResources(statement.predicate.resources) });
  });
});

describe("2. a shard of a file with a colon in its name, which Python cannot read", () => {
  test("is read by its last two fields, because a name may have a colon", async () => {
    const resources = toResources({ "a:1:2:0:4": "abcd", "a:1:2:4:6": "ef" });
    expect(await judge({ "a:1:2": "abcdef" }, toShards(resources))).toMatchObject({
      verdict: "verified",
      bytes: 6,
    });
    expect(await judge({ "a:1:2": "abcdeg" }, toShards(resources))).toMatchObject(
      refusal("ModelMismatch", "a:1:2 is not what was signed"),
    );
  });

  test("of a file without a name is none", async () => {
    expect(await judge({ a: "x" }, toShards(toResources({ ":0:1": "x" })))).toMatchObject(
      refusal("SignatureBroken", "is no shard of a file"),
    );
  });
});

describe("3. BLAKE2b, which Python writes as blake2b and asks for as blake2", () => {
  const digest = createHash("blake2b512").update("weights").digest("hex");
  test.each([
    ["blake2b", "blake2b"],
    ["blake2b", "blake2"],
    ["blake2", "blake2b"],
    ["blake2", "blake2"],
  ])("is read as %s with files as %s, because both are 512 bits of the same", async (hash_type, algorithm) => {
    const statement = toStatement([{ name: "w", digest, algorithm }], {
      method: "files",
      hash_type,
      allow_symlinks: false,
    });
    expect(await judge({ w: "weights" }, statement)).toMatchObject({ verdict: "verified" });
    expect(await judge({ w: "wEights" }, statement)).toMatchObject(
      refusal("ModelMismatch", "w is not what was signed"),
    );
  });

  test.each(["blake2s", "blake2b-256", "BLAKE2B", "blake2b512", "toString"])("is not read as %s", async (label) => {
    const statement = toStatement([{ name: "w", digest, algorithm: label }], {
      method: "files",
      hash_type: label,
      allow_symlinks: false,
    });
    expect(await judge({ w: "weights" }, statement)).toMatchObject(refusal("SignatureBroken", "is not supported"));
  });
});

describe("4. the moment of signing by certificate, for which others take its first day", () => {
  const DAY = 24 * 60 * 60 * 1000;
  const now = Date.parse("2026-06-15T12:00:00Z");
  const root = createAuthority("root", { from: now - 400 * DAY, until: now + 400 * DAY });
  const between = createAuthority("between", { from: now - 400 * DAY, until: now + 400 * DAY }, root);
  test.each([
    ["began a month ago and lasts for another", -30, 30, undefined],
    ["ran out yesterday", -30, -1, /expired|not trusted/],
    ["begins tomorrow", 1, 30, /not yet|not trusted/],
  ])("a certificate that %s is judged by now, because a stolen key would be good for ever", async (...row) => {
    const [, from, until, why] = row;
    const who = { identity: "ml@acme.example", issuer: "https://accounts.acme.example" };
    const term = { from: now + from * DAY, until: now + until * DAY };
    const leaf = issueSigner(who, term, between, createCertificateLog(createKeys()));
    const model = await writeModel({ w: "weights" });
    const signature = signWithKey(toStatement(toResources({ w: "weights" })), leaf.key, {
      chain: [leaf.certificate, between.certificate],
    });
    const verdict = await judgeModel({
      model,
      signature,
      trust: { method: "certificate", certificates: [root.certificate], now },
    });
    await rm(model, { recursive: true });
    if (why === undefined) expect(verdict).toMatchObject({ verdict: "verified" });
    else expect(verdict).toMatchObject({ code: "CertificateUntrusted", why: expect.stringMatching(why) as string });
  });
});

// 5. Nobody looks whether a certificate was revoked; neither is it done here.

describe("6. no chain given, where Python trusts the web's certificate authorities", () => {
  test("nobody is trusted, because any of them would do", async () => {
    const term = { from: Date.now() - 60_000, until: Date.now() + 60_000 };
    const root = createAuthority("web", term);
    const who = { identity: "https://www.acme.example", issuer: "https://web.example" };
    const leaf = issueSigner(who, term, root, createCertificateLog(createKeys()));
    const model = await writeModel({ w: "weights" });
    const signature = signWithKey(toStatement(toResources({ w: "weights" })), leaf.key, { chain: [leaf.certificate] });
    const by = (certificates: Buffer[]) =>
      judgeModel({ model, signature, trust: { method: "certificate", certificates, now: Date.now() } });
    expect(await by([root.certificate])).toMatchObject({ verdict: "verified" });
    expect(await by([])).toMatchObject(refusal("CertificateUntrusted", "nobody is trusted"));
    await rm(model, { recursive: true });
  });
});

describe("7. allow_symlinks, with which Python leaves out what lies in linked folders", () => {
  const statement = toStatement(toResources({ w: "weights" }), {
    method: "files",
    hash_type: "sha256",
    allow_symlinks: true,
  });
  test("is no reason to refuse by itself", async () => {
    expect(await judge({ w: "weights" }, statement)).toMatchObject({ verdict: "verified" });
  });
  test.each([
    ["a folder", "linked"],
    ["a file", "linked/payload.bin"],
    ["nothing", "nonesuch"],
    ["itself", "link"],
  ])("does not allow a link to %s, because nobody signed what it leads to", async (_, target) => {
    const prepare = async (model: string) => {
      await mkdir(join(model, ".git/linked"), { recursive: true });
      await writeFile(join(model, ".git/linked/payload.bin"), "evil");
      await symlink(target === "link" ? target : join(".git", target), join(model, "link"));
    };
    for (const toleratesUnsigned of [false, true]) {
      expect(await judge({ w: "weights" }, statement, { toleratesUnsigned }, prepare)).toMatchObject(
        refusal("ModelUnfit", "link is a symbolic link"),
      );
    }
  });
});

describe("8. names that lead out of the model, which Python read where unsigned files are ignored", () => {
  test.each(["../secret", "a/../../secret", "/etc/hostname", "..", "./w", "a//w", "w/", "a\\w", "w\0"])(
    "%j is refused before the disk is touched",
    async (name) => {
      const signature = signWithKey(toStatement(toResources({ [name]: "secret" })), privateKey);
      const about = { signature, trust, toleratesUnsigned: true };
      // Would the disk be touched, it would be told that there is no such model.
      expect(await judgeModel({ ...about, model: "/nonexistent/model" })).toMatchObject(
        refusal("SignatureBroken", "is no path within a model"),
      );
    },
  );

  test("paths that are left out cannot lead out either", async () => {
    const statement = toStatement(toResources({ w: "weights" }), {
      method: "files",
      hash_type: "sha256",
      allow_symlinks: false,
      ignore_paths: ["../..", "/", "./extra", "extra/"],
    });
    expect(await judge({ w: "weights" }, statement)).toMatchObject({ verdict: "verified", ignored: [] });
    expect(await judge({ w: "weights", extra: "x" }, statement)).toMatchObject(
      refusal("ModelMismatch", "extra is there and was not signed"),
    );
  });
});

describe("a model of one file, which the specification names by its base name and Python by a point", () => {
  const RESOURCE = { digest: sha256("weights"), algorithm: "sha256" };
  const inFile = { signature: Buffer.alloc(0), trust };
  const judgeFile = async (statement: ModelStatement, text = "weights") => {
    const folder = await writeModel({ "m.onnx": text });
    const about = { ...inFile, signature: signWithKey(statement, privateKey) };
    const verdict = await judgeModel({ ...about, model: join(folder, "m.onnx") });
    const ofFolder = await judgeModel({ ...about, model: folder });
    await rm(folder, { recursive: true });
    return { verdict, ofFolder };
  };

  test.each(["m.onnx", "."])("is read as %s, because there is nothing to mistake it for", async (name) => {
    const statement = toStatement([{ ...RESOURCE, name }]);
    expect((await judgeFile(statement)).verdict).toMatchObject({ verdict: "verified", files: 1, bytes: 7 });
    expect((await judgeFile(statement, "wEights")).verdict).toMatchObject(refusal("ModelMismatch", "is not what was"));
  });

  test("is read in shards as well", async () => {
    const shards = toShards(toResources({ ".:0:4": "weig", ".:4:7": "hts" }));
    expect((await judgeFile(shards)).verdict).toMatchObject({ verdict: "verified", files: 1, bytes: 7 });
  });

  test("is not a folder with this file", async () => {
    expect((await judgeFile(toStatement([{ ...RESOURCE, name: "." }]))).ofFolder).toMatchObject(
      refusal("ModelMismatch", ". was signed and is not there"),
    );
  });

  test("has no second name beside the point", async () => {
    const two = toStatement([
      { ...RESOURCE, name: "." },
      { ...RESOURCE, name: "m.onnx" },
    ]);
    expect((await judgeFile(two)).verdict).toMatchObject(refusal("SignatureBroken", ". is no path within a model"));
  });
});

describe("9. what is there twice or without content", () => {
  const resources = toResources({ w: "weights" });
  test("a name that is listed twice is refused, where Python lets the last one count", async () => {
    const twice = toStatement([...toResources({ w: "other" }), ...resources]);
    for (const statement of [twice, toStatement([...resources, ...resources])]) {
      expect(await judge({ w: "weights" }, statement)).toMatchObject(refusal("SignatureBroken", "w is listed twice"));
    }
  });

  test("a second signature is refused, where others look at the first alone", async () => {
    const bundle = JSON.parse(signWithKey(toStatement(resources), privateKey).toString("utf8")) as {
      dsseEnvelope: { signatures: { sig: string }[] };
    };
    const [good] = bundle.dsseEnvelope.signatures;
    for (const signatures of [
      [good, { sig: "AAAA" }],
      [{ sig: "AAAA" }, good],
      [good, good],
    ]) {
      const signature = Buffer.from(
        JSON.stringify({ ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, signatures } }),
      );
      expect(await judge({ w: "weights" }, toStatement(resources), { signature })).toMatchObject(
        refusal("SignatureBroken", "one DSSE signature"),
      );
    }
  });

  test("an empty file is listed among files, and told of among shards, whose list has no place for it", async () => {
    const files = { w: "weights", empty: "" };
    expect(await judge(files, toStatement(toResources(files)))).toMatchObject({ verdict: "verified", unsigned: 0 });
    expect(await judge(files, toStatement(resources))).toMatchObject(
      refusal("ModelMismatch", "empty is there and was not signed"),
    );
    expect(await judge({ w: "weights" }, toStatement(toResources(files)))).toMatchObject(
      refusal("ModelMismatch", "empty was signed and is not there"),
    );
    const shards = toShards(toResources({ "w:0:4": "weig", "w:4:7": "hts" }));
    expect(await judge(files, shards)).toMatchObject({ verdict: "verified", files: 1, unsigned: 1 });
    expect(await judge({ ...files, empty: "x" }, shards)).toMatchObject(
      refusal("ModelMismatch", "empty is there and was not signed"),
    );
  });

  test("a folder without files is no part of a model, because nothing signs it", async () => {
    const prepare = (model: string) => mkdir(join(model, "a/b/c"), { recursive: true });
    expect(await judge({ w: "weights" }, toStatement(resources), {}, prepare)).toMatchObject({ verdict: "verified" });
  });
});

describe("a path that is left out and is the whole model", () => {
  test.each([".", "", "./", "./.", ".//"])("%j is refused, because nothing would be signed", async (path) => {
    const statement = toStatement(toResources({ w: "weights" }), {
      method: "files",
      hash_type: "sha256",
      allow_symlinks: false,
      ignore_paths: ["logs", path],
    });
    expect(await judge({ w: "weights" }, statement)).toMatchObject(
      refusal("SignatureBroken", "it leaves out the whole model"),
    );
  });
});

describe("10. paths that are left out, which Go's helper for registries takes for names in any folder", () => {
  const statement = toStatement(toResources({ w: "weights" }), {
    method: "files",
    hash_type: "sha256",
    allow_symlinks: false,
    ignore_paths: ["README.md", "logs"],
  });
  test.each<[string, Files, string | undefined]>([
    ["the path", { "README.md": "x" }, undefined],
    ["what lies below it", { "logs/a/b": "x" }, undefined],
    ["its name in a folder", { "a/README.md": "x" }, "a/README.md"],
    ["a folder's name in a folder", { "a/logs/b": "x" }, "a/logs/b"],
    ["a path that begins so", { "logs.txt": "x" }, "logs.txt"],
    ["another spelling", { "readme.md": "x" }, "readme.md"],
    [
      "git's files at the top",
      { ".git/config": "x", ".gitignore": "x", ".gitattributes": "x", ".github/a": "x" },
      undefined,
    ],
    ["git's files in a folder", { "a/.gitignore": "x" }, "a/.gitignore"],
    ["a name that begins as git's", { ".gitmodules": "x" }, ".gitmodules"],
  ])("%s: only the exact path counts, because everything else was not agreed to", async (_, more, found) => {
    const verdict = await judge({ w: "weights", ...more }, statement);
    if (found === undefined) expect(verdict).toMatchObject({ verdict: "verified", unsigned: 0 });
    else expect(verdict).toMatchObject(refusal("ModelMismatch", `${found} is there and was not signed`));
  });

  test("one of git's files that was signed is held to its signature", async () => {
    const files = { w: "weights", ".gitattributes": "* lfs", ".github/ci.yml": "on: push" };
    const signed = toStatement(toResources(files));
    expect(await judge(files, signed)).toMatchObject({ verdict: "verified", files: 3 });
    expect(await judge({ ...files, ".github/ci.yml": "on: pull" }, signed)).toMatchObject(
      refusal("ModelMismatch", ".github/ci.yml is not what was signed"),
    );
    expect(await judge({ ...files, ".github/more.yml": "" }, signed)).toMatchObject(
      refusal("ModelMismatch", ".github/more.yml is there and was not signed"),
    );
  });
});
