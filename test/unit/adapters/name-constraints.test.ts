// RFC 5280 §4.2.1.10 and §6.1.3 (b), (c): which names an authority may issue for. Each row is tried as what is permitted and
// as what is excluded; a name of which nobody can tell whether it lies within is refused both ways.
import { describe, expect, test } from "vitest";
import { demandPermittedNames } from "../../../src/adapters/certificates/name-constraints.ts";
import { listNames, showIssuer } from "../../../src/adapters/certificates/names.ts";
import { parseCertificate } from "../../../src/adapters/certificates/parsed-certificate.ts";
import { constrain, createBelow, createRoot, createSigner, LONG } from "../../corpus/authorities.ts";
import { findRefusal } from "../../harness/refusals.ts";
import { createKeys, extension, type Holder, issue } from "../../harness/sigstore/certificates.ts";
import { encode, oid, sequence, set, utf8 } from "../../harness/sigstore/der.ts";

const [MAIL, HOST, DIRECTORY, URI, ADDRESS] = [1, 2, 4, 6, 7];
type Named = [tag: number, name: string | Buffer];

const toTag = (tag: number) => (tag === DIRECTORY ? 0xa0 : 0x80) | tag;
const callAll = (names: readonly Named[]) =>
  extension("2.5.29.17", sequence(...names.map(([tag, name]) => encode(toTag(tag), Buffer.from(name)))));
const createNarrow = (constraints: Buffer) =>
  issue({
    common: "narrow root",
    keys: createKeys(),
    issuer: undefined,
    term: LONG,
    isAuthority: true,
    extensions: [constraints],
  });
const OF_SIGNER = createKeys();
/** A certificate that is called so, and by nothing else. */
const createCalled = (issuer: Holder, names: readonly Named[], common = "") =>
  issue({
    common,
    keys: OF_SIGNER,
    issuer,
    term: LONG,
    isAuthority: false,
    extensions: names.length === 0 ? [] : [callAll(names)],
  });

/** Why a path is refused; undefined where it is not. The signer's certificate comes first. */
const findFault = (...path: readonly { certificate: Buffer }[]) =>
  findRefusal(() => demandPermittedNames(path.map(({ certificate }) => parseCertificate(certificate).pki)));

const OUTSIDE = "its certificate is not trusted: one of its authorities may not issue for a name in it";
const UNCLEAR =
  "its certificate is not trusted: it is called by a name that its authorities' constraints cannot be held to";

type Place = "within" | "outside" | "unclear";
const PERMITTED: Record<Place, string | undefined> = { within: undefined, outside: OUTSIDE, unclear: UNCLEAR };
const EXCLUDED: Record<Place, string | undefined> = { within: OUTSIDE, outside: undefined, unclear: UNCLEAR };

/** Parts of a distinguished name, outermost first. */
const nameOf = (...parts: readonly [string, string][]) =>
  sequence(...parts.map(([id, value]) => set(sequence(oid(id), utf8(value)))));
const [CN, C, O, OU] = ["2.5.4.3", "2.5.4.6", "2.5.4.10", "2.5.4.11"];

