// What RFC 3161, 5652 and 5816 ask of a timestamp and of who made it, rule by rule; times as RFC 3161 §2.4.2 writes them.
import { describe, expect, test } from "vitest";
import { parseGeneralizedTime } from "../../../src/adapters/certificates/generalized-time.ts";
import { parseCertificate } from "../../../src/adapters/certificates/parsed-certificate.ts";
import { demandStamping } from "../../../src/adapters/certificates/path-rules.ts";
import { parseToken } from "../../../src/adapters/certificates/timestamp-token.ts";
import { findStampedMoment } from "../../../src/adapters/certificates/timestamps.ts";
import { createBelow, createRoot, LONG } from "../../corpus/authorities.ts";
import {
  createKeys,
  createTimestamper,
  extension,
  type Holder,
  issue,
  TIME_STAMPING,
  toCriticalPurposes,
  toPurposes,
} from "../../harness/sigstore/certificates.ts";
import { encode, generalizedTime, octets, oid, sequence } from "../../harness/sigstore/der.ts";
import {
  answerTimestamp,
  attribute,
  CONTENT_TYPE,
  MESSAGE_DIGEST,
  SIGNING_CERTIFICATE_V2,
  type StampWish,
  TIMESTAMP_INFO,
} from "../../harness/sigstore/timestamp.ts";

const AT = Date.parse("2026-12-01T12:00:00Z");
const root = createRoot();
const stamper = createTimestamper("stamps", LONG, root);
const parse = (wish: StampWish) => parseToken(answerTimestamp(stamper, Buffer.from("x"), AT, wish));
const textTime = (text: string) => encode(0x18, Buffer.from(text));

describe("a timestamp is read", () => {
  test.each<[string, StampWish, { from: number; until: number }]>([
    ["granted", {}, { from: AT, until: AT }],
    ["granted with modifications", { status: 1 }, { from: AT, until: AT }],
    ["to the tenth of a second", { fraction: ".5" }, { from: AT + 500, until: AT + 500 }],
    [
      "with an extension that need not be understood",
      { extensions: [extension("1.2.3.4", sequence())] },
      { from: AT, until: AT },
    ],
    ["by a clock that may be wrong by 70 s", { accuracy: 70 }, { from: AT - 70_000, until: AT + 70_000 }],
  ])("%s", (_, wish, moment) => {
    expect(parse(wish).moment).toEqual(moment);
  });
});

describe("a timestamp is refused", () => {
  const [DATA, ENVELOPED] = ["1.2.840.113549.1.7.1", "1.2.840.113549.1.7.3"];
  const NO_TYPE = "it has not exactly one type of content among its signed attributes";
  const NO_DIGEST = "it has not exactly one digest among its signed attributes";
  const NO_CERTIFICATE = "it has not exactly one signing certificate (ESSCertIDv2) among its signed attributes";
  test.each<[string, StampWish, string]>([
    ["rejected", { status: 2 }, "its authority did not grant it"],
    ["not signed but enveloped", { type: ENVELOPED }, "it is not signed"],
    ["over other data", { contentType: DATA }, "what it signs is no timestamp"],
    ["of a later version", { version: 2 }, "it says more than is understood"],
    [
      "with an extension that has to be understood",
      { extensions: [extension("1.2.3.4", sequence(), true)] },
      "it says more than is understood",
    ],
    ["signed twice", { signatures: 2 }, "it has not exactly one signature"],
    ["signed by nobody", { signatures: 0 }, "it has not exactly one signature"],
    ["without its type", { attributes: ([, digest, by]) => [digest, by] }, NO_TYPE],
    ["with its type twice", { attributes: ([type, ...others]) => [type, type, ...others] }, NO_TYPE],
    [
      "with two types in one",
      { attributes: ([, ...others]) => [attribute(CONTENT_TYPE, oid(TIMESTAMP_INFO), oid(DATA)), ...others] },
      NO_TYPE,
    ],
    [
      "with another type",
      { attributes: ([, ...others]) => [attribute(CONTENT_TYPE, oid(DATA)), ...others] },
      "what it signs is no timestamp",
    ],
    ["without a digest", { attributes: ([type, , by]) => [type, by] }, NO_DIGEST],
    [
      "with two digests",
      { attributes: ([type, digest, by]) => [type, digest, attribute(MESSAGE_DIGEST, octets(Buffer.alloc(32))), by] },
      NO_DIGEST,
    ],
    ["without who signed", { attributes: ([type, digest]) => [type, digest] }, NO_CERTIFICATE],
    ["without any attribute", { attributes: () => [] }, "it cannot be read"],
    ...[sequence(), sequence(sequence()), sequence(sequence(sequence()))].map((value): [string, StampWish, string] => [
      `with a list of signing certificates that is empty (${value.toString("hex")})`,
      { attributes: ([type, digest]) => [type, digest, attribute(SIGNING_CERTIFICATE_V2, value)] },
      "it does not say by which certificate it was made",
    ]),
    ["at a time of no zone", { time: textTime("20261201120000") }, "its time is none of RFC 3161"],
    ["at no time", { time: textTime("") }, "it cannot be read"],
  ])("%s", (_, wish, why) => {
    expect(() => parse(wish)).toThrow(`its timestamp does not hold: ${why}`);
  });
});

