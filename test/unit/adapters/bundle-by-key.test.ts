// Bundles by a key of one's own: the artifact whole or known by its digest alone, over every hash and on every curve, with an
// entry of a log that names the key. What is signed and by whom is worked by hand here; the key's curve has its hash
// (FIPS 186-5), and a bundle names its own.
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Artifact, parseDigest, readArtifact, toArtifact } from "../../../src/adapters/sigstore/artifact.ts";
import { parseTrustedRoot } from "../../../src/adapters/sigstore/trusted-root.ts";
import { type Expected, verifyBundle } from "../../../src/adapters/sigstore/verify-bundle.ts";
import { BY_KEY, byCertificate, toBundle, toEnvelope } from "../../corpus/bundles.ts";
import { createSignatory, type KeyKind, type Signatory, signBy } from "../../corpus/keys.ts";
import { createCertified, createWorld, PERSON, type LogEntry, type World } from "../../corpus/sigstore.ts";
import { toSigned } from "../../corpus/statements.ts";

type Hash = "sha256" | "sha384" | "sha512";
const ALGORITHMS: Record<Hash, string> = { sha256: "SHA2_256", sha384: "SHA2_384", sha512: "SHA2_512" };
const BYTES = Buffer.from("weights");
const digestOf = (hash: Hash, bytes = BYTES) => createHash(hash).update(bytes).digest();
const base64 = (bytes: Buffer | string) => Buffer.from(bytes).toString("base64");

const world = createWorld();
const root = parseTrustedRoot(world.trustedRoot);
const whole = toArtifact("weights.bin", BYTES);
const toDigest = (bytes = BYTES): Artifact => {
  const artifact = parseDigest(`sha256:${digestOf("sha256", bytes).toString("hex")}`);
  if (artifact === undefined) throw new Error("a digest");
  return artifact;
};

/** An entry that names the key, as Rekor v1 writes it. */
function enter(at: World, { pem }: Pick<Signatory, "pem">, hash: Hash, signature: Buffer): LogEntry {
  return at.enter({
    kind: "hashedrekord",
    spec: {
      data: { hash: { algorithm: hash, value: digestOf(hash).toString("hex") } },
      signature: { content: base64(signature), publicKey: { content: base64(pem) } },
    },
  });
}

interface Change {
  signature?: Buffer;
  digest?: Buffer;
  algorithm?: string;
  entries?: LogEntry[];
}

/** A bundle over the bytes, by a key, with an entry of the log. */
function signMessage(by: Signatory, hash: Hash, change: Change = {}): string {
  const own = by.kind === "ed25519" ? null : hash;
  const { signature = sign(own, BYTES, by.key), digest = digestOf(hash), algorithm = ALGORITHMS[hash] } = change;
  const { entries = [enter(world, by, hash, signature)] } = change;
  const messageSignature = { messageDigest: { algorithm, digest: base64(digest) }, signature: base64(signature) };
  return toBundle({ messageSignature }, { ...BY_KEY, tlogEntries: entries });
}

const holding = ({ pem }: Pick<Signatory, "pem">): Expected => ({ by: "key", key: createPublicKey(pem) });
const ask = (bundle: string, expected: Expected, artifact: Artifact = whole) =>
  verifyBundle({ bundle: Buffer.from(bundle), artifact, root, expected });
const refused = (code: string, why?: string) => ({
  verdict: "refused",
  code,
  ...(why === undefined ? {} : { why: expect.stringContaining(why) as string }),
});

const made = new Map<KeyKind, Signatory>();
/** One of each kind: RSA keys take long to make. */
const of = (kind: KeyKind): Signatory => {
  const signatory = made.get(kind) ?? createSignatory(kind);
  made.set(kind, signatory);
  return signatory;
};

const by = createSignatory();
const stranger = createSignatory();

