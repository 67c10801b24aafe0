// Keys of every kind that may sign, and how each signs.
import { constants, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createKeys, type Keys } from "../harness/sigstore/certificates.ts";
import { integer, sequence } from "../harness/sigstore/der.ts";

export type KeyKind = "p256" | "p384" | "p521" | "rsa2048" | "rsa4096" | "ed25519";

const MAKE: Record<KeyKind, () => { privateKey: KeyObject; publicKey: KeyObject }> = {
  p256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  p384: () => generateKeyPairSync("ec", { namedCurve: "P-384" }),
  p521: () => generateKeyPairSync("ec", { namedCurve: "P-521" }),
  rsa2048: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  rsa4096: () => generateKeyPairSync("rsa", { modulusLength: 4096 }),
  ed25519: () => generateKeyPairSync("ed25519"),
};

/** The hash that goes with the curve (FIPS 186-5); RSA with SHA-256; Ed25519 hashes by itself. */
const HASHES: Record<KeyKind, "sha256" | "sha384" | "sha512" | null> = {
  p256: "sha256",
  p384: "sha384",
  p521: "sha512",
  rsa2048: "sha256",
  rsa4096: "sha256",
  ed25519: null,
};

export const KEY_KINDS = Object.keys(MAKE) as KeyKind[];

/** Somebody with a key. */
export interface Signatory extends Keys {
  kind: KeyKind;
  pem: string;
}

export function createSignatory(kind: KeyKind = "p256"): Signatory {
  const pair = MAKE[kind]();
  return { ...createKeys(pair), kind, pem: pair.publicKey.export({ type: "spki", format: "pem" }).toString() };
}

/** Signs as OpenSSL writes signatures: ECDSA in DER, RSA by PKCS #1 v1.5. */
export const signBy = ({ key, kind }: Pick<Signatory, "key" | "kind">, message: Buffer): Buffer =>
  sign(HASHES[kind], message, key);

export const signPss = ({ key }: Signatory, message: Buffer): Buffer =>
  sign("sha256", message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });

/** The hash that cosign has to be told of. */
export const hashOf = (kind: KeyKind): "sha384" | "sha512" | undefined => {
  const hash = HASHES[kind];
  return hash === "sha384" || hash === "sha512" ? hash : undefined;
};

const ORDER_P256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The other signature that an ECDSA signature on P-256 gives away: (r, n - s). */
export function malleate(key: KeyObject, message: Buffer): Buffer {
  const raw = sign("sha256", message, { key, dsaEncoding: "ieee-p1363" });
  const s = BigInt(`0x${raw.subarray(32).toString("hex")}`);
  // High is what lies above half of the order.
  const high = s > ORDER_P256 / 2n ? s : ORDER_P256 - s;
  return sequence(...[raw.subarray(0, 32), Buffer.from(high.toString(16).padStart(64, "0"), "hex")].map(toInteger));
}

/** Without zeros at its beginning, as DER has it. */
const toInteger = (bytes: Buffer) => integer(bytes.subarray(bytes.findIndex((byte) => byte !== 0)));
