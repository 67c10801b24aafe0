// The verifying commands as people type them: what is a fault of theirs, and what is an answer.
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sha256, signWithKey, toResources, toStatement, writeModel } from "../../harness/models.ts";
import { createSigstore, toPem } from "../../harness/sigstore.ts";
import { answerTimestamp } from "../../harness/sigstore/timestamp.ts";
import { stateFiles } from "../../corpus/statements.ts";
import { toText } from "../../corpus/tables/certified/parts.ts";
import { EMAIL } from "../../corpus/authorities.ts";
import { createCompany, IN_TIME } from "../../corpus/tables/stamped/parts.ts";
import { askLocally as ask } from "./ask-locally.ts";

const WHO = { identity: "ml@acme.example", issuer: "https://accounts.acme.example" };
const FILES = { "weights.bin": "weights" };
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const LEGACY = {
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "weights.bin", digest: { sha256: sha256("weights") } }],
  predicateType: "https://model_signing/Digests/v0.1",
};

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
/** A model signed with a certificate that is over since, and stamped while it was not. */
async function verifyStamped(...more: string[]) {
  const { root: company, between, stamper, stampRoot, over } = createCompany();
  const statement = stateFiles([{ path: "weights.bin", bytes: Buffer.from("weights") }]);
  const stamp = (signature: Buffer) => [answerTimestamp(stamper, signature, IN_TIME)];
  await writeFile(at("stamped.sig"), toText(over, { statement, chain: [between], stamp }));
  await writeFile(at("company.pem"), toPem(company.certificate));
  await writeFile(at("time.pem"), toPem(stamper.certificate) + toPem(stampRoot.certificate));
  const what = ["--model-path", model, "--bundle", at("stamped.sig"), "--cert-chain", at("company.pem")];
  return ask(["verify-model", "--method", "certificate", ...what, ...more]);
}
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

test("a model whose certificate ran out is verified at the time of an authority that is named, and of no other", async () => {
  expect(await verifyStamped("--timestamp-authority", at("time.pem"))).toMatchObject({ code: 0 });
  expect(await verifyStamped()).toMatchObject({
    code: 1,
    text: expect.stringMatching(
      /^CertificateUntrusted: its certificate is not trusted: it ran out at 2026-02-01T00:00:00Z$/m,
    ) as string,
  });
  expect(await verifyStamped("--timestamp-authority", at("company.pem"))).toMatchObject({
    code: 1,
    text: expect.stringContaining("its timestamp does not hold") as string,
  });
});

test("by certificate a name may be asked for: one that the signer has", async () => {
  const stamped = ["--timestamp-authority", at("time.pem"), "--certificate-identity"];
  expect(await verifyStamped(...stamped, EMAIL)).toMatchObject({
    code: 0,
    text: expect.stringMatching(/^signed by {4}ml@acme\.example$/m) as string,
  });
  for (const other of ["eve@acme.example", "ML@acme.example", "", "ml@acme.exampl"]) {
    expect(await verifyStamped(...stamped, other), other).toMatchObject({
      code: 1,
      text: expect.stringMatching(/^SignatureInvalid: it was signed by ml@acme\.example$/m) as string,
    });
  }
});