const ROWS: [string, number, string | Buffer, Record<string, Place>][] = [
  [
    "mailboxes of a host",
    MAIL,
    "acme.example",
    {
      "ml@acme.example": "within",
      "m.l@acme.example": "within",
      "machine.learning@acme.example": "within",
      "ml@ACME.example": "within",
      "ml@ci.acme.example": "outside",
      "ml@evilacme.example": "outside",
      "ml@acme.example.evil": "outside",
      "acme.example": "unclear",
      "@acme.example": "unclear",
      "ml@": "unclear",
      "ml@evil.example@acme.example": "unclear",
      '"ml@evil.example"@acme.example': "unclear",
      "m l@acme.example": "unclear",
      ".ml@acme.example": "unclear",
      "ml.@acme.example": "unclear",
      "m..l@acme.example": "unclear",
      "ml@acme..example": "unclear",
      "ml@acme.example.": "unclear",
      "ml@-acme.example": "unclear",
      "ml@acme-.example": "unclear",
      "ml@10.0.0.1": "unclear",
      "ml@[10.0.0.1]": "unclear",
      "ml@10.acme": "outside",
      "ml@acme.10": "outside",
    },
  ],
  [
    "mailboxes of hosts below a host",
    MAIL,
    ".acme.example",
    { "ml@ci.acme.example": "within", "ml@a.ci.acme.example": "within", "ml@acme.example": "outside" },
  ],
  [
    "one mailbox",
    MAIL,
    "ml@acme.example",
    {
      "ml@acme.example": "within",
      "ml@ACME.example": "within",
      "ML@acme.example": "outside",
      "xml@acme.example": "outside",
      "mlx@acme.example": "outside",
      "ml@evil.example": "outside",
      "ml@ci.acme.example": "outside",
    },
  ],
  ["one mailbox in other letters", MAIL, "ml@ACME.example", { "ml@acme.example": "within" }],
  ["mailboxes of a host in other letters", MAIL, "ACME.example", { "ml@acme.example": "within" }],
  ["every mailbox", MAIL, "", { "ml@acme.example": "within", "ml@evil.example": "within", none: "unclear" }],
  [
    "addresses on a host",
    URI,
    "acme.example",
    {
      "https://acme.example": "within",
      "https://acme.example/": "within",
      "https://acme.example/voice": "within",
      "https://acme.example?voice": "within",
      "https://acme.example#voice": "within",
      "https://ACME.example/voice": "within",
      "HTTPS://acme.example/voice": "within",
      "https://acme.example:8443/voice": "within",
      "https://acme.example:8443": "within",
      "https://acme.example:/voice": "within",
      "git+ssh://acme.example/voice": "within",
      "spiffe://acme.example/ns/voice": "within",
      "https://ci.acme.example/voice": "outside",
      "https://evil.example/acme.example": "outside",
      "https://evil.example#acme.example": "outside",
      "urn:acme.example": "unclear",
      "https:acme.example": "unclear",
      "https:///acme.example": "unclear",
      "https://ml@acme.example/": "unclear",
      "https://evil.example\\@acme.example/": "unclear",
      "https://acme.example:8443x/": "unclear",
      "https://acme example/": "unclear",
      "https://10.0.0.1/": "unclear",
      "https://[::1]/": "unclear",
      " https://acme.example/": "unclear",
      "1https://acme.example/": "unclear",
      "": "unclear",
    },
  ],
  [
    "addresses on hosts below a host",
    URI,
    ".acme.example",
    { "https://ci.acme.example/voice": "within", "https://acme.example/voice": "outside" },
  ],
  ["every address", URI, "", { "https://acme.example": "within", "urn:acme": "unclear" }],
  [
    "hosts",
    HOST,
    "acme.example",
    {
      "acme.example": "within",
      "ACME.example": "within",
      "ci.acme.example": "within",
      "*.acme.example": "within",
      "*.ci.acme.example": "within",
      "ci_1.acme.example": "within",
      "evilacme.example": "outside",
      "acme.example.evil": "outside",
      "ci.*.acme.example": "unclear",
      "acme example": "unclear",
      "10.0.0.1": "unclear",
    },
  ],
  [
    "hosts below a host",
    HOST,
    ".acme.example",
    { "ci.acme.example": "within", "*.acme.example": "outside", "acme.example": "outside" },
  ],
  ["every host", HOST, "", { "acme.example": "within" }],
];

describe.each(ROWS)("an authority for %s", (_, tag, constraint, names) => {
  const [permitting, excluding] = [
    createNarrow(constrain([[tag, constraint]])),
    createNarrow(constrain([], [[tag, constraint]])),
  ];
  test.each(Object.entries(names))("%j is %s", (name, place) => {
    expect(findFault(createCalled(permitting, [[tag, name]]), permitting), "permitted").toBe(PERMITTED[place]);
    expect(findFault(createCalled(excluding, [[tag, name]]), excluding), "excluded").toBe(EXCLUDED[place]);
  });
});

