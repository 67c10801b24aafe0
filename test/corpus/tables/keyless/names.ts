// Certificates for somebody else who looks like the trusted one.
import { PERSON, type World } from "../../sigstore.ts";
import { INVALID, NOT_EXACTLY, UNKNOWN } from "../facts.ts";
import { attached, type Row, signFor } from "./parts.ts";

/** The text with the highest bit of one of its letters set. */
const raise = (text: string, at: number) =>
  Buffer.from([...Buffer.from(text)].map((byte, here) => (here === at ? byte | 0x80 : byte)));

/** Certificates for somebody else who looks like the trusted one. */
export function listNames(world: World): Row[] {
  const named = (...names: (string | Buffer)[]) => attached(signFor(world, { wish: { names } }));
  const vouched = (vouchedBy: string | Buffer | undefined) => attached(signFor(world, { wish: { vouchedBy } }));
  const highBit = raise(PERSON.identity, 0);
  const highIssuer = raise(PERSON.issuer, 10);
  return [
    {
      name: "a longer name",
      bent: "the name begins with the trusted one",
      rule: NOT_EXACTLY,
      beside: named(`${PERSON.identity}.evil.example`),
      ...UNKNOWN,
    },
    {
      name: "a longer name in front",
      bent: "the name ends with the trusted one",
      rule: NOT_EXACTLY,
      beside: named(`evil.${PERSON.identity}`),
      ...UNKNOWN,
    },
    {
      name: "a name with a line break",
      bent: "a line break and more after the trusted name",
      rule: NOT_EXACTLY,
      beside: named(Buffer.from(`${PERSON.identity}\nx`)),
      ...UNKNOWN,
    },
    {
      name: "a name with a zero byte",
      bent: "a zero byte and more after the trusted name",
      rule: NOT_EXACTLY,
      beside: named(Buffer.from(`${PERSON.identity}\0.evil.example`)),
      ...UNKNOWN,
    },
    {
      name: "a name in other letters",
      bent: "a Cyrillic letter that looks the same, in UTF-8",
      rule: "RFC 5280 §4.2.1.6: names are IA5String",
      beside: named(Buffer.from(PERSON.identity.replace("a", "а"))),
      ...INVALID,
    },
    {
      name: "a name with a high bit",
      bent: "the first byte is the trusted letter's plus 128",
      rule: "RFC 5280 §4.2.1.6: names are IA5String",
      beside: named(highBit),
      ...INVALID,
    },
    {
      name: "a name in capitals",
      bent: "upper case",
      rule: NOT_EXACTLY,
      beside: named(PERSON.identity.toUpperCase()),
      ...UNKNOWN,
    },
    {
      name: "a name in the subject alone",
      bent: "the name is the common name, and there is no subjectAltName",
      rule: "Fulcio's profile: the name is the subjectAltName",
      beside: attached(signFor(world, { wish: { names: [], common: PERSON.identity } })),
      ...UNKNOWN,
    },
    {
      name: "a second name",
      bent: "another's address before the trusted one",
      rule: "Fulcio's profile: exactly one name",
      beside: named("eve@acme.example", PERSON.identity),
      ...INVALID,
    },
    {
      name: "a second name behind",
      bent: "another's address behind the trusted one",
      rule: "Fulcio's profile: exactly one name",
      beside: named(PERSON.identity, "eve@acme.example"),
      ...INVALID,
      differs: "several-names",
    },
    {
      name: "a pattern that is part of the name",
      bent: "the policy's pattern matches the beginning of the name",
      rule: "a pattern is over the whole name",
      beside: named(PERSON.identity),
      pattern: "ml@acme",
      ...UNKNOWN,
      differs: "pattern",
    },
    {
      name: "a pattern of two",
      bent: "one of two alternatives matches the end of the name",
      rule: "a pattern is over the whole name",
      beside: named(`evil+${PERSON.identity}`),
      pattern: "ci@acme\\.example|ml@acme\\.example",
      ...UNKNOWN,
      differs: "pattern",
    },
    {
      name: "a name that cannot be shown",
      bent: "a line break in the name, which the policy's pattern takes",
      rule: "a name in which there is more than letters is nobody's",
      beside: named(Buffer.from(`${PERSON.identity}\nx`)),
      pattern: "(?s).+",
      ...UNKNOWN,
      differs: "unprintable-name",
    },
    {
      name: "another issuer",
      bent: "who vouches for the name",
      rule: "the issuer is compared letter by letter",
      beside: vouched("https://accounts.evil.example"),
      ...UNKNOWN,
    },
    {
      name: "a longer issuer",
      bent: "the issuer begins with the trusted one",
      rule: "the issuer is compared letter by letter",
      beside: vouched(`${PERSON.issuer}.evil.example`),
      ...UNKNOWN,
    },
    {
      name: "no issuer",
      bent: "nobody vouches for the name",
      rule: "the issuer is compared letter by letter",
      beside: vouched(undefined),
      ...UNKNOWN,
    },
    {
      name: "an issuer with a high bit",
      bent: "a byte of the issuer is the trusted letter's plus 128",
      rule: "Fulcio's profile: the issuer is an address",
      beside: vouched(highIssuer),
      ...INVALID,
    },
  ];
}
