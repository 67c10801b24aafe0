/** Verifying with public keys: the hash goes with the curve. */
import { type KeyObject, verify } from "node:crypto";

/** Model signatures (OMS) take the hash that goes with the curve; cosign took SHA-256 on every curve before its version 3. */
export type SigningForm = "oms" | "cosign";

/** The hash of each curve (FIPS 186-5 with the curve's own strength, as OMS demands it). */
const HASH_OF_CURVE: Record<string, "sha256" | "sha384" | "sha512"> = {
  prime256v1: "sha256",
  secp384r1: "sha384",
  secp521r1: "sha512",
};

/** The hash that goes with the key's curve; undefined where it is on none of the three. */
export const findCurveHash = (key: KeyObject) => HASH_OF_CURVE[key.asymmetricKeyDetails?.namedCurve ?? ""];

function listHashes(key: KeyObject, form: SigningForm): (string | null)[] {
  if (key.asymmetricKeyType === "ed25519") return [null];
  const own = findCurveHash(key) ?? "sha256";
  return form === "cosign" && own !== "sha256" ? [own, "sha256"] : [own];
}

/** Whether `signature` is one of `message` by the key. A signature that does not parse is none. */
export function verifySignature(key: KeyObject, form: SigningForm, message: Buffer, signature: Buffer): boolean {
  return listHashes(key, form).some((hash) => {
    try {
      return verify(hash, message, key, signature);
    } catch {
      return false;
    }
  });
}
