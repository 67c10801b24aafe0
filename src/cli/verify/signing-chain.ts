/** The certificates that go into a signature. What nobody could verify is not signed with. */
import { type KeyObject, X509Certificate } from "node:crypto";
import { parseCertificate } from "../../adapters/certificates/parsed-certificate.ts";
import { demandSigning } from "../../adapters/certificates/path-rules.ts";
import { CertificateRefusal } from "../../adapters/certificates/refusal.ts";
import { UsageError } from "../session.ts";
import { readCertificates } from "./files.ts";
import { toPlain } from "./plain.ts";

const showDay = (date: Date) => date.toISOString().slice(0, 10);

function demandCurrent(der: Buffer, now: number): void {
  const { subject, validFromDate, validToDate } = new X509Certificate(der);
  const who = `the certificate of ${toPlain(subject.replaceAll("\n", ", "))}`;
  if (validToDate.getTime() < now)
    throw new UsageError(
      `${who} ran out on ${showDay(validToDate)}: nobody would verify the signature; have it renewed`,
    );
  if (validFromDate.getTime() > now)
    throw new UsageError(
      `${who} is not valid before ${showDay(validFromDate)}: nobody would verify the signature until then`,
    );
}

function demandForSigning(der: Buffer): void {
  try {
    demandSigning(parseCertificate(der).pki);
  } catch (error) {
    if (!(error instanceof CertificateRefusal)) throw error;
    throw new UsageError("--signing-cert is not for signatures (codeSigning or digitalSignature, and no authority)");
  }
}

/** The signer's certificate, which is the key's, and those of `chain`, in DER. `now`: epoch milliseconds. */
export async function readSigningChain(
  signer: string,
  chain: readonly string[],
  key: KeyObject,
  now: number,
): Promise<Buffer[]> {
  const certificates = (await Promise.all([signer, ...chain].map(readCertificates))).flat();
  const [leaf] = certificates;
  // A certificate of another key would make a signature that nobody can verify.
  if (leaf === undefined || !new X509Certificate(leaf).checkPrivateKey(key))
    throw new UsageError(
      "--signing-cert is not the certificate of --private-key: its first certificate has another key",
    );
  demandForSigning(leaf);
  for (const der of certificates) demandCurrent(der, now);
  return certificates;
}
