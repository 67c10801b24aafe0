/** Signs a model on disk with a key, as OpenSSF Model Signing v1.0 has it: whole files, SHA-256. */
import type { KeyObject } from "node:crypto";
import { basename, resolve } from "node:path";
import { IN_TOTO_TYPE } from "../in-toto.ts";
import { hintOf, signPayload } from "./elliptic.ts";
import { demandUnchanged, GIT_FILES, listFiles } from "./enumerate.ts";
import { BUNDLE_TYPE } from "./envelope.ts";
import { hashFile } from "./hash-file.ts";
import { MAX_RESOURCES, writeStatement } from "./manifest.ts";
import { unfit } from "./refusal.ts";
import type { Watcher } from "./verify-model.ts";

export interface SigningCase {
  model: string;
  key: KeyObject;
  /** The signer's certificate and those between it and its root, in DER; empty where a key alone is used. */
  chain: readonly Buffer[];
  /** Paths within the model that are left out, and recorded so. */
  ignored: readonly string[];
}

/** The signature file. Throws a ModelRefusal where the model cannot be signed. */
export async function signModel({ model, key, chain, ignored }: SigningCase, watch: Watcher): Promise<string> {
  const listing = { model, ignored: [...GIT_FILES, ...ignored] };
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
  return `${JSON.stringify(bundle)}\n`;
}
