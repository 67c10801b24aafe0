// The verifying commands as people type them: what is a fault of theirs, and what is an answer.
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UsageError } from "../../../src/cli/session.ts";
import { addVerification } from "../../../src/cli/verify/program.ts";
import { sha256, signWithKey, toResources, toStatement, writeModel } from "../../harness/models.ts";
import { createSigstore } from "../../harness/sigstore.ts";

const WHO = { identity: "ml@acme.example", issuer: "https://accounts.acme.example" };
const FILES = { "weights.bin": "weights" };
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const LEGACY = {
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "weights.bin", digest: { sha256: sha256("weights") } }],
  predicateType: "https://model_signing/Digests/v0.1",
};

/** Exit status and text of a command line; a fault of usage is told on the other channel with status 2. */
async function ask(args: readonly string[]): Promise<{ code: number; text: string }> {
  let said = { code: -1, text: "" };
  const program = new Command();
  addVerification(program, async (act) => {
    try {
      const { exit, lines } = await act({ proxy: { https: "", http: "", except: "" } });
      said = { code: exit, text: lines.join("\n") };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      said = { code: 2, text: error.message };
    }
  });
  await program.parseAsync([...args], { from: "user" });
  return said;
}

let dir = "";
let model = "";
interface Root {
  tlogs: { publicKey: Record<string, unknown> }[];
  certificateAuthorities: { certChain: { certificates: { rawBytes: string }[] }; validFor: { start: string } }[];
  timestampAuthorities: object[];
}
let root: Root;
const at = (name: string) => join(dir, name);
beforeAll(async () => {
  [dir, model] = await Promise.all([mkdtemp(join(tmpdir(), "verify-")), writeModel(FILES)]);
  const sigstore = await createSigstore();
  root = JSON.parse(sigstore.trustedRoot) as Root;
  await writeFile(at("root.json"), sigstore.trustedRoot);
  await writeFile(at("model.sig"), await sigstore.signStatement(toStatement(toResources(FILES)), WHO));
  await writeFile(at("legacy.sig"), await sigstore.signStatement(LEGACY, WHO));
  await writeFile(at("blob.json"), await sigstore.signBlob(Buffer.from("weights"), WHO));
  await writeFile(at("key.sig"), signWithKey(toStatement(toResources(FILES)), privateKey));
  await writeFile(at("key.pub"), publicKey.export({ type: "spki", format: "pem" }));
});
afterAll(() => Promise.all([dir, model].map((one) => rm(one, { recursive: true, force: true }))));

const verifyModel = (trustedRoot: string, signature = "model.sig", ...more: string[]) => {
  const who = ["--identity", WHO.identity, "--identity-provider", WHO.issuer, "--trusted-root", at(trustedRoot)];
  const what = ["--model-path", model, "--bundle", at(signature)];
  return ask(["verify-model", "--method", "sigstore", ...what, ...who, ...more]);
};
const verifyBundle = (trustedRoot: string) => {
  const who = ["--certificate-identity", WHO.identity, "--certificate-oidc-issuer", WHO.issuer];
  const artifact = join(model, "weights.bin");
  return ask(["verify-bundle", "--bundle", at("blob.json"), ...who, "--trusted-root", at(trustedRoot), artifact]);
};

test("what somebody with a name signed is verified under a root of one's own", async () => {
  const [ofModel, ofBundle] = await Promise.all([verifyModel("root.json"), verifyBundle("root.json")]);
  expect(ofModel).toMatchObject({ code: 0, text: expect.stringContaining("method       sigstore") as string });
  expect(ofBundle).toMatchObject({ code: 0, text: expect.stringContaining(WHO.identity) as string });
});

test("another instance's root is a refusal, and no fault of usage", async () => {
  await writeFile(at("other.json"), (await createSigstore()).trustedRoot);
  for (const answer of await Promise.all([verifyModel("other.json"), verifyBundle("other.json")])) {
    expect(answer).toMatchObject({ code: 1, text: expect.stringContaining("REFUSED") as string });
  }
});

