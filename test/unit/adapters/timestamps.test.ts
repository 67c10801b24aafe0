// Which timestamps count, and what becomes of certificates by them. The tokens are OpenSSL's (test/vectors/timestamps).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { findCertifiedSigner } from "../../../src/adapters/certificates/path.ts";
import { findStampedMoment } from "../../../src/adapters/certificates/timestamps.ts";
import { createRoot, createSigner, listRevoked, LONG } from "../../corpus/authorities.ts";
import { createTimestamper } from "../../harness/sigstore/certificates.ts";
import { answerTimestamp } from "../../harness/sigstore/timestamp.ts";

const FOLDER = fileURLToPath(new URL("../../vectors/timestamps/", import.meta.url));
const read = (name: string) => readFileSync(join(FOLDER, name));
const OVER = read("signature.bin");
/** What `openssl ts -reply -text` says of each. */
const TIMES = JSON.parse(read("times.json").toString()) as Record<string, string>;
const YEARS_LATER = Date.parse("2035-01-01T00:00:00Z");

const find = (tokens: readonly Buffer[], more: { authorities?: string[]; now?: number; over?: Buffer } = {}) => {
  const { authorities = ["stamp-root"], now = YEARS_LATER, over = OVER } = more;
  return findStampedMoment({ tokens, over }, { authorities: authorities.map((one) => read(`${one}.pem`)), now });
};
const at = (time = "", within = 0) => ({
  from: Date.parse(time) - within,
  until: Date.parse(time) + within,
  ends: [] as number[],
});

describe("a timestamp tells the moment that OpenSSL reads in it", () => {
  test.each<[string, string[], ReturnType<typeof at>]>([
    ["with-certificate", ["stamp-root"], at(TIMES["with-certificate"])],
    ["with-certificate", ["stamp-root", "stamp"], at(TIMES["with-certificate"])],
    ["without-certificate", ["stamp-root", "stamp"], at(TIMES["without-certificate"])],
    ["rsa", ["stamp-root"], at(TIMES["rsa"])],
    ["p384-sha256", ["stamp-root"], at(TIMES["p384-sha256"])],
    ["p384-sha384", ["stamp-root"], at(TIMES["p384-sha384"])],
    ["p521-sha512", ["stamp-root"], at(TIMES["p521-sha512"])],
    ["ess-sha384", ["stamp-root"], at(TIMES["ess-sha384"])],
    ["digits-1", ["stamp-root"], at(TIMES["digits-1"])],
    ["digits-2", ["stamp-root"], at(TIMES["digits-2"])],
    ["digits-3", ["stamp-root"], at(TIMES["digits-3"])],
    // 2.5 s and 100 µs, which are a millisecond at worst.
    ["accurate", ["stamp-root"], at(TIMES["accurate"], 2501)],
  ])("%s, with %j trusted", async (name, authorities, moment) => {
    expect(await find([read(`${name}.tsr`)], { authorities })).toStrictEqual(moment);
  });

  test("several tell the earliest and the latest", async () => {
    const tokens = [read("with-certificate.tsr"), read("accurate.tsr"), read("digits-3.tsr")];
    const all = (await Promise.all(tokens.map((one) => find([one])))).filter((one) => one !== undefined);
    expect(await find(tokens)).toStrictEqual({
      from: Math.min(...all.map(({ from }) => from)),
      until: Math.max(...all.map(({ until }) => until)),
      ends: [],
    });
  });
});

/** A timestamp with so many certificates of its authority. */
function withCertificates(count: number): Buffer {
  const stamper = createTimestamper("stamps", { from: 0, until: YEARS_LATER }, createRoot());
  return answerTimestamp(stamper, OVER, 0, { certificates: Array.from({ length: count }, () => stamper) });
}

