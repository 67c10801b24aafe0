// What a trusted_root.json has to be before anybody is verified under it: whatever is broken in one is told when it is read.
import { describe, expect, test } from "vitest";
import { findRootFault, parseTrustedRoot, recallTrustedRoot } from "../../../src/adapters/sigstore/trusted-root.ts";
import { createWorld } from "../../corpus/sigstore.ts";

interface Authority {
  uri: string;
  certChain?: { certificates: { rawBytes: string }[] };
  validFor?: { start?: string; end?: string };
}
interface Log {
  baseUrl: string;
  publicKey: { validFor?: { start?: string; end?: string } };
}
interface Root {
  mediaType: string;
  tlogs: Log[];
  ctlogs: Log[];
  certificateAuthorities: Authority[];
  timestampAuthorities: Authority[];
}

const TEXT = createWorld().trustedRoot;
const bend = (change: (root: Root) => void): string => {
  const root = JSON.parse(TEXT) as Root;
  change(root);
  return JSON.stringify(root);
};
const first = <T>([one]: readonly T[]): T => {
  if (one === undefined) throw new Error("there is one");
  return one;
};

const PREFIX = "application/vnd.dev.sigstore.trustedroot";
test.each([`${PREFIX}+json;version=0.1`, `${PREFIX}+json;version=0.2`, `${PREFIX}.v0.1+json`])(
  "a root of type %s is read",
  (mediaType) => {
    const text = bend((root) => Object.assign(root, { mediaType }));
    expect(findRootFault(text)).toBeUndefined();
    expect(recallTrustedRoot(text)).toEqual(parseTrustedRoot(text));
  },
);

test.each([
  "",
  PREFIX,
  `${PREFIX}+json`,
  `${PREFIX}+json;version=1.1`,
  `${PREFIX}+json;version=0.1 `,
  `${PREFIX}.v0.1+jsonx`,
  `${PREFIX}.v0.x+json`,
  `x${PREFIX}.v0.1+json`,
  "application/vnd.dev.sigstore.bundle.v0.3+json",
])("a root of type %j is none", (mediaType) => {
  const text = bend((root) => Object.assign(root, { mediaType }));
  expect(() => parseTrustedRoot(text)).toThrow("is no trusted root's type");
  expect(findRootFault(text)).toContain("is no trusted root's type");
  expect(() => recallTrustedRoot(text)).toThrow("is no trusted root's type");
});

const NEVER = "yesterday";
const CASES: [string, (root: Root) => void, string][] = [
  [
    "without a certificate authority",
    (root) => (root.certificateAuthorities = []),
    "it names no certificate authority",
  ],
  ["without a certificate log", (root) => (root.ctlogs = []), "it names no certificate log"],
  ["without a transparency log", (root) => (root.tlogs = []), "it names no transparency log"],
];
for (const kind of ["certificateAuthorities", "timestampAuthorities"] as const) {
  CASES.push(
    [
      `with ${kind} that begin never`,
      (root) => (first(root[kind]).validFor = { start: NEVER }),
      "the term of authority",
    ],
    [`with ${kind} that end never`, (root) => (first(root[kind]).validFor = { end: NEVER }), "the term of authority"],
    [`with ${kind} without a chain`, (root) => delete first(root[kind]).certChain, "has no certificate"],
    [
      `with ${kind} with an empty chain`,
      (root) => (first(root[kind]).certChain = { certificates: [] }),
      "has no certificate",
    ],
    [
      `with ${kind} with a certificate that is none`,
      (root) => first(root[kind]).certChain?.certificates.push({ rawBytes: "AAAA" }),
      "",
    ],
  );
}
for (const kind of ["tlogs", "ctlogs"] as const) {
  CASES.push(
    [
      `with ${kind} that begin never`,
      (root) => (first(root[kind]).publicKey.validFor = { start: NEVER }),
      "term of log",
    ],
    [`with ${kind} that end never`, (root) => (first(root[kind]).publicKey.validFor = { end: NEVER }), "term of log"],
    [`with ${kind} without a key`, (root) => Object.assign(first(root[kind]), { publicKey: undefined }), ""],
    [
      `with ${kind} with a key that is none`,
      (root) => Object.assign(first(root[kind]).publicKey, { rawBytes: "AA" }),
      "",
    ],
  );
}
test.each(CASES)("a root %s is refused when it is read", (_, change, why) => {
  const text = bend(change);
  const fault = findRootFault(text);
  expect(fault).toBeDefined();
  expect(fault).toContain(why);
  expect(() => recallTrustedRoot(text)).toThrow(fault ?? "");
});

describe("a text", () => {
  test.each(["", "{", "[]", "null", "{}", '{"mediaType":1}'])("%j is no root", (text) => {
    expect(() => parseTrustedRoot(text)).toThrow();
    expect(findRootFault(text)).toBeDefined();
    expect(() => recallTrustedRoot(text)).toThrow();
  });

  test("with more values than any root has is not read", () => {
    const padded = (count: number) => bend((root) => Object.assign(root, { more: Array(count).fill(0) }));
    expect(findRootFault(padded(19_000))).toBeUndefined();
    expect(findRootFault(padded(20_000))).toContain("more than 20000 values");
  });

  test("with a fault that is long is told in one short line", () => {
    const fault = findRootFault(bend((root) => Object.assign(root, { mediaType: "x\n".repeat(500) })));
    expect(fault?.length).toBeLessThanOrEqual(200);
    expect(fault).not.toContain("\n");
  });

  test("is judged alike however often it is asked about, and whatever was asked about between", () => {
    const broken = bend((root) => (root.tlogs = []));
    for (const round of Array.from({ length: 70 }, (_, at) => at)) findRootFault(String(round));
    for (const _ of [1, 2]) {
      expect(findRootFault(TEXT)).toBeUndefined();
      expect(findRootFault(broken)).toContain("no transparency log");
      expect(recallTrustedRoot(TEXT)).toEqual(parseTrustedRoot(TEXT));
    }
  });
});
