// OpenSSF Model Signing on disk: what the reference implementation signed, and everything that may be wrong with it.
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { cp, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseSignature } from "../../../src/adapters/model-signing/envelope.ts";
import { signPayload } from "../../../src/adapters/model-signing/elliptic.ts";
import { signModel } from "../../../src/adapters/model-signing/sign-model.ts";
import { type ModelCase, type ModelVerdict, verifyModel } from "../../../src/adapters/model-signing/verify-model.ts";

const VECTORS = fileURLToPath(new URL("../../vectors/model-signing/", import.meta.url));
const MODEL = join(VECTORS, "model");
const REFERENCE = createPublicKey(await readFile(join(VECTORS, "signer.pub")));

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "model-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

let copies = 0;
/** A copy of the model, changed as a test wants it. */
async function copyModel(change: (model: string) => Promise<unknown> = async () => {}): Promise<string> {
  copies += 1;
  const model = join(dir, `copy-${copies}`);
  await cp(MODEL, model, { recursive: true });
  await change(model);
  return model;
}

const quiet = () => {};
const verify = (about: Partial<ModelCase> & Pick<ModelCase, "signature">): Promise<ModelVerdict> =>
  verifyModel(
    {
      model: MODEL,
      trust: { method: "key", key: REFERENCE },
      ignored: [],
      toleratesUnsigned: false,
      acceptsLegacy: false,
      ...about,
    },
    quiet,
  );
const read = (name: string) => readFile(join(VECTORS, name));

describe("what the reference implementation signed", () => {
  // `empty` has no shards, so nobody signed it.
  test.each([
    ["sha256-files.sig", 6, 0],
    ["sha256-shards.sig", 5, 1],
    ["blake2-files.sig", 6, 0],
    ["blake2-shards.sig", 5, 1],
    ["blake3-files.sig", 6, 0],
  ])("%s is verified", async (name, files, unsigned) => {
    expect(await verify({ signature: await read(name) })).toMatchObject({ verdict: "verified", files, unsigned });
  });

  const write = (name: string, text: string) => (model: string) => writeFile(join(model, name), text);
  const CHANGES: [string, (model: string) => Promise<unknown>, string][] = [
    ["a byte", write("weights.bin", "wEights\n"), "weights.bin"],
    ["a byte in a folder", write("sub/config.toml", "a = 2\n"), "sub/config.toml"],
    ["a file that grew", write("weights.bin", "weights\nmore"), "weights.bin"],
    ["a file that was cut", write("weights.bin", "weigh"), "weights.bin"],
    ["a file more", write("sub/extra.bin", "x"), "sub/extra.bin is there and was not signed"],
    ["a hidden file more", write(".git.bin", "x"), ".git.bin is there and was not signed"],
    ["a .gitignore below the top", write("sub/.gitignore", "x"), "sub/.gitignore is there and was not signed"],
    ["a file less", (model) => rm(join(model, "a/x")), "a/x was signed and is not there"],
    ["a file by another name", (model) => rename(join(model, "a/x"), join(model, "a/y")), "a/x was signed"],
    ["a link to a file", (model) => symlink("weights.bin", join(model, "link")), "link is a symbolic link"],
    ["a link to a folder", (model) => symlink("sub", join(model, "more")), "more is a symbolic link"],
    [
      "a link instead of a file",
      async (model) => {
        await rename(join(model, "weights.bin"), join(dir, `w-${copies}`));
        await symlink(join(dir, `w-${copies}`), join(model, "weights.bin"));
      },
      "weights.bin is a symbolic link",
    ],
    [
      "an empty model",
      async (model) => {
        await rm(model, { recursive: true });
        await cp(join(VECTORS, "../oms"), model, { recursive: true, filter: (path) => path.endsWith("oms") });
      },
      "it has no files",
    ],
  ];
  describe.each(["sha256-files.sig", "sha256-shards.sig"])("%s over a model with", (name) => {
    test.each(CHANGES)("%s is refused, by name", async (_, change, why) => {
      const model = await copyModel(change);
      const verdict = await verify({ model, signature: await read(name) });
      expect(verdict).toMatchObject({ verdict: "refused", why: expect.stringContaining(why) as string });
    });
  });

  test("what people leave out is not looked at, and what they tolerate is counted", async () => {
    const signature = await read("sha256-files.sig");
    const model = await copyModel(write("sub/extra.bin", "x"));
    expect(await verify({ model, signature, ignored: ["sub/extra.bin"] })).toMatchObject({
      verdict: "verified",
      unsigned: 0,
    });
    expect(await verify({ model, signature, toleratesUnsigned: true })).toMatchObject({
      verdict: "verified",
      unsigned: 1,
    });
    expect(await verify({ model, signature, ignored: ["sub"] })).toMatchObject({
      verdict: "refused",
      why: expect.stringContaining("sub/config.toml was signed and is left out") as string,
    });
  });
});

