/** Verifying with public keys: the hash goes with the curve. */
import { type KeyObject, createPublicKey, verify } from "node:crypto";

/** A key that somebody is trusted by. */
export interface TrustedKey {
  signer: string;
  /** SHA-256 of the SubjectPublicKeyInfo. */
  keyDigest: string;
  key: KeyObject;
}

/** Reads a key that was checked before (domain/signer-keys.ts). */
export const toTrustedKey = (signer: string, keyDigest: string, pem: string): TrustedKey => ({
  signer,
  keyDigest,
  key: createPublicKey(pem),
});

/** The hash of each curve (FIPS 186-5 with the curve's own strength, as OMS demands it). */
const HASH_OF_CURVE: Record<string, "sha256" | "sha384" | "sha512"> = {
  prime256v1: "sha256",
  secp384r1: "sha384",
  secp521r1: "sha512",
};

/** The hash that goes with the key's curve; undefined where it is on none of the three. */
export const findCurveHash = (key: KeyObject) => HASH_OF_CURVE[key.asymmetricKeyDetails?.namedCurve ?? ""];

/** Whether the key is one of the curves that OMS allows. */
export const isOmsKey = ({ key }: TrustedKey) => findCurveHash(key) !== undefined;

function listHashes(key: KeyObject, form: "oms" | "cosign"): (string | null)[] {
  if (key.asymmetricKeyType === "ed25519") return [null];
  const own = findCurveHash(key) ?? "sha256";
  // cosign signed with SHA-256 on every curve before its version 3.
  return form === "cosign" && own !== "sha256" ? [own, "sha256"] : [own];
}

/** Whether `signature` is one of `message` by the key. A signature that does not parse is none. */
export function verifySignature(
  { key }: Pick<TrustedKey, "key">,
  form: "oms" | "cosign",
  message: Buffer,
  signature: Buffer,
): boolean {
  return listHashes(key, form).some((hash) => {
    try {
      return verify(hash, message, key, signature);
    } catch {
      return false;
    }
  });
}
