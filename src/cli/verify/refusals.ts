/**
 * What the offline commands refuse, and which registries fail, with who can mend it and the next step. The commands print
 * it and docs/refusals.md is generated from it, so that a code means the same in both.
 */
import type { ModelRefusalCode } from "../../adapters/model-signing/refusal.ts";
import type { RegistryErrorCode } from "../../adapters/registry/errors.ts";
import type { SignatureProblem } from "../../adapters/signatures/collect.ts";
import type { RefusalCode } from "../../adapters/sigstore/verdict.ts";

/** One code. */
export interface Advice {
  /** What is wrong. */
  what: string;
  /** Who can mend it. */
  who: string;
  /** What to do next. */
  next: string;
}

const SIGNER = "whoever signs it";

export const BUNDLE_REFUSALS = {
  BundleBroken: {
    what: "the file is no Sigstore bundle (v0.1 to v0.3), or one that can be read in two ways",
    who: SIGNER,
    next: "sign anew: cosign sign-blob --bundle FILE ARTIFACT",
  },
  ArtifactMismatch: {
    what: "the bundle is about another file or digest",
    who: "whoever fetched file and bundle",
    next: "fetch both anew from one place (sha256sum ARTIFACT); the signature of a whole model is for vouchsafe verify-model",
  },
  SignatureInvalid: {
    what: "certificate, log entry, timestamp or signature do not hold under the trusted root, or not by this key",
    who: `whoever named key or root, where the signer has another; else ${SIGNER}`,
    next: "compare the key with the signer's; for a Sigstore instance of your own name its root: --trusted-root FILE",
  },
  LogEntryMissing: {
    what: "the bundle has no entry in a transparency log",
    who: `${SIGNER}; you, where a key alone is enough`,
    next: "sign with a log; a bundle by key is taken without one by --key PEM --without-log-entry",
  },
  CertificateUnfit: {
    what: "the certificate, or an authority above it, may not sign this",
    who: "whoever issued the certificate",
    next: "have a certificate for signing code issued, and sign with that",
  },
  IdentityMismatch: {
    what: "somebody else signed, or another issuer vouches for the name",
    who: "you, where the name in the message is whom you trust; else nobody",
    next: "compare letter by letter: --certificate-identity NAME --certificate-oidc-issuer URL",
  },
  LogEntryMismatch: {
    what: "the log's entry is about another key or certificate than the bundle's, or of a kind that is not known",
    who: SIGNER,
    next: "sign anew; what stands in the log cannot be changed",
  },
  KeyMissing: {
    what: "it was signed with a key where a name was given, or with a certificate where a key was",
    who: "you",
    next: "name a key by --key PEM, or --certificate-identity NAME with --certificate-oidc-issuer URL",
  },
} as const satisfies Record<RefusalCode, Advice>;

export const MODEL_REFUSALS = {
  SignatureBroken: {
    what: "the file is no signature of OpenSSF Model Signing v1.0, or one that can be read in two ways",
    who: "whoever signs the model",
    next: "sign it anew, by vouchsafe sign-model or model_signing",
  },
  SignatureInvalid: {
    what: "the signature does not hold, or is not by whom it has to be",
    who: "you, where the signer has another key, root or name than you gave; else whoever signs the model",
    next: "compare key, root or name with what the signer published; else have the model signed anew",
  },
  CertificateUntrusted: {
    what: "the signer's certificate leads to nobody who is trusted, may not sign code, or has run out",
    who: "you, where a certificate is missing; else whoever issued it, or signs the model",
    next: "name the root and what lies between by --cert-chain PEM; what ran out counts with a timestamp by --timestamp-authority PEM, else have it signed anew",
  },
  MethodMismatch: {
    what: "it was signed by another method, or with a key on another curve than P-256, P-384 and P-521",
    who: "you",
    next: "name the method that the message tells, or take a key on one of these curves: openssl ecparam -name prime256v1",
  },
  ModelMismatch: {
    what: "what lies on disk is not what was signed",
    who: "whoever fetched or changed the model",
    next: "fetch the model anew; what is no part of it has to go, or to be left out: --ignore-paths PATH, --ignore-unsigned-files",
  },
  ModelUnfit: {
    what: "what lies on disk cannot be signed or verified at all, such as a symbolic link or a file that changes",
    who: "whoever put the model there",
    next: "put files in the place of links, and try again when nobody writes there",
  },
} as const satisfies Record<ModelRefusalCode, Advice>;

