/**
 * The certificates that go into a signature. One of another key makes none that anybody could verify, and is refused. What a
 * verifier refuses today is told and signed with: the conformance tests of model signing make their bad signatures so.
 */
import { type KeyObject, X509Certificate } from "node:crypto";
import { parseCertificate } from "../../adapters/certificates/parsed-certificate.ts";
import { demandSigning } from "../../adapters/certificates/path-rules.ts";
import { CertificateRefusal } from "../../adapters/certificates/refusal.ts";
import { UsageError } from "../session.ts";
import { readCertificates } from "./files.ts";
import { toPlain } from "./plain.ts";

const showDay = (date: Date) => date.toISOString().slice(0, 10);

function findTermFault(der: Buffer, now: number): string[] {
  const { subject, validFromDate, validToDate } = new X509Certificate(der);
  const who = `the certificate of ${toPlain(subject.replaceAll("\n", ", "))}`;
  if (validToDate.getTime() < now)
    return [`${who} ran out on ${showDay(validToDate)}: verify-model refuses this signature; have it renewed`];
  if (validFromDate.getTime() > now)
    return [`${who} is not valid before ${showDay(validFromDate)}: verify-model refuses this signature until then`];
  return [];
}

function findUsageFault(der: Buffer): string[] {
  try {
    demandSigning(parseCertificate(der).pki);
    return [];
  } catch (error) {
    if (!(error instanceof CertificateRefusal)) throw error;
    return [
      `of --signing-cert, ${error.message}: verify-model refuses this signature; have it issued for signing code`,
    ];
  }
}

/** The signer's certificate, which is the key's, and those of `chain`, in DER, with what verifiers have against them. */
export async function readSigningChain(
  signer: string,
  chain: readonly string[],
  key: KeyObject,
  now: number,
): Promise<{ certificates: Buffer[]; warnings: string[] }> {
  const certificates = (await Promise.all([signer, ...chain].map(readCertificates))).flat();
  const [leaf] = certificates;
  if (leaf === undefined || !new X509Certificate(leaf).checkPrivateKey(key))
    throw new UsageError(
      "--signing-cert is not the certificate of --private-key: its first certificate has another key",
    );
  return {
    certificates,
    warnings: [...findUsageFault(leaf), ...certificates.flatMap((der) => findTermFault(der, now))],
  };
}
