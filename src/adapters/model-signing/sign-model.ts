/** Signs a model on disk with a key, as OpenSSF Model Signing v1.0 has it: whole files, SHA-256. */
import type { KeyObject } from "node:crypto";
import { basename, resolve } from "node:path";
import { IN_TOTO_TYPE } from "../in-toto.ts";
import { hintOf, signPayload } from "./elliptic.ts";
import { byCodePoint } from "./names.ts";
import { demandUnchanged, GIT_FILES, listFiles } from "./enumerate.ts";
import { BUNDLE_TYPE, MAX_SIGNATURE_BYTES, parseSignature } from "./envelope.ts";
import { hashFile } from "./hash-file.ts";
import { MAX_RESOURCES, type ModelManifest, writeStatement } from "./manifest.ts";
import { unfit } from "./refusal.ts";
import { parseManifest } from "./statement.ts";
import type { Watcher } from "./verify-model.ts";

export interface SigningCase {
  model: string;
  key: KeyObject;
  /** The signer's certificate and those between it and its root, in DER; empty where a key alone is used. */
  chain: readonly Buffer[];
  /** Paths within the model that are left out, and recorded so. */
  ignored: readonly string[];
}

/** What was signed. */
export interface SignedModel {
  /** The signature file. */
  text: string;
  files: number;
  bytes: number;
  /** SHA-256 over the digests of all files, `sha256:` and 64 hex digits: the subject of the statement. */
  digest: string;
  /** What lies on disk and was left out, Git's own among it. */
  ignored: readonly string[];
}

/** Reads a signature as whoever verifies it will. Throws a ModelRefusal where it would be refused. */
function readBack(bytes: Buffer): ModelManifest {
  if (bytes.length > MAX_SIGNATURE_BYTES) {
    const size = Math.ceil(bytes.length / 1024 ** 2);
    throw unfit(
      `its signature would take ${size} MiB, and none above 32 MiB is read: it has too many files, or too long names`,
    );
  }
  return parseManifest(parseSignature(bytes).payload, false);
}

/** Signs. Throws a ModelRefusal where the model cannot be signed, or nobody could verify the signature. */
export async function signModel({ model, key, chain, ignored }: SigningCase, watch: Watcher): Promise<SignedModel> {
  const passed = new Set<string>();
  const listing = { model, ignored: [...GIT_FILES, ...ignored], passed };
  const files = await listFiles(listing);
  if (files.length > MAX_RESOURCES) throw unfit(`it has more files than a signature may list: ${MAX_RESOURCES}`);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let read = 0;
  const hashed: { name: string; digest: string }[] = [];
  for (const file of files) {
    const digest = await hashFile(file, "sha256", undefined, (bytes) => {
      read += bytes;
      watch(read, total);
    });
    hashed.push({ name: file.name, digest });
  }
  await demandUnchanged(files, listing);
  const payload = writeStatement(basename(resolve(model)), hashed, ignored);
  const bundle = {
    mediaType: BUNDLE_TYPE,
    verificationMaterial: {
      ...(chain.length === 0
        ? { publicKey: { hint: hintOf(key) } }
        : { x509CertificateChain: { certificates: chain.map((der) => ({ rawBytes: der.toString("base64") })) } }),
      tlogEntries: [],
    },
    dsseEnvelope: {
      payload: payload.toString("base64"),
      payloadType: IN_TOTO_TYPE,
      signatures: [{ sig: signPayload(key, payload).toString("base64"), keyid: "" }],
    },
  };
  const text = `${JSON.stringify(bundle)}\n`;
  const { subject, resources } = readBack(Buffer.from(text));
  const left = [...passed].toSorted(byCodePoint);
  return { text, files: resources.length, bytes: total, digest: `sha256:${subject}`, ignored: left };
}
