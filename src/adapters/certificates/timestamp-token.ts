/**
 * Reads the answer of a time-stamping authority (RFC 3161, CMS of RFC 5652). @sigstore/core's own reader knows ECDSA alone and
 * only times with no or three digits of a fraction; pkijs knows the rest. Nothing is verified here.
 */
import { ASN1Obj } from "@sigstore/core";
import { type Attribute, Certificate, SignedData, type SignerInfo, TimeStampResp, TSTInfo } from "pkijs";
import { parseGeneralizedTime } from "./generalized-time.ts";
import { CertificateRefusal } from "./refusal.ts";
import { isSequence } from "./sequence.ts";

const SIGNED_DATA = "1.2.840.113549.1.7.2";
const TIMESTAMP_INFO = "1.2.840.113549.1.9.16.1.4";
const CONTENT_TYPE = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
const SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47";

/** SHA-2, by Node's names; what a token names otherwise can be made to fit. */
const HASHES: Record<string, "sha256" | "sha384" | "sha512"> = {
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};
/** RSA (PKCS #1 v1.5) by itself or with a SHA-2 hash, ECDSA with one. */
const SIGNATURES = new Set([
  "1.2.840.113549.1.1.1",
  "1.2.840.113549.1.1.11",
  "1.2.840.113549.1.1.12",
  "1.2.840.113549.1.1.13",
  "1.2.840.10045.4.3.2",
  "1.2.840.10045.4.3.3",
  "1.2.840.10045.4.3.4",
]);

/** Longer than any with the certificates of a path. */
const MAX_BYTES = 64 * 1024;
/** As many as a signer's own chain may have. */
const MAX_CERTIFICATES = 16;

/** Why a timestamp does not hold. */
export const refuseStamp = (why: string) => new CertificateRefusal(`its timestamp does not hold: ${why}`);

/** From when to when something may have been, epoch milliseconds. */
export interface Moment {
  from: number;
  until: number;
}

/** When something was, as timestamps say that hold. */
export interface Stamp extends Moment {
  /** When the revocation lists run out that acquit their authorities, epoch milliseconds; then they have to be asked anew. */
  ends: readonly number[];
}

export interface Digest {
  hash: "sha256" | "sha384" | "sha512";
  value: Buffer;
}

export interface TimestampToken {
  signed: SignedData;
  /** Of what was stamped. */
  imprint: Digest;
  /** When, with what the authority says of its clock's accuracy. */
  moment: Moment;
  /** Of the certificate that stamped (ESSCertIDv2, RFC 5816). */
  signedBy: Digest;
  /** What came along (DER). */
  certificates: Buffer[];
}

function demandHash(oid: string): Digest["hash"] {
  const hash = HASHES[oid];
  if (hash === undefined) throw refuseStamp("it names a hash other than SHA-256, SHA-384 and SHA-512");
  return hash;
}

/** The only value of the only attribute of a type: of two, nobody knows which is meant. */
function demandAttribute(attributes: readonly Attribute[], type: string, what: string): ASN1Obj {
  const [found, ...others] = attributes.filter((one) => one.type === type);
  const [value, ...more] = (found?.values ?? []) as { toBER(): ArrayBuffer }[];
  if (value === undefined || others.length > 0 || more.length > 0)
    throw refuseStamp(`it has not exactly one ${what} among its signed attributes`);
  return ASN1Obj.parseBuffer(Buffer.from(value.toBER()));
}

/** RFC 5816 §2.2.1: the first certificate is the one that stamped. */
function readSigningCertificate(attribute: ASN1Obj): Digest {
  const [first, second] = attribute.subs[0]?.subs[0]?.subs ?? [];
  // SHA-256 is the default, and left out.
  const [hash, value] = first !== undefined && isSequence(first) ? [first, second] : [undefined, first];
  if (value === undefined) throw refuseStamp("it does not say by which certificate it was made");
  return { hash: hash === undefined ? "sha256" : demandHash(hash.subs[0]?.toOID() ?? ""), value: value.value };
}

