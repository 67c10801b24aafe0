/** The names that a certificate carries: subjectAltName (RFC 5280 §4.2.1.6), as far as they name a person or a workload. */
import { ASN1Obj } from "@sigstore/core";
import {
  type Certificate,
  type Extension,
  type GeneralName,
  GeneralNames,
  type RelativeDistinguishedNames,
} from "pkijs";
import type { RuledCertificate } from "./light-certificate.ts";
import { CertificateRefusal } from "./refusal.ts";

export const SUBJECT_ALT_NAME = "2.5.29.17";
/** Tag of a SEQUENCE. */
const SEQUENCE = 0x10;
/** Tags of GeneralName: rfc822Name, dNSName, uniformResourceIdentifier. */
const NAMING = new Set([1, 2, 6]);

/** Lengths of an address of the Internet Protocol, in bytes. */
const IP_LENGTHS = new Set([4, 16]);

/** Whether it is a GeneralName of any type (RFC 5280 §4.2.1.6), as far as it can be told without knowing the types. */
function isGeneralName({ tag, value }: ASN1Obj): boolean {
  if (!tag.isContextSpecific()) return false;
  switch (tag.number) {
    // Names in parts: otherName, x400Address, directoryName, ediPartyName.
    case 0:
    case 3:
    case 4:
    case 5:
      return tag.constructed;
    // rfc822Name, dNSName, uniformResourceIdentifier, registeredID. Whether they are in ASCII is told where they are read.
    case 1:
    case 2:
    case 6:
    case 8:
      return !tag.constructed;
    case 7:
      return !tag.constructed && IP_LENGTHS.has(value.length);
    default:
      return false;
  }
}

/** Whether the value of the extension is a list of names. pkijs would read each, which takes longer than all other rules. */
export function areGeneralNames({ extnValue }: Extension): boolean {
  try {
    const { tag, subs } = ASN1Obj.parseBuffer(Buffer.from(extnValue.valueBlock.valueHexView));
    return tag.isUniversal() && tag.constructed && tag.number === SEQUENCE && subs.every(isGeneralName);
  } catch {
    return false;
  }
}

/** All its alternative names, of whatever kind. Throws a CertificateRefusal where they cannot be read. */
export function listGeneralNames({ extensions = [] }: RuledCertificate): GeneralName[] {
  const named = extensions.find(({ extnID }) => extnID === SUBJECT_ALT_NAME);
  if (named === undefined) return [];
  const value = named.parsedValue as unknown;
  if (!hasNames(value)) throw new CertificateRefusal("the names in its certificate cannot be read");
  return new GeneralNames({ names: value.altNames as GeneralName[] }).names;
}

/**
 * Its names; empty where it carries none. Parsed from the certificate, not from a text in which a name could hide another.
 * Names are IA5String: in another byte one reader sees a letter that another one does not. Throws a CertificateRefusal.
 */
export function listNames(certificate: Certificate): string[] {
  return listGeneralNames(certificate).flatMap(({ type, value: name }) => {
    if (!NAMING.has(type) || typeof name !== "string") return [];
    if (/[\x80-\uffff]/.test(name)) throw new CertificateRefusal("a name in its certificate is not in ASCII");
    return [name];
  });
}

/** Whether a name can be shown as it is. */
export const isPrintable = (name: string): boolean => /^[\x20-\x7e]+$/.test(name);

/** What pkijs cannot read is an empty list to it, with a remark. */
const hasNames = (value: unknown): value is { altNames: unknown[] } =>
  typeof value === "object" &&
  value !== null &&
  !("parsingError" in value) &&
  "altNames" in value &&
  Array.isArray(value.altNames);

/** In one line, such as `C=DE, O=Acme, CN=Model signing`. */
const showDistinguished = ({ typesAndValues }: RelativeDistinguishedNames): string =>
  typesAndValues
    .map(({ type, value }) => `${SHORT[type] ?? type}=${String(value.valueBlock.value)}`)
    .join(", ")
    .replaceAll(/[^\x20-\x7e]/g, "?");

/** The distinguished name of its authority. */
export const showIssuer = ({ issuer }: Certificate): string => showDistinguished(issuer);

/** The distinguished name that it is for. */
export const showSubject = ({ subject }: Certificate): string => showDistinguished(subject);

/** RFC 4519 short names of what authorities are called by. */
const SHORT: Record<string, string> = {
  "2.5.4.3": "CN",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
};
