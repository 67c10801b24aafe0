/** A signer's public key as a policy gives it: inline, or in a ConfigMap that the policy pins by SHA-256. Pure. */
import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import type { Signer } from "../api/ai-policy.ts";
import { type Stated, stateFinding } from "./findings.ts";

/** A usable key, or why there is none. */
export type SignerKey =
  | { outcome: "key"; pem: string /** SHA-256 over the SubjectPublicKeyInfo. */; keyDigest: string }
  | { outcome: "broken"; finding: Stated };

const MIN_RSA_BITS = 2048;

/**
 * Resolves one signer. `configMapValue` is what the ConfigMap holds under the named key, undefined where the
 * ConfigMap or its key does not exist.
 */
export function resolveSignerKey(signer: Signer, policy: string, configMapValue: string | undefined): SignerKey {
  const { pem, configMap, key, sha256 } = signer.publicKey;
  const values = { signer: signer.name, policy };
  if (pem !== undefined) return parseKey(pem, values);
  if (configMapValue === undefined) {
    const why = `ConfigMap ${configMap ?? "?"} with key ${key ?? "?"} was not found in the operator's namespace`;
    return { outcome: "broken", finding: stateFinding("TrustRootMissing", { ...values, why }) };
  }
  if (createHash("sha256").update(configMapValue).digest("hex") !== sha256) {
    return { outcome: "broken", finding: stateFinding("TrustRootMismatch", values) };
  }
  return parseKey(configMapValue, values);
}

const SUPPORTED_CURVES = ["prime256v1", "secp384r1", "secp521r1"];

/** Why a key may not sign, or undefined where it may. */
function findKeyFault(key: KeyObject): string | undefined {
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

function parseKey(pem: string, values: { signer: string; policy: string }): SignerKey {
  const refuse = (why: string): SignerKey => ({
    outcome: "broken",
    finding: stateFinding("TrustRootMalformed", { ...values, why }),
  });
  // createPublicKey would also take a private key or a certificate and derive a key from it.
  if (!/^\s*-----BEGIN PUBLIC KEY-----/.test(pem)) return refuse("it is no PEM block of type PUBLIC KEY");
  try {
    const key = createPublicKey(pem);
    const fault = findKeyFault(key);
    if (fault !== undefined) return refuse(fault);
    return { outcome: "key", pem, keyDigest: digestKey(key) };
  } catch (error) {
    return refuse(error instanceof Error ? error.message : "it does not parse");
  }
}