describe("an authority for subjects", () => {
  const constraint = nameOf([C, "DE"], [O, "Acme"]);
  const [permitting, excluding] = [
    createNarrow(constrain([[DIRECTORY, constraint]])),
    createNarrow(constrain([], [[DIRECTORY, constraint]])),
  ];
  test.each<[string, Place, Buffer]>([
    ["the same", "within", constraint],
    ["one below", "within", nameOf([C, "DE"], [O, "Acme"], [OU, "Voice"])],
    ["one above", "outside", nameOf([C, "DE"])],
    ["another part", "outside", nameOf([C, "DE"], [O, "Evil"])],
    ["another kind of part", "outside", nameOf([C, "DE"], [OU, "Acme"])],
    ["another order", "outside", nameOf([O, "Acme"], [C, "DE"])],
    ["an empty one", "outside", nameOf()],
  ])("%s is %s", (...[, place, name]) => {
    expect(findFault(createCalled(permitting, [[DIRECTORY, name]]), permitting)).toBe(PERMITTED[place]);
    expect(findFault(createCalled(excluding, [[DIRECTORY, name]]), excluding)).toBe(EXCLUDED[place]);
  });

  test("holds the subject itself, where it is not empty", () => {
    const pipeline = createNarrow(constrain([[DIRECTORY, nameOf([CN, "pipeline"])]]));
    expect(findFault(createCalled(pipeline, [], "pipeline"), pipeline)).toBeUndefined();
    expect(findFault(createCalled(pipeline, [], "other"), pipeline)).toBe(OUTSIDE);
    expect(findFault(createCalled(pipeline, []), pipeline)).toBeUndefined();
  });

  test("does not hold an authority that issued itself anew, but a signer of that name", () => {
    const narrow = createNarrow(constrain([[DIRECTORY, nameOf([CN, "pipeline"])]]));
    const anew = createBelow(narrow, "narrow root");
    const other = createBelow(narrow, "other");
    expect(findFault(createCalled(anew, [], "pipeline"), anew, narrow)).toBeUndefined();
    expect(findFault(createCalled(other, [], "pipeline"), other, narrow)).toBe(OUTSIDE);
    expect(findFault(createCalled(narrow, [], "narrow root"), narrow)).toBe(OUTSIDE);
  });
});

