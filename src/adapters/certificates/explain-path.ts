/** Why no path leads to anybody who is trusted, where that can be told: what ran out and when, or what is missing. Pure. */
import type { Certificate } from "pkijs";
import { toIso } from "../../domain/time.ts";
import { showIssuer, showSubject } from "./names.ts";
import type { Moment } from "./timestamp-token.ts";

/** A name is a tenant's text, and may be as long as a certificate; a finding has room for two of these and what is said of them. */
const MAX_NAME = 40;

const cut = (name: string) => (name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name) || "no name";

/** How an authority's certificate is called in a sentence. */
export const nameCertificate = (certificate: Certificate): string =>
  `the certificate of ${cut(showSubject(certificate))}`;

/** Why a certificate does not hold from one moment to the other; undefined where it does. */
export function explainTerm(certificate: Certificate, whose: string, { from, until }: Moment): string | undefined {
  const [begins, ends] = [certificate.notBefore, certificate.notAfter].map(({ value }) => value.getTime()) as [
    number,
    number,
  ];
  if (until > ends) return `${whose} ran out at ${toIso(ends)}`;
  return from < begins ? `${whose} does not begin before ${toIso(begins)}` : undefined;
}

/**
 * Goes up from the signer's certificate by names, as far as certificates are given, to the first that does not hold or is
 * not there. Undefined where names and terms lead to an anchor: then it is the engine that knows why.
 */
export function explainPath(
  leaf: Certificate,
  { between, anchors }: { between: readonly Certificate[]; anchors: readonly Certificate[] },
  moment: Moment,
): string | undefined {
  const passed = new Set<Certificate>();
  let current = leaf;
  let whose = "it";
  for (;;) {
    const ended = explainTerm(current, whose, moment);
    if (ended !== undefined || anchors.includes(current)) return ended;
    passed.add(current);
    const { issuer } = current;
    const above = [...anchors, ...between].filter((one) => !passed.has(one) && one.subject.isEqual(issuer));
    const [next] = above;
    const name = cut(showIssuer(current));
    if (next === undefined) return `${whose} was issued by ${name}, whose certificate is not given`;
    // Of several by one name, those that hold are another way up, which the engine has gone.
    current = above.find((one) => explainTerm(one, whose, moment) === undefined) ?? next;
    whose = nameCertificate(current);
  }
}