describe("what is signed here", () => {
  test.each(["P-256", "P-384", "P-521"])("with a key on %s is verified by it alone", async (namedCurve) => {
    const [own, other] = [1, 2].map(() => generateKeyPairSync("ec", { namedCurve }));
    if (own === undefined || other === undefined) throw new Error("two keys are needed");
    const { text } = await signModel({ model: MODEL, key: own.privateKey, chain: [], ignored: [] }, quiet);
    const signature = Buffer.from(text);
    expect(await verify({ signature, trust: { method: "key", key: own.publicKey } })).toMatchObject({
      verdict: "verified",
      files: 6,
    });
    expect(await verify({ signature, trust: { method: "key", key: other.publicKey } })).toMatchObject({
      verdict: "refused",
      code: "SignatureInvalid",
    });
  });

  test("with a signature that is longer than anybody reads is refused", async () => {
    const { privateKey: key } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    // What is left out is recorded: seven names of 4 MiB make 28 MiB, which base64 turns into 38.
    const ignored = Array.from({ length: 7 }, (_, number) => `${number}`.repeat(4 * 1024 * 1024));
    await expect(signModel({ model: MODEL, key, chain: [], ignored }, quiet)).rejects.toThrow(
      "its signature would take 38 MiB, and none above 32 MiB is read",
    );
  });

  test("with a key of another kind is refused", async () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    await expect(signModel({ model: MODEL, key: privateKey, chain: [], ignored: [] }, quiet)).rejects.toThrow(
      "P-256, P-384 and P-521",
    );
  });
});

/** The statement of a signature, changed and signed anew by a key that is trusted: what only a signer could do. */
function forge(signature: Buffer, key: KeyObject, change: (statement: Statement) => void): Buffer {
  const { payload } = parseSignature(signature);
  const statement = JSON.parse(payload.toString("utf8")) as Statement;
  change(statement);
  const bytes = Buffer.from(JSON.stringify(statement));
  const bundle = JSON.parse(signature.toString("utf8")) as {
    dsseEnvelope: { payload: string; signatures: { sig: string }[] };
  };
  bundle.dsseEnvelope.payload = bytes.toString("base64");
  bundle.dsseEnvelope.signatures = [{ sig: signPayload(key, bytes).toString("base64") }];
  return Buffer.from(JSON.stringify(bundle));
}
interface Statement {
  _type: string;
  subject: { name: string; digest: Record<string, string> }[];
  predicateType: string;
  predicate: {
    serialization: Record<string, unknown>;
    resources: { name: string; digest: string; algorithm: string }[];
  };
}

