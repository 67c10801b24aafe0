/**
 * Certificates of model signatures: a path from the signer to somebody who is trusted (RFC 5280 §6), valid now. The
 * reference implementation takes the moment when the certificate began for now, so that none ever runs out; here it does.
 */
import { type KeyObject, X509Certificate } from "node:crypto";
import { BasicConstraints, Certificate, CertificateChainValidationEngine, ExtKeyUsage } from "pkijs";
import { ModelRefusal } from "./refusal.ts";

const KEY_USAGE = "2.5.29.15";
const EXTENDED_KEY_USAGE = "2.5.29.37";
const BASIC_CONSTRAINTS = "2.5.29.19";
const CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
/** Bits of a key usage (RFC 5280 §4.2.1.3). */
const DIGITAL_SIGNATURE = 0x80;
const KEY_CERT_SIGN = 0x04;

const invalid = (why: string) => new ModelRefusal("SignatureInvalid", why);

function readCertificate(bytes: Buffer, whose: string): { node: X509Certificate; pki: Certificate } {
  try {
    const node = new X509Certificate(bytes);
    return { node, pki: Certificate.fromBER(new Uint8Array(node.raw)) };
  } catch {
    throw invalid(`${whose} is no certificate`);
  }
}

const isSelfIssued = ({ node }: { node: X509Certificate }) => node.checkIssued(node) && node.verify(node.publicKey);

const findExtension = ({ extensions = [] }: Certificate, id: string) =>
  extensions.find(({ extnID }) => extnID === id)?.parsedValue as unknown;

/**
 * RFC 5280 §6.1.4 (l) to (n), which the engine does not ask: each authority on the path may issue certificates, and has no
 * more authorities below it than it says.
 */
function demandDepth(leaf: Certificate, path: readonly Certificate[]): void {
  const authorities = path.filter((one) => one !== leaf);
  // From the leaf upwards; the engine's order is not told by its documentation.
  const isUpwards = authorities[0]?.subject.isEqual(leaf.issuer) === true;
  for (const [below, authority] of (isUpwards ? authorities : authorities.toReversed()).entries()) {
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

/** The first byte of a key usage; undefined where the certificate names none. */
function readUsage(certificate: Certificate): number | undefined {
  const usage = findExtension(certificate, KEY_USAGE) as { valueBlock?: { valueHexView?: Uint8Array } } | undefined;
  return usage === undefined ? undefined : (usage.valueBlock?.valueHexView?.[0] ?? 0);
}

/** digitalSignature, or codeSigning where usages are extended only; and no authority. */
function maySign(certificate: Certificate): boolean {
  const constraints = findExtension(certificate, BASIC_CONSTRAINTS);
  if (constraints instanceof BasicConstraints && constraints.cA) return false;
  const extended = findExtension(certificate, EXTENDED_KEY_USAGE);
  const isForCode = extended instanceof ExtKeyUsage && extended.keyPurposes.includes(CODE_SIGNING);
  return ((readUsage(certificate) ?? 0) & DIGITAL_SIGNATURE) !== 0 || isForCode;
}

/**
 * The key of the signer's certificate, the first of `chain`. `trusted` are certificates in PEM or DER: those that issued
 * themselves are anchors. `now`: epoch milliseconds. Throws a ModelRefusal.
 */
export async function findSigningKey(
  chain: readonly Buffer[],
  trusted: readonly Buffer[],
  now: number,
): Promise<KeyObject> {
  const [leaf, ...between] = chain.map((bytes) => readCertificate(bytes, "the signer's certificate or one beside it"));
  if (leaf === undefined) throw invalid("it carries no certificate");
  const given = trusted.map((bytes) => readCertificate(bytes, "a certificate of --cert-chain"));
  const anchors = given.filter(isSelfIssued);
  if (anchors.length === 0) throw invalid("none of the given certificates issued itself, so nobody is trusted");
  const others = [...given.filter((one) => !isSelfIssued(one)), ...between.filter((one) => !isSelfIssued(one))];
  const engine = new CertificateChainValidationEngine({
    trustedCerts: anchors.map(({ pki }) => pki),
    // The one that is asked about comes last.
    certs: [...others.map(({ pki }) => pki), leaf.pki],
    checkDate: new Date(now),
  });
  const { result, resultMessage, certificatePath = [] } = await engine.verify();
  if (result !== true) throw invalid(`its certificate is not trusted: ${resultMessage}`);
  demandDepth(leaf.pki, certificatePath);
  if (!maySign(leaf.pki)) throw invalid("its certificate is not for signatures");
  return leaf.node.publicKey;
}
