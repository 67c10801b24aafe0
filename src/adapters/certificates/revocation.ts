/**
 * Certificate revocation lists (RFC 5280 §5, §6.3): whoever gives any wants every certificate below the root to be looked
 * up in a current list of its issuer. What such a list says in a way that is not understood here refuses. Once revoked,
 * always revoked: whatever a timestamp says, whoever has the key could have had it made.
 */
import { ASN1Obj } from "@sigstore/core";
import { type Certificate, CertificateRevocationList } from "pkijs";
import { parseGeneralizedTime } from "./generalized-time.ts";
import { CertificateRefusal } from "./refusal.ts";

const EXPIRED_ON_LIST = "2.5.29.60";
/** Extensions of a list and its entries that change nothing of what it says of a certificate: key id, number, reason, date. */
const UNDERSTOOD = new Set(["2.5.29.35", "2.5.29.20", "2.5.29.21", "2.5.29.24", EXPIRED_ON_LIST]);

const refuse = (why: string) => new CertificateRefusal(`its certificate is not trusted: ${why}`);

function readList(der: Buffer): CertificateRevocationList {
  try {
    return CertificateRevocationList.fromBER(new Uint8Array(der));
  } catch {
    throw refuse("a revocation list cannot be read");
  }
}

const isUnderstood = ({ crlExtensions, revokedCertificates = [] }: CertificateRevocationList) =>
  [
    ...(crlExtensions?.extensions ?? []),
    ...revokedCertificates.flatMap((one) => one.crlEntryExtensions?.extensions ?? []),
  ]
    .filter(({ critical }) => critical)
    .every(({ extnID }) => UNDERSTOOD.has(extnID));

async function isSignedBy(list: CertificateRevocationList, issuer: Certificate): Promise<boolean> {
  try {
    return await list.verify({ issuerCertificate: issuer });
  } catch {
    return false;
  }
}

/**
 * Whether the list would still name a certificate that ran out at `end`. Those may be dropped (RFC 5280 §3.3), but where the
 * list says since when it has kept them (expiredCertsOnCRL, X.509 §9.5.2.8).
 */
function keepsExpired({ crlExtensions }: CertificateRevocationList, end: number): boolean {
  const found = crlExtensions?.extensions.find(({ extnID }) => extnID === EXPIRED_ON_LIST);
  if (found === undefined) return false;
  try {
    const { tag, value } = ASN1Obj.parseBuffer(Buffer.from(found.extnValue.valueBlock.valueHexView));
    const since = tag.isUniversal() && tag.number === 0x18 ? parseGeneralizedTime(value.toString("latin1")) : undefined;
    return since !== undefined && since <= end;
  } catch {
    return false;
  }
}

/** The moment until which a current list of the issuer vouches for the certificate, epoch milliseconds. */
async function demandListed(
  certificate: Certificate,
  issuer: Certificate,
  lists: readonly CertificateRevocationList[],
  now: number,
): Promise<number> {
  const over = certificate.notAfter.value.getTime();
  let until: number | undefined;
  for (const list of lists) {
    if (!list.issuer.isEqual(issuer.subject) || !(await isSignedBy(list, issuer))) continue;
    const { nextUpdate, thisUpdate } = list;
    // An old list still condemns, and does not acquit.
    if (list.isCertificateRevoked(certificate)) throw refuse("it was revoked by its issuer");
    if (nextUpdate === undefined || !isUnderstood(list)) continue;
    if (over < now && !keepsExpired(list, over)) continue;
    const end = nextUpdate.value.getTime();
    if (thisUpdate.value.getTime() <= now && now < end) until = Math.max(until ?? 0, end);
  }
  if (until === undefined && over < now)
    throw refuse("it ran out, and no current revocation list of its issuer says to keep such (expiredCertsOnCRL)");
  if (until === undefined) throw refuse("no current revocation list of one of its issuers is given");
  return until;
}

/** Holds each certificate of the path, but for a root above others, to the lists (DER); gives when each of them runs out. */
export async function demandUnrevoked(
  path: readonly Certificate[],
  crls: readonly Buffer[],
  now: number,
): Promise<number[]> {
  const lists = crls.map(readList);
  const ends: number[] = [];
  for (const [step, certificate] of path.entries()) {
    // Whoever vouches for himself has nobody but himself to revoke him.
    const issuer = path.length === 1 ? certificate : path[step + 1];
    if (issuer !== undefined) ends.push(await demandListed(certificate, issuer, lists, now));
  }
  return ends;
}
