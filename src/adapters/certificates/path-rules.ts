/** What RFC 5280 asks of a path of certificates, and the engine that finds it does not. */
import { BasicConstraints, type Extension, ExtKeyUsage } from "pkijs";
import type { RuledCertificate } from "./light-certificate.ts";
import { demandPermittedNames } from "./name-constraints.ts";
import { areGeneralNames, SUBJECT_ALT_NAME } from "./names.ts";
import { CertificateRefusal } from "./refusal.ts";

const KEY_USAGE = "2.5.29.15";
const EXTENDED_KEY_USAGE = "2.5.29.37";
const BASIC_CONSTRAINTS = "2.5.29.19";
/** What a path may have to be for. */
export const CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
export const TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
/** Bits of a key usage (RFC 5280 §4.2.1.3). */
const DIGITAL_SIGNATURE = 0x80;
const NON_REPUDIATION = 0x40;
const KEY_CERT_SIGN = 0x04;
/** Extensions that are judged here or by the engine: usages, constraints, names, policies. */
const UNDERSTOOD = new Set([
  KEY_USAGE,
  EXTENDED_KEY_USAGE,
  BASIC_CONSTRAINTS,
  SUBJECT_ALT_NAME,
  "2.5.29.30",
  "2.5.29.32",
  "2.5.29.33",
  "2.5.29.36",
  "2.5.29.54",
]);
/** Signatures over certificates in which two can be made to share one: MD5, SHA-1, by RSA, DSA and ECDSA. */
const BROKEN_HASHES = new Set([
  "1.2.840.113549.1.1.4",
  "1.2.840.113549.1.1.5",
  "1.2.840.10040.4.3",
  "1.2.840.10045.4.1",
]);
const ANY_PURPOSE = "2.5.29.37.0";

const invalid = (why: string) => new CertificateRefusal(why);

const findExtension = ({ extensions = [] }: RuledCertificate, id: string) =>
  extensions.find(({ extnID }) => extnID === id)?.parsedValue as unknown;

/**
 * RFC 5280 §6.1.4 (l) to (n), which the engine does not ask: each authority on the path may issue certificates, and has no
 * more authorities below it than it says.
 */
function demandDepth(authorities: readonly RuledCertificate[]): void {
  for (const [below, authority] of authorities.entries()) {
    const constraints = findExtension(authority, BASIC_CONSTRAINTS);
    if (!(constraints instanceof BasicConstraints) || !constraints.cA)
      throw invalid("a certificate on its path is no authority");
    const usage = readUsage(authority);
    if (usage !== undefined && (usage & KEY_CERT_SIGN) === 0)
      throw invalid("a certificate on its path may not issue others");
    const { pathLenConstraint } = constraints;
    const most = typeof pathLenConstraint === "number" ? pathLenConstraint : undefined;
    if (pathLenConstraint !== undefined && (most === undefined || below > most)) {
      throw invalid("its certificate is not trusted: the path is longer than an authority on it allows");
    }
  }
}

/** RFC 5280 §4.2: what is critical and not understood, or cannot be read, refuses. The engine takes both for nothing. */
function demandUnderstood(path: readonly RuledCertificate[]): void {
  const isBroken = (extension: Extension) => {
    if (extension.extnID === SUBJECT_ALT_NAME) return !areGeneralNames(extension);
    const value = extension.parsedValue as { parsingError?: string } | undefined;
    return value === undefined || value.parsingError !== undefined;
  };
  for (const extension of path.flatMap(({ extensions = [] }) => extensions)) {
    if (UNDERSTOOD.has(extension.extnID) ? isBroken(extension) : extension.critical)
      throw invalid(`extension ${extension.extnID} on its path is not understood`);
  }
}

/** The first byte of a key usage; undefined where the certificate names none. */
function readUsage(certificate: RuledCertificate): number | undefined {
  const usage = findExtension(certificate, KEY_USAGE) as { valueBlock?: { valueHexView?: Uint8Array } } | undefined;
  return usage === undefined ? undefined : (usage.valueBlock?.valueHexView?.[0] ?? 0);
}

