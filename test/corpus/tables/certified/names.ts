// Certificates for somebody else who looks like the trusted one.
import { createSigner, EMAIL, type SignerWish } from "../../authorities.ts";
import { ARTIFACT, INVALID, NOT_EXACTLY, OLD_ARTIFACT, UNKNOWN } from "../facts.ts";
import { attached, type Company, old, type Row } from "./parts.ts";

export function listNames({ between }: Company): Row[] {
  const named = (names: readonly (string | Buffer)[], wish: SignerWish = {}) =>
    attached(createSigner(between, { ...wish, names }));
  return [
    {
      name: "a longer name",
      bent: "the name begins with the trusted one",
      rule: NOT_EXACTLY,
      beside: named([`${EMAIL}.evil.example`]),
      ...UNKNOWN,
    },
    {
      name: "a longer name in front",
      bent: "the name ends with the trusted one",
      rule: NOT_EXACTLY,
      beside: named([`evil.${EMAIL}`]),
      ...UNKNOWN,
    },
    {
      name: "a name with a line break",
      bent: "a line break and more after the trusted name",
      rule: NOT_EXACTLY,
      beside: named([Buffer.from(`${EMAIL}\nx`)]),
      ...UNKNOWN,
    },
    {
      name: "a name with a high bit",
      bent: "the first byte is the trusted letter's plus 128",
      rule: "RFC 5280 §4.2.1.6: names are IA5String",
      beside: named([Buffer.from([0xed, ...Buffer.from(EMAIL).subarray(1)])]),
      ...INVALID,
    },
    {
      name: "a name in other letters",
      bent: "a Cyrillic letter that looks the same, in UTF-8",
      rule: "RFC 5280 §4.2.1.6: names are IA5String",
      beside: named([Buffer.from(EMAIL.replace("a", "а"))]),
      ...INVALID,
    },
    {
      name: "a name in the subject alone",
      bent: "the name is the common name, and there is no subjectAltName",
      rule: "the name is the subjectAltName",
      beside: named([], { common: EMAIL }),
      ...UNKNOWN,
    },
    {
      name: "a name that cannot be shown, any taken",
      bent: "a line break in the name, and the policy takes any",
      rule: "a name in which there is more than letters is nobody's",
      beside: named([Buffer.from(`${EMAIL}\nx`)]),
      identity: "any",
      ...UNKNOWN,
      differs: "unprintable-name",
    },
    {
      name: "no name, any taken",
      bent: "no subjectAltName, and the policy takes any",
      rule: "somebody without a name is nobody",
      beside: named([]),
      identity: "any",
      ...UNKNOWN,
    },
    {
      name: "legacy, several names",
      bent: "another's address before the trusted one",
      rule: "RFC 5280 §4.2.1.6: the authority vouches for each of them",
      beside: old(createSigner(between, { names: ["eve@acme.example", EMAIL] })),
      fact: OLD_ARTIFACT,
    },
    {
      name: "several names",
      bent: "another's address before the trusted one",
      rule: "RFC 5280 §4.2.1.6: the authority vouches for each of them",
      beside: named(["eve@acme.example", EMAIL]),
      fact: ARTIFACT,
      differs: "first-name",
    },
    {
      name: "a pattern that is part of the name",
      bent: "the policy's pattern matches the beginning of the name",
      rule: "a pattern is over the whole name",
      beside: named([EMAIL]),
      identity: { pattern: "ml@acme" },
      ...UNKNOWN,
      differs: "pattern",
    },
  ];
}