describe("over the artifact itself", () => {
  test.each<[KeyKind, Hash]>([
    ["p256", "sha256"],
    ["p384", "sha384"],
    ["p521", "sha512"],
    ["rsa2048", "sha256"],
    ["ed25519", "sha512"],
  ])("a key of kind %s vouches for it, and for nothing else", (kind, hash) => {
    const signatory = of(kind);
    const bundle = signMessage(signatory, hash);
    const keyDigest = `sha256:${createHash("sha256").update(signatory.spki).digest("hex")}`;
    expect(ask(bundle, holding(signatory))).toEqual({
      verdict: "verified",
      signer: { by: "key", keyDigest },
      over: { form: "artifact" },
    });
    expect(ask(bundle, holding(signatory), toArtifact("other.bin", Buffer.from("other")))).toMatchObject(
      refused("ArtifactMismatch", "than other.bin"),
    );
    expect(ask(bundle, holding(stranger))).toMatchObject(refused("LogEntryMismatch"));
  });

  test.each(["sha256", "sha384", "sha512"] as const)("by %s, on whichever curve", (hash) => {
    for (const kind of ["p256", "p384", "p521", "rsa2048"] as const) {
      const signatory = of(kind);
      expect(ask(signMessage(signatory, hash), holding(signatory)), kind).toMatchObject({ verdict: "verified" });
    }
  });

  test("a signature over other bytes, by another key, or by none is none", () => {
    const over = (message: string, key: KeyObject = by.key) => ({
      signature: sign("sha256", Buffer.from(message), key),
    });
    for (const change of [over("other"), over("weights", stranger.key), { signature: Buffer.from("none") }]) {
      expect(ask(signMessage(by, "sha256", change), holding(by))).toMatchObject(refused("SignatureInvalid"));
      expect(ask(signMessage(by, "sha256", change), holding(by), toDigest())).toMatchObject(
        refused("SignatureInvalid"),
      );
    }
    const other = createSignatory("ed25519");
    expect(ask(signMessage(other, "sha256", { signature: Buffer.alloc(64) }), holding(other))).toMatchObject(
      refused("SignatureInvalid"),
    );
  });

  test("a signature over one hash does not hold for another that the bundle names", () => {
    const signature = sign("sha384", BYTES, by.key);
    expect(ask(signMessage(by, "sha256", { signature }), holding(by))).toMatchObject(refused("SignatureInvalid"));
  });

  test("a digest in the bundle that is not the artifact's is refused", () => {
    const change = { digest: digestOf("sha256", Buffer.from("other")) };
    expect(ask(signMessage(by, "sha256", change), holding(by))).toMatchObject(
      refused("ArtifactMismatch", "another artifact than weights.bin"),
    );
  });

  test.each(["SHA3_256", "HASH_ALGORITHM_UNSPECIFIED"])("a bundle that names %s is refused", (algorithm) => {
    expect(ask(signMessage(by, "sha256", { algorithm }), holding(by))).toMatchObject(refused("BundleBroken", "SHA-2"));
  });
});

