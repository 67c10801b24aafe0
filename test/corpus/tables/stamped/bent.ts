// Timestamps that are none, by nobody who may, or at a time that does not help.
import {
  CODE_SIGNING,
  createTimestamper,
  TIME_STAMPING,
  toCriticalPurposes,
  toPurposes,
} from "../../../harness/sigstore/certificates.ts";
import { answerTimestamp } from "../../../harness/sigstore/timestamp.ts";
import { createRoot, LONG, OVER } from "../../authorities.ts";
import { attached, oldAttestation } from "../certified/parts.ts";
import { ATTESTED, INVALID } from "../facts.ts";
import { type Company, IN_TIME, type Row, stamped, stampedOld, TOO_LATE } from "./parts.ts";

const FOR_STAMPS = "RFC 3161 §2.3: an extended key usage for timestamps alone, and critical";
const IN_TERM = "RFC 5280 §6.1.3 (a): the time that the authority vouches for";
const EVERY_ONE = "every timestamp that lies beside a signature holds, where authorities are named";

/** Times that do not help. */
export function listTimes({ stampRoot, stamper, over, sign }: Company): Row[] {
  const later = sign({ term: { from: Date.parse("2026-06-01"), until: LONG.until } });
  const old = createTimestamper("Acme old stamps", OVER, stampRoot);
  const row = (name: string, bent: string, beside: Row["beside"], more: Partial<Row> = {}): Row => ({
    name,
    bent,
    rule: IN_TERM,
    beside,
    ...INVALID,
    ...more,
  });
  return [
    row("a certificate that ran out before", "stamped an hour after notAfter", stamped(over, stamper, TOO_LATE)),
    row("legacy, a certificate that ran out before", "stamped after notAfter", stampedOld(over, stamper, TOO_LATE)),
    row("a certificate that began after", "stamped before notBefore, valid now", stamped(later, stamper)),
    row(
      "a clock that may be wrong",
      "stamped before notAfter, or after it by the accuracy of the authority's clock",
      stamped(over, stamper, OVER.until - 1_800_000, { accuracy: 3600 }),
      { rule: "RFC 3161 §2.4.2: the accuracy, at its worst", differs: "accuracy" },
    ),
    row("a time that has not come", "stamped in 2048", stamped(sign({}), stamper, Date.parse("2048-01-01")), {
      rule: "nobody vouches for what has not been",
      differs: "future",
    }),
    row(
      "an authority that was over",
      "the authority's certificate ran out before it stamped",
      stamped(sign({}), old, TOO_LATE),
      { authorities: [old, stampRoot] },
    ),
    row("no timestamp", "nobody had it stamped", attached(over), {
      rule: "RFC 5280 §6.1.3 (a): without a timestamp now counts",
    }),
  ];
}

