/** The names that a certificate carries: subjectAltName (RFC 5280 §4.2.1.6), as far as they name a person or a workload. */
import { type Certificate, type GeneralName, GeneralNames, type RelativeDistinguishedNames } from "pkijs";
import { CertificateRefusal } from "./refusal.ts";

const SUBJECT_ALT_NAME = "2.5.29.17";
/** Tags of GeneralName: rfc822Name, dNSName, uniformResourceIdentifier. */
const NAMING = new Set([1, 2, 6]);

/** All its alternative names, of whatever kind. */
export function listGeneralNames({ extensions = [] }: Certificate): GeneralName[] {
  const value = extensions.find(({ extnID }) => extnID === SUBJECT_ALT_NAME)?.parsedValue as unknown;
  return hasNames(value) ? new GeneralNames({ names: value.altNames as GeneralName[] }).names : [];
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

const hasNames = (value: unknown): value is { altNames: unknown[] } =>
  typeof value === "object" && value !== null && "altNames" in value && Array.isArray(value.altNames);

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
