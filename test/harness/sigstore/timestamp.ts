// A timestamp authority: RFC 3161 answers over SHA-256, signed as CMS (RFC 5652).
import { createHash, randomBytes, sign } from "node:crypto";
import { ECDSA_WITH_SHA1, ECDSA_WITH_SHA256, type Holder, SHA256 } from "./certificates.ts";
import { context, encode, generalizedTime, integer, octets, oid, sequence, set } from "./der.ts";

const SIGNED_DATA = "1.2.840.113549.1.7.2";
export const TIMESTAMP_INFO = "1.2.840.113549.1.9.16.1.4";
export const CONTENT_TYPE = "1.2.840.113549.1.9.3";
export const MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
export const SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47";
const POLICY = "1.3.6.1.4.1.57264.2";

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest();

const seconds = (value: number) =>
  Buffer.from(
    value
      .toString(16)
      .padStart(8, "0")
      .replace(/^(?:00)*(?=..)/, ""),
    "hex",
  );

/** An attribute of a signer (RFC 5652 §5.3). */
export const attribute = (id: string, ...values: readonly Buffer[]): Buffer => sequence(oid(id), set(...values));

/** What is unusual about an answer. */
export interface StampWish {
  /** What follows the seconds, such as ".5". */
  fraction?: string;
  /** By how many seconds its clock may be wrong. */
  accuracy?: number;
  /** Certificates that come along. */
  certificates?: readonly Holder[];
  /** The certificate that it says to be made with, where that is another. */
  signedWith?: Holder;
  /** Whether it is signed with SHA-1. */
  isWeak?: boolean;
  /** PKIStatus (RFC 3161 §2.4.2). */
  status?: number;
  /** Its time, as it is encoded. */
  time?: Buffer;
  /** What the signed content is said to be. */
  contentType?: string;
  /** What the whole is said to be. */
  type?: string;
  /** Of what it says (TSTInfo). */
  version?: number;
  /** Extensions of what it says. */
  extensions?: readonly Buffer[];
  /** How often it is signed. */
  signatures?: number;
  /** Makes others of the usual attributes: type of content, digest, signing certificate. */
  attributes?: (usual: readonly [Buffer, Buffer, Buffer]) => readonly Buffer[];
}

/** What it says (TSTInfo). */
function describeStamp(message: Buffer, at: number, wish: StampWish): Buffer {
  const { fraction, accuracy, time, version = 1, extensions = [] } = wish;
  return sequence(
    integer(version),
    oid(POLICY),
    sequence(SHA256, octets(sha256(message))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    time ?? generalizedTime(at, fraction),
    ...(accuracy === undefined ? [] : [sequence(integer(seconds(accuracy)))]),
    ...(extensions.length === 0 ? [] : [context(1, ...extensions)]),
  );
}

/** A whole answer (TimeStampResp), granted. */
export function answerTimestamp(
  { key, issuer, serial, certificate }: Holder,
  message: Buffer,
  at: number,
  wish: StampWish = {},
): Buffer {
  const { certificates = [], signedWith, isWeak = false, status = 0, signatures = 1 } = wish;
  const { contentType = TIMESTAMP_INFO, type = SIGNED_DATA, attributes: choose = (usual) => usual } = wish;
  const info = describeStamp(message, at, wish);
  const attributes = choose([
    attribute(CONTENT_TYPE, oid(TIMESTAMP_INFO)),
    attribute(MESSAGE_DIGEST, octets(sha256(info))),
    attribute(
      SIGNING_CERTIFICATE_V2,
      sequence(sequence(sequence(octets(sha256(signedWith?.certificate ?? certificate))))),
    ),
  ]).toSorted(Buffer.compare);
  const signer = sequence(
    integer(1),
    sequence(issuer, integer(serial)),
    SHA256,
    encode(0xa0, ...attributes),
    isWeak ? ECDSA_WITH_SHA1 : ECDSA_WITH_SHA256,
    octets(sign(isWeak ? "sha1" : "sha256", set(...attributes), key)),
  );
  const content = sequence(
    integer(3),
    set(SHA256),
    sequence(oid(contentType), context(0, octets(info))),
    ...(certificates.length === 0 ? [] : [context(0, ...certificates.map((one) => one.certificate))]),
    set(...Array.from({ length: signatures }, () => signer)),
  );
  return sequence(sequence(integer(status)), sequence(oid(type), context(0, content)));
}
