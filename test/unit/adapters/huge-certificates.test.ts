// Certificates that are made to take long or to take much, as large as a bundle may be: each is refused in bounded time, in
// a thread whose memory is bounded, and the next one is judged.
import { randomBytes, sign } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toPae } from "../../../src/adapters/in-toto.ts";
import { readLegacySignature } from "../../../src/adapters/signatures/candidate.ts";
import type { Case } from "../../../src/adapters/signatures/judge-candidates.ts";
import { createJudgePool } from "../../../src/adapters/signatures/judge-pool.ts";
import {
  createAuthority,
  createKeys,
  extension,
  type Holder,
  issue,
  issueSigner,
  toGeneralName,
  toNames,
} from "../../harness/sigstore/certificates.ts";
import { bits, encode, integer, oid, octets, sequence } from "../../harness/sigstore/der.ts";
import { createSigstore } from "../../harness/sigstore.ts";

const MIB = 1024 * 1024;
/** What a registry may give as one bundle. */
const MAX_BLOB = 4 * MIB;
const TERM = { from: Date.now() - 86_400_000, until: Date.now() + 86_400_000 };
const WHO = { identity: "ml@acme.example", issuer: "https://accounts.acme.example" };
const HEX = "a".repeat(64);
const STATEMENT = Buffer.from(
  JSON.stringify({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: "", digest: { sha256: HEX } }],
    predicateType: "https://sigstore.dev/cosign/sign/v1",
    predicate: {},
  }),
);

const pool = createJudgePool();
const authority = createAuthority("acme", TERM);
let signers: Case["signers"] = [];
beforeAll(async () => {
  const identity = { exact: WHO.identity };
  const { trustedRoot: root } = await createSigstore();
  const roots = `-----BEGIN CERTIFICATE-----\n${authority.certificate.toString("base64")}\n-----END CERTIFICATE-----\n`;
  signers = [
    { signer: "ca", digest: `sha256:${HEX}`, anchor: { by: "x509", roots, crls: undefined, identity } },
    { signer: "ml", digest: `sha256:${HEX}`, anchor: { by: "sigstore", root, issuer: WHO.issuer, identity } },
  ] as Case["signers"];
});
afterAll(() => pool.close());

function bundleOf(certificates: readonly Buffer[], key = authority.key): Buffer {
  const payloadType = "application/vnd.in-toto+json";
  const bundle = {
    mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.2",
    verificationMaterial: {
      x509CertificateChain: { certificates: certificates.map((bytes) => ({ rawBytes: bytes.toString("base64") })) },
    },
    dsseEnvelope: {
      payloadType,
      payload: STATEMENT.toString("base64"),
      signatures: [{ sig: sign("sha256", toPae(payloadType, STATEMENT), key).toString("base64") }],
    },
  };
  return Buffer.from(JSON.stringify(bundle));
}

const judge = (bundle: Buffer) =>
  pool.judge({
    subject: { digest: `sha256:${HEX}` },
    candidates: [{ form: "bundle", bundle }],
    signers,
    now: Date.now(),
  });

/** A certificate with these extensions, by nobody who is trusted. */
const toStray = (...extensions: Buffer[]): Holder =>
  issue({ common: "x", keys: createKeys(), issuer: undefined, term: TERM, isAuthority: false, extensions });

/** A key for RSA of so many bytes, that nobody made. */
const toRsa = (modulus: number, exponent: number): Buffer => {
  const numbers = [modulus, exponent].map((length) => {
    const bytes = randomBytes(length);
    bytes[0] = 0x7f;
    bytes[length - 1] = (bytes[length - 1] ?? 0) | 1;
    return integer(bytes);
  });
  return sequence(sequence(oid("1.2.840.113549.1.1.1"), encode(0x05)), bits(sequence(...numbers)));
};
const withKey = (spki: Buffer) =>
  issue({
    common: "x",
    keys: { ...createKeys(), spki },
    issuer: authority,
    term: TERM,
    isAuthority: false,
    extensions: [toNames([WHO.identity])],
  }).certificate;

function nest(levels: number): Buffer {
  // Of indefinite length, which takes two bytes a level.
  return Buffer.concat([Buffer.alloc(levels * 2, Buffer.from([0x30, 0x80])), Buffer.alloc(levels * 2)]);
}

/** Put together beforehand: so many members are no arguments of a function. */
const join = (count: number, toMember: (n: number) => Buffer) =>
  Buffer.concat(Array.from({ length: count }, (_, n) => toMember(n)));
