// A certificate that is read lightly says what pkijs says of it, which reads all of it; what is no extension is none.
import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readLightly, type RuledCertificate } from "../../../src/adapters/certificates/light-certificate.ts";
import { parseCertificate, readDer } from "../../../src/adapters/certificates/parsed-certificate.ts";
import { readSigningCertificate } from "../../../src/adapters/sigstore/certificate.ts";
import { constrain, createBelow, createRoot, createSigner, LONG, MAIL } from "../../corpus/authorities.ts";
import { createKeys, createTimestamper, extension, issue, toIssuer } from "../../harness/sigstore/certificates.ts";
import { toPem } from "../../harness/sigstore.ts";
import { encode, octets, oid, sequence, yes } from "../../harness/sigstore/der.ts";

const root = createRoot();
const issueWith = (...extensions: Buffer[]) =>
  issue({ common: "odd", keys: createKeys(), issuer: root, term: LONG, isAuthority: false, extensions }).certificate;
const read = (certificate: Buffer) => readLightly(Buffer.from(certificate)).rules;

/** All that the rules ask, in plain values. */
const describeRules = ({ signatureAlgorithm, extensions = [], issuer, subject }: RuledCertificate) => ({
  algorithm: signatureAlgorithm.algorithmId,
  extensions: extensions.map(({ extnID, critical, extnValue }) => ({
    id: extnID,
    critical,
    value: Buffer.from(extnValue.valueBlock.valueHexView).toString("hex"),
  })),
  names: [issuer, subject].map((name) => name.toJSON() as unknown),
});

test.each<[string, Buffer]>([
  ["a root", root.certificate],
  [
    "an authority whose names are constrained",
    createBelow(root, "b", { extensions: [constrain([[MAIL, "a.example"]])] }).certificate,
  ],
  ["a signer's", createSigner(root, { extensions: toIssuer("https://accounts.acme.example") }).certificate],
  ["one signed with SHA-1", createSigner(root, { sha1: true }).certificate],
  [
    "one with constraints that it says not to be critical",
    issueWith(sequence(oid("2.5.29.19"), encode(0x01, Buffer.from([0])), octets(sequence()))),
  ],
  ["one for timestamps", createTimestamper("t", LONG, root).certificate],
])("%s", (_, certificate) => {
  const { pki } = parseCertificate(certificate);
  expect(describeRules(read(certificate))).toEqual(describeRules(pki));
  expect(describeRules(pki).extensions.length, "it has some").toBeGreaterThan(2);
});

describe("a certificate that holds another one as PEM, which Node would read in its place", () => {
  const inner = createSigner(root, { names: ["decoy@acme.example"] }).certificate;
  const holding = (text: string) => issueWith(extension("1.3.6.1.4.1.57264.1.4", Buffer.from(text)));
  const twofold = holding(`\n${toPem(inner)}`);

  test("is what Node reads", () => {
    expect(new X509Certificate(twofold).raw.equals(inner)).toBe(true);
  });
  test("is refused, whoever reads it", () => {
    for (const parse of [read, parseCertificate, readDer])
      expect(() => parse(Buffer.from(twofold))).toThrow("it can be read as two certificates");
    expect(() => readSigningCertificate([Buffer.from(twofold)])).toThrow("it can be read as two certificates");
    const signer = Buffer.from(createSigner(root).certificate);
    expect(() => readSigningCertificate([signer, Buffer.from(twofold)]), "above the signer's").toThrow(
      "two certificates",
    );
  });
  test("is one where what it holds is no PEM", () => {
    const plain = holding("-----BEGIN CERTIFICATE-----");
    expect(readDer(plain).raw.equals(plain)).toBe(true);
    expect(parseCertificate(plain).node.raw.equals(plain)).toBe(true);
  });
  test("may be given as PEM itself, where PEM is read", () => {
    expect(parseCertificate(Buffer.from(toPem(inner))).node.raw.equals(inner)).toBe(true);
    expect(() => readDer(Buffer.from(toPem(inner)))).toThrow("it can be read as two certificates");
  });
});

describe("what is no extension (RFC 5280 §4.1)", () => {
  const ID = oid("1.2.3.4");
  test("reads, as it should be", () => {
    expect(() => read(issueWith(sequence(ID, yes, octets(sequence()))))).not.toThrow();
  });
  test.each<[string, Buffer]>([
    ["nothing", sequence()],
    ["an identifier alone", sequence(ID)],
    ["two values", sequence(ID, yes, octets(sequence()), octets(sequence()))],
    ["a value that is no octets", sequence(ID, sequence())],
    ["a value in parts", sequence(ID, encode(0x24, octets(sequence())))],
    ["a number for whether it is critical", sequence(ID, encode(0x02, Buffer.from([1])), octets(sequence()))],
  ])("%s", (_, extension) => {
    expect(() => read(issueWith(extension))).toThrow();
  });
});
