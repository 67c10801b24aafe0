/** Public keys that may sign: their types, their least sizes, and the digest they are known by. Pure. */
import { createHash, createPublicKey, type KeyObject } from "node:crypto";

const MIN_RSA_BITS = 2048;
const SUPPORTED_CURVES = ["prime256v1", "secp384r1", "secp521r1"];

/** Why a key may not sign, or undefined where it may. */
export function findKeyFault(key: KeyObject): string | undefined {
  const { modulusLength = 0, namedCurve = "?" } = key.asymmetricKeyDetails ?? {};
  const type = key.asymmetricKeyType ?? "?";
  if (type === "ed25519") return undefined;
  if (type === "ec") return SUPPORTED_CURVES.includes(namedCurve) ? undefined : `curve ${namedCurve} is not supported`;
  if (type === "rsa") return modulusLength >= MIN_RSA_BITS ? undefined : `an RSA key needs ${MIN_RSA_BITS} bits`;
  return `keys of type ${type} are not supported`;
}

/** SHA-256 over the SubjectPublicKeyInfo of a public key: `sha256:` and 64 hex digits. */
export function digestKey(key: KeyObject): string {
  const der = key.export({ type: "spki", format: "der" });
  return `sha256:${createHash("sha256").update(der).digest("hex")}`;
}

/** A key that may sign, or why it may not. */
export type ParsedKey = { outcome: "key"; keyDigest: string } | { outcome: "fault"; why: string };

/** Reads a key in PEM. */
export function parsePublicKey(pem: string): ParsedKey {
  // createPublicKey would also take a private key or a certificate and derive a key from it.
  if (!/^\s*-----BEGIN PUBLIC KEY-----/.test(pem)) {
    return { outcome: "fault", why: "it is no PEM block of type PUBLIC KEY" };
  }
  try {
    const key = createPublicKey(pem);
    const why = findKeyFault(key);
    return why === undefined ? { outcome: "key", keyDigest: digestKey(key) } : { outcome: "fault", why };
  } catch (error) {
    return { outcome: "fault", why: error instanceof Error ? error.message : "it does not parse" };
  }
}
