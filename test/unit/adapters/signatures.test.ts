// Signatures beside an artifact: what real tools made is believed, everything that was bent is a problem with a code.
import { createHash, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Artifact, packBundle, packLegacySignature, packModel } from "../../../examples/silero/pack.ts";
import { RegistryError } from "../../../src/adapters/registry/errors.ts";
import type { Content, Registry } from "../../../src/adapters/registry/registry.ts";
import { toPae } from "../../../src/adapters/in-toto.ts";
import { collectSignatures } from "../../../src/adapters/signatures/collect.ts";
import { judgeCandidates } from "../../../src/adapters/signatures/judge-candidates.ts";

const read = (file: string) => readFileSync(fileURLToPath(new URL(`../../vectors/oms/${file}`, import.meta.url)));
const trust = (signer: string, pem: string) => {
  const der = createPublicKey(pem).export({ type: "spki", format: "der" });
  const keyDigest = `sha256:${createHash("sha256").update(der).digest("hex")}`;
  return { signer, digest: keyDigest, anchor: { by: "key" as const, pem, keyDigest } };
};

const FILES = [
  { path: "w.bin", bytes: Buffer.from("weights"), kind: "weight" as const },
  { path: "sub/card.txt", bytes: Buffer.from("card"), kind: "doc" as const },
];
const model = packModel("m", "v1", FILES);

/** A registry that holds what it is given, in memory; the real one is used in the integration tests. */
function holding(subject: Artifact, referrers: Artifact[], legacy?: Artifact): Registry {
  const all = [subject, ...referrers, ...(legacy === undefined ? [] : [legacy])];
  const toContent = ({ digest, manifest }: Artifact): Content => ({
    type: "manifest",
    digest,
    bytes: manifest,
    manifest: JSON.parse(manifest.toString("utf8")) as Extract<Content, { type: "manifest" }>["manifest"],
  });
  return {
    readByDigest: ({ digest }) => {
      const found = all.find((one) => one.digest === digest);
      return found === undefined
        ? Promise.reject(new RegistryError("NotFound", "not there"))
        : Promise.resolve(toContent(found));
    },
    readTag: () => Promise.resolve(legacy === undefined ? undefined : toContent(legacy)),
    readBlob: (_, { digest }) =>
      Promise.resolve(
        all.flatMap(({ blobs }) => blobs).find((blob) => blob.digest === digest)?.bytes ?? Buffer.alloc(0),
      ),
    streamBlob: () => {
      throw new RegistryError("NotFound", "signatures are small");
    },
    listReferrers: () =>
      Promise.resolve(
        referrers.map(({ digest, manifest, mediaType }) => ({ digest, mediaType, size: manifest.length })),
      ),
  };
}

const MODEL_SEARCH = { format: undefined, path: undefined, readsFormats: false };

const look = async (subject: Artifact, registry: Registry, signers: ReturnType<typeof trust>[]) => {
  const { signatures, problems } = await collectSignatures(
    { host: "r", repository: "m", digest: subject.digest },
    { registry, judge: judgeCandidates, signers, model: MODEL_SEARCH, now: Date.parse("2026-11-24T00:00:00Z") },
  );
  return {
    signatures: signatures.map(({ signer, over, form, files }) => `${signer} ${over} ${form} ${files ?? "-"}`),
    problems: problems.map(({ code }) => code),
    why: problems.map(({ why }) => why),
  };
};

const CURVES = ["prime256v1", "secp384r1", "secp521r1"];

test.each(CURVES)("a model signed by model_signing on %s is matched without reading its files", async (curve) => {
  const bundle = packBundle(read(`${curve}.json`), model);
  const found = await look(model, holding(model, [bundle]), [trust(curve, read(`${curve}.pub`).toString())]);
  expect(found).toMatchObject({ signatures: [`${curve} model oms 2`], problems: [] });
});

test.each(CURVES)("with the keys of the other curves the one of %s is unknown", async (curve) => {
  const others = CURVES.filter((one) => one !== curve).map((one) => trust(one, read(`${one}.pub`).toString()));
  const found = await look(model, holding(model, [packBundle(read(`${curve}.json`), model)]), others);
  expect(found).toMatchObject({ signatures: [], problems: ["SignerUnknown"] });
});

