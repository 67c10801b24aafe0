/**
 * The signed content of a bundle for @sigstore/verify, whose own takes the whole artifact into memory, knows no digest
 * alone, and leaves the hash of P-384 and P-521 keys to a default that is wrong for them.
 */
import { createHash, type KeyObject, verify } from "node:crypto";
import type { Bundle } from "@sigstore/bundle";
import { HashAlgorithm } from "@sigstore/protobuf-specs";
import type { SignedEntity } from "@sigstore/verify";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { toPae } from "../in-toto.ts";
import { verifySignature } from "../signatures/keys.ts";
import { type Artifact, HASHES, type HashName } from "./artifact.ts";
import { parseStatement } from "./statement.ts";
import { Refusal, type SignedOver } from "./verdict.ts";

type SignedContent = SignedEntity["signature"];

/** The content for the library, and what it is over. */
export interface SignedMatter {
  signature: SignedContent;
  over: SignedOver;
}

const NAMES: Partial<Record<HashAlgorithm, HashName>> = {
  [HashAlgorithm.SHA2_256]: "sha256",
  [HashAlgorithm.SHA2_384]: "sha384",
  [HashAlgorithm.SHA2_512]: "sha512",
};
const CURVES = { prime256v1: p256, secp384r1: p384, secp521r1: p521 } as const;

const isKnownCurve = (name: string): name is keyof typeof CURVES => Object.hasOwn(CURVES, name);
const curveOf = (key: KeyObject) => key.asymmetricKeyDetails?.namedCurve ?? "";

/** Whether `signature` is over a message with this digest: for ECDSA alone the digest is enough. */
function verifyDigest(key: KeyObject, digest: Buffer, signature: Buffer): boolean {
  const name = curveOf(key);
  if (key.asymmetricKeyType !== "ec" || !isKnownCurve(name)) {
    throw new Refusal(
      "SignatureInvalid",
      `a signature by ${key.asymmetricKeyType ?? "such a key"} needs the artifact itself, at most 16 MiB`,
    );
  }
  const { x = "", y = "" } = key.export({ format: "jwk" });
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
  try {
    return CURVES[name].verify(signature, digest, point, { prehash: false, format: "der", lowS: false });
  } catch {
    return false;
  }
}

function verifyBytes(key: KeyObject, hash: HashName, bytes: Buffer, signature: Buffer): boolean {
  try {
    return verify(key.asymmetricKeyType === "ed25519" ? null : hash, bytes, key, signature);
  } catch {
    return false;
  }
}

/** A signature over the artifact itself. The digest in the bundle is a claim: it has to be the artifact's. */
function toMessage(
  { messageDigest, signature }: { messageDigest: { algorithm: HashAlgorithm; digest: Buffer }; signature: Buffer },
  artifact: Artifact,
): SignedMatter {
  const hash = NAMES[messageDigest.algorithm];
  if (hash === undefined) throw new Refusal("BundleBroken", "it names no SHA-2 digest of the artifact");
  const digest = artifact.digest(hash);
  if (digest === undefined)
    throw new Refusal("ArtifactMismatch", `it is about a ${hash} digest, and of the artifact another is given`);
  if (!digest.equals(messageDigest.digest))
    throw new Refusal("ArtifactMismatch", `it is about another artifact than ${artifact.name}`);
  const content: SignedContent = {
    signature,
    compareSignature: (other) => signature.equals(other),
    compareDigest: (other) => digest.equals(other),
    compareSignedDigest: (other) => digest.equals(other),
    verifySignature: (key) =>
      artifact.bytes === undefined
        ? verifyDigest(key, digest, signature)
        : verifyBytes(key, hash, artifact.bytes, signature),
  };
  return { signature: content, over: { form: "artifact" } };
}

/** A DSSE envelope with an in-toto statement, one of whose subjects has to be the artifact. */
function toEnvelope(
  { payload, payloadType, signatures }: { payload: Buffer; payloadType: string; signatures: { sig: Buffer }[] },
  artifact: Artifact,
): SignedMatter {
  const [first, ...more] = signatures;
  if (first === undefined || more.length > 0)
    throw new Refusal("BundleBroken", "its envelope has not exactly one signature");
  const statement = parseStatement(payloadType, payload);
  const isSubject = statement.subject.some(({ digest }) => {
    const known = HASHES.flatMap((hash) => {
      const named = digest[hash];
      const own = named === undefined ? undefined : artifact.digest(hash);
      return own === undefined ? [] : [named === own.toString("hex")];
    });
    return known.length > 0 && known.every(Boolean);
  });
  if (!isSubject) throw new Refusal("ArtifactMismatch", `${artifact.name} is no subject of its statement`);
  const signature = first.sig;
  const signed = toPae(payloadType, payload);
  const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest();
  const content: SignedContent = {
    signature,
    compareSignature: (other) => signature.equals(other),
    compareDigest: (other) => sha256(payload).equals(other),
    compareSignedDigest: (other) => sha256(signed).equals(other),
    // sigstore signs with SHA-256 on every curve, as cosign did.
    verifySignature: (key) => verifySignature(key, "cosign", signed, signature),
  };
  return { signature: content, over: { form: "statement", predicateType: statement.predicateType } };
}

/** The content of a bundle that is about the artifact. Throws a Refusal where it is about another. */
export function toContent({ content }: Bundle, artifact: Artifact): SignedMatter {
  switch (content.$case) {
    case "messageSignature":
      return toMessage(content.messageSignature, artifact);
    case "dsseEnvelope":
      return toEnvelope(content.dsseEnvelope, artifact);
  }
}