describe("an authority for some kind of name", () => {
  const forHosts = createNarrow(constrain([[HOST, "acme.example"]]));

  test("says nothing of other kinds, as long as anybody can read them", () => {
    expect(findFault(createCalled(forHosts, [[MAIL, "ml@evil.example"]]), forHosts)).toBeUndefined();
    expect(findFault(createCalled(forHosts, [[URI, "https://evil.example"]]), forHosts)).toBeUndefined();
    expect(findFault(createCalled(forHosts, [[MAIL, "evil.example"]]), forHosts)).toBe(UNCLEAR);
    expect(findFault(createCalled(forHosts, [[URI, "urn:evil"]]), forHosts)).toBe(UNCLEAR);
    const forMail = createNarrow(constrain([[MAIL, "acme.example"]]));
    expect(findFault(createCalled(forMail, [[HOST, "any thing"]]), forMail)).toBeUndefined();
  });

  test("that is compared by nobody refuses such names, and no others", () => {
    const addresses = createNarrow(constrain([[ADDRESS, Buffer.from([10, 0, 0, 0, 255, 0, 0, 0])]]));
    expect(findFault(createCalled(addresses, [[ADDRESS, Buffer.from([10, 0, 0, 1])]]), addresses)).toBe(UNCLEAR);
    expect(findFault(createCalled(addresses, [[HOST, "acme.example"]]), addresses)).toBeUndefined();
  });

  test("is held to each name, of each certificate below", () => {
    const good: Named = [HOST, "ci.acme.example"];
    const bad: Named = [HOST, "evil.example"];
    for (const names of [[bad], [good, bad], [bad, good]]) {
      expect(findFault(createCalled(forHosts, names), forHosts)).toBe(OUTSIDE);
      const between = createBelow(forHosts, "between", { extensions: [callAll(names)] });
      expect(findFault(createCalled(between, [good]), between, forHosts)).toBe(OUTSIDE);
    }
    const between = createBelow(forHosts, "between", { extensions: [callAll([good])] });
    expect(findFault(createCalled(between, [good, good]), between, forHosts)).toBeUndefined();
    expect(findFault(createCalled(between, [bad]), between, forHosts)).toBe(OUTSIDE);
  });

  test("is held to one of what is permitted, and to all of what is excluded", () => {
    const both = createNarrow(
      constrain(
        [
          [HOST, "a.example"],
          [HOST, "b.example"],
        ],
        [
          [HOST, "evil.a.example"],
          [HOST, "evil.b.example"],
        ],
      ),
    );
    for (const name of ["a.example", "b.example", "ci.b.example"])
      expect(findFault(createCalled(both, [[HOST, name]]), both), name).toBeUndefined();
    for (const name of ["c.example", "evil.a.example", "x.evil.b.example"])
      expect(findFault(createCalled(both, [[HOST, name]]), both), name).toBe(OUTSIDE);
  });

  test("says nothing of itself", () => {
    const root = createRoot();
    const own = createBelow(root, "own", { extensions: [constrain([[DIRECTORY, nameOf([CN, "other"])]])] });
    expect(findFault(own, root)).toBeUndefined();
  });
});

describe("the names of a certificate", () => {
  const root = createRoot();
  const list = (names: readonly Named[]) => listNames(parseCertificate(createCalled(root, names).certificate).pki);

  test("are those of people and workloads, in their order", () => {
    expect(
      list([
        [URI, "https://acme.example"],
        [ADDRESS, Buffer.from([10, 0, 0, 1])],
        [MAIL, "ml@acme.example"],
        [DIRECTORY, nameOf([CN, "ml"])],
        [HOST, "acme.example"],
      ]),
    ).toEqual(["https://acme.example", "ml@acme.example", "acme.example"]);
    expect(list([])).toEqual([]);
  });

  test("refuse where they cannot be read, and are not taken for none", () => {
    const garbled: Named[] = [[DIRECTORY, encode(0x04, Buffer.from("x"))]];
    expect(() => list(garbled)).toThrow("the names in its certificate cannot be read");
    const narrow = createRoot();
    const bound = createBelow(narrow, "bound", { extensions: [constrain([[MAIL, "acme.example"]])] });
    expect(findFault(createCalled(bound, garbled), bound)).toBe("the names in its certificate cannot be read");
  });

  test("are in ASCII", () => {
    expect(list([[MAIL, Buffer.from([0x6d, 0x7f])]])).toEqual(["m\x7f"]);
    for (const tag of [MAIL, HOST, URI])
      expect(() => list([[tag, Buffer.from([0x6d, 0x80])]])).toThrow("a name in its certificate is not in ASCII");
  });

  test("of who issued it stand in one line, with what cannot be shown marked", () => {
    const by = (...parts: readonly [string, string][]) =>
      showIssuer(parseCertificate(createSigner({ ...root, name: nameOf(...parts) }).certificate).pki);
    expect(by([C, "DE"], ["2.5.4.8", "Berlin"], ["2.5.4.7", "Mitte"], [O, "Acme"], [OU, "Voice"], [CN, "CA 1"])).toBe(
      "C=DE, ST=Berlin, L=Mitte, O=Acme, OU=Voice, CN=CA 1",
    );
    expect(by(["2.5.4.5", "17"], [CN, "Ä~\n"])).toBe("2.5.4.5=17, CN=?~?");
    expect(by()).toBe("");
  });
});