describe("what a trusted signer must not say", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const first = ({ predicate }: Statement) => predicate.resources[0] ?? { name: "", digest: "", algorithm: "" };
  test.each<[string, string, (statement: Statement) => void]>([
    ["a path that leads out", "files", (one) => (first(one).name = "../../etc/passwd")],
    ["an absolute path", "files", (one) => (first(one).name = "/etc/passwd")],
    ["a path that is not normalised", "files", (one) => (first(one).name = "a/../.hidden")],
    ["a name twice", "files", (one) => one.predicate.resources.push({ ...first(one) })],
    ["no file at all", "files", (one) => (one.predicate.resources = [])],
    ["another root digest", "files", (one) => (one.subject = [{ name: "model", digest: { sha256: "0".repeat(64) } }])],
    ["two subjects", "files", (one) => one.subject.push({ name: "other", digest: { sha256: "0".repeat(64) } })],
    ["another predicate", "files", (one) => (one.predicateType = "https://slsa.dev/provenance/v1")],
    ["another statement", "files", (one) => (one._type = "https://in-toto.io/Statement/v0.1")],
    ["an unknown hash", "files", (one) => (one.predicate.serialization.hash_type = "md5")],
    ["a hash of another kind for one file", "files", (one) => (first(one).algorithm = "blake3")],
    ["a digest that is too short", "files", (one) => (first(one).digest = first(one).digest.slice(2))],
    ["a shard size for files", "files", (one) => (one.predicate.serialization.shard_size = 4)],
    ["no shard size for shards", "shards", (one) => delete one.predicate.serialization.shard_size],
    ["a shard without its place", "shards", (one) => (first(one).name = ".hidden")],
    ["a shard that is empty", "shards", (one) => (first(one).name = ".hidden:4:4")],
    ["shards with a gap", "shards", (one) => (first(one).name = ".hidden:1:4")],
    ["a shard that is too large", "shards", (one) => (one.predicate.serialization.shard_size = 3)],
  ])("%s", async (_, form, change) => {
    const signature = forge(await read(`sha256-${form}.sig`), privateKey, change);
    expect(await verify({ signature, trust: { method: "key", key: publicKey } })).toMatchObject({
      verdict: "refused",
      code: "SignatureBroken",
    });
  });

  test("a name with colons is a shard by its last two", async () => {
    const model = await copyModel((copy) => rename(join(copy, ".hidden"), join(copy, "a:b:1")));
    const signature = forge(await read("sha256-files.sig"), privateKey, (one) => (first(one).name = "a:b:1"));
    expect(await verify({ model, signature, trust: { method: "key", key: publicKey } })).toMatchObject({
      verdict: "verified",
    });
  });
});

describe("no truncation and no change of a signature passes", () => {
  test("wherever it is cut", async () => {
    const whole = await read("sha256-files.sig");
    const text = whole.toString("utf8").trimEnd();
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), async (length) => {
        expect((await verify({ signature: Buffer.from(text.slice(0, length)) })).verdict).toBe("refused");
      }),
      { numRuns: 200 },
    );
  });

  test("whichever character of its content is another one", async () => {
    const bundle = JSON.parse((await read("sha256-files.sig")).toString("utf8")) as {
      mediaType: string;
      dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string }[] };
    };
    const { payload } = bundle.dsseEnvelope;
    const sig = bundle.dsseEnvelope.signatures[0]?.sig ?? "";
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    const spoil = (text: string, at: number, by: string) => text.slice(0, at) + by + text.slice(at + 1);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(payload.length + sig.length - 1),
        fc.constantFrom(...alphabet.split("")),
        async (at, by) => {
          const isPayload = at < payload.length;
          const before = isPayload ? payload : sig;
          const place = isPayload ? at : at - payload.length;
          const after = spoil(before, place, by);
          fc.pre(after !== before);
          const envelope = isPayload
            ? { ...bundle.dsseEnvelope, payload: after }
            : { ...bundle.dsseEnvelope, signatures: [{ sig: after }] };
          const signature = Buffer.from(JSON.stringify({ ...bundle, dsseEnvelope: envelope }));
          expect((await verify({ signature })).verdict).toBe("refused");
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each<[string, (bundle: Record<string, unknown>) => void]>([
    ["a member more", (one) => (one.messageSignature = {})],
    ["another payload type", (one) => Object.assign(one.dsseEnvelope as object, { payloadType: "text/plain" })],
    [
      "two signatures",
      (one) => {
        const { signatures } = one.dsseEnvelope as { signatures: object[] };
        signatures.push({ ...signatures[0] });
      },
    ],
    ["no signature", (one) => Object.assign(one.dsseEnvelope as object, { signatures: [] })],
    ["no key named", (one) => (one.verificationMaterial = { tlogEntries: [] })],
    [
      "a certificate beside the key",
      (one) => Object.assign(one.verificationMaterial as object, { certificate: { rawBytes: "AAAA" } }),
    ],
    ["another media type", (one) => (one.mediaType = "application/json")],
    [
      "a certificate of more than 64 KiB",
      (one) => (one.verificationMaterial = { certificate: { rawBytes: Buffer.alloc(65_537).toString("base64") } }),
    ],
    ["another version", (one) => (one.mediaType = "application/vnd.dev.sigstore.bundle.v0.1+json")],
  ])("%s", async (_, change) => {
    const bundle = JSON.parse((await read("sha256-files.sig")).toString("utf8")) as Record<string, unknown>;
    change(bundle);
    expect((await verify({ signature: Buffer.from(JSON.stringify(bundle)) })).verdict).toBe("refused");
  });
});
