// What a log's entry has to say of the key of a bundle, in every form that Rekor v1 and v2 write, and what its proof may not
// contradict. Forms: rekor/pkg/types of Rekor v1, rekor_v2's entry types in protobuf-specs.
import type { TransparencyLogEntry } from "@sigstore/bundle";
import { describe, expect, test } from "vitest";
import { demandConsistentProof } from "../../../src/adapters/sigstore/inclusion-proof.ts";
import { demandSameKey, type OwnKey } from "../../../src/adapters/sigstore/log-entry.ts";
import { createWorld } from "../../corpus/sigstore.ts";
import { findRefusal } from "../../harness/refusals.ts";
import { createKeys, type Holder, type Keys } from "../../harness/sigstore/certificates.ts";
import { toPem } from "../../harness/sigstore.ts";
import { createPublicKey, X509Certificate } from "node:crypto";

const world = createWorld();
const keys = createKeys();
const own = world.certify(keys);
/** Another certificate for the same key. */
const again = world.certify(keys);
const other = world.certify(createKeys());

const base64 = (bytes: Buffer | string) => Buffer.from(bytes).toString("base64");
const toPublic = ({ spki }: Keys) => createPublicKey({ key: spki, type: "spki", format: "der" });

/** What an entry names: a certificate, or a key alone. */
type Named = { certificate: Buffer } | { spki: Buffer };
const byCertificate = ({ certificate }: Holder): Named => ({ certificate });
const byKey = ({ spki }: Keys): Named => ({ spki });

const toText = (named: Named) =>
  base64(
    "certificate" in named
      ? toPem(named.certificate)
      : createPublicKey({ key: named.spki, type: "spki", format: "der" }).export({ type: "spki", format: "pem" }),
  );
const toVerifier = (named: Named) =>
  "certificate" in named
    ? { x509Certificate: { rawBytes: base64(named.certificate) }, keyDetails: "PKIX_ECDSA_P256_SHA_256" }
    : { publicKey: { rawBytes: base64(named.spki) }, keyDetails: "PKIX_ECDSA_P256_SHA_256" };

const one = ([named]: readonly Named[]) => {
  if (named === undefined) throw new Error("this form names one");
  return named;
};
const SINGLE: [string, string, (named: readonly Named[]) => object][] = [
  ["hashedrekord", "0.0.1", (named) => ({ signature: { publicKey: { content: toText(one(named)) } } })],
  ["hashedrekord", "0.0.2", (named) => ({ hashedRekordV002: { signature: { verifier: toVerifier(one(named)) } } })],
];
const SEVERAL: [string, string, (named: readonly Named[]) => object][] = [
  ["dsse", "0.0.1", (named) => ({ signatures: named.map((of) => ({ verifier: toText(of) })) })],
  [
    "intoto",
    "0.0.2",
    (named) => ({ content: { envelope: { signatures: named.map((of) => ({ publicKey: toText(of) })) } } }),
  ],
  ["dsse", "0.0.2", (named) => ({ dsseV002: { signatures: named.map((of) => ({ verifier: toVerifier(of) })) } })],
];

const toEntry = (kind: string, version: string, body: unknown) =>
  ({
    kindVersion: { kind, version },
    canonicalizedBody: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
  }) as TransparencyLogEntry;

const BY_CERTIFICATE: OwnKey = { certificate: new X509Certificate(own.certificate) };
const BY_KEY: OwnKey = { key: toPublic(keys) };
const ANOTHER = "LogEntryMismatch: its log entry is about another key or certificate";

describe.each([...SINGLE, ...SEVERAL])("an entry of type %s/%s", (kind, version, toSpec) => {
  const ask = (named: readonly Named[], mine: OwnKey) =>
    findRefusal(() => demandSameKey(toEntry(kind, version, { spec: toSpec(named) }), mine));

  test("vouches for the certificate that it names", () => {
    expect(ask([byCertificate(own)], BY_CERTIFICATE)).toBeUndefined();
  });
  test("vouches for the key that it names, with a certificate and without", () => {
    expect(ask([byKey(keys)], BY_KEY)).toBeUndefined();
    expect(ask([byKey(keys)], BY_CERTIFICATE)).toBeUndefined();
  });
  test("does not vouch for another certificate, be it for the same key", () => {
    expect(ask([byCertificate(again)], BY_CERTIFICATE)).toBe(ANOTHER);
    expect(ask([byCertificate(other)], BY_CERTIFICATE)).toBe(ANOTHER);
  });
  test("does not vouch for another key", () => {
    expect(ask([byKey(other)], BY_KEY)).toBe(ANOTHER);
    expect(ask([byKey(other)], BY_CERTIFICATE)).toBe(ANOTHER);
  });
  test("does not vouch for a key alone where it names a certificate", () => {
    expect(ask([byCertificate(own)], BY_KEY)).toBe(ANOTHER);
  });
  test("vouches for nothing where it cannot be read", () => {
    const broken = `LogEntryMismatch: its log entry is no ${kind}/${version}`;
    const garbled = { certificate: Buffer.from("no certificate") };
    expect(ask([garbled], BY_CERTIFICATE)).toBe(broken);
    expect(ask([{ ...garbled, spki: keys.spki }], BY_CERTIFICATE)).toBe(broken);
    for (const body of [{ spec: {} }, {}, "{", { spec: null }]) {
      expect(findRefusal(() => demandSameKey(toEntry(kind, version, body), BY_CERTIFICATE))).toBe(broken);
    }
  });
});

