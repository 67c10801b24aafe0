// Certificates (RFC 5280) of authorities and signers, Fulcio's profile among them, and their entries in a certificate log
// (RFC 6962). Whatever can be wrong with one can be wished for.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { bits, context, encode, integer, octets, oid, sequence, set, utcTime, utf8, yes } from "./der.ts";

export const SHA256 = sequence(oid("2.16.840.1.101.3.4.2.1"));
export const ECDSA_WITH_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));
export const ECDSA_WITH_SHA1 = sequence(oid("1.2.840.10045.4.1"));
export const TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
export const CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
const FULCIO_ISSUER = "1.3.6.1.4.1.57264.1.1";
const FULCIO_ISSUER_V2 = "1.3.6.1.4.1.57264.1.8";
const SCT_LIST = "1.3.6.1.4.1.11129.2.4.2";

/** A key: authorities and logs have one on P-256. */
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

export function createKeys({ privateKey: key, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })): Keys {
  const spki = publicKey.export({ type: "spki", format: "der" });
  return { key, spki, id: createHash("sha256").update(spki).digest() };
}

/** A name with a common name alone, or an empty one. */
const nameOf = (common: string) => (common === "" ? sequence() : sequence(set(sequence(oid("2.5.4.3"), utf8(common)))));

export const extension = (id: string, value: Buffer, isCritical = false) =>
  sequence(oid(id), ...(isCritical ? [yes] : []), octets(value));

const keyIdOf = ({ spki }: Pick<Keys, "spki">) => createHash("sha1").update(spki).digest();

/** Bits of a key usage (RFC 5280 §4.2.1.3), and how many of its byte are not used. */
const USAGES = {
  "signs documents": bits(Buffer.from([0x80]), 7),
  "signs certificates and lists": bits(Buffer.from([0x06]), 1),
  "encrypts keys": bits(Buffer.from([0x20]), 5),
} as const;

export interface Wish {
  common: string;
  keys: Keys;
  /** Undefined where it issues itself. */
  issuer: Holder | undefined;
  term: Term;
  isAuthority: boolean;
  /** As authorities and signers have it where it is left out; "none" leaves the extension out. */
  usage?: keyof typeof USAGES | "none";
  /** How many authorities may come between it and a signer. */
  pathLength?: number;
  /** Whether it names its issuer by a serial number that is another's (authorityKeyIdentifier, a hint). */
  misleads?: boolean;
  /** Signed with the hash that nobody should take any more. */
  sha1?: boolean;
  extensions: readonly Buffer[];
}

function listUsage({ isAuthority, usage = isAuthority ? "signs certificates and lists" : "signs documents" }: Wish) {
  return usage === "none" ? [] : [extension("2.5.29.15", USAGES[usage], true)];
}

function listConstraints({ isAuthority, pathLength }: Wish): Buffer[] {
  if (!isAuthority) return [];
  const length = pathLength === undefined ? [] : [integer(pathLength)];
  return [extension("2.5.29.19", sequence(yes, ...length), true)];
}

/** RFC 5280 §4.2.1.1: the key's identifier and, where it misleads, the issuer's name with another serial number. */
const toAuthorityId = (by: Keys & { name: Buffer }, { misleads = false }: Wish) =>
  sequence(
    encode(0x80, keyIdOf(by)),
    ...(misleads ? [encode(0xa1, encode(0xa4, by.name)), encode(0x82, Buffer.from([1]))] : []),
  );

/** Issues a certificate. */
export function issue(wish: Wish, log?: CertificateLog): Holder {
  const { common, keys, issuer, term, extensions, sha1 = false } = wish;
  const name = nameOf(common);
  const serial = randomBytes(16);
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
  const by = issuer ?? { ...keys, name };
  const algorithm = sha1 ? ECDSA_WITH_SHA1 : ECDSA_WITH_SHA256;
  const toContent = (more: readonly Buffer[]) =>
    sequence(
      context(0, integer(2)),
      integer(serial),
      algorithm,
      by.name,
      sequence(utcTime(term.from), utcTime(term.until)),
      name,
      keys.spki,
      context(
        3,
        sequence(
          ...listUsage(wish),
          ...listConstraints(wish),
          extension("2.5.29.14", octets(keyIdOf(keys))),
          extension("2.5.29.35", toAuthorityId(by, wish)),
          ...extensions,
          ...more,
        ),
      ),
    );
  const content = toContent(log === undefined ? [] : [log(toContent([]), by.spki, term.from)]);
  const certificate = sequence(content, algorithm, bits(sign(sha1 ? "sha1" : "sha256", content, by.key)));
  return { ...keys, name, issuer: by.name, serial, certificate };
}

/** Gives the extension with which a log says to have seen a certificate, or rather what it is going to be. */
export type CertificateLog = (content: Buffer, issuerSpki: Buffer, at: number) => Buffer;

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

/** Extended key usages that are critical. */
export const toCriticalPurposes = (...purposes: readonly string[]): Buffer =>
  extension("2.5.29.37", sequence(...purposes.map(oid)), true);

/** For timestamps alone, and critical (RFC 3161 §2.3). */
const STAMPS = [toCriticalPurposes(TIME_STAMPING)];

/** A certificate that signs timestamps. */
export const createTimestamper = (common: string, term: Term, issuer: Holder, extensions = STAMPS): Holder =>
  issue({ common, keys: createKeys(), issuer, term, isAuthority: false, extensions });

const isUri = (name: string) => /^[a-z][a-z0-9+.-]*:/i.test(name);

/** A name of a certificate: a URI or an e-mail address; whatever its bytes are. */
export const toGeneralName = (name: string | Buffer): Buffer =>
  encode(typeof name === "string" && isUri(name) ? 0x86 : 0x81, Buffer.from(name));

/** subjectAltName (RFC 5280 §4.2.1.6). */
export const toNames = (names: readonly (string | Buffer)[]): Buffer =>
  extension("2.5.29.17", sequence(...names.map(toGeneralName)), true);

/** Extended key usages (RFC 5280 §4.2.1.12). */
export const toPurposes = (...purposes: readonly string[]): Buffer =>
  extension("2.5.29.37", sequence(...purposes.map(oid)));

/** Who vouched for the name, as Fulcio writes it: in bytes, and later in UTF-8. */
export const toIssuer = (issuer: string | Buffer): Buffer[] => [
  extension(FULCIO_ISSUER, Buffer.from(issuer)),
  extension(FULCIO_ISSUER_V2, encode(0x0c, Buffer.from(issuer))),
];

/** A certificate for whom `issuer`, an address of OpenID Connect, vouches: a URI or an e-mail address. Logged where a log is given. */
export function issueSigner(
  { identity, issuer }: { identity: string; issuer: string },
  term: Term,
  authority: Holder,
  log?: CertificateLog,
): Holder {
  const extensions = [toPurposes(CODE_SIGNING), toNames([identity]), ...toIssuer(issuer)];
  return issue({ common: "", keys: createKeys(), issuer: authority, term, isAuthority: false, extensions }, log);
}