describe("a trusted root that is broken is a fault of usage", () => {
  const first = { rawBytes: Buffer.from("no certificate").toString("base64") };
  const bare = { uri: "x", validFor: { start: "2026-01-01T00:00:00Z" } };
  test.each<[string, (root: Root) => unknown]>([
    ["no JSON", () => "{"],
    ["no object", () => []],
    ["of another type", (one) => ({ ...one, mediaType: "application/json" })],
    ["with nothing but its type", () => ({ mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1" })],
    ["with an authority without certificates", (one) => ({ ...one, certificateAuthorities: [bare] })],
    [
      "with a certificate that is none",
      (one) => {
        const [authority] = one.certificateAuthorities;
        return { ...one, certificateAuthorities: [{ ...authority, certChain: { certificates: [first] } }] };
      },
    ],
    [
      "with a timestamp authority's certificate that is none",
      (one) => ({ ...one, timestampAuthorities: [{ ...bare, certChain: { certificates: [first] } }] }),
    ],
    [
      "with a term that is no date",
      (one) => {
        const [authority] = one.certificateAuthorities;
        return { ...one, certificateAuthorities: [{ ...authority, validFor: { start: "yesterday" } }] };
      },
    ],
    [
      "with a log's term without a beginning",
      (one) => {
        const [log] = one.tlogs;
        const validFor = { end: "2049-01-01T00:00:00Z" };
        return { ...one, tlogs: [{ ...log, publicKey: { ...log?.publicKey, validFor } }] };
      },
    ],
    [
      "with an authority without a term",
      (one) => ({ ...one, certificateAuthorities: [{ ...one.certificateAuthorities[0], validFor: undefined }] }),
    ],
    ["with a log without a key", (one) => ({ ...one, tlogs: [{ ...one.tlogs[0], publicKey: undefined }] })],
    [
      "with a log's key that is none",
      (one) => {
        const [log] = one.tlogs;
        return { ...one, tlogs: [{ ...log, publicKey: { ...log?.publicKey, rawBytes: first.rawBytes } }] };
      },
    ],
  ])("%s", async (_, change) => {
    const broken = change(root);
    await writeFile(at("broken.json"), typeof broken === "string" ? broken : JSON.stringify(broken));
    for (const answer of await Promise.all([verifyModel("broken.json"), verifyBundle("broken.json")])) {
      expect(answer).toMatchObject({ code: 2, text: expect.stringContaining("is no trusted_root.json: ") as string });
    }
  });
});

test("a signature of version 0.2 is refused, with the option that accepts it", async () => {
  const [refused, accepted] = await Promise.all([
    verifyModel("root.json", "legacy.sig"),
    verifyModel("root.json", "legacy.sig", "--accept-v0-signatures"),
  ]);
  expect(refused).toMatchObject({ code: 1, text: expect.stringContaining("--accept-v0-signatures") as string });
  expect(accepted).toMatchObject({ code: 0, text: expect.stringContaining("VERIFIED") as string });
});

test("without somebody to trust nobody is trusted", async () => {
  const answers = await Promise.all(
    [
      ["--method", "key"],
      ["--method", "certificate"],
      ["--method", "sigstore", "--identity", WHO.identity],
      ["--method", "sigstore", "--identity-provider", WHO.issuer],
    ].map((method) => ask(["verify-model", ...method, "--model-path", model, "--bundle", at("key.sig")])),
  );
  expect(answers.map(({ code, text }) => [code, /needs (--[a-z-]+)/.exec(text)?.[1]])).toEqual([
    [2, "--public-key"],
    [2, "--cert-chain"],
    [2, "--identity"],
    [2, "--identity"],
  ]);
});

test("what is no signature is not overwritten by one", async () => {
  const key = join(dir, "sign.key");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  await writeFile(key, pem);
  const sign = (output: string) =>
    ask(["sign-model", "--method", "key", "--model-path", model, "--private-key", key, "--output-bundle", output]);
  expect(await sign(key)).toMatchObject({ code: 2, text: expect.stringContaining("it is not overwritten") });
  expect(await readFile(key, "utf8"), "the key is still there").toBe(pem);
  const signature = join(dir, "twice.sig");
  expect((await sign(signature)).code).toBe(0);
  expect((await sign(signature)).code, "an older signature makes room").toBe(0);
});