describe("over an artifact of which the digest alone is known", () => {
  test.each(["p256", "p384", "p521"] as const)("a key of kind %s vouches for it, and for nothing else", (kind) => {
    const signatory = of(kind);
    const bundle = signMessage(signatory, "sha256");
    expect(ask(bundle, holding(signatory), toDigest())).toMatchObject({
      verdict: "verified",
      over: { form: "artifact" },
    });
    const other = Buffer.from("other");
    expect(ask(bundle, holding(signatory), toDigest(other))).toMatchObject(refused("ArtifactMismatch"));
    const over = { signature: sign("sha256", other, signatory.key) };
    expect(ask(signMessage(signatory, "sha256", over), holding(signatory), toDigest())).toMatchObject(
      refused("SignatureInvalid"),
    );
  });

  test.each(["rsa2048", "ed25519"] as const)("a key of kind %s needs the artifact itself", (kind) => {
    const signatory = of(kind);
    expect(ask(signMessage(signatory, "sha256"), holding(signatory), toDigest())).toMatchObject(
      refused("SignatureInvalid", "needs the artifact itself"),
    );
  });

  test("a key on a curve that is not one of the three needs the artifact itself", () => {
    const pair = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
    const pem = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
    const signatory: Signatory = { ...by, key: pair.privateKey, pem };
    expect(ask(signMessage(signatory, "sha256"), holding(signatory), toDigest())).toMatchObject(
      refused("SignatureInvalid", "a signature by ec needs the artifact itself"),
    );
  });

  test("another hash than the known one is refused", () => {
    for (const hash of ["sha384", "sha512"] as const) {
      expect(ask(signMessage(by, hash), holding(by), toDigest())).toMatchObject(
        refused("ArtifactMismatch", `about a ${hash} digest`),
      );
    }
  });

  const hex = digestOf("sha256").toString("hex");
  test.each(["", hex, `sha256:${hex}0`, `sha256:${hex.slice(1)}`, `sha256:${hex.toUpperCase()}`, `x sha256:${hex}`])(
    "%s is no digest",
    (text) => {
      expect(parseDigest(text)).toBeUndefined();
    },
  );
});

describe("over a statement", () => {
  const state = (digest: Record<string, string>) =>
    JSON.stringify({
      _type: "https://in-toto.io/Statement/v1",
      subject: [
        { name: "other", digest: { sha256: "0".repeat(64) } },
        { name: "weights", digest },
      ],
      predicateType: "https://acme.example/evaluation/v1",
      predicate: {},
    });
  const hexOf = (hash: Hash) => digestOf(hash).toString("hex");
  const enclose = (payload: string, signatures: readonly Buffer[], type?: string) =>
    toBundle({ dsseEnvelope: toEnvelope(payload, signatures, type) }, { ...BY_KEY, tlogEntries: [] });
  const signOne = (payload: string, type?: string) => enclose(payload, [signBy(by, toSigned(payload, type))], type);

  test("one of whose subjects is the artifact, by any of its digests", () => {
    for (const digest of [
      { sha256: hexOf("sha256") },
      { sha384: hexOf("sha384") },
      { sha512: hexOf("sha512"), sha256: hexOf("sha256") },
      { sha256: hexOf("sha256"), gitCommit: "0" },
    ]) {
      // Without an entry of a log nothing holds: the verdict is about that, and not about the artifact.
      expect(ask(signOne(state(digest)), holding(by))).toMatchObject(refused("LogEntryMissing"));
    }
  });

  test("holds by the key that the log knows", () => {
    const payload = state({ sha256: hexOf("sha256") });
    for (const kind of ["p256", "p384", "ed25519"] as const) {
      const signatory = of(kind);
      const signature = signBy(signatory, toSigned(payload));
      const envelope = toEnvelope(payload, [signature]);
      const hash = (bytes: string) => ({
        algorithm: "sha256",
        value: digestOf("sha256", Buffer.from(bytes)).toString("hex"),
      });
      const entry = world.enter({
        kind: "dsse",
        spec: {
          envelopeHash: hash(JSON.stringify(envelope)),
          payloadHash: hash(payload),
          signatures: [{ signature: base64(signature), verifier: base64(signatory.pem) }],
        },
      });
      const bundle = (sig: Buffer) =>
        toBundle({ dsseEnvelope: toEnvelope(payload, [sig]) }, { ...BY_KEY, tlogEntries: [entry] });
      expect(ask(bundle(signature), holding(signatory), toDigest())).toMatchObject({
        verdict: "verified",
        over: { form: "statement", predicateType: "https://acme.example/evaluation/v1" },
      });
      expect(ask(bundle(signBy(signatory, toSigned("{}"))), holding(signatory))).toMatchObject(
        refused("SignatureInvalid"),
      );
    }
  });

  test("of whose digests one is another's, or none can be told, is refused", () => {
    for (const digest of [
      { sha256: hexOf("sha256"), sha512: "0".repeat(128) },
      { sha512: "0".repeat(128) },
      { gitCommit: hexOf("sha256") },
    ]) {
      expect(ask(signOne(state(digest)), holding(by))).toMatchObject(
        refused("ArtifactMismatch", "weights.bin is no subject"),
      );
    }
    // Its SHA-512 is not known where its SHA-256 alone is.
    expect(ask(signOne(state({ sha512: hexOf("sha512") })), holding(by), toDigest())).toMatchObject(
      refused("ArtifactMismatch"),
    );
  });

  test("in an envelope with no signature or two is refused", () => {
    const payload = state({ sha256: hexOf("sha256") });
    const signature = signBy(by, toSigned(payload));
    for (const signatures of [[], [signature, signature]]) {
      expect(ask(enclose(payload, signatures), holding(by))).toMatchObject(refused("BundleBroken"));
    }
  });

  test("that is no statement is refused", () => {
    expect(ask(signOne(state({ sha256: hexOf("sha256") }), "application/json"), holding(by))).toMatchObject(
      refused("BundleBroken", "holds no in-toto statement"),
    );
    for (const payload of ["{}", "no JSON", '{"_type":"x"}']) {
      expect(ask(signOne(payload), holding(by))).toMatchObject(refused("BundleBroken", "v0.1 or v1"));
    }
  });
});

