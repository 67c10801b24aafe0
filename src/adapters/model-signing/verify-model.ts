/** Verifies a model on disk: the signature first, then that the disk holds exactly what was signed. */
import type { KeyObject } from "node:crypto";
import type { TrustedRoot } from "@sigstore/protobuf-specs";
import type { Certificate } from "pkijs";
import { digestKey } from "../../domain/public-keys.ts";
import { toIso } from "../../domain/time.ts";
import { isPrintable, listNames, showIssuer, showSubject } from "../certificates/names.ts";
import { findCertifiedSigner } from "../certificates/path.ts";
import { CertificateRefusal } from "../certificates/refusal.ts";
import { findStampedMoment } from "../certificates/timestamps.ts";
import { parseDigest } from "../sigstore/artifact.ts";
import { verifyBundle } from "../sigstore/verify-bundle.ts";
import { isSignedBy } from "./elliptic.ts";
import { demandUnchanged, listFiles } from "./enumerate.ts";
import { type ModelSignature, parseSignature } from "./envelope.ts";
import { hashFile, type Progress } from "./hash-file.ts";
import { isLegacySignedBy } from "./legacy.ts";
import type { ModelManifest } from "./manifest.ts";
import { listGitFiles, listRecorded, matchFiles } from "./match.ts";
import { byCodePoint, ONE_FILE } from "./names.ts";
import { mismatch, ModelRefusal, type ModelRefusalCode, showName } from "./refusal.ts";
import { isOfOneFile } from "./resources.ts";
import { parseManifest } from "./statement.ts";

/** By which method it has to be signed, and by whom. */
export type ModelTrust =
  | { method: "key"; key: KeyObject }
  /**
   * Certificates in PEM or DER: those that issued themselves are trusted, the others may lie between. `authorities`: whose
   * timestamps count, in the same way. `identity`: a name that the signer has to have; any where it is undefined. `now`: epoch
   * milliseconds.
   */
  | {
      method: "certificate";
      certificates: readonly Buffer[];
      authorities?: readonly Buffer[] | undefined;
      identity?: string | undefined;
      now: number;
    }
  | { method: "sigstore"; root: TrustedRoot; identity: string; issuer: string };

export interface ModelCase {
  /** A folder, or one file. */
  model: string;
  signature: Buffer;
  trust: ModelTrust;
  /** Paths within the model that are not looked at, beside those that the signer left out. */
  ignored: readonly string[];
  /** Whether files that were not signed may lie beside those that were. */
  toleratesUnsigned: boolean;
  /** Whether a signature of the reference implementation's version 0.2 counts, whose encoding is faulty. */
  acceptsLegacy: boolean;
}

/** Who signed. `notAfter`: when the first certificate of the path runs out, RFC 3339; a moment that a log vouches for does not. */
export type ModelSigner =
  | { by: "key"; keyDigest: string }
  | { by: "certificate"; identity: string; issuer: string; notAfter?: string };

export type ModelVerdict =
  | {
      verdict: "verified";
      signer: ModelSigner;
      /** SHA-256 over the digests of all files, `sha256:` and 64 hex digits; undefined for version 0.2, which had none. */
      digest: string | undefined;
      files: number;
      bytes: number;
      unsigned: number;
      /** What lies on disk and was left out: by the signer, by whoever verifies, or since it is Git's. */
      ignored: readonly string[];
    }
  | { verdict: "refused"; code: ModelRefusalCode; why: string };

/** Tells how far it is: `total` bytes are to be read. */
export type Watcher = (read: number, total: number) => void;

/** Whether the key signed the payload, in the encoding of its format. */
const isBy = (key: KeyObject, { payload, signature }: ModelSignature, { format }: ModelManifest) =>
  (format === "v1.0" ? isSignedBy : isLegacySignedBy)(key, payload, signature);

const invalid = (why: string) => new ModelRefusal("SignatureInvalid", why);

/** The names that people or workloads go by; none where one of them is to be read in two ways. */
function listShownNames(leaf: Certificate): string[] {
  try {
    return listNames(leaf).filter(isPrintable);
  } catch {
    // The key is trusted by its path, whatever it is called.
    return [];
  }
}

/** How the signer is told: by the first of its names, or by its whole subject. */
const nameSigner = (leaf: Certificate): string => listShownNames(leaf)[0] ?? (showSubject(leaf) || "nobody named");

