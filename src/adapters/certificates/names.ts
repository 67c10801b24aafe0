/** The names that a certificate carries: subjectAltName (RFC 5280 §4.2.1.6), as far as they name a person or a workload. */
import { type Certificate, GeneralNames } from "pkijs";

const SUBJECT_ALT_NAME = "2.5.29.17";
/** Tags of GeneralName: rfc822Name, dNSName, uniformResourceIdentifier. */
const NAMING = new Set([1, 2, 6]);

/** Its names; empty where it carries none. Parsed from the certificate, not from a text in which a name could hide another. */
export function listNames({ extensions = [] }: Certificate): string[] {
  const value = extensions.find(({ extnID }) => extnID === SUBJECT_ALT_NAME)?.parsedValue as unknown;
  if (!hasNames(value)) return [];
  const names = new GeneralNames({ names: value.altNames as GeneralNames["names"] }).names;
  return names.flatMap(({ type, value: name }) => (NAMING.has(type) && typeof name === "string" ? [name] : []));
}

const hasNames = (value: unknown): value is { altNames: unknown[] } =>
  typeof value === "object" && value !== null && "altNames" in value && Array.isArray(value.altNames);

/** A distinguished name in one line, such as `C=DE, O=Acme, CN=Model signing`. */
export const showIssuer = ({ issuer }: Certificate): string =>
  issuer.typesAndValues
    .map(({ type, value }) => `${SHORT[type] ?? type}=${String(value.valueBlock.value)}`)
    .join(", ")
    .replaceAll(/[^\x20-\x7e]/g, "?");

/** RFC 4519 short names of what authorities are called by. */
const SHORT: Record<string, string> = {
  "2.5.4.3": "CN",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
};
