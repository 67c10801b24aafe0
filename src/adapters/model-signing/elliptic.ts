/** Keys of model signatures: three curves, each with its own hash (OMS algorithm registry). */
import { createHash, createPublicKey, type KeyObject, sign } from "node:crypto";
import { IN_TOTO_TYPE, toPae } from "../in-toto.ts";
import { findCurveHash, verifySignature } from "../signatures/keys.ts";
import { ModelRefusal } from "./refusal.ts";

/** The hash that goes with a key. Throws a ModelRefusal where model signing does not know its kind. */
export function findHash(key: KeyObject): string {
  const hash = findCurveHash(key);
  if (hash === undefined)
    throw new ModelRefusal("MethodMismatch", "the key is on none of the curves P-256, P-384 and P-521");
  return hash;
}

/** Whether `signature` is one of the payload by the key. Throws a ModelRefusal where it could be by no such key. */
export function isSignedBy(key: KeyObject, payload: Buffer, signature: Buffer): boolean {
  findHash(key);
  return verifySignature(key, "oms", toPae(IN_TOTO_TYPE, payload), signature);
}

/** Signs a payload. */
export const signPayload = (key: KeyObject, payload: Buffer): Buffer =>
  sign(findHash(key), toPae(IN_TOTO_TYPE, payload), key);

/** How a bundle names the key: SHA-256 over the text of its PEM, in hex. A help to find it, and nothing more. */
export const hintOf = (key: KeyObject): string =>
  createHash("sha256")
    .update(createPublicKey(key).export({ type: "spki", format: "pem" }))
    .digest("hex");
