// Authorities of a company and the certificates that they issue for signatures (RFC 5280), and their revocation lists.
import { sign } from "node:crypto";
import { toPem } from "../harness/sigstore.ts";
import {
  CODE_SIGNING,
  createAuthority,
  createKeys,
  ECDSA_WITH_SHA256,
  extension,
  type Holder,
  issue,
  type Keys,
  type Term,
  toNames,
  toPurposes,
  type Wish,
} from "../harness/sigstore/certificates.ts";
import { bits, context, encode, generalizedTime, integer, sequence, utcTime } from "../harness/sigstore/der.ts";
import { createSignatory, type KeyKind } from "./keys.ts";
import type { Certified } from "./sigstore.ts";

const at = (day: string) => Date.parse(`${day}T00:00:00Z`);
export const LONG: Term = { from: at("2026-01-01"), until: at("2049-12-31") };
/** Over before anybody looks. */
export const OVER: Term = { from: at("2026-01-01"), until: at("2026-02-01") };

export const EMAIL = "ml@acme.example";

type Unusual = Partial<Omit<Wish, "keys" | "issuer" | "extensions">> & { keys?: Keys; extensions?: readonly Buffer[] };

export const createRoot = (common = "Acme root"): Holder => createAuthority(common, LONG);

/** An authority below another. */
export const createBelow = (issuer: Holder, common = "Acme signing", unusual: Unusual = {}): Holder =>
  issue({ common, keys: createKeys(), issuer, term: LONG, isAuthority: true, extensions: [], ...unusual });

/** What is unusual about a signer's certificate. */
export interface SignerWish extends Unusual {
  names?: readonly (string | Buffer)[];
  purposes?: readonly string[];
  kind?: KeyKind;
}

/** Somebody who signs with a certificate of the authority. */
export function createSigner(issuer: Holder, wish: SignerWish = {}): Certified & Pick<Holder, "name"> {
  const { names = [EMAIL], purposes = [CODE_SIGNING], kind = "p256", keys, extensions = [], ...unusual } = wish;
  const signatory = createSignatory(kind);
  const { certificate, name } = issue({
    common: "voice pipeline",
    issuer,
    term: LONG,
    isAuthority: false,
    ...unusual,
    keys: keys ?? signatory,
    extensions: [
      ...(purposes.length === 0 ? [] : [toPurposes(...purposes)]),
      ...(names.length === 0 ? [] : [toNames(names)]),
      ...extensions,
    ],
  });
  return { ...signatory, ...keys, certificate, name };
}

/** A kind of name, by its tag, and a name: a text, or the DER of a distinguished one. */
type Constraint = [number, string | Buffer];

/** nameConstraints (RFC 5280 §4.2.1.10). */
export function constrain(permitted: readonly Constraint[], excluded: readonly Constraint[] = []): Buffer {
  const toTrees = (names: readonly Constraint[]) =>
    names.map(([tag, name]) => sequence(encode((tag === SUBJECT ? 0xa0 : 0x80) | tag, Buffer.from(name))));
  return extension(
    "2.5.29.30",
    sequence(
      ...(permitted.length === 0 ? [] : [encode(0xa0, ...toTrees(permitted))]),
      ...(excluded.length === 0 ? [] : [encode(0xa1, ...toTrees(excluded))]),
    ),
    true,
  );
}

/** Tags of GeneralName. */
export const [MAIL, SUBJECT, URI] = [1, 4, 6];

/** A certificate's serial number, as a list names it. */
function serialOf(certificate: Buffer): Buffer {
  // Certificate, tbsCertificate: after two headers and [0] version 2 (5 bytes) comes the serial number.
  const content = skipHeader(certificate);
  const inner = skipHeader(content).subarray(5);
  return inner.subarray(0, 2 + (inner[1] ?? 0));
}

function skipHeader(der: Buffer): Buffer {
  const length = der[1] ?? 0;
  return der.subarray(length < 0x80 ? 2 : 2 + (length & 0x7f));
}

/** The moment since which a list names certificates that ran out, too (expiredCertsOnCRL, X.509 §9.5.2.8). */
export const keepsSince = (since: number): Buffer => extension("2.5.29.60", generalizedTime(since));

/** A revocation list of the authority (RFC 5280 §5.1), PEM. */
export function listRevoked(
  issuer: Holder,
  revoked: readonly Buffer[] = [],
  term: Term = LONG,
  extensions: readonly Buffer[] = [],
): string {
  const content = sequence(
    integer(1),
    ECDSA_WITH_SHA256,
    issuer.name,
    utcTime(term.from),
    utcTime(term.until),
    ...(revoked.length === 0 ? [] : [sequence(...revoked.map((one) => sequence(serialOf(one), utcTime(term.from))))]),
    ...(extensions.length === 0 ? [] : [context(0, sequence(...extensions))]),
  );
  const der = sequence(content, ECDSA_WITH_SHA256, bits(sign("sha256", content, issuer.key)));
  return toPem(der).replaceAll("CERTIFICATE", "X509 CRL");
}