const toManyNames = (count: number) =>
  extension("2.5.29.17", sequence(join(count, (n) => toGeneralName(`n${n}@acme.example`))), true);
const toManyExtensions = (count: number) => join(count, (n) => extension("1.2.3.4", Buffer.from([n & 0x7f])));

/** A chain of as many as may be, each with an extension of so many bytes. */
function toChain(bytes: number): Buffer[] {
  const fill = () => extension("1.2.3.4", octets(randomBytes(bytes)));
  const chain = [toStray(fill())];
  for (let at = 1; at < 16; at += 1) {
    const issuer = chain.at(-1);
    chain.push(
      issue({ common: `c${at}`, keys: createKeys(), issuer, term: TERM, isAuthority: true, extensions: [fill()] }),
    );
  }
  return chain.map(({ certificate }) => certificate).toReversed();
}

const TOO_LARGE = "a certificate in it has more than 64 KiB";
test.each<[string, () => Buffer[], string]>([
  ["3 MiB of noise", () => [randomBytes(3 * MIB - 1000)], TOO_LARGE],
  [
    "an extension of 2.9 MiB",
    () => [toStray(extension("1.2.3.4", octets(randomBytes(2.9 * MIB)))).certificate],
    TOO_LARGE,
  ],
  ["100,000 names", () => [toStray(toManyNames(100_000)).certificate], TOO_LARGE],
  ["100,000 extensions", () => [toStray(toManyExtensions(100_000)).certificate], TOO_LARGE],
  ["700,000 levels", () => [nest(700_000)], TOO_LARGE],
  ["17 certificates", () => Array.from({ length: 17 }, () => toStray().certificate), ""],
  ["16 certificates of 180 KiB, one above the other", () => toChain(180 * 1024), TOO_LARGE],
  ["16 certificates of 60 KiB, one above the other", () => toChain(60 * 1024), ""],
  ["as many names as fit", () => [toStray(toManyNames(2500)).certificate], ""],
  ["as many extensions as fit", () => [toStray(toManyExtensions(4500)).certificate], ""],
  ["as many levels as fit", () => [nest(16_000)], ""],
  ["a key of 16,384 bits with an exponent as long", () => [withKey(toRsa(2048, 2048))], ""],
  ["a key of 480,000 bits", () => [withKey(toRsa(60_000, 3))], ""],
  ["a key of 8 million bits", () => [withKey(toRsa(MIB, 3))], TOO_LARGE],
])(
  "%s",
  async (_, make, why) => {
    const bundle = bundleOf(make());
    expect(bundle.length, "bytes that a registry may give").toBeLessThanOrEqual(MAX_BLOB);
    const start = performance.now();
    expect(await judge(bundle)).toMatchObject([
      { outcome: "disbelieved", code: "SignatureInvalid", why: expect.stringContaining(why) },
    ]);
    expect(performance.now() - start, "milliseconds").toBeLessThan(30_000);
  },
  60_000,
);

/** What cosign wrote before it had bundles: the chain in an annotation of a manifest, which is read before it is judged. */
test.each<[string, () => Buffer[]]>([
  ["one of a megabyte", () => [toStray(toManyExtensions(100_000)).certificate]],
  ["as many as a manifest holds", () => Array<Buffer>(45).fill(toStray(toManyExtensions(4500)).certificate)],
])("an annotation with %s holds nothing up before it is judged", async (_, make) => {
  const toPem = (bytes: Buffer) =>
    `-----BEGIN CERTIFICATE-----\n${bytes.toString("base64")}\n-----END CERTIFICATE-----\n`;
  const annotations = {
    "dev.cosignproject.cosign/signature": "AAAA",
    "dev.sigstore.cosign/certificate": toPem(toStray().certificate),
    "dev.sigstore.cosign/chain": make().map(toPem).join(""),
  };
  const start = process.cpuUsage();
  const read = readLegacySignature(Buffer.from("{}"), annotations);
  expect(process.cpuUsage(start).user / 1000, "milliseconds of a core, unpacking alone").toBeLessThan(250);
  if (!("candidate" in read)) throw new Error(read.why);
  expect(await judge(read.candidate.bundle)).toMatchObject([{ code: "SignatureInvalid" }]);
});

test("after all of them, one that is as it should be is believed", async () => {
  const signer = issueSigner(WHO, TERM, authority);
  expect((await judge(bundleOf([signer.certificate], signer.key)))[0]?.outcome).toBe("believed");
});
