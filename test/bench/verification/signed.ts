// Artifacts with their signatures beside them, as the benchmarks push them: by a key, or by a name of a private Sigstore.
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { type Artifact, packBundle, packModel } from "../../../examples/silero/pack.ts";
import type { NamedSigner } from "../../../src/domain/trust.ts";
import { sha256, signWithKey, toStatement } from "../../harness/models.ts";
import { createSigstore, type PrivateSigstore } from "../../harness/sigstore.ts";

export const WHO = {
  identity: "https://git.acme.example/release.yml@refs/tags/v5",
  issuer: "https://token.acme.example",
};
const FILES = 10;
const FILE_BYTES = 64 * 1024;

/** Who signs, and the signer of a policy that believes it. */
export interface Signing {
  sign(statement: object): Promise<Buffer>;
  signer: NamedSigner;
}

/** Signs with a key on P-256. */
export function createKeyed(): Signing {
  const { privateKey, publicKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const key = createPrivateKey(privateKey);
  const keyDigest = `sha256:${sha256(createPublicKey(publicKey).export({ type: "spki", format: "der" }))}`;
  return {
    sign: (statement) => Promise.resolve(signWithKey(statement, key)),
    signer: { signer: "key", digest: keyDigest, anchor: { by: "key", pem: publicKey, keyDigest } },
  };
}

const toKeyless = (sigstore: PrivateSigstore): Signing => ({
  sign: async (statement) => Buffer.from(await sigstore.signStatement(statement, WHO)),
  signer: {
    signer: "name",
    digest: `sha256:${sha256(sigstore.trustedRoot)}`,
    anchor: { by: "sigstore", root: sigstore.trustedRoot, issuer: WHO.issuer, identity: { exact: WHO.identity } },
  },
});

/** Signs by a short-lived certificate of a private Sigstore. */
export async function createKeyless(): Promise<Signing & { trustedRoot: string }> {
  const sigstore = await createSigstore();
  return { ...toKeyless(sigstore), trustedRoot: sigstore.trustedRoot };
}

/** What cosign states of an image that it signs. */
export const toImageStatement = (digest: string) => ({
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "", digest: { sha256: digest.replace("sha256:", "") } }],
  predicateType: "https://sigstore.dev/cosign/sign/v1",
  predicate: {},
});

/** cosign's signature over an artifact, as a referrer of it. */
export const packSignature = async (artifact: Artifact, { sign }: Signing): Promise<Artifact> =>
  packBundle(await sign(toImageStatement(artifact.digest)), artifact);

/** A ModelPack of ten files in raw layers, with a signature over it and one over its files. */
export async function packRelease(signing: Signing): Promise<{ model: Artifact; signatures: Artifact[] }> {
  const files = Array.from({ length: FILES }, (_, index) => ({
    path: `weights-${index}.bin`,
    bytes: randomBytes(FILE_BYTES),
    kind: "weight" as const,
  }));
  const model = packModel("bench", "v1", files);
  const resources = files.map(({ path, bytes }) => ({ name: path, digest: sha256(bytes), algorithm: "sha256" }));
  const overFiles = packBundle(await signing.sign(toStatement(resources)), model);
  return { model, signatures: [await packSignature(model, signing), overFiles] };
}
