/** Keys of model signatures: three curves, each with its own hash (OMS algorithm registry). */
import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { toPae } from "../signatures/bundle.ts";
import { PAYLOAD_TYPE } from "./envelope.ts";
import { ModelRefusal } from "./refusal.ts";

const HASH_OF_CURVE: Record<string, string> = { prime256v1: "sha256", secp384r1: "sha384", secp521r1: "sha512" };

/** The hash that goes with a key. Throws a ModelRefusal where model signing does not know its kind. */
export function findHash(key: KeyObject): string {
  const hash = HASH_OF_CURVE[key.asymmetricKeyDetails?.namedCurve ?? ""];
  if (hash === undefined)
    throw new ModelRefusal("MethodMismatch", "the key is on none of the curves P-256, P-384 and P-521");
  return hash;
}

/** Whether `signature` is one of the payload by the key. */
export function isSignedBy(key: KeyObject, payload: Buffer, signature: Buffer): boolean {
  const hash = findHash(key);
  try {
    return verify(hash, toPae(PAYLOAD_TYPE, payload), key, signature);
  } catch {
    return false;
  }
}

/** Signs a payload. */
export const signPayload = (key: KeyObject, payload: Buffer): Buffer =>
  sign(findHash(key), toPae(PAYLOAD_TYPE, payload), key);

/** How a bundle names the key: SHA-256 over the text of its PEM, in hex. A help to find it, and nothing more. */
export const hintOf = (key: KeyObject): string =>
  createHash("sha256")
    .update(createPublicKey(key).export({ type: "spki", format: "pem" }))
    .digest("hex");