export const IMAGE_REFUSALS = {
  SignatureInvalid: {
    what: "a signature beside the artifact does not hold, or is none",
    who: "the pipeline that publishes it",
    next: "where its authority is one that you trust: --ca-roots PEM; what ran out, was revoked or is broken has to be signed anew",
  },
  SignerUnknown: {
    what: "a signature beside the artifact is by somebody who was not named",
    who: "you, where that is whom you trust; else the pipeline that publishes it",
    next: "name them: --key PEM, --certificate-identity NAME with --certificate-oidc-issuer URL, or --ca-roots PEM",
  },
  ModelMismatch: {
    what: "the files in the artifact are not those of the model that was signed",
    who: "the pipeline that publishes it",
    next: "do not use it before somebody knows who changed it, then publish what was signed; where the model is one folder of it: --model-path",
  },
  VerificationFailed: {
    what: "the signatures could not be judged to the end",
    who: "you",
    next: "try again; memory or time ran out",
  },
  RegistryFailed: {
    what: "the registry failed while signatures or layers were read",
    who: "whoever runs the registry",
    next: "try again; the message names the host that failed",
  },
} as const satisfies Record<SignatureProblem["code"], Advice>;

const REGISTRY = "whoever runs the registry";

export const REGISTRY_FAULTS = {
  Unreachable: {
    what: "there is no connection, or it breaks",
    who: `you, or ${REGISTRY}`,
    next: "check name, port, network and proxy (HTTPS_PROXY, NO_PROXY)",
  },
  NotTls: {
    what: "what answers does not speak TLS",
    who: REGISTRY,
    next: "check the port; a registry without TLS that no network lies before, such as on loopback: --insecure-registry HOST:PORT",
  },
  Untrusted: {
    what: "its certificate is not believed",
    who: `you, where its authority is your own; else ${REGISTRY}`,
    next: "name the authority: --ca-file PEM; what ran out or is another host's has to be issued anew",
  },
  TimedOut: {
    what: "it gives no whole answer in time",
    who: REGISTRY,
    next: "try again; check network and proxy",
  },
  Unauthorized: {
    what: "it wants other credentials, or gives this to nobody",
    who: "whoever grants access to the repository",
    next: "docker login HOST:PORT without a credential helper, or --docker-config FILE",
  },
  NotFound: {
    what: "it has no such repository, tag or digest",
    who: "you",
    next: "check the reference: HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:…",
  },
  RateLimited: {
    what: "it wants to be left alone for a while",
    who: REGISTRY,
    next: "wait as long as it says; more is often allowed with credentials: docker login HOST:PORT",
  },
  TooLarge: {
    what: "what it sends is beyond the bounds",
    who: "whoever published it",
    next: "see docs/registries.md for the bounds",
  },
  DigestMismatch: {
    what: "what it sends is not what its digest names",
    who: REGISTRY,
    next: "publish it anew; what was sent is not to be trusted",
  },
  Malformed: {
    what: "what it sends is no document of a registry, or one that can be read in two ways",
    who: "whoever published it",
    next: "publish it anew with another tool",
  },
  AddressRefused: {
    what: "it leads to an address that nobody has to be asked at, such as a metadata service, or away from TLS",
    who: REGISTRY,
    next: "check what the name resolves to and where it redirects; see docs/registries.md",
  },
  Failed: {
    what: "it answers with an error",
    who: REGISTRY,
    next: "try again; see the registry's own log",
  },
} as const satisfies Record<RegistryErrorCode, Advice>;

/** The lines under a refusal that say what to do. */
export const describeAdvice = ({ who, next }: Pick<Advice, "who" | "next">): string[] => [
  `mended by    ${who}`,
  `next         ${next}`,
];