/** Authorities that may not. */
export function listAuthorities({ stampRoot, stamper, over, sign }: Company): Row[] {
  const otherRoot = createRoot("Acme time");
  const other = createTimestamper("Acme stamps", LONG, otherRoot);
  const second = createTimestamper("Acme second stamps", LONG, stampRoot);
  const usual = createTimestamper("Acme servers", LONG, stampRoot, []);
  const [stamps, both] = [toPurposes(TIME_STAMPING), toCriticalPurposes(TIME_STAMPING, CODE_SIGNING)];
  const lax = createTimestamper("Acme lax stamps", LONG, stampRoot, [stamps]);
  const busy = createTimestamper("Acme busy stamps", LONG, stampRoot, [both]);
  const payload = (signature: Buffer) => [answerTimestamp(stamper, signature, IN_TIME)];
  return [
    {
      name: "another authority",
      bent: "another root with the same names",
      rule: "RFC 5280 §6: no path to a trusted root",
      beside: stamped(over, other, IN_TIME, { certificates: [other] }),
      ...INVALID,
    },
    {
      name: "legacy, another authority",
      bent: "another root with the same names",
      rule: "RFC 5280 §6: no path to a trusted root",
      beside: stampedOld(over, other),
      ...INVALID,
    },
    {
      name: "another authority, a valid certificate",
      bent: "another root, beside a certificate that is valid now",
      rule: EVERY_ONE,
      beside: stamped(sign({}), other),
      ...INVALID,
    },
    {
      name: "another authority beside a good one",
      bent: "two timestamps, the second by another root",
      rule: EVERY_ONE,
      beside: attached(over, {
        stamp: (signature) => [...payload(signature), answerTimestamp(other, signature, IN_TIME)],
      }),
      ...INVALID,
      differs: "further-stamps",
    },
    {
      name: "another authority of the same root",
      bent: "the policy names the certificate of one, and another stamped",
      rule: "where an authority's own certificate is named, it alone counts",
      beside: stamped(over, second, IN_TIME, { certificates: [second] }),
      ...INVALID,
    },
    {
      name: "a certificate without purpose",
      bent: "the authority's certificate has no extended key usage",
      rule: FOR_STAMPS,
      beside: stamped(over, usual),
      authorities: [usual, stampRoot],
      ...INVALID,
    },
    {
      name: "a purpose that is not critical",
      bent: "the extended key usage is not critical",
      rule: FOR_STAMPS,
      beside: stamped(over, lax),
      authorities: [lax, stampRoot],
      ...INVALID,
    },
    {
      name: "a purpose more",
      bent: "timestamps and code",
      rule: FOR_STAMPS,
      beside: stamped(over, busy),
      authorities: [busy, stampRoot],
      ...INVALID,
    },
  ];
}

/** Tokens that are about something else, or none. */
export function listTokens({ root, between, stampRoot, stamper, over, sign }: Company): Row[] {
  const second = createTimestamper("Acme second stamps", LONG, stampRoot);
  const elsewhere = (at: number) => answerTimestamp(stamper, Buffer.from("another signature"), at);
  return [
    {
      name: "over another signature",
      bent: "what was stamped",
      rule: "RFC 3161 §2.4.2: the imprint",
      beside: attached(over, { stamp: () => [elsewhere(IN_TIME)] }),
      ...INVALID,
    },
    {
      name: "over another signature, a valid certificate",
      bent: "what was stamped, beside a certificate that is valid now",
      rule: EVERY_ONE,
      beside: attached(sign({}), { stamp: () => [elsewhere(IN_TIME)] }),
      ...INVALID,
    },
    {
      name: "legacy .att, over its signature",
      bent: "what was stamped is the signature, and not the envelope",
      rule: "cosign has the whole envelope of an attestation stamped",
      beside: oldAttestation(over, [between, root], (_, signature) => answerTimestamp(stamper, signature, IN_TIME)),
      question: ATTESTED,
      ...INVALID,
    },
    {
      name: "by another key",
      bent: "the certificate of the authority, and the signature of another",
      rule: "RFC 5652 §5.6: the certificate's key signed",
      beside: stamped(over, { ...stamper, key: second.key }),
      ...INVALID,
    },
    {
      name: "cut short",
      bent: "the last byte of the timestamp is missing",
      rule: "RFC 3161 §2.4.2: a TimeStampResp",
      beside: attached(over, { stamp: (signature) => [answerTimestamp(stamper, signature, IN_TIME).subarray(0, -1)] }),
      ...INVALID,
    },
    {
      name: "going on",
      bent: "a byte after the timestamp",
      rule: "RFC 3161 §2.4.2: a TimeStampResp",
      beside: attached(over, {
        stamp: (signature) => [Buffer.concat([answerTimestamp(stamper, signature, IN_TIME), Buffer.alloc(1)])],
      }),
      ...INVALID,
    },
    {
      name: "by a certificate that it does not name",
      bent: "the digest of the signing certificate is another's",
      rule: "RFC 5816 §2.2.1: ESSCertIDv2",
      beside: stamped(over, stamper, IN_TIME, { signedWith: second }),
      authorities: [stamper, stampRoot],
      ...INVALID,
      differs: "signing-certificate",
    },
  ];
}
