/** What became of a verification. There is no third thing: whatever goes wrong is a refusal. */

/** Why a bundle is refused, for machines. */
export type RefusalCode =
  /** It is not a Sigstore bundle, or one that this cannot read. */
  | "BundleBroken"
  /** It is about another artifact. */
  | "ArtifactMismatch"
  /** Certificate, log entry, timestamp or signature do not hold under the trusted root. */
  | "SignatureInvalid"
  /** The certificate may not sign code. */
  | "CertificateUnfit"
  /** It was signed by somebody else. */
  | "IdentityMismatch"
  /** No transparency log has an entry of it. */
  | "LogEntryMissing"
  /** The log vouches for another key or certificate than the one in the bundle. */
  | "LogEntryMismatch"
  /** It was signed with a key, and none is given; or the other way round. */
  | "KeyMissing";

/** Who signed. `keyDigest`: SHA-256 of the SubjectPublicKeyInfo, `sha256:` and 64 hex digits. */
export type VerifiedSigner =
  | { by: "certificate"; identity: string; issuer: string; keyDigest: string }
  | { by: "key"; keyDigest: string };

/** What was signed: an in-toto statement of this type, or the artifact itself. */
export type SignedOver = { form: "artifact" } | { form: "statement"; predicateType: string };

export type BundleVerdict =
  | { verdict: "verified"; signer: VerifiedSigner; over: SignedOver }
  | { verdict: "refused"; code: RefusalCode; why: string };

/** A refusal on its way to the verdict. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  constructor(code: RefusalCode, why: string) {
    super(why);
    this.code = code;
  }
}
