/** What a policy trusts a signer by, resolved: inline, or in ConfigMaps that the policy pins by SHA-256. Pure. */
import { createHash, X509Certificate } from "node:crypto";
import type { IdentityRule, PinnedText, Signer } from "../api/signer.ts";
import { toCanonicalText } from "./canonical.ts";
import { type Stated, stateFinding } from "./findings.ts";
import { findRuleFault } from "./identities.ts";
import { splitPem } from "./pem.ts";
import { parsePublicKey } from "./public-keys.ts";

/** Whom signatures are believed from. Plain data: it goes to other threads. */
export type TrustAnchor =
  /** `keyDigest`: SHA-256 over the SubjectPublicKeyInfo. */
  | { by: "key"; pem: string; keyDigest: string }
  /** `root`: a trusted_root.json. */
  | { by: "sigstore"; root: string; issuer: string; identity: IdentityRule }
  /** `roots`, `crls` and `timestampAuthorities`: PEM. */
  | {
      by: "x509";
      roots: string;
      crls: string | undefined;
      timestampAuthorities: string | undefined;
      identity: IdentityRule | undefined;
    };

/** A usable signer, or why it cannot be used. `digest` names everything that it is believed by. */
export type ResolvedSigner =
  | { outcome: "usable"; anchor: TrustAnchor; digest: string }
  | { outcome: "broken"; finding: Stated };

/** What signers are resolved with. */
export interface TrustSources {
  /** What the ConfigMap of the operator's namespace holds under the key; undefined where either is missing. */
  readConfigMap: (name: string, key: string) => string | undefined;
  /** The trusted_root.json of Sigstore's public-good instance. */
  publicGoodRoot: string;
  /** Why a text is no trusted_root.json that signatures can be verified with; undefined where it is one. */
  findRootFault: (text: string) => string | undefined;
}

type TrustFault = { code: "TrustRootMissing" | "TrustRootMismatch" | "TrustRootMalformed"; why: string };
/** Something, or why it is not there. */
type Found<T> = { value: T } | { fault: TrustFault };

const malformed = (why: string): { fault: TrustFault } => ({ fault: { code: "TrustRootMalformed", why } });

/** Resolves one signer. */
export function resolveSigner(signer: Signer, policy: string, sources: TrustSources): ResolvedSigner {
  const found = findTrustAnchor(signer, sources);
  if ("value" in found) return { outcome: "usable", anchor: found.value, digest: digestAnchor(found.value) };
  const { code, why } = found.fault;
  return { outcome: "broken", finding: stateFinding(code, { signer: signer.name, policy, why }) };
}

/** What a signer is trusted by, or what is wrong with it. */
export function findTrustAnchor({ publicKey, sigstore, x509 }: Signer, sources: TrustSources): Found<TrustAnchor> {
  const given = [publicKey, sigstore, x509].filter((one) => one !== undefined).length;
  if (given !== 1) return malformed("it gives not exactly one of publicKey, sigstore and x509");
  if (publicKey !== undefined) {
    const { pem, configMap, key, sha256 } = publicKey;
    if (pem !== undefined) return findKey(pem);
    const text = readPinned({ configMap: configMap ?? "?", key: key ?? "?", sha256: sha256 ?? "?" }, sources);
    return "fault" in text ? text : findKey(text.value);
  }
  if (sigstore !== undefined) return findSigstore(sigstore, sources);
  if (x509 !== undefined) return findAuthorities(x509, sources);
  return malformed("it names nothing to trust");
}

function readPinned({ configMap, key, sha256 }: PinnedText, { readConfigMap }: TrustSources): Found<string> {
  const value = readConfigMap(configMap, key);
  if (value === undefined) {
    const why = `ConfigMap ${configMap} with key ${key} was not found in the operator's namespace`;
    return { fault: { code: "TrustRootMissing", why } };
  }
  const actual = createHash("sha256").update(value).digest("hex");
  return actual === sha256 ? { value } : { fault: { code: "TrustRootMismatch", why: `it has ${actual}` } };
}

function findSigstore(signer: NonNullable<Signer["sigstore"]>, sources: TrustSources): Found<TrustAnchor> {
  const fault = findRuleFault(signer.identity);
  if (fault !== undefined) return malformed(fault);
  const root =
    signer.trustedRoot === undefined ? { value: sources.publicGoodRoot } : readPinned(signer.trustedRoot, sources);
  if ("fault" in root) return root;
  const { issuer, identity } = signer;
  const rootFault = sources.findRootFault(root.value);
  if (rootFault !== undefined) return malformed(`it is no trusted_root.json: ${rootFault}`);
  return { value: { by: "sigstore", root: root.value, issuer, identity } };
}

/** Certificates, one of which issued itself. */
function readCertificates(what: string, pinned: PinnedText, sources: TrustSources): Found<string> {
  const text = readPinned(pinned, sources);
  if ("fault" in text) return text;
  const certificates = splitPem(text.value, "CERTIFICATE");
  if (certificates === undefined) return malformed(`the ${what} are no PEM blocks of type CERTIFICATE`);
  try {
    // Not by checkIssued: that asks for keyCertSign, which a signer who vouches for himself has not.
    const hasRoot = certificates
      .map((pem) => new X509Certificate(pem))
      .some((one) => one.subject === one.issuer && one.verify(one.publicKey));
    return hasRoot ? text : malformed(`none of the ${what} issued itself, so nobody is trusted`);
  } catch {
    return malformed(`one of the ${what} does not parse`);
  }
}

function findAuthorities(signer: NonNullable<Signer["x509"]>, sources: TrustSources): Found<TrustAnchor> {
  const fault = signer.identity === undefined ? undefined : findRuleFault(signer.identity);
  if (fault !== undefined) return malformed(fault);
  const roots = readCertificates("roots", signer.roots, sources);
  if ("fault" in roots) return roots;
  const { timestampAuthorities: named } = signer;
  const stamping = named === undefined ? undefined : readCertificates("timestamp authorities", named, sources);
  if (stamping !== undefined && "fault" in stamping) return stamping;
  const crls = signer.crls === undefined ? undefined : readPinned(signer.crls, sources);
  if (crls !== undefined && "fault" in crls) return crls;
  if (crls !== undefined && splitPem(crls.value, "X509 CRL") === undefined)
    return malformed("the revocation lists are no PEM blocks of type X509 CRL");
  return {
    value: {
      by: "x509",
      roots: roots.value,
      crls: crls?.value,
      timestampAuthorities: stamping?.value,
      identity: signer.identity,
    },
  };
}

const sha256 = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

/** Names everything that a signer is believed by. Two signers with one key are one signer. */
export function digestAnchor(anchor: TrustAnchor): string {
  switch (anchor.by) {
    case "key":
      return anchor.keyDigest;
    case "sigstore":
    case "x509":
      return sha256(toCanonicalText(anchor));
  }
}

function findKey(pem: string): Found<TrustAnchor> {
  const parsed = parsePublicKey(pem);
  return parsed.outcome === "key" ? { value: { by: "key", pem, keyDigest: parsed.keyDigest } } : malformed(parsed.why);
}
