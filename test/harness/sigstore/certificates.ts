// Certificates of a private Sigstore (RFC 5280, Fulcio's profile) and their entries in a certificate log (RFC 6962).
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { bits, context, encode, integer, octets, oid, sequence, set, utcTime, utf8, yes } from "./der.ts";

export const SHA256 = sequence(oid("2.16.840.1.101.3.4.2.1"));
export const ECDSA_WITH_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));
const TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
const CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
const FULCIO_ISSUER = "1.3.6.1.4.1.57264.1.1";
const FULCIO_ISSUER_V2 = "1.3.6.1.4.1.57264.1.8";
const SCT_LIST = "1.3.6.1.4.1.11129.2.4.2";

/** A P-256 key. */
export interface Keys {
  key: KeyObject;
  /** SubjectPublicKeyInfo in DER. */
  spki: Buffer;
  /** SHA-256 of it: how logs are named. */
  id: Buffer;
}

/** Somebody with a key and a certificate. */
export interface Holder extends Keys {
  name: Buffer;
  /** The name of who issued the certificate. */
  issuer: Buffer;
  serial: Buffer;
  certificate: Buffer;
}

export interface Term {
  from: number;
  until: number;
}

export function createKeys(): Keys {
  const { privateKey: key, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  return { key, spki, id: createHash("sha256").update(spki).digest() };
}

/** A name with a common name alone, or an empty one. */
const nameOf = (common: string) => (common === "" ? sequence() : sequence(set(sequence(oid("2.5.4.3"), utf8(common)))));

const extension = (id: string, value: Buffer, isCritical = false) =>
  sequence(oid(id), ...(isCritical ? [yes] : []), octets(value));

const keyIdOf = ({ spki }: Pick<Keys, "spki">) => createHash("sha1").update(spki).digest();

/** digitalSignature, or keyCertSign and cRLSign. */
const usage = (isAuthority: boolean) =>
  extension("2.5.29.15", isAuthority ? bits(Buffer.from([0x06]), 1) : bits(Buffer.from([0x80]), 7), true);

interface Wish {
  common: string;
  keys: Keys;
  /** Undefined where it issues itself. */
  issuer: Holder | undefined;
  term: Term;
  isAuthority: boolean;
  extensions: readonly Buffer[];
}

function issue({ common, keys, issuer, term, isAuthority, extensions }: Wish, log?: CertificateLog): Holder {
  const name = nameOf(common);
  const serial = randomBytes(16);
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
  const by = issuer ?? { ...keys, name };
  const toContent = (more: readonly Buffer[]) =>
    sequence(
      context(0, integer(2)),
      integer(serial),
      ECDSA_WITH_SHA256,
      by.name,
      sequence(utcTime(term.from), utcTime(term.until)),
      name,
      keys.spki,
      context(
        3,
        sequence(
          usage(isAuthority),
          ...(isAuthority ? [extension("2.5.29.19", sequence(yes), true)] : []),
          extension("2.5.29.14", octets(keyIdOf(keys))),
          extension("2.5.29.35", sequence(encode(0x80, keyIdOf(by)))),
          ...extensions,
          ...more,
        ),
      ),
    );
  const content = toContent(log === undefined ? [] : [log(toContent([]), by.spki, term.from)]);
  const certificate = sequence(content, ECDSA_WITH_SHA256, bits(sign("sha256", content, by.key)));
  return { ...keys, name, issuer: by.name, serial, certificate };
}

/** Gives the extension with which a log says to have seen a certificate, or rather what it is going to be. */
type CertificateLog = (content: Buffer, issuerSpki: Buffer, at: number) => Buffer;

const uint = (value: number, bytes: number) => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
};
const withLength = (bytes: Buffer, lengthBytes: number) => Buffer.concat([uint(bytes.length, lengthBytes), bytes]);

/** A certificate log with this key (RFC 6962 §3.2 and §3.3). */
export function createCertificateLog({ key, id }: Keys): CertificateLog {
  return (content, issuerSpki, at) => {
    const time = Buffer.concat([Buffer.alloc(2), uint(at, 6)]);
    const signed = Buffer.concat([
      Buffer.from([0, 0]),
      time,
      uint(1, 2),
      createHash("sha256").update(issuerSpki).digest(),
      withLength(content, 3),
      uint(0, 2),
    ]);
    // SHA-256 with ECDSA, as TLS numbers them.
    const signature = Buffer.concat([Buffer.from([4, 3]), withLength(sign("sha256", signed, key), 2)]);
    const timestamp = Buffer.concat([Buffer.from([0]), id, time, uint(0, 2), signature]);
    return extension(SCT_LIST, octets(withLength(withLength(timestamp, 2), 2)));
  };
}

/** An authority; its own root where nobody issues it. */
export const createAuthority = (common: string, term: Term, issuer?: Holder): Holder =>
  issue({ common, keys: createKeys(), issuer, term, isAuthority: true, extensions: [] });

/** A certificate that signs timestamps. */
export const createTimestamper = (common: string, term: Term, issuer: Holder): Holder =>
  issue({
    common,
    keys: createKeys(),
    issuer,
    term,
    isAuthority: false,
    extensions: [extension("2.5.29.37", sequence(oid(TIME_STAMPING)), true)],
  });

/** A certificate for whom `issuer`, an address of OpenID Connect, vouches: a URI or an e-mail address. Logged where a log is given. */
export function issueSigner(
  { identity, issuer }: { identity: string; issuer: string },
  term: Term,
  authority: Holder,
  log?: CertificateLog,
): Holder {
  const isUri = /^[a-z][a-z0-9+.-]*:/i.test(identity);
  const alternative = encode(isUri ? 0x86 : 0x81, Buffer.from(identity));
  const extensions = [
    extension("2.5.29.37", sequence(oid(CODE_SIGNING))),
    extension("2.5.29.17", sequence(alternative), true),
    extension(FULCIO_ISSUER, Buffer.from(issuer)),
    extension(FULCIO_ISSUER_V2, utf8(issuer)),
  ];
  return issue({ common: "", keys: createKeys(), issuer: authority, term, isAuthority: false, extensions }, log);
}
