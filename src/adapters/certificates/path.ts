/**
 * A path from the signer's certificate to somebody who is trusted (RFC 5280 §6), valid now. The reference implementation of
 * model signing takes the moment when the certificate began for now, so that none ever runs out; here it does.
 */
import { type KeyObject, X509Certificate } from "node:crypto";
import { BasicConstraints, Certificate, CertificateChainValidationEngine, ExtKeyUsage } from "pkijs";
import { CertificateRefusal } from "./refusal.ts";
import { demandUnrevoked } from "./revocation.ts";

const KEY_USAGE = "2.5.29.15";
const EXTENDED_KEY_USAGE = "2.5.29.37";
const BASIC_CONSTRAINTS = "2.5.29.19";
const CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
/** Bits of a key usage (RFC 5280 §4.2.1.3). */
const DIGITAL_SIGNATURE = 0x80;
const KEY_CERT_SIGN = 0x04;
/** Extensions that are judged here or by the engine: usages, constraints, names, policies. */
const UNDERSTOOD = new Set([
  KEY_USAGE,
  EXTENDED_KEY_USAGE,
  BASIC_CONSTRAINTS,
  "2.5.29.17",
  "2.5.29.30",
  "2.5.29.32",
  "2.5.29.33",
  "2.5.29.36",
  "2.5.29.54",
]);
/** More steps than any path of certificates that people make takes. */
const MAX_STEPS = 64;

const invalid = (why: string) => new CertificateRefusal(why);

function readCertificate(bytes: Buffer, whose: string): { node: X509Certificate; pki: Certificate } {
  try {
    const node = new X509Certificate(bytes);
    return { node, pki: Certificate.fromBER(new Uint8Array(node.raw)) };
  } catch {
    throw invalid(`${whose} is no certificate`);
  }
}

function isSelfIssued({ node }: { node: X509Certificate }): boolean {
  try {
    return node.checkIssued(node) && node.verify(node.publicKey);
  } catch {
    // A key that OpenSSL cannot read signed nothing.
    return false;
  }
}

const toContent = ({ pki }: { pki: Certificate }) => Buffer.from(pki.tbsView).toString("base64");

const findExtension = ({ extensions = [] }: Certificate, id: string) =>
  extensions.find(({ extnID }) => extnID === id)?.parsedValue as unknown;

/**
 * RFC 5280 §6.1.4 (l) to (n), which the engine does not ask: each authority on the path may issue certificates, and has no
 * more authorities below it than it says.
 */
function demandDepth(authorities: readonly Certificate[]): void {
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
function demandUnderstood(path: readonly Certificate[]): void {
  for (const { extnID, critical, parsedValue } of path.flatMap(({ extensions = [] }) => extensions)) {
    const value = parsedValue as { parsingError?: string } | undefined;
    const isBroken = value === undefined || value.parsingError !== undefined;
    if (UNDERSTOOD.has(extnID) ? isBroken : critical)
      throw invalid(`extension ${extnID} on its path is not understood`);
  }
}

/** The first byte of a key usage; undefined where the certificate names none. */
function readUsage(certificate: Certificate): number | undefined {
  const usage = findExtension(certificate, KEY_USAGE) as { valueBlock?: { valueHexView?: Uint8Array } } | undefined;
  return usage === undefined ? undefined : (usage.valueBlock?.valueHexView?.[0] ?? 0);
}

/** digitalSignature where usages are named, codeSigning where they are extended, one of the two at least; no authority. */
function maySign(certificate: Certificate): boolean {
  const constraints = findExtension(certificate, BASIC_CONSTRAINTS);
  if (constraints instanceof BasicConstraints && constraints.cA) return false;
  const usage = readUsage(certificate);
  const extended = findExtension(certificate, EXTENDED_KEY_USAGE);
  if (usage !== undefined && (usage & DIGITAL_SIGNATURE) === 0) return false;
  if (extended === undefined) return usage !== undefined;
  return extended instanceof ExtKeyUsage && extended.keyPurposes.includes(CODE_SIGNING);
}

/** Who is trusted, and what is asked. */
export interface CertificateTrust {
  /** Certificates in PEM or DER: those that issued themselves are anchors, the others may lie between. */
  certificates: readonly Buffer[];
  /** Revocation lists in DER; undefined where none are asked for. */
  crls?: readonly Buffer[];
  /** Epoch milliseconds. */
  now: number;
}

/** Whose certificate it is. `until`: when the first certificate of the path or its revocation list runs out, epoch milliseconds. */
export interface CertifiedSigner {
  key: KeyObject;
  leaf: Certificate;
  until: number;
}

/** The signer whose certificate is the first of `chain`. Throws a CertificateRefusal. */
export async function findCertifiedSigner(
  chain: readonly Buffer[],
  { certificates, crls, now }: CertificateTrust,
): Promise<CertifiedSigner> {
  const path = await findPath(chain, certificates, now);
  const [leaf, ...authorities] = path;
  if (leaf === undefined) throw invalid("it carries no certificate");
  demandUnderstood(path);
  demandDepth(authorities);
  if (!maySign(leaf)) throw invalid("its certificate is not for signatures");
  const fresh = crls === undefined ? [] : await demandUnrevoked(path, crls, now);
  const until = Math.min(...path.map(({ notAfter }) => notAfter.value.getTime()), ...fresh);
  try {
    return { key: new X509Certificate(Buffer.from(leaf.toSchema().toBER())).publicKey, leaf, until };
  } catch {
    throw invalid("its key cannot be read");
  }
}

/** The certificates from the signer's to an anchor's, both included. */
async function findPath(chain: readonly Buffer[], trusted: readonly Buffer[], now: number): Promise<Certificate[]> {
  const [leaf, ...between] = chain.map((bytes) => readCertificate(bytes, "the signer's certificate or one beside it"));
  if (leaf === undefined) throw invalid("it carries no certificate");
  const given = trusted.map((bytes) => readCertificate(bytes, "a certificate that is trusted"));
  const anchors = given.filter(isSelfIssued);
  if (anchors.length === 0) throw invalid("none of the given certificates issued itself, so nobody is trusted");
  // The engine drops certificates whose content it has seen, and takes the last that is left for the one it is asked about.
  const contents = new Set([leaf, ...anchors].map(toContent));
  const others = [...given, ...between].filter((one) => {
    const isNew = !isSelfIssued(one) && !contents.has(toContent(one));
    contents.add(toContent(one));
    return isNew;
  });
  let asked = 0;
  const engine = new CertificateChainValidationEngine({
    trustedCerts: anchors.map(({ pki }) => pki),
    // The one that is asked about comes last.
    certs: [...others.map(({ pki }) => pki), leaf.pki],
    checkDate: new Date(now),
    // It follows certificates that issued each other round and round.
    findIssuer: (certificate, own, crypto) => {
      asked += 1;
      if (asked > MAX_STEPS) throw new Error("there are too many ways to a root");
      return own.defaultFindIssuer(certificate, own, crypto);
    },
  });
  const { result, resultMessage, certificatePath = [] } = await engine.verify();
  if (result !== true) throw invalid(`its certificate is not trusted: ${resultMessage}`);
  if (certificatePath[0] !== leaf.pki) throw invalid("the path that was found is not that of its certificate");
  return certificatePath;
}