/** Holds the signer to one of the names in the certificate, letter by letter. */
function demandName(leaf: Certificate, name: string): string {
  if (!listShownNames(leaf).includes(name)) throw invalid(`it was signed by ${nameSigner(leaf)}`);
  return name;
}

/** Holds the signature to whom it has to be by, and tells who that is. Throws a ModelRefusal. */
async function demandSigned(
  { trust, signature: bytes }: ModelCase,
  signed: ModelSignature,
  manifest: ModelManifest,
): Promise<ModelSigner> {
  const { material } = signed;
  if (material.method !== trust.method) {
    throw new ModelRefusal("MethodMismatch", `it was signed by the method ${material.method}, not by ${trust.method}`);
  }
  switch (trust.method) {
    case "key":
      if (!isBy(trust.key, signed, manifest)) throw invalid("the key did not make this signature");
      return { by: "key", keyDigest: digestKey(trust.key) };
    case "certificate": {
      const { chain, stamps } = material.method === "certificate" ? material : { chain: [], stamps: [] };
      const { certificates, now } = trust;
      const stamped = await findStampedMoment({ tokens: stamps, over: signed.signature }, trust);
      const { key, leaf, until } = await findCertifiedSigner(chain, { certificates, now, stamped });
      if (!isBy(key, signed, manifest)) throw invalid("the certificate's key did not make this signature");
      const identity = trust.identity === undefined ? nameSigner(leaf) : demandName(leaf, trust.identity);
      const signer = { by: "certificate", identity, issuer: showIssuer(leaf) } as const;
      return until === undefined ? signer : { ...signer, notAfter: toIso(until) };
    }
    case "sigstore": {
      const artifact = parseDigest(`sha256:${manifest.subject}`);
      if (artifact === undefined) throw invalid("its subject has no digest");
      const { root, identity, issuer } = trust;
      const verdict = verifyBundle({
        bundle: bytes,
        artifact,
        root,
        expected: { by: "certificate", identity: { exact: identity }, issuer },
      });
      if (verdict.verdict === "refused") throw invalid(`${verdict.code}: ${verdict.why}`);
      return verdict.signer;
    }
  }
}

async function verify(about: ModelCase, watch: Watcher): Promise<ModelVerdict> {
  const signed = parseSignature(about.signature);
  const manifest = parseManifest(signed.payload, about.acceptsLegacy);
  const signer = await demandSigned(about, signed, manifest);
  const passed = new Set<string>();
  const listing = {
    model: about.model,
    ignored: [...new Set([...listGitFiles(manifest), ...listRecorded(manifest), ...about.ignored])],
    passed,
    nameOfOne: isOfOneFile(manifest.resources) ? ONE_FILE : undefined,
  };
  const files = await listFiles(listing);
  const { wanted, unsigned } = matchFiles(manifest, { files, passed }, about.toleratesUnsigned);
  const total = wanted.reduce(
    (sum, { resource: { part }, file }) => sum + (part === undefined ? file.size : part.end - part.start),
    0,
  );
  let read = 0;
  const progress: Progress = (bytes) => {
    read += bytes;
    watch(read, total);
  };
  for (const { resource, file } of wanted) {
    const digest = await hashFile(file, manifest.hash, resource.part, progress);
    if (digest !== resource.digest) throw mismatch(`${showName(resource.name)} is not what was signed`);
  }
  await demandUnchanged(files, listing);
  return {
    verdict: "verified",
    signer,
    digest: manifest.format === "v1.0" ? `sha256:${manifest.subject}` : undefined,
    files: new Set(wanted.map(({ file }) => file.name)).size,
    bytes: total,
    unsigned,
    ignored: [...passed].toSorted(byCodePoint),
  };
}

/** Verifies a model. What cannot be read is thrown; what does not hold is a refusal. */
export async function verifyModel(about: ModelCase, watch: Watcher): Promise<ModelVerdict> {
  try {
    return await verify(about, watch);
  } catch (error) {
    if (error instanceof ModelRefusal) return { verdict: "refused", code: error.code, why: error.message };
    if (error instanceof CertificateRefusal)
      return { verdict: "refused", code: "CertificateUntrusted", why: error.message };
    throw error;
  }
}