describe("whose timestamp counts", () => {
  const OVER = Buffer.from("x");
  const certificates = (...holders: readonly Holder[]) => holders.map(({ certificate }) => certificate);
  const look = (by: Holder, authorities: readonly Buffer[], now = AT) =>
    findStampedMoment({ tokens: [answerTimestamp(by, OVER, AT)], over: OVER }, { authorities, now });

  test("that of any of those who are named", async () => {
    const other = createTimestamper("others", LONG, root);
    expect(await look(stamper, certificates(root, other, stamper))).toMatchObject({ until: AT });
    expect(await look(stamper, certificates(root, stamper, other))).toMatchObject({ until: AT });
  });

  test("not of one whose authority is for something else", async () => {
    const signing = createBelow(root, "for code", { extensions: [toPurposes("1.3.6.1.5.5.7.3.3")] });
    const below = createTimestamper("stamps", LONG, signing);
    await expect(look(below, certificates(root, signing, below))).rejects.toThrow("is not for timestamps");
    const stamping = createBelow(root, "for timestamps", { extensions: [toPurposes(TIME_STAMPING)] });
    const fit = createTimestamper("stamps", LONG, stamping);
    expect(await look(fit, certificates(root, stamping, fit))).toMatchObject({ until: AT });
  });

  test("of a clock that is ahead by a minute, and no more", async () => {
    expect(await look(stamper, certificates(root, stamper), AT - 60_000)).toMatchObject({ until: AT });
    await expect(look(stamper, certificates(root, stamper), AT - 60_001)).rejects.toThrow("its time has not come");
  });
});

describe("a time", () => {
  test.each<[string, string]>([
    ["20261201120000Z", "2026-12-01T12:00:00.000Z"],
    ["20261201120000.1Z", "2026-12-01T12:00:00.100Z"],
    ["20261201120000.123Z", "2026-12-01T12:00:00.123Z"],
    ["20261201120000.1239Z", "2026-12-01T12:00:00.123Z"],
    ["20240229000000Z", "2024-02-29T00:00:00.000Z"],
  ])("%s is %s", (text, iso) => {
    expect(parseGeneralizedTime(text)).toBe(Date.parse(iso));
    if (text === "20261201120000Z") expect(generalizedTime(AT).subarray(2).toString(), "as it is encoded").toBe(text);
  });

  test.each([
    "",
    "20261201120000",
    "20261201120000+0100",
    "20261201120000.Z",
    "202612011200Z",
    "20261301120000Z",
    "20261201240000Z",
    "20261201126000Z",
    "20260229000000Z",
    "20260230000000Z",
    "20261201120000Z\n",
    " 20261201120000Z",
  ])("%j is none", (text) => {
    expect(parseGeneralizedTime(text)).toBeUndefined();
  });
});

describe("who makes timestamps (RFC 3161 §2.3)", () => {
  const FAULT = "its certificate is not for timestamps alone (a critical extended usage)";
  const purposes = toCriticalPurposes(TIME_STAMPING);
  const ask = (wish: Partial<Parameters<typeof issue>[0]>) => () => {
    const { certificate } = issue({
      common: "stamps",
      keys: createKeys(),
      issuer: root,
      term: LONG,
      isAuthority: false,
      extensions: [purposes],
      ...wish,
    });
    demandStamping(parseCertificate(certificate).pki);
  };

  test("has a certificate for them alone", () => {
    expect(ask({})).not.toThrow();
    expect(ask({ usage: "none" }), "without any usage").not.toThrow();
  });

  test.each<[string, Partial<Parameters<typeof issue>[0]>]>([
    ["is no authority", { isAuthority: true, usage: "signs documents" }],
    ["signs", { usage: "signs certificates and lists" }],
    ["says so critically", { extensions: [toPurposes(TIME_STAMPING)] }],
    ["makes nothing else", { extensions: [toCriticalPurposes(TIME_STAMPING, "1.3.6.1.5.5.7.3.3")] }],
    ["makes timestamps", { extensions: [toCriticalPurposes("1.3.6.1.5.5.7.3.3")] }],
    ["says what it makes", { extensions: [] }],
  ])("%s", (_, wish) => {
    expect(ask(wish)).toThrow(FAULT);
  });
});
