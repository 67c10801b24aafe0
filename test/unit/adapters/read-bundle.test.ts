// A bundle has one spelling: what another reader would decode to the same bytes, or to others, is none; and what is wrong is
// said by its place.
import { beforeAll, expect, test } from "vitest";
import { readBundle } from "../../../src/adapters/sigstore/read-bundle.ts";
import { findRefusal } from "../../harness/refusals.ts";
import { createSigstore } from "../../harness/sigstore.ts";

const WHO = { identity: "ml@acme.example", issuer: "https://accounts.acme.example" };
type Json = Record<string, unknown>;

let blob = "";
let statement = "";
beforeAll(async () => {
  const sigstore = await createSigstore();
  blob = await sigstore.signBlob(Buffer.from("x"), WHO);
  statement = await sigstore.signStatement(
    { _type: "https://in-toto.io/Statement/v1", subject: [], predicateType: "x" },
    WHO,
  );
});

const findFault = (bundle: string) => findRefusal(() => readBundle(Buffer.from(bundle)));

/** The bundle with every text of that name, or of a list of that name, spelt otherwise. */
const respell = (bundle: string, name: string, spell: (text: string) => string) =>
  JSON.stringify(JSON.parse(bundle), (key, value: unknown) => {
    if (key !== name) return value;
    if (Array.isArray(value)) return value.map((one: unknown) => (typeof one === "string" ? spell(one) : one));
    return typeof value === "string" ? spell(value) : value;
  });

test("both kinds are read as they are", () => {
  expect([findFault(blob), findFault(statement)]).toEqual([undefined, undefined]);
});

test.each([
  "canonicalizedBody",
  "digest",
  "hashes",
  "keyId",
  "payload",
  "rawBytes",
  "rootHash",
  "sig",
  "signature",
  "signedEntryTimestamp",
  "signedTimestamp",
])("%s has one spelling", (name) => {
  const bundle = blob.includes(`"${name}"`) ? blob : statement;
  const spellings = [(text: string) => `${text}\n`, (text: string) => `${text}!`, (text: string) => ` ${text}`];
  for (const spell of spellings) {
    const bent = respell(bundle, name, spell);
    expect(bent, "it is there").not.toBe(JSON.stringify(JSON.parse(bundle)));
    expect(findFault(bent)).toBe(`BundleBroken: ${name} is not in canonical base64`);
  }
});

test.each<[string, (bundle: Json) => unknown, string]>([
  ["no JSON", () => "{", "it is no JSON: "],
  ["no object", () => [], "it is not as a bundle has it"],
  ["two contents", (bundle) => ({ ...bundle, dsseEnvelope: {} }), "it has two contents"],
  [
    "another version",
    (bundle) => ({ ...bundle, mediaType: "application/json" }),
    "mediaType is not as a bundle has it",
  ],
  [
    "too long a chain",
    (bundle) => ({
      ...bundle,
      verificationMaterial: { x509CertificateChain: { certificates: Array.from({ length: 40 }, () => ({})) } },
    }),
    "verificationMaterial.x509CertificateChain.certificates is not as a bundle has it",
  ],
  [
    "neither key nor certificate",
    (bundle) => ({ ...bundle, verificationMaterial: {} }),
    "it names not exactly one key or certificate",
  ],
  ["no content", (bundle) => ({ ...bundle, messageSignature: undefined }), "invalid bundle"],
])("%s is told", (_, bend, why) => {
  const bent = bend(JSON.parse(blob) as Json);
  const told = findFault(typeof bent === "string" ? bent : JSON.stringify(bent));
  expect(told?.startsWith(`BundleBroken: ${why}`), told).toBe(true);
});
