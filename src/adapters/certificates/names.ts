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
import { isSequence } from "./sequence.ts";

export const SUBJECT_ALT_NAME = "2.5.29.17";
/** Tags of GeneralName: rfc822Name, dNSName, uniformResourceIdentifier. */
const NAMING = new Set([1, 2, 6]);

/** Lengths of an address of the Internet Protocol, in bytes. */
const IP_LENGTHS = new Set([4, 16]);

/** What a GeneralName (RFC 5280 §4.2.1.6) is, as far as it shows without looking into it; undefined where it is none. */
function findNameKind({ tag, value }: ASN1Obj): "in one piece" | "in parts" | undefined {
  if (!tag.isContextSpecific()) return undefined;
  switch (tag.number) {
    // rfc822Name, dNSName, uniformResourceIdentifier. Whether they are in ASCII is told where they are read.
    case 1:
    case 2:
    case 6:
      return tag.constructed ? undefined : "in one piece";
    // iPAddress.
    case 7:
      return !tag.constructed && IP_LENGTHS.has(value.length) ? "in one piece" : undefined;
    // otherName, x400Address, directoryName, ediPartyName; registeredID.
    case 0:
    case 3:
    case 4:
    case 5:
    case 8:
      return "in parts";
    default:
      return undefined;
  }
}

/**
 * Whether the value of the extension is a list of names. pkijs, which reads each by trying all types, takes longer for it than
 * all other rules together, so it is asked only of names that have parts.
 */
export function areGeneralNames(extension: Extension): boolean {
  try {
    const names = ASN1Obj.parseBuffer(Buffer.from(extension.extnValue.valueBlock.valueHexView));
    if (!isSequence(names) || !names.tag.constructed) return false;
    const kinds = names.subs.map(findNameKind);
    return !kinds.includes(undefined) && (!kinds.includes("in parts") || hasNames(extension.parsedValue));
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