describe("a timestamp does not hold", () => {
  const good = () => read("with-certificate.tsr");
  test.each<[string, () => Buffer[], RegExp, Parameters<typeof find>[1]?]>([
    ["over something else", () => [good()], /over something else/, { over: Buffer.from("x") }],
    ["of another authority of the same name", () => [read("by-another.tsr")], /is not trusted/],
    ["of an authority that was over when it stamped", () => [read("by-an-old-one.tsr")], /is not trusted/],
    [
      "by another authority than the one that is named",
      () => [good()],
      /than those that are named/,
      { authorities: ["stamp-root", "stamp-over"] },
    ],
    ["whose certificate nobody has", () => [read("without-certificate.tsr")], /nor the policy has the certificate/],
    ["over a SHA-1 digest", () => [read("sha1-imprint.tsr")], /a hash other than/],
    ["that names its certificate by SHA-1 alone", () => [read("ess-v1.tsr")], /ESSCertIDv2/],
    ["that is signed with SHA-1", () => [read("sha1-signature.tsr")], /a hash other than/],
    ["that was not granted", () => [read("not-granted.tsr")], /did not grant/],
    [
      "whose time has not come",
      () => [good()],
      /has not come/,
      { now: Date.parse(TIMES["with-certificate"] ?? "") - 60_001 },
    ],
    [
      "from a year that is not over, at worst",
      () => [read("vague.tsr")],
      /has not come/,
      { now: Date.parse(TIMES.vague ?? "") + 1 },
    ],
    [
      "too vague for its authority's term",
      () => [read("vague.tsr")],
      /the certificate of CN=Stamp does not begin before 2026-01-01T00:00:00Z/,
    ],
    ["beside one that does", () => [good(), read("by-another.tsr")], /is not trusted/],
    ["that is cut short", () => [good().subarray(0, -1)], /cannot be read/],
    ["that goes on", () => [Buffer.concat([good(), Buffer.from([0])])], /cannot be read/],
    ["that is none", () => [Buffer.from("{}")], /cannot be read/],
    ["that is empty", () => [Buffer.alloc(0)], /cannot be read/],
    ["that is longer than any", () => [Buffer.alloc(64 * 1024 + 1)], /longer than/],
    ["with more certificates than any chain has", () => [withCertificates(17)], /too many certificates/],
    ["one of too many", () => Array.from({ length: 5 }, good), /more than 4/],
  ])("%s", async (_, tokens, why, more) => {
    await expect(find(tokens(), more)).rejects.toThrow(why);
  });

  test("signed with SHA-1 over attributes of SHA-256", async () => {
    const stampRoot = createRoot();
    const stamper = createTimestamper("stamps", { from: 0, until: YEARS_LATER }, stampRoot);
    const authorities = [stamper, stampRoot].map(({ certificate }) => certificate);
    const ask = (isWeak: boolean) => {
      const token = answerTimestamp(stamper, OVER, Date.parse("2026-12-01"), { isWeak });
      return findStampedMoment({ tokens: [token], over: OVER }, { authorities, now: YEARS_LATER });
    };
    expect(await ask(false)).toBeDefined();
    await expect(ask(true)).rejects.toThrow(/signed in a way that is not supported/);
  });

  test("that was given and not granted", async () => {
    const bent = good();
    // PKIStatusInfo with the status granted, which becomes rejection.
    expect(bent.subarray(4, 9).toString("hex")).toBe("3003020100");
    bent.writeUInt8(2, 8);
    await expect(find([bent])).rejects.toThrow(/did not grant it/);
  });

  test("with another policy than was signed", async () => {
    const bent = good();
    // 1.2.3.4
    const policy = bent.indexOf(Buffer.from("06032a0304", "hex"));
    bent.writeUInt8(5, policy + 4);
    await expect(find([bent])).rejects.toThrow(/its authority did not make it/);
  });

  test("with any byte of it changed, or it tells the same", async () => {
    const [token, whole] = [good(), await find([good()])];
    for (let at = 0; at < token.length; at += 31) {
      const bent = Buffer.from(token);
      bent.writeUInt8((bent[at] ?? 0) ^ 0x01, at);
      const found = await find([bent]).catch((error: Error) => error.message);
      if (typeof found !== "string") expect(found, `byte ${at}`).toStrictEqual(whole);
      else expect(found, `byte ${at}`).toMatch(/^its timestamp does not hold: /);
    }
  });
});

test("nobody's timestamp is looked at where no authority is named", async () => {
  expect(await findStampedMoment({ tokens: [Buffer.from("x")], over: OVER }, { now: YEARS_LATER })).toBeUndefined();
  expect(await find([])).toBeUndefined();
});