function demandAttributes({ signedAttrs, digestAlgorithm, signatureAlgorithm }: SignerInfo): Digest {
  const attributes = signedAttrs?.attributes ?? [];
  demandHash(digestAlgorithm.algorithmId);
  if (!SIGNATURES.has(signatureAlgorithm.algorithmId)) throw refuseStamp("it is signed in a way that is not supported");
  if (demandAttribute(attributes, CONTENT_TYPE, "type of content").toOID() !== TIMESTAMP_INFO)
    throw refuseStamp("what it signs is no timestamp");
  demandAttribute(attributes, MESSAGE_DIGEST, "digest");
  return readSigningCertificate(
    demandAttribute(attributes, SIGNING_CERTIFICATE_V2, "signing certificate (ESSCertIDv2)"),
  );
}

const toNumber = (part: ASN1Obj | undefined) => Number(`0x0${part?.value.toString("hex") ?? ""}`);

/** By how many milliseconds the clock may be wrong (Accuracy, RFC 3161 §2.4.2), at worst. */
function readAccuracy(accuracy: ASN1Obj | undefined): number {
  // What follows may be left out, and is then a boolean or a number.
  if (accuracy === undefined || !isSequence(accuracy)) return 0;
  const find = (number: number) => accuracy.subs.find(({ tag }) => tag.isContextSpecific(number));
  const seconds = accuracy.subs.find(({ tag }) => tag.isUniversal());
  return toNumber(seconds) * 1000 + toNumber(find(0)) + Math.ceil(toNumber(find(1)) / 1000);
}

/** pkijs takes a time without a zone for one of this machine, and a number of four bytes for none. */
function readMoment(content: Buffer<ArrayBuffer>): Moment {
  const [, , , , generated, accuracy] = ASN1Obj.parseBuffer(content).subs;
  const time = parseGeneralizedTime(generated?.value.toString("latin1") ?? "");
  if (time === undefined) throw refuseStamp("its time is none of RFC 3161");
  const within = readAccuracy(accuracy);
  return { from: time - within, until: time + within };
}

function read(response: Buffer): TimestampToken {
  const { status, timeStampToken } = TimeStampResp.fromBER(new Uint8Array(response));
  // Granted, or granted with modifications.
  if (status.status > 1 || timeStampToken === undefined) throw refuseStamp("its authority did not grant it");
  if (timeStampToken.contentType !== SIGNED_DATA) throw refuseStamp("it is not signed");
  const signed = new SignedData({ schema: timeStampToken.content });
  const { eContentType, eContent } = signed.encapContentInfo;
  const [signer, ...others] = signed.signerInfos;
  if (eContentType !== TIMESTAMP_INFO || eContent === undefined) throw refuseStamp("what it signs is no timestamp");
  if (signer === undefined || others.length > 0) throw refuseStamp("it has not exactly one signature");
  if ((signed.certificates ?? []).length > MAX_CERTIFICATES) throw refuseStamp("too many certificates came with it");
  const signedBy = demandAttributes(signer);
  const content = Buffer.from(eContent.getValue());
  const info = TSTInfo.fromBER(new Uint8Array(content));
  if (info.version !== 1 || (info.extensions ?? []).some(({ critical }) => critical))
    throw refuseStamp("it says more than is understood");
  const { hashAlgorithm, hashedMessage } = info.messageImprint;
  return {
    signed,
    imprint: { hash: demandHash(hashAlgorithm.algorithmId), value: Buffer.from(hashedMessage.valueBlock.valueHexView) },
    moment: readMoment(content),
    signedBy,
    certificates: (signed.certificates ?? []).flatMap((one) =>
      one instanceof Certificate ? [Buffer.from(one.toSchema().toBER())] : [],
    ),
  };
}

/** Reads a TimeStampResp. Throws a CertificateRefusal. */
export function parseToken(response: Buffer): TimestampToken {
  if (response.length > MAX_BYTES) throw refuseStamp(`it is longer than ${MAX_BYTES / 1024} KiB`);
  try {
    // Throws where anything follows, at which pkijs does not look.
    ASN1Obj.parseBuffer(Buffer.from(response));
    return read(response);
  } catch (error) {
    throw error instanceof CertificateRefusal ? error : refuseStamp("it cannot be read");
  }
}