describe("a bundle that is spelled in another way", () => {
  type Json = Record<string, unknown>;
  const bend = (
    change: (bundle: { messageSignature: Json; verificationMaterial: Json & { tlogEntries: Json[] } }) => void,
  ) => {
    const bundle = JSON.parse(signMessage(by, "sha256")) as Parameters<typeof change>[0];
    change(bundle);
    return JSON.stringify(bundle);
  };
  const entryOf = ({ verificationMaterial }: { verificationMaterial: { tlogEntries: Json[] } }) => {
    const [entry = {}] = verificationMaterial.tlogEntries;
    return entry as Json & { inclusionProof: Json };
  };

  test("in base64 that is not canonical, wherever, is refused", () => {
    const spell = (text: unknown) => String(text).replace(/=+$/, "");
    expect(
      ask(
        bend(() => undefined),
        holding(by),
      ),
    ).toMatchObject({ verdict: "verified" });
    for (const [name, change] of [
      ["signature", ({ messageSignature: one }) => (one.signature = `${String(one.signature)}\n`)],
      ["rootHash", (one) => (entryOf(one).inclusionProof.rootHash = spell(entryOf(one).inclusionProof.rootHash))],
      [
        "hashes",
        (one) => (entryOf(one).inclusionProof.hashes = (entryOf(one).inclusionProof.hashes as string[]).map(spell)),
      ],
    ] as [string, Parameters<typeof bend>[0]][]) {
      expect(ask(bend(change), holding(by)), name).toMatchObject(
        refused("BundleBroken", `${name} is not in canonical base64`),
      );
    }
  });

  test("of more than 32 MiB is not read", () => {
    const good = bend(() => undefined);
    // In bytes: its checkpoint is not in ASCII.
    const pad = (length: number) => ask(good + " ".repeat(length - Buffer.byteLength(good)), holding(by));
    const most = 32 * 1024 * 1024;
    expect(pad(most)).toMatchObject({ verdict: "verified" });
    expect(pad(most + 1)).toMatchObject(refused("BundleBroken", "larger than 32 MiB"));
  });

  test("with numbers that no log counts to, lists that are too long, or two contents, is refused", () => {
    const changes: Parameters<typeof bend>[0][] = [
      (one) => (entryOf(one).logIndex = "-1"),
      (one) => (entryOf(one).logIndex = -1),
      (one) => (entryOf(one).integratedTime = "1".repeat(20)),
      (one) => (entryOf(one).inclusionProof.treeSize = "9x"),
      (one) => (entryOf(one).inclusionProof.logIndex = "x9"),
      (one) => (entryOf(one).inclusionProof.hashes = Array(65).fill("AAAA")),
      (one) => (entryOf(one).inclusionProof.checkpoint = { envelope: "x".repeat(16_385) }),
      (one) => (one.verificationMaterial.tlogEntries = Array(33).fill(entryOf(one)) as Json[]),
      (one) => (one.verificationMaterial.timestampVerificationData = { rfc3161Timestamps: Array(33).fill({}) }),
      (one) => Object.assign(one, { dsseEnvelope: toEnvelope("{}", [Buffer.from("x")]) }),
      (one) => (one.verificationMaterial.certificate = { rawBytes: "AAAA" }),
      (one) => delete one.verificationMaterial.publicKey,
      (one) => Object.assign(one, { mediaType: "application/vnd.dev.sigstore.bundle.v0.4+json" }),
    ];
    for (const [at, change] of changes.entries())
      expect(ask(bend(change), holding(by)), String(at)).toMatchObject(refused("BundleBroken"));
  });
});

