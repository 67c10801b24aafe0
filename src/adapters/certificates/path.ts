/**
 * A path from the signer's certificate to somebody who is trusted (RFC 5280 §6), valid now or when a timestamp says that the
 * signature was there. The reference implementation of model signing takes the moment when the certificate began for now, so
 * that none ever runs out; here it does.
 */
import { type KeyObject, X509Certificate } from "node:crypto";
import { type Certificate, CertificateChainValidationEngine } from "pkijs";
import { findKeyFault } from "../../domain/public-keys.ts";
import { toIso } from "../../domain/time.ts";
import { explainPath, explainTerm, nameCertificate } from "./explain-path.ts";
import { type ParsedCertificate, parseCertificate } from "./parsed-certificate.ts";
import { CODE_SIGNING, demandSigning, demandSoundPath } from "./path-rules.ts";
import { CertificateRefusal } from "./refusal.ts";
import { demandUnrevoked } from "./revocation.ts";
import type { Moment, Stamp } from "./timestamp-token.ts";

/** What the engine says where names would lead to an anchor, and signatures do not. */
const NO_PATH = "No valid certificate paths found";
/** More steps than any path of certificates that people make takes. */
const MAX_STEPS = 64;

const invalid = (why: string) => new CertificateRefusal(why);

function readCertificate(bytes: Buffer, whose: string): ParsedCertificate {
  try {
    return parseCertificate(bytes);
  } catch {
    throw invalid(`${whose} is no certificate`);
  }
}

function isSelfSigned({ node, pki }: ParsedCertificate): boolean {
  try {
    return pki.subject.isEqual(pki.issuer) && node.verify(node.publicKey);
  } catch {
    // A key that OpenSSL cannot read signed nothing.
    return false;
  }
}

/** OpenSSL asks for keyCertSign, too. */
const isSelfIssued = (certificate: ParsedCertificate) =>
  isSelfSigned(certificate) && certificate.node.checkIssued(certificate.node);

const toContent = ({ pki }: ParsedCertificate) => Buffer.from(pki.tbsView).toString("base64");

/** Who is trusted, and what is asked. */
export interface CertificateTrust {
  /** Certificates in PEM or DER: those that issued themselves are anchors, or signers; the others may lie between. */
  certificates: readonly Buffer[];
  /** Revocation lists in DER; undefined where none are asked for. */
  crls?: readonly Buffer[];
  /** Epoch milliseconds. */
  now: number;
  /** When the signature was there already, as somebody who is trusted says; now counts where it is undefined. */
  stamped?: Stamp | undefined;
}

/**
 * Whose certificate it is. `until`: when the first certificate of the path or its revocation list runs out, epoch
 * milliseconds. What is stamped outlasts its certificates; undefined where nothing runs out.
 */
export interface CertifiedSigner {
  key: KeyObject;
  leaf: Certificate;
  until: number | undefined;
}

/** The signer whose certificate is the first of `chain`. Throws a CertificateRefusal. */
export async function findCertifiedSigner(
  chain: readonly Buffer[],
  { certificates, crls, now, stamped }: CertificateTrust,
): Promise<CertifiedSigner> {
  const path = await (stamped === undefined
    ? findPath(chain, certificates, { from: now, until: now })
    : findPathThen(chain, certificates, stamped));
  const [leaf] = path;
  if (leaf === undefined) throw invalid("it carries no certificate");
  demandSoundPath(path, CODE_SIGNING);
  demandSigning(leaf);
  const fresh = crls === undefined ? [] : await demandUnrevoked(path, crls, now);
  const ends = stamped === undefined ? path.map(({ notAfter }) => notAfter.value.getTime()) : stamped.ends;
  const until = ends.length + fresh.length === 0 ? undefined : Math.min(...ends, ...fresh);
  return { key: readKey(leaf), leaf, until };
}

/** A path at another time than now, which a refusal has to tell. */
async function findPathThen(
  chain: readonly Buffer[],
  trusted: readonly Buffer[],
  then: Moment,
): Promise<Certificate[]> {
  try {
    return await findPath(chain, trusted, then);
  } catch (error) {
    if (!(error instanceof CertificateRefusal)) throw error;
    throw invalid(`${error.message} (when it was stamped, ${toIso(then.until)})`);
  }
}

/** The signer's key, as sound as one that a policy gives. */
function readKey(leaf: Certificate): KeyObject {
  let key: KeyObject;
  try {
    key = new X509Certificate(Buffer.from(leaf.toSchema().toBER())).publicKey;
  } catch {
    throw invalid("its key cannot be read");
  }
  const fault = findKeyFault(key);
  if (fault !== undefined) throw invalid(`the key of its certificate may not sign: ${fault}`);
  return key;
}

/** Somebody who vouches for himself, and is trusted by his very certificate: the path is that certificate alone. */
function findOwnPath(
  leaf: ParsedCertificate,
  given: readonly ParsedCertificate[],
  moment: Moment,
): Certificate[] | undefined {
  if (!isSelfSigned(leaf) || !given.some(({ node }) => node.raw.equals(leaf.node.raw))) return undefined;
  const ended = explainTerm(leaf.pki, "it", moment);
  if (ended !== undefined) throw invalid(`its certificate is not trusted: ${ended}`);
  return [leaf.pki];
}

/** The certificates from the first of `chain` to an anchor's, both included, all of them valid from one moment to the other. */
export async function findPath(
  chain: readonly Buffer[],
  trusted: readonly Buffer[],
  moment: Moment,
): Promise<Certificate[]> {
  const [leaf, ...between] = chain.map((bytes) => readCertificate(bytes, "the signer's certificate or one beside it"));
  if (leaf === undefined) throw invalid("it carries no certificate");
  const given = trusted.map((bytes) => readCertificate(bytes, "a certificate that is trusted"));
  const own = findOwnPath(leaf, given, moment);
  if (own !== undefined) return own;
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
    checkDate: new Date(moment.until),
    // It follows certificates that issued each other round and round.
    findIssuer: (certificate, own, crypto) => {
      asked += 1;
      if (asked > MAX_STEPS) throw new Error("there are too many ways to a root");
      return own.defaultFindIssuer(certificate, own, crypto);
    },
  });
  const { result, resultMessage, certificatePath = [] } = await engine.verify();
  if (result !== true) {
    const known = { between: others.map(({ pki }) => pki), anchors: anchors.map(({ pki }) => pki) };
    const why =
      resultMessage === NO_PATH ? "whoever is given under the names of its authorities did not sign it" : resultMessage;
    throw invalid(`its certificate is not trusted: ${explainPath(leaf.pki, known, moment) ?? why}`);
  }
  if (certificatePath[0] !== leaf.pki) throw invalid("the path that was found is not that of its certificate");
  for (const one of certificatePath) {
    const ended = explainTerm(one, nameCertificate(one), moment);
    if (ended !== undefined) throw invalid(`its certificate is not trusted: ${ended}`);
  }
  return certificatePath;
}
