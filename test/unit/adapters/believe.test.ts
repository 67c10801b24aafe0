// Whom a signature is believed from, signer by signer, and what is said where it is nobody. What the corpus asks of the whole
// way from a registry is asked here of this step alone: which reason wins, where names and issuers are cut off.
import { sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { findBelieved, type Signed } from "../../../src/adapters/signatures/believe.ts";
import { readClaim } from "../../../src/adapters/signatures/claim.ts";
import { digestAnchor, type TrustAnchor } from "../../../src/domain/signers.ts";
import type { NamedSigner } from "../../../src/domain/trust.ts";
import { toPem } from "../../harness/sigstore.ts";
import { createKeys, type Holder, issue } from "../../harness/sigstore/certificates.ts";
import { createRoot, createSigner, EMAIL, LONG, OVER } from "../../corpus/authorities.ts";
import { BY_KEY, toBundle, toEnvelope } from "../../corpus/bundles.ts";
import { NOW } from "../../corpus/case.ts";
import { createSignatory, type Signatory, signBy } from "../../corpus/keys.ts";
import { MODEL } from "../../corpus/pack.ts";
import { createWorld, PERSON } from "../../corpus/sigstore.ts";
import { stateEvaluated, stateFiles, stateSigned, toSigned } from "../../corpus/statements.ts";
import { toText as toCertified } from "../../corpus/tables/certified/parts.ts";
import { signFor, toText as toKeyless } from "../../corpus/tables/keyless/parts.ts";

function read(bundle: string): Signed {
  const claim = readClaim({ form: "bundle", bundle: Buffer.from(bundle) }, { digest: MODEL.digest });
  if ("broken" in claim) throw new Error(claim.broken);
  return claim.signed;
}

const name = (signer: string, anchor: TrustAnchor): NamedSigner => ({ signer, digest: digestAnchor(anchor), anchor });

const digestOf = (signatory: { id: Buffer }) => `sha256:${signatory.id.toString("hex")}`;
const byKey = (signer: string, signatory: Signatory) =>
  name(signer, { by: "key", pem: signatory.pem, keyDigest: digestOf(signatory) });
const signWithKey = (signatory: Signatory, statement = stateSigned()): string => {
  const payload = JSON.stringify(statement);
  return toBundle({ dsseEnvelope: toEnvelope(payload, [signBy(signatory, toSigned(payload))]) }, BY_KEY);
};

const world = createWorld();
const byName = (signer: string, identity: string, root = world.trustedRoot) =>
  name(signer, { by: "sigstore", root, issuer: PERSON.issuer, identity: { exact: identity } });

const root = createRoot();
const byAuthority = (signer: string, identity?: string, authority: Holder = root, crls?: string) =>
  name(signer, {
    by: "x509",
    roots: toPem(authority.certificate),
    crls,
    timestampAuthorities: undefined,
    identity: identity === undefined ? undefined : { exact: identity },
  });

const ask = (signers: readonly NamedSigner[], bundle: string) => findBelieved(signers, read(bundle), NOW);

describe("a key", () => {
  const [own, other] = [createSignatory(), createSignatory()];

  test("is believed under every signer that has it, and under no other", async () => {
    const [a, b] = [byKey("a", own), byKey("b", own)];
    expect(await ask([a, byKey("c", other), b], signWithKey(own))).toEqual({
      believed: [a, b].map(({ signer, digest }) => ({ signer, signerDigest: digest, keyDigest: digestOf(own) })),
    });
  });

  test("that nobody has is unknown, and no certificate helps it", async () => {
    const unknown = { disbelief: { kind: "unknown", why: "no trusted key verifies it" } };
    expect(await ask([byKey("a", other)], signWithKey(own))).toEqual(unknown);
    expect(await ask([byName("b", PERSON.identity), byAuthority("c")], signWithKey(own))).toEqual(unknown);
  });

  test("of a kind that signs no model is unknown for a model alone", async () => {
    const edwards = createSignatory("ed25519");
    expect(await ask([byKey("a", edwards)], signWithKey(edwards))).toMatchObject({ believed: [{ signer: "a" }] });
    expect(await ask([byKey("a", edwards)], signWithKey(edwards, stateFiles()))).toEqual({
      disbelief: { kind: "unknown", why: "no trusted key verifies it" },
    });
  });

  test("on P-384 signs with SHA-256 too what cosign signs, and no model", async () => {
    const large = createSignatory("p384");
    const signed = (statement: object) => {
      const payload = JSON.stringify(statement);
      const signature = sign("sha256", toSigned(payload), large.key);
      return toBundle({ dsseEnvelope: toEnvelope(payload, [signature]) }, BY_KEY);
    };
    for (const statement of [stateSigned(), stateEvaluated()])
      expect(await ask([byKey("a", large)], signed(statement))).toMatchObject({ believed: [{ signer: "a" }] });
    expect(await ask([byKey("a", large)], signed(stateFiles()))).toMatchObject({ disbelief: { kind: "unknown" } });
    expect(await ask([byKey("a", large)], signWithKey(large, stateFiles()))).toMatchObject({
      believed: [{ signer: "a" }],
    });
  });

  test("is nobody's where there is no signer", async () => {
    expect(await ask([], signWithKey(own))).toEqual({
      disbelief: { kind: "unknown", why: "the policy has no signer that can be used" },
    });
  });
});

describe("a name of a Sigstore", () => {
  test("is believed with its issuer and key", async () => {
    const parts = signFor(world);
    expect(await ask([byName("ml", PERSON.identity)], toKeyless(parts))).toEqual({
      believed: [
        {
          signer: "ml",
          signerDigest: byName("ml", PERSON.identity).digest,
          keyDigest: digestOf(parts.by),
          identity: PERSON.identity,
          issuer: PERSON.issuer,
        },
      ],
    });
  });

  test("is a stranger's where it is another", async () => {
    expect(await ask([byName("ml", "eve@acme.example")], toKeyless(signFor(world)))).toEqual({
      disbelief: { kind: "stranger", why: `it was signed by ${PERSON.identity}` },
    });
  });

  test("is unknown where the policy has keys alone", async () => {
    expect(await ask([byKey("a", createSignatory())], toKeyless(signFor(world)))).toEqual({
      disbelief: {
        kind: "unknown",
        why: "it was signed with a certificate, and no signer of the policy has one",
      },
    });
  });

  test("of 2048 letters is believed, and of one more is not", async () => {
    const named = (length: number) => `${"m".repeat(length - 13)}@acme.example`;
    const signed = (length: number) => toKeyless(signFor(world, { wish: { names: [named(length)] } }));
    expect(await ask([byName("ml", named(2048))], signed(2048))).toMatchObject({
      believed: [{ identity: named(2048) }],
    });
    expect(await ask([byName("ml", named(2049))], signed(2049))).toEqual({
      disbelief: { kind: "invalid", why: "the name in its certificate is too long" },
    });
  });
});

describe("a certificate of an authority", () => {
  const signer = createSigner(root);

  test("is believed with its name, its issuer and its end", async () => {
    const expected = {
      signerDigest: byAuthority("acme", EMAIL).digest,
      keyDigest: digestOf(signer),
      identity: EMAIL,
      issuer: "CN=Acme root",
      notAfter: "2049-12-31T00:00:00Z",
    };
    expect(await ask([byAuthority("acme", EMAIL)], toCertified(signer))).toEqual({
      believed: [{ signer: "acme", ...expected }],
    });
    expect(await ask([byAuthority("any")], toCertified(signer))).toMatchObject({
      believed: [{ signer: "any", identity: EMAIL }],
    });
  });

  test("may be over a key by RSA, which signs models too", async () => {
    const by = createSigner(root, { kind: "rsa2048" });
    for (const statement of [stateSigned(), stateFiles()])
      expect(await ask([byAuthority("acme", EMAIL)], toCertified(by, { statement }))).toMatchObject({
        believed: [{ keyDigest: digestOf(by) }],
      });
  });

  test("is a stranger's where no name of it is the trusted one", async () => {
    expect(await ask([byAuthority("acme", "eve@acme.example")], toCertified(signer))).toEqual({
      disbelief: { kind: "stranger", why: `it was signed by ${EMAIL}` },
    });
    const several = createSigner(root, { names: ["a@acme.example", "b@acme.example"] });
    expect(await ask([byAuthority("acme", "eve@acme.example")], toCertified(several))).toEqual({
      disbelief: { kind: "stranger", why: "it was signed by a@acme.example, b@acme.example" },
    });
    expect(await ask([byAuthority("acme", "b@acme.example")], toCertified(several))).toMatchObject({
      believed: [{ identity: "b@acme.example" }],
    });
    const nameless = createSigner(root, { names: [] });
    expect(await ask([byAuthority("any")], toCertified(nameless))).toEqual({
      disbelief: { kind: "stranger", why: "it was signed by nobody named" },
    });
  });

  test("carries names of 2048 letters at most", async () => {
    const named = (length: number) => `${"m".repeat(length - 13)}@acme.example`;
    const signed = (length: number) => toCertified(createSigner(root, { names: [named(length)] }));
    expect(await ask([byAuthority("any")], signed(2048))).toMatchObject({ believed: [{ identity: named(2048) }] });
    expect(await ask([byAuthority("any")], signed(2049))).toEqual({
      disbelief: { kind: "stranger", why: "it was signed by nobody named" },
    });
  });

  test("of an authority without a name says so, and of one with a long one says its beginning", async () => {
    const authority = (common: string) =>
      issue({ common, keys: createKeys(), issuer: undefined, term: LONG, isAuthority: true, extensions: [] });
    const long = authority("A".repeat(3000));
    expect(await ask([byAuthority("any", EMAIL, long)], toCertified(createSigner(long)))).toMatchObject({
      believed: [{ issuer: `CN=${"A".repeat(2045)}` }],
    });
    const nameless = authority("");
    expect(await ask([byAuthority("any", EMAIL, nameless)], toCertified(createSigner(nameless)))).toMatchObject({
      believed: [{ issuer: "?" }],
    });
  });

  test("is invalid where it ran out, where no list vouches for it, and where its key did not sign", async () => {
    const over = createSigner(root, { term: OVER });
    expect(await ask([byAuthority("acme")], toCertified(over))).toMatchObject({ disbelief: { kind: "invalid" } });
    const noList = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";
    expect(await ask([byAuthority("acme", EMAIL, root, noList)], toCertified(signer))).toMatchObject({
      disbelief: { kind: "invalid", why: expect.stringContaining("revocation list") as string },
    });
    const mixed = { ...createSignatory(), certificate: signer.certificate };
    expect(await ask([byAuthority("acme")], toCertified(mixed))).toEqual({
      disbelief: { kind: "invalid", why: "its certificate's key did not make it" },
    });
  });
});

describe("of several reasons", () => {
  const bundle = toKeyless(signFor(world));
  const unknown = byKey("key", createSignatory());
  const invalid = byName("elsewhere", PERSON.identity, createWorld().trustedRoot);
  const stranger = byName("other", "eve@acme.example");
  const orders = <T>([a, b, c]: readonly [T, T, T]): T[][] => [
    [a, b, c],
    [a, c, b],
    [b, a, c],
    [b, c, a],
    [c, a, b],
    [c, b, a],
  ];

  test("a stranger's name is told before what does not hold, and that before who is unknown, in any order", async () => {
    for (const signers of orders([unknown, invalid, stranger])) {
      expect(await ask(signers, bundle)).toMatchObject({ disbelief: { kind: "stranger" } });
      const rest = signers.filter((one) => one !== stranger);
      expect(await ask(rest, bundle)).toMatchObject({ disbelief: { kind: "invalid" } });
    }
  });

  test("none is told where somebody is believed", async () => {
    for (const signers of orders([byName("ml", PERSON.identity), invalid, stranger])) {
      expect(await ask(signers, bundle)).toMatchObject({ believed: [{ signer: "ml" }] });
    }
  });
});
