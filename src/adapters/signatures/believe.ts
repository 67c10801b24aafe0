/** Which signers of the policies a signature is believed from: by key, by Sigstore identity, or by certificate. */
import { createPublicKey } from "node:crypto";
import { takesName } from "../../domain/identities.ts";
import { digestKey } from "../../domain/public-keys.ts";
import type { TrustAnchor } from "../../domain/signers.ts";
import { splitPem } from "../../domain/pem.ts";
import { toIso } from "../../domain/time.ts";
import type { NamedSigner } from "../../domain/trust.ts";
import { isPrintable, listNames, showIssuer } from "../certificates/names.ts";
import { findCertifiedSigner } from "../certificates/path.ts";
import { CertificateRefusal } from "../certificates/refusal.ts";
import { findStampedMoment, type Stamped } from "../certificates/timestamps.ts";
import type { Artifact } from "../sigstore/artifact.ts";
import { recallTrustedRoot } from "../sigstore/trusted-root.ts";
import { verifyBundle } from "../sigstore/verify-bundle.ts";
import type { Material } from "./bundle.ts";
import { findCurveHash, type SigningForm, verifySignature } from "./keys.ts";

/** A signature, and what it is over. */
export interface Signed {
  material: Material;
  /** Timestamps beside it, for signers by certificate. */
  stamped: Stamped;
  /** How keys on larger curves are used. */
  form: SigningForm;
  signed: Buffer;
  signature: Buffer;
  /** The whole bundle, and what it is about, for Sigstore's own rules. */
  bundle: Buffer;
  artifact: Artifact;
}

/** Whom it is believed from. `notAfter`: RFC 3339. */
export interface Believed {
  signer: string;
  signerDigest: string;
  /** SHA-256 of the SubjectPublicKeyInfo of the key that signed. */
  keyDigest: string;
  identity?: string;
  issuer?: string;
  notAfter?: string;
}

/** Why nobody is believed. `stranger`: it holds, and is by somebody else; `invalid`: it does not hold; `unknown`: nobody can tell. */
export interface Disbelief {
  kind: "stranger" | "invalid" | "unknown";
  why: string;
}

type Judged = { believed: Omit<Believed, "signer" | "signerDigest"> } | { disbelief: Disbelief };

const disbelieve = (kind: Disbelief["kind"], why: string): Judged => ({ disbelief: { kind, why } });
const invalid = (why: string) => disbelieve("invalid", why);
const NO_KEY = disbelieve("unknown", "no trusted key verifies it");
const NO_AUTHORITY = disbelieve("unknown", "it was signed with a certificate, and no signer of the policy has one");

const MAX_NAME = 2048;

function judgeKey(
  { pem, keyDigest }: Extract<TrustAnchor, { by: "key" }>,
  { form, signed, signature }: Signed,
): Judged {
  const key = createPublicKey(pem);
  if (form === "oms" && findCurveHash(key) === undefined) return NO_KEY;
  return verifySignature(key, form, signed, signature) ? { believed: { keyDigest } } : NO_KEY;
}

function judgeSigstore(anchor: Extract<TrustAnchor, { by: "sigstore" }>, { bundle, artifact }: Signed): Judged {
  const { identity, issuer } = anchor;
  const root = recallTrustedRoot(anchor.root);
  const verdict = verifyBundle({ bundle, artifact, root, expected: { by: "certificate", identity, issuer } });
  if (verdict.verdict === "refused")
    return disbelieve(verdict.code === "IdentityMismatch" ? "stranger" : "invalid", verdict.why);
  const { signer } = verdict;
  if (signer.by !== "certificate") return invalid("it was signed with a key");
  if (signer.identity.length > MAX_NAME) return invalid("the name in its certificate is too long");
  return { believed: { keyDigest: signer.keyDigest, identity: signer.identity, issuer: signer.issuer } };
}

const toDer = (pem: string) => Buffer.from(pem.replaceAll(/-----[A-Z0-9 ]+-----|\s+/g, ""), "base64");

async function judgeX509(
  { roots, crls, timestampAuthorities, identity }: Extract<TrustAnchor, { by: "x509" }>,
  { material, stamped: stamps, form, signed, signature }: Signed,
  now: number,
): Promise<Judged> {
  const chain = material.by === "certificate" ? material.chain : [];
  const certificates = (splitPem(roots, "CERTIFICATE") ?? []).map(toDer);
  const lists = crls === undefined ? {} : { crls: (splitPem(crls, "X509 CRL") ?? []).map(toDer) };
  const authorities =
    timestampAuthorities === undefined ? undefined : (splitPem(timestampAuthorities, "CERTIFICATE") ?? []).map(toDer);
  try {
    const stamped = await findStampedMoment(stamps, { authorities, ...lists, now });
    const { key, leaf, until } = await findCertifiedSigner(chain, { certificates, ...lists, now, stamped });
    if (!verifySignature(key, form, signed, signature)) return invalid("its certificate's key did not make it");
    const names = listNames(leaf).filter((name) => name.length <= MAX_NAME && isPrintable(name));
    const name = identity === undefined ? names[0] : names.find((one) => takesName(identity, one));
    if (name === undefined) return disbelieve("stranger", `it was signed by ${names.join(", ") || "nobody named"}`);
    const issuer = showIssuer(leaf).slice(0, MAX_NAME) || "?";
    const notAfter = until === undefined ? {} : { notAfter: toIso(until) };
    return { believed: { keyDigest: digestKey(key), identity: name, issuer, ...notAfter } };
  } catch (error) {
    if (error instanceof CertificateRefusal) return invalid(error.message);
    throw error;
  }
}

/** Asks one signer; a key vouches for no certificate, and the other way round. */
async function judge({ anchor }: NamedSigner, signed: Signed, now: number): Promise<Judged> {
  if ((anchor.by === "key") !== (signed.material.by === "key")) {
    return signed.material.by === "key" ? NO_KEY : NO_AUTHORITY;
  }
  switch (anchor.by) {
    case "key":
      return judgeKey(anchor, signed);
    case "sigstore":
      return judgeSigstore(anchor, signed);
    case "x509":
      return judgeX509(anchor, signed, now);
  }
}

/** Everybody whom it is believed from, or why nobody. A stranger's name tells more than a chain that leads nowhere. */
export async function findBelieved(
  signers: readonly NamedSigner[],
  signed: Signed,
  now: number,
): Promise<{ believed: Believed[] } | { disbelief: Disbelief }> {
  const believed: Believed[] = [];
  const disbeliefs: Disbelief[] = [];
  for (const signer of signers) {
    const judged = await judge(signer, signed, now);
    if ("believed" in judged) believed.push({ signer: signer.signer, signerDigest: signer.digest, ...judged.believed });
    else disbeliefs.push(judged.disbelief);
  }
  if (believed.length > 0) return { believed };
  const find = (wanted: Disbelief["kind"]) => disbeliefs.find(({ kind }) => kind === wanted);
  const telling = find("stranger") ?? find("invalid") ?? find("unknown");
  return { disbelief: telling ?? { kind: "unknown", why: "the policy has no signer that can be used" } };
}