describe.each(SEVERAL)("an entry of type %s/%s", (kind, version, toSpec) => {
  const ask = (named: readonly Named[]) =>
    findRefusal(() => demandSameKey(toEntry(kind, version, { spec: toSpec(named) }), BY_CERTIFICATE));

  test("vouches for nobody where it names several", () => {
    expect(ask([byCertificate(own), byCertificate(own)])).toBe(ANOTHER);
    expect(ask([byCertificate(own), byCertificate(other)])).toBe(ANOTHER);
  });
  test("vouches for nobody where it names none", () => {
    expect(ask([])).toBe(`LogEntryMismatch: its log entry is no ${kind}/${version}`);
  });
});

test.each([
  ["hashedrekord", "0.0.3"],
  ["rekord", "0.0.1"],
  ["intoto", "0.0.1"],
  ["toString", ""],
  ["", ""],
])("an entry of type %s/%s is not supported", (kind, version) => {
  expect(findRefusal(() => demandSameKey(toEntry(kind, version, {}), BY_CERTIFICATE))).toBe(
    `LogEntryMismatch: log entries of type ${kind}/${version} are not supported`,
  );
});

test("an entry with more values than any has is not read", () => {
  const spec = { signature: { publicKey: { content: toText(byCertificate(own)) } } };
  const padded = (count: number) => toEntry("hashedrekord", "0.0.1", { spec, more: Array(count).fill(0) });
  expect(findRefusal(() => demandSameKey(padded(900), BY_CERTIFICATE))).toBeUndefined();
  expect(findRefusal(() => demandSameKey(padded(1000), BY_CERTIFICATE))).toContain("is no hashedrekord/0.0.1");
});

test("an entry that says one thing twice is not read", () => {
  const { signature } = { signature: { publicKey: { content: toText(byCertificate(own)) } } };
  const body = `{"spec":{},"spec":${JSON.stringify({ signature })}}`;
  expect(findRefusal(() => demandSameKey(toEntry("hashedrekord", "0.0.1", body), BY_CERTIFICATE))).toContain("is no");
});

describe("a proof", () => {
  const ROOT = Buffer.alloc(32, 7);
  const proof = (change: object = {}, entry: object = {}) =>
    ({
      kindVersion: { kind: "hashedrekord", version: "0.0.2" },
      logIndex: "5",
      inclusionProof: {
        logIndex: "5",
        treeSize: "9",
        rootHash: ROOT,
        hashes: [],
        checkpoint: { envelope: `log.example\n9\n${ROOT.toString("base64")}\n\n— log.example AAAA\n` },
        ...change,
      },
      ...entry,
    }) as unknown as TransparencyLogEntry;
  const ask = (entry: TransparencyLogEntry) => findRefusal(() => demandConsistentProof(entry));
  const against = (what: string) => `LogEntryMismatch: its inclusion proof contradicts ${what}`;

  test("that says what its checkpoint and its entry say is consistent", () => {
    expect(ask(proof())).toBeUndefined();
  });
  test("that is not there contradicts nothing", () => {
    expect(ask(proof({}, { inclusionProof: undefined }))).toBeUndefined();
  });
  test("of another size than its checkpoint's is refused", () => {
    expect(ask(proof({ treeSize: "10" }))).toBe(against("the size of its checkpoint"));
  });
  test("with another root than its checkpoint's is refused", () => {
    expect(ask(proof({ rootHash: Buffer.alloc(32, 8) }))).toBe(against("the root hash of its checkpoint"));
  });
  test.each([
    ["without a checkpoint", undefined],
    ["with an empty one", { envelope: "" }],
    ["with one line", { envelope: "log.example" }],
  ])("%s is refused", (_, checkpoint) => {
    expect(ask(proof({ checkpoint }))).toBe(against("the size of its checkpoint"));
    expect(ask(proof({ checkpoint, treeSize: "" }))).toBe(against("the root hash of its checkpoint"));
  });
  test("of Rekor v2 has the index of its entry", () => {
    const index = against("the index of its log entry");
    expect(ask(proof({ logIndex: "6" }))).toBe(index);
    expect(ask(proof({ logIndex: "6" }, { kindVersion: { kind: "dsse", version: "0.0.2" } }))).toBe(index);
  });
  test("of Rekor v1 counts within its shard", () => {
    for (const kindVersion of [
      { kind: "hashedrekord", version: "0.0.1" },
      { kind: "intoto", version: "0.0.2" },
    ]) {
      expect(ask(proof({ logIndex: "6" }, { kindVersion }))).toBeUndefined();
    }
  });
});
