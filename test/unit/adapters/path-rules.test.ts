// RFC 5280 §4.2, §6.1.4 (k) to (n): what authorities and signers on a path may be, rule by rule, beside what the engine asks
// that finds it; when the path runs out; and lists of what was revoked (§5, §6.3).
import { sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { parseCertificate } from "../../../src/adapters/certificates/parsed-certificate.ts";
import { demandSigning, demandSoundPath } from "../../../src/adapters/certificates/path-rules.ts";
import { findCertifiedSigner } from "../../../src/adapters/certificates/path.ts";
import { CertificateRefusal } from "../../../src/adapters/certificates/refusal.ts";
import { demandUnrevoked } from "../../../src/adapters/certificates/revocation.ts";
import { createBelow, createRoot, createSigner, keepsSince, listRevoked, LONG } from "../../corpus/authorities.ts";
import { findRefusal } from "../../harness/refusals.ts";
import {
  CODE_SIGNING,
  createKeys,
  ECDSA_WITH_SHA256,
  extension,
  type Holder,
  issue,
  toPurposes,
} from "../../harness/sigstore/certificates.ts";
import { bits, encode, generalizedTime, integer, octets, oid, sequence, utcTime } from "../../harness/sigstore/der.ts";

const createRootOf = (term: typeof LONG) =>
  issue({ common: "Acme root", keys: createKeys(), issuer: undefined, term, isAuthority: true, extensions: [] });

type Certified = Pick<Holder, "certificate">;
const parse = ({ certificate }: Certified) => parseCertificate(certificate).pki;

const ask = (...path: readonly Certified[]) => findRefusal(() => demandSoundPath(path.map(parse), CODE_SIGNING));

const root = createRoot();
const at = (day: string) => Date.parse(`${day}T00:00:00Z`);
const NOW = at("2027-01-01");
const SERVERS = "1.3.6.1.5.5.7.3.1";
const ANY = "2.5.29.37.0";

describe("an authority on the path", () => {
  const NO_AUTHORITY = "a certificate on its path is no authority";

  test("says that it is one", () => {
    const between = createBelow(root);
    expect(ask(createSigner(between), between, root)).toBeUndefined();
    const plain = createBelow(root, "plain", { isAuthority: false, usage: "signs certificates and lists" });
    expect(ask(createSigner(plain), plain, root)).toBe(NO_AUTHORITY);
    const denied = createBelow(root, "denied", {
      isAuthority: false,
      usage: "signs certificates and lists",
      extensions: [extension("2.5.29.19", sequence(), true)],
    });
    expect(ask(createSigner(denied), denied, root)).toBe(NO_AUTHORITY);
  });

  test("may issue certificates, where it names what it may", () => {
    const documents = createBelow(root, "documents", { usage: "signs documents" });
    expect(ask(createSigner(documents), documents, root)).toBe("a certificate on its path may not issue others");
    const unsaid = createBelow(root, "unsaid", { usage: "none" });
    expect(ask(createSigner(unsaid), unsaid, root)).toBeUndefined();
    const nothing = createBelow(root, "nothing", {
      usage: "none",
      extensions: [extension("2.5.29.15", encode(0x03, Buffer.from([0])), true)],
    });
    expect(ask(createSigner(nothing), nothing, root)).toBe("a certificate on its path may not issue others");
  });

  test.each([
    [0, 0, true],
    [0, 1, false],
    [1, 1, true],
    [1, 2, false],
    [2, 2, true],
  ])("that allows %i authorities below it has %i: %s", (pathLength, below, isFine) => {
    const most = createBelow(root, "most", { pathLength });
    const path: Holder[] = [most];
    for (let step = 0; step < below; step += 1) path.unshift(createBelow(path[0] ?? most, `below ${step}`));
    expect(ask(createSigner(path[0] ?? most), ...path, root)).toBe(
      isFine ? undefined : "its certificate is not trusted: the path is longer than an authority on it allows",
    );
  });

  test("that allows more below it than there are numbers is not believed", () => {
    const vast = createBelow(root, "vast", {
      isAuthority: false,
      usage: "signs certificates and lists",
      extensions: [
        extension("2.5.29.19", sequence(encode(0x01, Buffer.from([0xff])), integer(Buffer.alloc(9, 0x7f))), true),
      ],
    });
    expect(ask(createSigner(vast), vast, root)).toContain("longer than an authority on it allows");
  });

  test("is for signing code, where it is for some purposes alone", () => {
    const of = (...purposes: string[]) => {
      const between = createBelow(root, "purposes", { extensions: [toPurposes(...purposes)] });
      return ask(createSigner(between), between, root);
    };
    const OTHERS = "a certificate on its path is not for signing code";
    expect(of(CODE_SIGNING)).toBeUndefined();
    expect(of(ANY)).toBeUndefined();
    expect(of(SERVERS, CODE_SIGNING)).toBeUndefined();
    expect(of(SERVERS)).toBe(OTHERS);
    expect(of()).toBe("extension 2.5.29.37 on its path is not understood");
  });

  test("below the root is signed with a hash that holds", () => {
    const weak = createBelow(root, "weak", { sha1: true });
    const WEAK = "a certificate on its path is signed with SHA-1 or MD5";
    expect(ask(createSigner(weak), weak, root)).toBe(WEAK);
    expect(ask(createSigner(root, { sha1: true }), root)).toBe(WEAK);
    const old = issue({
      common: "old root",
      keys: createKeys(),
      issuer: undefined,
      term: LONG,
      isAuthority: true,
      sha1: true,
      extensions: [],
    });
    expect(ask(createSigner(old), old)).toBeUndefined();
  });

  test.each([
    ["1.2.840.113549.1.1.4", "MD5 with RSA"],
    ["1.2.840.113549.1.1.5", "SHA-1 with RSA"],
    ["1.2.840.10040.4.3", "SHA-1 with DSA"],
    ["1.2.840.10045.4.1", "SHA-1 with ECDSA"],
  ])("is not signed with %s, %s", (algorithm) => {
    const certificate = parse(createSigner(root));
    certificate.signatureAlgorithm.algorithmId = algorithm;
    expect(findRefusal(() => demandSoundPath([certificate, parse(root)], CODE_SIGNING))).toContain("SHA-1 or MD5");
  });
});

describe("an extension", () => {
  const bend = (extensions: readonly Buffer[]) => ask(createSigner(root, { names: [], extensions }), root);
  const value = sequence();

  test("that nobody knows refuses where it is critical", () => {
    expect(bend([extension("1.2.3.4", value, true)])).toBe("extension 1.2.3.4 on its path is not understood");
    expect(bend([extension("1.2.3.4", value)])).toBeUndefined();
    const between = createBelow(root, "between", { extensions: [extension("1.2.3.4", value, true)] });
    expect(ask(createSigner(between), between, root)).toBe("extension 1.2.3.4 on its path is not understood");
  });

  /** Whatever is judged and cannot be read refuses, critical or not: it could say no. */
  test.each([
    "2.5.29.15",
    "2.5.29.17",
    "2.5.29.19",
    "2.5.29.30",
    "2.5.29.32",
    "2.5.29.33",
    "2.5.29.36",
    "2.5.29.37",
    "2.5.29.54",
  ])("%s that cannot be read refuses", (id) => {
    for (const isCritical of [true, false]) {
      const garbled = extension(id, Buffer.from([0x01, 0x05, 0x00]), isCritical);
      const purposes = id === "2.5.29.37" ? [] : [CODE_SIGNING];
      const usage = id === "2.5.29.15" ? "none" : "signs documents";
      const signer = createSigner(root, { names: [], purposes, usage, extensions: [garbled] });
      expect(ask(signer, root)).toBe(`extension ${id} on its path is not understood`);
    }
  });
});

describe("alternative names (RFC 5280 §4.2.1.6)", () => {
  const SAN = "2.5.29.17";
  const ip = (length: number) => encode(0x87, Buffer.alloc(length, 1));
  const bend = (value: Buffer) => ask(createSigner(root, { names: [], extensions: [extension(SAN, value)] }), root);

  test.each<[string, Buffer]>([
    ["no name", sequence()],
    ["an otherName", sequence(encode(0xa0, oid("1.2.3"), encode(0xa0, octets(Buffer.from("x")))))],
    ["a rfc822Name", sequence(encode(0x81, Buffer.from("ml@acme.example")))],
    ["a dNSName", sequence(encode(0x82, Buffer.from("acme.example")))],
    ["a directoryName", sequence(encode(0xa4, sequence()))],
    ["a uniformResourceIdentifier", sequence(encode(0x86, Buffer.from("https://acme.example/")))],
    ["an address of either length, and another name", sequence(ip(4), ip(16), encode(0x82, Buffer.from("a.example")))],
    ["a registeredID", sequence(encode(0x88, Buffer.from([0x2a])))],
  ])("are read: %s", (_, value) => {
    expect(bend(value)).toBeUndefined();
  });

  test.each<[string, Buffer]>([
    ["a directoryName that is none", sequence(encode(0xa4, octets(Buffer.from("x"))))],
    [
      "a good name before a directoryName that is none",
      sequence(encode(0x86, Buffer.from("https://a.example")), encode(0xa4)),
    ],
    ["a name beside a list", encode(0x86, Buffer.from("https://acme.example/"))],
    ["a set of names", encode(0x31, encode(0x86, Buffer.from("https://acme.example/")))],
    ["a list in a context of its own", encode(0xb0, encode(0x86, Buffer.from("https://acme.example/")))],
    ["more after the list", Buffer.concat([sequence(), Buffer.from([5, 0])])],
    ["a number, whose tag is that of a dNSName but for its class", sequence(encode(0x02, Buffer.from([1])))],
    ["an identifier, whose tag is that of a uniformResourceIdentifier but for its class", sequence(oid("1.2.3"))],
    ["a text of another kind", sequence(encode(0x16, Buffer.from("ml@acme.example")))],
    ["a type that there is not", sequence(encode(0x89, Buffer.from("ml@acme.example")))],
    ["an otherName in one piece", sequence(encode(0x80, Buffer.from("x")))],
    ["an x400Address in one piece", sequence(encode(0x83, Buffer.from("x")))],
    ["a directoryName in one piece", sequence(encode(0x84, Buffer.from("x")))],
    ["an ediPartyName in one piece", sequence(encode(0x85, Buffer.from("x")))],
    ["a rfc822Name in parts", sequence(encode(0xa1, sequence()))],
    ["a dNSName in parts", sequence(encode(0xa2, sequence()))],
    ["a uniformResourceIdentifier in parts", sequence(encode(0xa6, sequence()))],
    ["an address in parts", sequence(encode(0xa7, octets(Buffer.alloc(2))))],
    ["a registeredID in parts", sequence(encode(0xa8, sequence()))],
    ["an address of five bytes", sequence(ip(5))],
    ["a good name before a bad one", sequence(encode(0x81, Buffer.from("a@b.example")), ip(5))],
  ])("refuse: %s", (_, value) => {
    expect(bend(value)).toBe(`extension ${SAN} on its path is not understood`);
  });
});

describe("a signer's certificate", () => {
  const of = (wish: Parameters<typeof createSigner>[1]) =>
    findRefusal(() => demandSigning(parse(createSigner(root, wish))));

  test("is for signing code by its purposes, and for signatures where it names usages", () => {
    expect(of({})).toBeUndefined();
    expect(of({ usage: "none" })).toBeUndefined();
    expect(of({ purposes: [SERVERS, CODE_SIGNING] })).toBeUndefined();
  });
  test("is not where its purposes do not say so", () => {
    const FAULT = "its certificate is not for signing code (extended key usage codeSigning)";
    for (const purposes of [[], [SERVERS], [ANY]]) {
      for (const usage of [undefined, "none", "encrypts keys"] as const) {
        expect(of({ purposes, ...(usage === undefined ? {} : { usage }) }), `${purposes.join()} ${usage}`).toBe(FAULT);
      }
    }
  });
  test("is not where its usages say otherwise", () => {
    expect(of({ usage: "encrypts keys" })).toBe("its certificate is not for signatures (key usage digitalSignature)");
  });
  test("is not an authority's, unless that may issue nothing", () => {
    const FAULT = "its certificate is that of an authority";
    expect(of({ isAuthority: true })).toBe(FAULT);
    expect(of({ isAuthority: true, usage: "none" })).toBe(FAULT);
    expect(of({ isAuthority: true, usage: "signs documents" })).toBeUndefined();
    expect(of({ extensions: [extension("2.5.29.19", sequence(), true)] })).toBeUndefined();
  });
});

const find = (chain: readonly Certified[], trusted: readonly Certified[], crls?: readonly string[]) =>
  findCertifiedSigner(
    chain.map(({ certificate }) => certificate),
    {
      certificates: trusted.map(({ certificate }) => certificate),
      ...(crls === undefined ? {} : { crls: crls.map(toDer) }),
      now: NOW,
    },
  );
const toDer = (pem: string) => Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");

test("whoever vouches for himself needs a list of his own where lists are given, and is revoked by it", async () => {
  const extensions = [toPurposes(CODE_SIGNING)];
  const own = issue({
    common: "alone",
    keys: createKeys(),
    issuer: undefined,
    term: LONG,
    isAuthority: false,
    extensions,
  });
  expect((await find([own], [own])).until).toBe(LONG.until);
  const NONE = "no current revocation list of one of its issuers is given";
  await expect(find([own], [root, own], [listRevoked(root)])).rejects.toThrow(NONE);
  await expect(find([own], [root, own], [listRevoked(own, [own.certificate])])).rejects.toThrow("it was revoked");
  expect((await find([own], [root, own], [listRevoked(own)])).until).toBe(LONG.until);
});

describe("a path", () => {
  const until = (day: string) => ({ from: LONG.from, until: at(day) });

  test("holds until the first of it runs out, lists included", async () => {
    const between = createBelow(root, "between", { term: until("2030-01-01") });
    const signer = createSigner(between, { term: until("2029-01-01") });
    expect((await find([signer, between], [root])).until).toBe(at("2029-01-01"));
    const long = createSigner(between, { term: LONG });
    expect((await find([long, between], [root])).until).toBe(at("2030-01-01"));
    const lists = [listRevoked(root, [], until("2028-01-01")), listRevoked(between, [], until("2031-01-01"))];
    expect((await find([long, between], [root], lists)).until).toBe(at("2028-01-01"));
  });

  test("ends in somebody who issued itself, and not in whoever is called as its issuer", async () => {
    const signer = createSigner(root);
    expect((await find([signer], [root])).key.asymmetricKeyType).toBe("ec");
    // Issued by the root, under the root's name.
    const posing = createBelow(root, "Acme root");
    await expect(find([createSigner(posing)], [posing])).rejects.toThrow("nobody is trusted");
    // And with the root's key under an identifier of its own.
    const keys = createKeys();
    const claiming = issue({
      common: "Acme root",
      keys,
      issuer: { ...root, spki: keys.spki },
      term: LONG,
      isAuthority: true,
      extensions: [],
    });
    await expect(find([createSigner(claiming)], [claiming])).rejects.toThrow("nobody is trusted");
  });

  describe("that there is not: what is missing of it, or when it ran out", () => {
    const soon = { from: LONG.from, until: at("2026-02-01") };
    const later = { from: at("2040-01-01"), until: LONG.until };
    const between = createBelow(root, "Acme signing");
    const over = createBelow(root, "Acme signing", { term: soon });
    const signer = createSigner(between);
    const stranger = createRoot("Other root");
    const NONE = "its certificate is not trusted: ";
    test.each<[string, Certified[], Certified[], string]>([
      ["nobody between", [signer], [root], "it was issued by CN=Acme signing, whose certificate is not given"],
      [
        "another root",
        [signer, between],
        [stranger],
        "the certificate of CN=Acme signing was issued by CN=Acme root, whose certificate is not given",
      ],
      ["over", [createSigner(between, { term: soon }), between], [root], "it ran out at 2026-02-01T00:00:00Z"],
      [
        "not begun",
        [createSigner(between, { term: later }), between],
        [root],
        "it does not begin before 2040-01-01T00:00:00Z",
      ],
      [
        "between, over",
        [createSigner(over), over],
        [root],
        "the certificate of CN=Acme signing ran out at 2026-02-01T00:00:00Z",
      ],
      [
        "a root that is over",
        [createSigner(between), between],
        [createRootOf(soon)],
        "the certificate of CN=Acme root ran out at 2026-02-01T00:00:00Z",
      ],
      [
        "a name that is longer than a line",
        [createSigner(createBelow(root, "x".repeat(300)))],
        [root],
        `it was issued by CN=${"x".repeat(37)}…, whose certificate is not given`,
      ],
      [
        "another key of the root's name",
        [createSigner(root)],
        [createRoot()],
        "whoever is given under the names of its authorities did not sign it",
      ],
      [
        "one of two that is over, and the other not the issuer",
        [createSigner(over), over, between],
        [root],
        "The certificate is either not yet valid or expired",
      ],
    ])("%s", async (_, chain, trusted, why) => {
      await expect(find(chain, trusted)).rejects.toThrow(NONE + why);
    });
  });

  test("has certificates that can be read", async () => {
    const garbled = { certificate: Buffer.from("none") };
    const signer = createSigner(root);
    await expect(find([garbled], [root])).rejects.toThrow(
      "the signer's certificate or one beside it is no certificate",
    );
    await expect(find([signer, garbled], [root])).rejects.toThrow(CertificateRefusal);
    await expect(find([signer], [root, garbled])).rejects.toThrow("a certificate that is trusted is no certificate");
    await expect(find([], [root])).rejects.toThrow("it carries no certificate");
  });

  test("has keys that OpenSSL can read", async () => {
    // An algorithm that there is not.
    const spki = sequence(sequence(oid("1.2.3.4")), bits(Buffer.from([1])));
    const strange = { ...createKeys(), spki };
    await expect(find([createSigner(root, { keys: strange })], [root])).rejects.toThrow("its key cannot be read");
    const posing = issue({
      common: "Acme root",
      keys: strange,
      issuer: undefined,
      term: LONG,
      isAuthority: true,
      extensions: [],
    });
    await expect(find([createSigner(posing)], [posing])).rejects.toThrow("nobody is trusted");
  });

  test("ends in a key that may sign", async () => {
    for (const kind of ["p256", "p384", "p521", "rsa2048", "ed25519"] as const) {
      const signer = createSigner(root, { kind });
      const { key } = await find([signer], [root]);
      expect(key.export({ type: "spki", format: "der" }), kind).toEqual(signer.spki);
    }
  });
});

describe("a list of what was revoked", () => {
  const signer = createSigner(root);
  const other = createSigner(root);
  const look = (...lists: readonly string[]) => demandUnrevoked([signer, root].map(parse), lists.map(toDer), NOW);
  const NONE = "its certificate is not trusted: no current revocation list of one of its issuers is given";
  const REVOKED = "its certificate is not trusted: it was revoked by its issuer";
  const term = (from: string, until: string) => ({ from: at(from), until: at(until) });

  test("vouches until it ends, the longest of several", async () => {
    expect(await look(listRevoked(root, []))).toEqual([LONG.until]);
    expect(await look(listRevoked(root, [other.certificate]))).toEqual([LONG.until]);
    const [short, long] = [term("2026-01-01", "2028-01-01"), term("2026-01-01", "2029-01-01")];
    for (const terms of [
      [short, long],
      [long, short],
    ]) {
      expect(await look(...terms.map((one) => listRevoked(root, [], one)))).toEqual([long.until]);
    }
  });

  test("vouches from its beginning, and not at its end", async () => {
    const next = "2028-01-01";
    expect(await look(listRevoked(root, [], { from: NOW, until: at(next) }))).toEqual([at(next)]);
    await expect(look(listRevoked(root, [], { from: NOW + 1000, until: at(next) }))).rejects.toThrow(NONE);
    await expect(look(listRevoked(root, [], { from: LONG.from, until: NOW }))).rejects.toThrow(NONE);
    expect(await look(listRevoked(root, [], { from: LONG.from, until: NOW + 1000 }))).toEqual([NOW + 1000]);
  });

  test("that names the certificate revokes it, be it old, and whatever another one says", async () => {
    const revoking = listRevoked(root, [other.certificate, signer.certificate]);
    await expect(look(revoking)).rejects.toThrow(REVOKED);
    await expect(look(listRevoked(root, []), revoking)).rejects.toThrow(REVOKED);
    await expect(look(listRevoked(root, [signer.certificate], term("2026-01-01", "2026-02-01")))).rejects.toThrow(
      REVOKED,
    );
  });

  test("by somebody else, or of another name, says nothing", async () => {
    const stranger = createRoot("Acme root");
    await expect(look(listRevoked(stranger))).rejects.toThrow(NONE);
    await expect(look(listRevoked({ ...root, name: stranger.issuer, key: stranger.key }))).rejects.toThrow(NONE);
    await expect(look(listRevoked({ ...root, name: createRoot("Other root").name }))).rejects.toThrow(NONE);
    await expect(look()).rejects.toThrow(NONE);
    // Nor does it revoke.
    expect(await look(listRevoked(root), listRevoked(stranger, [signer.certificate]))).toEqual([LONG.until]);
  });

  test("that cannot be read refuses", async () => {
    await expect(demandUnrevoked([signer, root].map(parse), [Buffer.from("none")], NOW)).rejects.toThrow(
      "a revocation list cannot be read",
    );
  });

  /** A list with extensions, its own and those of its one entry (RFC 5280 §5.2, §5.3). */
  function extend(own: readonly Buffer[], ofEntry: readonly Buffer[], nextUpdate: readonly Buffer[]): string {
    const entry = sequence(
      integer(Buffer.from([0x11])),
      utcTime(LONG.from),
      ...(ofEntry.length === 0 ? [] : [sequence(...ofEntry)]),
    );
    const content = sequence(
      integer(1),
      ECDSA_WITH_SHA256,
      root.name,
      utcTime(LONG.from),
      ...nextUpdate,
      sequence(entry),
      ...(own.length === 0 ? [] : [encode(0xa0, sequence(...own))]),
    );
    return sequence(content, ECDSA_WITH_SHA256, bits(sign("sha256", content, root.key))).toString("base64");
  }
  const NEXT = [utcTime(LONG.until)];
  const unknown = (isCritical: boolean) => extension("1.2.3.4", sequence(), isCritical);

  test("with an extension that nobody knows vouches where that is not critical", async () => {
    expect(await look(extend([], [], NEXT))).toEqual([LONG.until]);
    expect(await look(extend([unknown(false)], [unknown(false)], NEXT))).toEqual([LONG.until]);
    await expect(look(extend([unknown(true)], [], NEXT))).rejects.toThrow(NONE);
    await expect(look(extend([], [unknown(true)], NEXT))).rejects.toThrow(NONE);
    // Key identifier and number, reason and date (RFC 5280 §5.2.1, .3, §5.3.1, .2).
    const number = extension("2.5.29.20", integer(1), true);
    const reason = extension("2.5.29.21", encode(0x0a, Buffer.from([1])), true);
    const keyId = extension("2.5.29.35", sequence(), true);
    const since = extension("2.5.29.24", generalizedTime(LONG.from), true);
    expect(await look(extend([number, keyId], [reason, since], NEXT))).toEqual([LONG.until]);
    // What is a part of the list alone (issuingDistributionPoint), or changes another (deltaCRLIndicator).
    for (const id of ["2.5.29.28", "2.5.29.27"])
      await expect(look(extend([extension(id, sequence(oid("1.2.3")), true)], [], NEXT))).rejects.toThrow();
  });

  test("vouches for a certificate that ran out where it says to keep such since before", async () => {
    const end = at("2026-12-01");
    const over = createSigner(root, { term: { from: LONG.from, until: end } });
    const ask = (...lists: string[]) => demandUnrevoked([over, root].map(parse), lists.map(toDer), NOW);
    const DROPPED = "it ran out, and no current revocation list of its issuer says to keep such";
    expect(await ask(extend([keepsSince(end)], [], NEXT)), "since the moment when it ran out").toEqual([LONG.until]);
    for (const [what, own] of Object.entries({
      "since later": [keepsSince(end + 1000)],
      "nothing of it": [],
      "a time in two digits of a year": [extension("2.5.29.60", utcTime(end))],
      "a time in a class of its own": [extension("2.5.29.60", encode(0x98, Buffer.from("20261101000000Z")))],
      "what is no time": [extension("2.5.29.60", encode(0x18, Buffer.from("some day")))],
      "what cannot be read": [extension("2.5.29.60", Buffer.from([0x18, 0x7f]))],
    }))
      await expect(ask(extend(own, [], NEXT)), what).rejects.toThrow(DROPPED);
    const now = createSigner(root, { term: { from: LONG.from, until: NOW } });
    expect(await demandUnrevoked([now, root].map(parse), [toDer(listRevoked(root))], NOW), "not over yet").toEqual([
      LONG.until,
    ]);
  });

  test("that names no end vouches for nothing", async () => {
    await expect(look(extend([], [], []))).rejects.toThrow(NONE);
  });

  test("is asked for of each issuer", async () => {
    const between = createBelow(root);
    const below = createSigner(between);
    const path = [below, between, root].map(parse);
    const lists = [listRevoked(between), listRevoked(root)].map(toDer);
    expect(await demandUnrevoked(path, lists, NOW)).toEqual([LONG.until, LONG.until]);
    for (const one of lists) await expect(demandUnrevoked(path, [one], NOW)).rejects.toThrow(NONE);
    const revoked = toDer(listRevoked(root, [between.certificate]));
    await expect(demandUnrevoked(path, [...lists, revoked], NOW)).rejects.toThrow(REVOKED);
  });
});