test("a time-stamping authority in verify-image without certificates is a fault of usage", async () => {
  const args = ["registry.example/voice:v5", "--key", at("key.pub"), "--timestamp-authority", "time.pem"];
  expect(await ask(["verify-image", ...args])).toMatchObject({
    code: 2,
    text: expect.stringContaining("go with --ca-roots") as string,
  });
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

describe("a bundle by key without an entry in a log, as cosign makes it with --tlog-upload=false,", () => {
  const bundle = (material: object, artifact: string) =>
    JSON.stringify({
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: { publicKey: { hint: "" }, ...material },
      messageSignature: {
        messageDigest: { algorithm: "SHA2_256", digest: createHash("sha256").update(artifact).digest("base64") },
        signature: sign("sha256", Buffer.from(artifact), privateKey).toString("base64"),
      },
    });
  const verify = (...more: string[]) =>
    ask([
      "verify-bundle",
      "--bundle",
      at("by-key.json"),
      "--trusted-root",
      at("root.json"),
      ...more,
      join(model, "weights.bin"),
    ]);

  test("is refused, with the option that takes the key alone, and taken with it", async () => {
    await writeFile(at("by-key.json"), bundle({ tlogEntries: [] }, "weights"));
    const refused = await verify("--key", at("key.pub"));
    expect(refused).toMatchObject({
      code: 1,
      text: expect.stringMatching(/^LogEntryMissing: [^]*--without-log-entry$/m),
    });
    const taken = await verify("--key", at("key.pub"), "--without-log-entry");
    expect(taken).toMatchObject({ code: 0, text: expect.stringContaining("not asked    for an entry") });
  });

  test("is refused all the same where the key is another one, or the artifact is", async () => {
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
    await writeFile(at("other.pub"), other.export({ type: "spki", format: "pem" }));
    await writeFile(at("by-key.json"), bundle({ tlogEntries: [] }, "weights"));
    const strange = await verify("--key", at("other.pub"), "--without-log-entry");
    expect(strange).toMatchObject({ code: 1, text: expect.stringMatching(/^SignatureInvalid: /m) });
    await writeFile(at("by-key.json"), bundle({ tlogEntries: [] }, "other weights"));
    const another = await verify("--key", at("key.pub"), "--without-log-entry");
    expect(another).toMatchObject({ code: 1, text: expect.stringMatching(/^(ArtifactMismatch|SignatureInvalid): /m) });
  });

  test("whose entry is there and does not hold is refused, for a log that contradicts vouches against it", async () => {
    const { verificationMaterial } = JSON.parse(await readFile(at("blob.json"), "utf8")) as {
      verificationMaterial: { tlogEntries: object[] };
    };
    const { tlogEntries } = verificationMaterial;
    await writeFile(at("by-key.json"), bundle({ tlogEntries }, "weights"));
    const refused = await verify("--key", at("key.pub"), "--without-log-entry");
    expect(refused).toMatchObject({ code: 1, text: expect.stringMatching(/^LogEntryMismatch: /m) });
  });

  test("is no matter of names: the option goes with a key", async () => {
    const who = ["--certificate-identity", WHO.identity, "--certificate-oidc-issuer", WHO.issuer];
    const said = await verify(...who, "--without-log-entry");
    expect(said).toMatchObject({ code: 2, text: expect.stringContaining("goes with --key") });
  });
});

describe("a file that cannot be used is told in a sentence:", () => {
  const key = (...more: string[]) => ["verify-model", "--method", "key", "--model-path", model, ...more];
  test.each<[string, () => string[], () => string]>([
    [
      "a key that is not there",
      () => key("--bundle", at("key.sig"), "--public-key", at("none.pub")),
      () => `the key ${at("none.pub")} is not there`,
    ],
    [
      "a signature that is a folder",
      () => key("--bundle", dir, "--public-key", at("key.pub")),
      () => `the signature ${dir} is a folder, no file`,
    ],
    [
      "a path through a file",
      () => key("--bundle", join(at("key.sig"), "x"), "--public-key", at("key.pub")),
      () => `the signature ${join(at("key.sig"), "x")} is not there: a part of its path is a file, no folder`,
    ],
    [
      "a model that is not there",
      () =>
        ["verify-model", "--method", "key", "--model-path", at("none"), "--bundle", at("key.sig")].concat(
          "--public-key",
          at("key.pub"),
        ),
      () => `${at("none")} is not there`,
    ],
    [
      "an artifact that is a folder",
      () => ["verify-bundle", "--bundle", at("blob.json"), "--key", at("key.pub"), dir],
      () => `the artifact ${dir} is a folder, no file`,
    ],
    [
      "a docker config that is none",
      () => ["verify-image", "registry.example/a:b", "--key", at("key.pub"), "--docker-config", at("key.pub")],
      () =>
        `${at("key.pub")} is no docker config, or one of its credentials cannot be read; name another: --docker-config FILE`,
    ],
    [
      "a docker config that is not there",
      () => ["verify-image", "registry.example/a:b", "--key", at("key.pub"), "--docker-config", at("none.json")],
      () => `the docker config ${at("none.json")} is not there`,
    ],
  ])("%s", async (_, args, said) => {
    expect(await ask(args())).toEqual({ code: 2, text: said() });
  });

  test("a private key in the place of a public one", async () => {
    await writeFile(at("private.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
    const said = await ask(key("--bundle", at("key.sig"), "--public-key", at("private.pem")));
    expect(said).toMatchObject({
      code: 2,
      text: expect.stringMatching(/is a private key.*openssl pkey -in .* -pubout$/),
    });
  });

  test("certificates with something beside them, which may be a damaged one", async () => {
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    await writeFile(at("mixed.pem"), `${pem.toString()}-----BEGIN CERTIFICATE-----\nAAAA\n`);
    const what = ["--method", "certificate", "--model-path", model, "--bundle", at("key.sig")];
    expect(await ask(["verify-model", ...what, "--cert-chain", at("mixed.pem")])).toMatchObject({
      code: 2,
      text: expect.stringContaining("certificates alone are wanted") as string,
    });
  });
});