/** Where an authority is for some purposes alone, so are those whom it issues for: this one has to be among them. */
function demandPurpose(authorities: readonly RuledCertificate[], purpose: string): void {
  for (const authority of authorities) {
    const purposes = findExtension(authority, EXTENDED_KEY_USAGE);
    if (purposes === undefined) continue;
    const named = purposes instanceof ExtKeyUsage ? purposes.keyPurposes : [];
    if (!named.includes(purpose) && !named.includes(ANY_PURPOSE))
      throw invalid(`a certificate on its path is not for ${purpose === CODE_SIGNING ? "signing code" : "timestamps"}`);
  }
}

/** A root is trusted as it is given; everything below it by its signature. */
function demandStrongHashes(path: readonly RuledCertificate[]): void {
  if (path.slice(0, -1).some(({ signatureAlgorithm }) => BROKEN_HASHES.has(signatureAlgorithm.algorithmId)))
    throw invalid("a certificate on its path is signed with SHA-1 or MD5");
}

/** Holds a path to all of that; the signer's certificate comes first, the root last. Throws a CertificateRefusal. */
export function demandSoundPath(
  path: readonly RuledCertificate[],
  purpose: typeof CODE_SIGNING | typeof TIME_STAMPING,
): void {
  const authorities = path.slice(1);
  demandUnderstood(path);
  demandStrongHashes(path);
  demandDepth(authorities);
  demandPurpose(authorities, purpose);
  demandPermittedNames(path);
}

/** Whether it says to be one of an authority. */
export function isAuthority(certificate: RuledCertificate): boolean {
  const constraints = findExtension(certificate, BASIC_CONSTRAINTS);
  return constraints instanceof BasicConstraints && constraints.cA;
}

/**
 * Whether it may issue certificates (RFC 5280 §4.2.1.3, .9): one that is an authority by its constraints and names usages
 * without keyCertSign may not, and signs like any other. Model signing's own test certificates are of that kind.
 */
function mayIssue(certificate: RuledCertificate): boolean {
  const usage = readUsage(certificate);
  return isAuthority(certificate) && (usage === undefined || (usage & KEY_CERT_SIGN) !== 0);
}

/**
 * Holds the signer's own certificate to what a signature takes: no authority, codeSigning, and digitalSignature where usages
 * are named. One without extended usages is for anything (RFC 5280 §4.2.1.12), so for nobody to tell apart from one for TLS
 * clients or mail. Throws a CertificateRefusal.
 */
export function demandSigning(certificate: RuledCertificate): void {
  if (mayIssue(certificate)) throw invalid("its certificate is that of an authority");
  const extended = findExtension(certificate, EXTENDED_KEY_USAGE);
  if (!(extended instanceof ExtKeyUsage) || !extended.keyPurposes.includes(CODE_SIGNING))
    throw invalid("its certificate is not for signing code (extended key usage codeSigning)");
  const usage = readUsage(certificate);
  if (usage !== undefined && (usage & DIGITAL_SIGNATURE) === 0)
    throw invalid("its certificate is not for signatures (key usage digitalSignature)");
}

/** RFC 3161 §2.3: for timestamps and nothing else, in an extension that is critical; a usage that fits; no authority. */
function mayStamp(certificate: RuledCertificate): boolean {
  if (isAuthority(certificate)) return false;
  const usage = readUsage(certificate);
  if (usage !== undefined && (usage & (DIGITAL_SIGNATURE | NON_REPUDIATION)) === 0) return false;
  const extended = certificate.extensions?.find(({ extnID }) => extnID === EXTENDED_KEY_USAGE);
  const purposes = extended?.parsedValue instanceof ExtKeyUsage ? extended.parsedValue.keyPurposes : [];
  return extended?.critical === true && purposes.length === 1 && purposes[0] === TIME_STAMPING;
}

/** Holds the certificate of a time-stamping authority to what a timestamp takes. Throws a CertificateRefusal. */
export function demandStamping(certificate: RuledCertificate): void {
  if (!mayStamp(certificate)) throw invalid("its certificate is not for timestamps alone (a critical extended usage)");
}
