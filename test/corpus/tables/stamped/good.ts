// Signatures by certificates that ran out, each form of them stamped while they were valid.
import { answerTimestamp } from "../../../harness/sigstore/timestamp.ts";
import { stateFiles } from "../../statements.ts";
import { attached, oldAttestation } from "../certified/parts.ts";
import { ARTIFACT, ATTESTATION, ATTESTED, FILES_SIGNED, NOTHING, OLD_ARTIFACT } from "../facts.ts";
import { type Company, IN_TIME, type Row, stamped, stampedOld } from "./parts.ts";

export function listGood({ root, between, stampRoot, stamper, over, sign }: Company): Row[] {
  const stamp = (signature: Buffer) => [answerTimestamp(stamper, signature, IN_TIME)];
  return [
    { name: "bundle", beside: stamped(over, stamper), fact: ARTIFACT },
    { name: "legacy .sig", beside: stampedOld(over, stamper), fact: OLD_ARTIFACT },
    {
      name: "legacy .att",
      rule: "cosign has the whole envelope of an attestation stamped",
      beside: oldAttestation(over, [between, root], (envelope) => answerTimestamp(stamper, envelope, IN_TIME)),
      fact: { ...ATTESTATION, form: "cosign-legacy" },
      question: ATTESTED,
    },
    {
      name: "OMS",
      beside: attached(over, { statement: stateFiles(), chain: [between], stamp }),
      fact: FILES_SIGNED,
      question: NOTHING,
    },
    ...[".5", ".25", ".125"].map((fraction) => ({
      name: `a time with ${fraction.length - 1} digits of a fraction`,
      rule: "RFC 3161 §2.4.2: a fraction without zeros at its end",
      beside: stamped(over, stamper, IN_TIME, { fraction }),
      fact: ARTIFACT,
    })),
    {
      name: "an authority whose certificate comes with the timestamp",
      bent: "nothing: the policy names its root alone",
      beside: stamped(over, stamper, IN_TIME, { certificates: [stamper] }),
      authorities: [stampRoot],
      fact: ARTIFACT,
      // It has to be told the certificate itself.
      question: NOTHING,
    },
    { name: "a certificate that is valid still", beside: stamped(sign({}), stamper), fact: ARTIFACT },
    {
      name: "a valid certificate without a timestamp",
      bent: "nothing: nobody had it stamped",
      rule: "RFC 5280 §6.1.3 (a): without a timestamp now counts",
      beside: attached(sign({})),
      fact: ARTIFACT,
      differs: "not-stamped",
    },
  ];
}