describe("who is expected", () => {
  const expected: Expected = { by: "certificate", identity: { exact: PERSON.identity }, issuer: PERSON.issuer };

  test("a name is not met by a key", () => {
    expect(ask(signMessage(by, "sha256"), expected)).toMatchObject(refused("KeyMissing", "it was signed with a key"));
  });

  test("a key is not met by a certificate, be it for that key", () => {
    const certified = createCertified(world);
    const signature = sign("sha256", BYTES, certified.key);
    const messageSignature = {
      messageDigest: { algorithm: "SHA2_256", digest: base64(digestOf("sha256")) },
      signature: base64(signature),
    };
    const entries = [enter(world, certified, "sha256", signature)];
    const bundle = toBundle({ messageSignature }, { ...byCertificate(certified.certificate), tlogEntries: entries });
    expect(ask(bundle, holding(certified))).toMatchObject(refused("KeyMissing", "it was signed with a certificate"));
    expect(ask(bundle, expected)).toMatchObject({ verdict: "verified", signer: { by: "certificate", ...PERSON } });
  });

  test("an entry of another instance's log is refused", () => {
    const signature = sign("sha256", BYTES, by.key);
    const entries = [enter(createWorld(), by, "sha256", signature)];
    expect(ask(signMessage(by, "sha256", { signature, entries }), holding(by))).toMatchObject(
      refused("SignatureInvalid"),
    );
  });

  test("no entry of any log is refused", () => {
    expect(ask(signMessage(by, "sha256", { entries: [] }), holding(by))).toMatchObject(refused("LogEntryMissing"));
  });

  test("an entry that names another key is refused", () => {
    const signature = sign("sha256", BYTES, by.key);
    const entries = [enter(world, stranger, "sha256", signature)];
    expect(ask(signMessage(by, "sha256", { signature, entries }), holding(by))).toMatchObject(
      refused("LogEntryMismatch", "about another key"),
    );
  });
});

describe("an artifact on disk", () => {
  let dir = "";
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "artifact-"));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));
  const LIMIT = 16 * 1024 * 1024;

  test.each<[string, number, boolean]>([
    ["that is empty", 0, true],
    ["of a few bytes", 7, true],
    ["of 16 MiB", LIMIT, true],
    ["of a byte more", LIMIT + 1, false],
  ])("%s is known by its digests", async (_, size, isKept) => {
    const bytes = Buffer.alloc(size, "weights");
    const path = join(dir, String(size));
    await writeFile(path, bytes);
    const artifact = await readArtifact(path);
    expect(artifact.name).toBe(path);
    expect(artifact.bytes?.length).toBe(isKept ? size : undefined);
    for (const hash of ["sha256", "sha384", "sha512"] as const) {
      expect(artifact.digest(hash)?.toString("hex"), hash).toBe(digestOf(hash, bytes).toString("hex"));
    }
  });

  test("that is not there is none", async () => {
    await expect(readArtifact(join(dir, "absent"))).rejects.toThrow("ENOENT");
  });
});
