/** PEM texts (RFC 7468) with several blocks. Pure. */

const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----/g;

/** The blocks of a PEM text; undefined where one is of another type, or there is none. */
export function splitPem(text: string, type: "CERTIFICATE" | "X509 CRL"): string[] | undefined {
  const blocks = [...text.matchAll(PEM_BLOCK)];
  // A block that is damaged is not as if it were not there.
  if (blocks.length !== text.split("-----BEGIN ").length - 1) return undefined;
  if (blocks.length === 0 || blocks.some(([, found]) => found !== type)) return undefined;
  return blocks.map(([block]) => block);
}
