// Models on disk and statements about them, put together from the specification's words and not by what is tested.
import { createHash, type KeyObject, sign } from "node:crypto";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type ModelCase, type ModelVerdict, verifyModel } from "../../src/adapters/model-signing/verify-model.ts";

export const PAYLOAD_TYPE = "application/vnd.in-toto+json";

export interface Resource {
  name: string;
  digest: string;
  algorithm: string;
}
export interface ModelStatement {
  _type: string;
  subject: { name: string; digest: Record<string, string> }[];
  predicateType: string;
  predicate: { serialization: Record<string, unknown>; resources: Resource[] };
}

export const sha256 = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");

/** Writes files into a folder of their own below the system's folder for temporary ones. */
export async function writeModel(files: Readonly<Record<string, string>>): Promise<string> {
  const model = await mkdtemp(join(tmpdir(), "model-"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(model, name)), { recursive: true });
    await writeFile(join(model, name), text);
  }
  return model;
}

/** OMS v1.0: SHA-256 over the digests' bytes, in the order in which they are listed. */
export const hashResources = (resources: readonly Resource[]): string =>
  sha256(Buffer.concat(resources.map(({ digest }) => Buffer.from(digest, "hex"))));

/** A statement of OMS v1.0 over whole files by their SHA-256, or over what `serialization` says. */
export const toStatement = (
  resources: readonly Resource[],
  serialization: Record<string, unknown> = { method: "files", hash_type: "sha256", allow_symlinks: false },
): ModelStatement => ({
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "model", digest: { sha256: hashResources(resources) } }],
  predicateType: "https://model_signing/signature/v1.0",
  predicate: { serialization, resources: [...resources] },
});

export const toResources = (files: Readonly<Record<string, string>>): Resource[] =>
  Object.entries(files).map(([name, text]) => ({ name, digest: sha256(text), algorithm: "sha256" }));

/** DSSE v1: what a signature is over. */
export const encodeDsse = (payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload]);

const toBundle = (payload: Buffer, signature: Buffer, material: object) =>
  Buffer.from(
    JSON.stringify({
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: { ...material, tlogEntries: [] },
      dsseEnvelope: {
        payload: payload.toString("base64"),
        payloadType: PAYLOAD_TYPE,
        signatures: [{ sig: signature.toString("base64"), keyid: "" }],
      },
    }),
  );

/** A signature file over a statement by a key on P-256; `encode` says what the signature is over. */
export function signWithKey(
  statement: object,
  key: KeyObject,
  { encode = encodeDsse, chain = [] }: { encode?: (payload: Buffer) => Buffer; chain?: readonly Buffer[] } = {},
): Buffer {
  const payload = Buffer.from(JSON.stringify(statement));
  const material =
    chain.length === 0
      ? { publicKey: { hint: "" } }
      : { x509CertificateChain: { certificates: chain.map((der) => ({ rawBytes: der.toString("base64") })) } };
  return toBundle(payload, sign("sha256", encode(payload), key), material);
}

/** Verifies with nothing left out and nothing tolerated, as far as `about` says nothing else. */
export const judgeModel = (
  about: Pick<ModelCase, "model" | "signature" | "trust"> & Partial<ModelCase>,
  watch: (read: number, total: number) => void = () => {},
): Promise<ModelVerdict> =>
  verifyModel({ ignored: [], toleratesUnsigned: false, acceptsLegacy: false, ...about }, watch);