const P256 = trust("p256", read("prime256v1.pub").toString());
const BUNDLE = read("prime256v1.json");

describe("a model that is not the signed one", () => {
  const [weights, card] = FILES;
  if (weights === undefined || card === undefined) throw new Error("two files");
  test.each([
    ["one byte changed", [{ ...weights, bytes: Buffer.from("weightz") }, card]],
    ["a file more", [...FILES, { path: "loader.py", bytes: Buffer.from("x"), kind: "doc" as const }]],
    ["a file less", [weights]],
    ["a file renamed", [{ ...weights, path: "W.bin" }, card]],
    [
      "two files exchanged",
      [
        { ...weights, bytes: card.bytes },
        { ...card, bytes: weights.bytes },
      ],
    ],
  ])("%s", async (_, files) => {
    const other = packModel("m", "v1", files);
    expect(await look(other, holding(other, [packBundle(BUNDLE, other)]), [P256])).toMatchObject({
      signatures: [],
      problems: ["ModelMismatch"],
    });
  });
});

describe("bent bundles", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const OWN = trust("own", publicKey.export({ type: "spki", format: "pem" }).toString());
  const wrap = (statement: unknown, change: (bundle: Record<string, unknown>) => void = () => {}): Buffer => {
    const payload = Buffer.from(JSON.stringify(statement));
    const sig = sign("sha256", toPae("application/vnd.in-toto+json", payload), privateKey).toString("base64");
    const bundle: Record<string, unknown> = {
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: { publicKey: { hint: "x" } },
      dsseEnvelope: {
        payloadType: "application/vnd.in-toto+json",
        payload: payload.toString("base64"),
        signatures: [{ sig }],
      },
    };
    change(bundle);
    return Buffer.from(JSON.stringify(bundle));
  };
  const sha = (text: string) => createHash("sha256").update(text).digest("hex");
  const cosign = (digest: string, predicateType = "https://sigstore.dev/cosign/sign/v1") => ({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ digest: { sha256: digest.replace("sha256:", "") } }],
    predicateType,
    predicate: {},
  });
  const oms = (
    resources: { name: string; digest: string; algorithm?: string }[],
    serialization: object = {},
    root?: string,
  ) => ({
    _type: "https://in-toto.io/Statement/v1",
    subject: [
      {
        name: "m",
        digest: {
          sha256:
            root ??
            createHash("sha256")
              .update(Buffer.concat(resources.map(({ digest }) => Buffer.from(digest, "hex"))))
              .digest("hex"),
        },
      },
    ],
    predicateType: "https://model_signing/signature/v1.0",
    predicate: {
      serialization: { method: "files", hash_type: "sha256", allow_symlinks: false, ...serialization },
      resources: resources.map((one) => ({ algorithm: "sha256", ...one })),
    },
  });
  const good = [
    { name: "sub/card.txt", digest: sha("card") },
    { name: "w.bin", digest: sha("weights") },
  ];

  test("the unbent ones are believed", async () => {
    const bundles = [wrap(cosign(model.digest)), wrap(oms(good))].map((bundle) => packBundle(bundle, model));
    expect((await look(model, holding(model, bundles), [OWN])).signatures).toEqual([
      "own artifact cosign-bundle -",
      "own model oms 2",
    ]);
  });

  const envelope = (bundle: Record<string, unknown>) => bundle.dsseEnvelope as Record<string, unknown>;
  test.each<[string, Buffer, string[]]>([
    ["another subject", wrap(cosign(`sha256:${"0".repeat(64)}`)), ["SignatureInvalid"]],
    ["no JSON", Buffer.from("{"), ["SignatureInvalid"]],
    [
      "two signatures",
      wrap(cosign(model.digest), (b) => (envelope(b).signatures = [{ sig: "AAAA" }, { sig: "AAAA" }])),
      ["SignatureInvalid"],
    ],
    [
      "a keyless bundle",
      wrap(cosign(model.digest), (b) => (b.verificationMaterial = { certificate: {} })),
      ["SignatureInvalid"],
    ],
    [
      "another payload type",
      wrap(cosign(model.digest), (b) => (envelope(b).payloadType = "text/plain")),
      ["SignatureInvalid"],
    ],
    [
      "another payload under the same signature",
      wrap(
        cosign(model.digest),
        (b) =>
          (envelope(b).payload = Buffer.from(JSON.stringify({ ...cosign(model.digest), x: 1 })).toString("base64")),
      ),
      ["SignerUnknown"],
    ],
    ["a path out of the model", wrap(oms([...good, { name: "../x", digest: sha("x") }])), ["ModelMismatch"]],
    ["an absolute path", wrap(oms([...good, { name: "/x", digest: sha("x") }])), ["ModelMismatch"]],
    ["a name twice", wrap(oms([...good, good[0] ?? { name: "", digest: "" }])), ["ModelMismatch"]],
    ["a root digest that is not its files'", wrap(oms(good, {}, sha("other"))), ["ModelMismatch"]],
    ["shards", wrap(oms(good, { method: "shards", shard_size: 10 })), ["ModelMismatch"]],
    ["another hash", wrap(oms(good, { hash_type: "blake2b" })), ["ModelMismatch"]],
    ["no files", wrap(oms([])), ["ModelMismatch"]],
  ])("%s", async (_, bundle, problems) => {
    expect(await look(model, holding(model, [packBundle(bundle, model)]), [OWN])).toMatchObject({
      signatures: [],
      problems,
    });
  });

  test("an attestation that is validly signed is no signature over the artifact, and says what it states", async () => {
    const vulnerabilities = "https://cosign.sigstore.dev/attestation/vuln/v1";
    const about = (digest: string) => [packBundle(wrap(cosign(digest, vulnerabilities)), model)];
    const ask = (digest: string) =>
      collectSignatures(
        { host: "r", repository: "m", digest: model.digest },
        {
          registry: holding(model, about(digest)),
          judge: judgeCandidates,
          signers: [OWN],
          model: MODEL_SEARCH,
          now: 0,
        },
      );
    expect(await ask(model.digest)).toMatchObject({
      signatures: [{ signer: "own", over: "attestation", predicateType: vulnerabilities }],
      problems: [],
    });
    expect(await ask(`sha256:${"0".repeat(64)}`)).toMatchObject({
      signatures: [],
      problems: [{ code: "SignatureInvalid" }],
    });
  });

  test("every truncation of a good bundle is refused", async () => {
    const whole = wrap(cosign(model.digest));
    for (let length = 0; length < whole.length; length += 7) {
      const found = await look(model, holding(model, [packBundle(whole.subarray(0, length), model)]), [OWN]);
      expect(found.signatures, `cut at ${length}`).toEqual([]);
    }
  });

  test("legacy signatures are about the digest in their payload, not about their tag", async () => {
    const payload = (digest: string, type = "cosign container image signature") =>
      Buffer.from(
        JSON.stringify({
          critical: { identity: { "docker-reference": "" }, image: { "docker-manifest-digest": digest }, type },
          optional: null,
        }),
      );
    const legacy = (bytes: Buffer) => packLegacySignature(bytes, sign("sha256", bytes, privateKey).toString("base64"));
    const ask = (bytes: Buffer) => look(model, holding(model, [], legacy(bytes)), [OWN]);
    expect(await ask(payload(model.digest))).toMatchObject({
      signatures: ["own artifact cosign-legacy -"],
      problems: [],
    });
    expect(await ask(payload(`sha256:${"0".repeat(64)}`))).toMatchObject({
      signatures: [],
      problems: ["SignatureInvalid"],
    });
    expect(await ask(payload(model.digest, "something else"))).toMatchObject({
      signatures: [],
      problems: ["SignatureInvalid"],
    });
  });

  test("a referrer that names another subject is refused", async () => {
    const other = packModel("m", "v2", FILES);
    expect(await look(model, holding(model, [packBundle(wrap(cosign(model.digest)), other)]), [OWN])).toMatchObject({
      signatures: [],
      problems: ["SignatureInvalid"],
    });
  });
});

test("a registry that fails is a problem, never an answer", async () => {
  const registry = {
    ...holding(model, []),
    listReferrers: () => Promise.reject(new RegistryError("TimedOut", "too slow")),
  };
  expect(await look(model, registry, [P256])).toEqual({
    signatures: [],
    problems: ["RegistryFailed"],
    why: ["too slow"],
  });
});