describe("years later, a certificate", () => {
  const toDer = (name: string) =>
    Buffer.from(
      read(`${name}.pem`)
        .toString()
        .replaceAll(/-----[A-Z0-9 ]+-----|\s+/g, ""),
      "base64",
    );
  const judge = async (signer: string, stamp: string | undefined, crls?: Buffer[]) => {
    const stamped = stamp === undefined ? undefined : await find([read(`${stamp}.tsr`)]);
    return findCertifiedSigner([read(`${signer}.pem`)], {
      certificates: [read("root.pem")],
      now: YEARS_LATER,
      stamped,
      ...(crls === undefined ? {} : { crls }),
    });
  };

  test("counts without end where its signature was stamped in time", async () => {
    expect(await judge("signer", "with-certificate")).toMatchObject({ until: undefined });
  });

  test("counts as long as the list that keeps it", async () => {
    const judged = await judge("signer", "with-certificate", [toDer("list"), toDer("list-keeping")]);
    expect(judged.until).toBe(Date.parse(TIMES["list-keeping"] ?? ""));
  });

  test("does not count where its issuer's list may have dropped it", async () => {
    await expect(judge("signer", "with-certificate", [toDer("list")])).rejects.toThrow(/expiredCertsOnCRL/);
  });

  test.each([
    ["without a timestamp", "signer", undefined],
    ["that was over when its signature was stamped", "signer-over", "with-certificate"],
    ["that had not begun when its signature was stamped", "signer-later", "with-certificate"],
  ])("%s does not count", async (_, signer, stamp) => {
    await expect(judge(signer, stamp)).rejects.toThrow(/is not trusted/);
  });

  test.each([
    ["at its latest", 0, Date.parse("2027-01-01T00:00:01Z")],
    ["at its earliest", Date.parse("2026-10-31T23:59:59Z"), Date.parse("2026-12-01T00:00:00Z")],
  ])("does not count where the moment lies outside of its term %s", async (_, from, until) => {
    const trust = { certificates: [read("root.pem")], now: YEARS_LATER };
    const earliest = from === 0 ? Date.parse("2026-12-01T00:00:00Z") : from;
    const judged = findCertifiedSigner([read("signer.pem")], {
      ...trust,
      stamped: { from: earliest, until, ends: [] },
    });
    await expect(judged).rejects.toThrow(/is not trusted/);
  });
});

const fromPem = (pem: string) => Buffer.from(pem.replaceAll(/-----[A-Z0-9 ]+-----|\s+/g, ""), "base64");

test("what is stamped has to be asked anew when the first list runs out that acquits signer or authority", async () => {
  const [root, stampRoot] = [createRoot(), createRoot("stamps")];
  const stamper = createTimestamper("stamps", { from: 0, until: YEARS_LATER }, stampRoot);
  const [now, then] = [Date.parse("2027-01-01T00:00:00Z"), Date.parse("2026-12-01T00:00:00Z")];
  const token = answerTimestamp(stamper, OVER, then, { certificates: [stamper] });
  const judge = async (ofSigner: number, ofStamper: number) => {
    const lists = [listRevoked(root, [], { from: LONG.from, until: ofSigner })];
    lists.push(listRevoked(stampRoot, [], { from: LONG.from, until: ofStamper }));
    const crls = lists.map(fromPem);
    const stamped = await findStampedMoment(
      { tokens: [token], over: OVER },
      { authorities: [stampRoot.certificate], crls, now },
    );
    const certificates = [root.certificate];
    return findCertifiedSigner([createSigner(root).certificate], { certificates, crls, now, stamped });
  };
  const [soon, late] = [Date.parse("2027-01-02T00:00:00Z"), Date.parse("2027-03-01T00:00:00Z")];
  expect((await judge(late, soon)).until).toBe(soon);
  expect((await judge(soon, late)).until).toBe(soon);
});

test("a timestamp by a key that nobody can read is one that does not hold, and no fault of ours", async () => {
  const stranger = createTimestamper("stamps", { from: 0, until: YEARS_LATER }, createRoot("stranger"));
  const certificate = Buffer.from(stranger.certificate);
  // The algorithm of its key becomes one that there is not.
  certificate[certificate.indexOf(Buffer.from("06072a8648ce3d0201", "hex")) + 8] = 0x63;
  const bent = { ...stranger, certificate };
  await expect(find([answerTimestamp(bent, OVER, 0, { certificates: [bent] })])).rejects.toThrow(
    "its timestamp does not hold: the key of its authority may not sign: it cannot be read",
  );
});
