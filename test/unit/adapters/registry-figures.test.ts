// The figures of docs/registries.md are those of the code, and each bound lies exactly where it is said to lie.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { MAX_TOKEN } from "../../../src/adapters/registry/authorization.ts";
import { CONNECT_TIMEOUT_MS, MAX_HEADER_BYTES } from "../../../src/adapters/registry/connection.ts";
import { MAX_LISTED } from "../../../src/adapters/registry/documents.ts";
import { BUDGET_MS, createExchange, MAX_REDIRECTS, TIMEOUT_MS } from "../../../src/adapters/registry/exchange.ts";
import { MAX_ENTRIES, MAX_TRIED } from "../../../src/adapters/registry/pull-secrets.ts";
import { createRegistry, MAX_BLOB, MAX_MANIFEST, MAX_PAGES } from "../../../src/adapters/registry/registry.ts";
import { MAX_RETRY_AFTER_MS } from "../../../src/adapters/registry/retry-after.ts";
import { DEFAULT_RETRY_AFTER_MS } from "../../../src/adapters/registry/status.ts";
import {
  BYTES_PER_BREAKS,
  MAX_BREAKS,
  MAX_RESTARTS,
  STREAM_LIMITS,
} from "../../../src/adapters/registry/stream-blob.ts";
import { MAX_CONTAINERS, MAX_DEPTH, MAX_MEMBERS, parseDocument } from "../../../src/adapters/registry/strict-json.ts";
import { MAX_TOKEN_BYTES } from "../../../src/adapters/registry/tokens.ts";
import { MAX_CERTIFICATE, MAX_CHAIN } from "../../../src/adapters/signatures/bundle.ts";
import { MAX_OF_NAMESPACE, MAX_UNDER_WAY } from "../../../src/controllers/verification/looks.ts";
import { type Reply, send, startHostileRegistry, stopHostileRegistries } from "../../harness/hostile-registry.ts";

afterEach(stopHostileRegistries);

const DOCS = readFileSync(fileURLToPath(new URL("../../../docs/registries.md", import.meta.url)), "utf8");
/** Its sentences, wherever their lines end. */
const FLOWING = DOCS.replaceAll(/\s+/g, " ");

const KIB = 1024;
const MIB = 1024 * KIB;
const seconds = (ms: number) => `${ms / 1000} s`;
const kib = (bytes: number) => `${bytes / KIB} KiB`;
const many = (count: number) => (count >= 10_000 ? count.toLocaleString("en") : String(count));

test.each([
  ["time of one read, all together", seconds(TIMEOUT_MS)],
  ["time to resolve, connect and agree on TLS, within that", seconds(CONNECT_TIMEOUT_MS)],
  ["time of all reads of one look at an artifact", seconds(BUDGET_MS)],
  ["redirects of one read", String(MAX_REDIRECTS)],
  ["headers and trailers", kib(MAX_HEADER_BYTES)],
  ["answer of a token service; the token", `${kib(MAX_TOKEN_BYTES)}; ${kib(MAX_TOKEN)}`],
  ["credentials that are tried for one read", String(MAX_TRIED)],
  ["referrers; pages of them", `${MAX_LISTED}; ${MAX_PAGES}`],
  [
    "depth of JSON; objects and lists; members of one object",
    [MAX_DEPTH, MAX_CONTAINERS, MAX_MEMBERS].map(many).join("; "),
  ],
  ["certificates of one signature; bytes of one", `${MAX_CHAIN}; ${kib(MAX_CERTIFICATE)}`],
])("%s: %s", (what, most) => {
  expect(DOCS).toContain(`| ${what} | ${most} |`);
});

test.each([
  ["one document", `${MAX_MANIFEST / MIB} MiB, and no more than a blob's descriptor says`],
  ["one blob in memory", `small blob | ${MAX_BLOB / MIB} MiB`],
  ["the pace of a stream", `each MiB has to come within ${seconds(STREAM_LIMITS.pace.ms)} of waiting for it`],
  ["breaks of a stream", `up to ${MAX_BREAKS} times in a row, counted anew after ${BYTES_PER_BREAKS / MIB} MiB`],
  [
    "waits of a stream",
    `waits from ${seconds(STREAM_LIMITS.resumeWaitMs)} to ${Math.floor((STREAM_LIMITS.resumeWaitMs * 4 ** (MAX_BREAKS - 1)) / 1000)} s`,
  ],
  [
    "rates",
    `a \`429\` that does not, ${seconds(DEFAULT_RETRY_AFTER_MS)}; at most ${MAX_RETRY_AFTER_MS / 60_000} minutes`,
  ],
  ["looks", `at most ${MAX_OF_NAMESPACE} of one namespace and ${MAX_UNDER_WAY} in all`],
  ["entries of a pull secret", `more than ${MAX_ENTRIES} entries`],
])("%s: %s", (_, sentence) => {
  expect(FLOWING).toContain(sentence);
});

test("a server that cannot go on may begin anew twice", () => {
  expect(MAX_RESTARTS).toBe(2);
  expect(FLOWING).toContain("may begin anew twice");
});

describe("JSON", () => {
  const members = (count: number) => `{${Array.from({ length: count }, (_, n) => `"a${n}":1`).join(",")}}`;
  const lists = (count: number) => `[${"[],".repeat(count - 2)}[]]`;
  const levels = (count: number) => "[".repeat(count) + "]".repeat(count);
  test.each([
    ["levels", levels, MAX_DEPTH],
    ["objects and lists", lists, MAX_CONTAINERS],
    ["members of one object", members, MAX_MEMBERS],
  ])("%s are bounded exactly", (_, make, most) => {
    expect(() => parseDocument(Buffer.from(make(most)), "x")).not.toThrow();
    expect(() => parseDocument(Buffer.from(make(most + 1)), "x")).toThrow(/ambiguous/);
  });

  const fill = (piece: string, count: number) => Buffer.from(`[${`${piece},`.repeat(count - 1)}${piece}]`);
  test.each([
    ["objects of one member", fill('{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa":1}', MAX_CONTAINERS - 1)],
    ["numbers", fill("1", 2 * MIB - 1)],
    ["empty texts", fill('""', Math.floor((4 * MIB) / 3) - 1)],
    ["backslashes", Buffer.from(`["${"\\\\".repeat(2 * MIB - 3)}"]`)],
    ["quotes", Buffer.from(`["${'\\"'.repeat(2 * MIB - 3)}"]`)],
    ["space", Buffer.from(`{"a"${" ".repeat(4 * MIB - 7)}:1}`)],
  ])("4 MiB of %s take less than a second of a core", (_, bytes) => {
    expect(bytes.length).toBeGreaterThan(3.3 * MIB);
    expect(bytes.length).toBeLessThanOrEqual(MAX_MANIFEST);
    const start = process.cpuUsage();
    parseDocument(bytes, "x");
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000, "milliseconds").toBeLessThan(1000);
  });
});

describe("a read", () => {
  const MANIFEST = JSON.stringify({
    config: { mediaType: "x", digest: `sha256:${"a".repeat(64)}`, size: 2 },
    layers: [],
  });
  const DIGEST = `sha256:${createHash("sha256").update(MANIFEST).digest("hex")}`;
  const read = async (reply: Reply) => {
    const { host } = await startHostileRegistry(reply);
    const exchange = createExchange({ insecureHosts: new Set([host]), credentials: () => [] });
    return createRegistry(exchange).readByDigest({ host, repository: "m", digest: DIGEST });
  };
  const after =
    (redirects: number): Reply =>
    (response, asked) =>
      (asked.number < redirects ? send("", { location: `/x${asked.number}` }, 307) : send(MANIFEST))(response, asked);
  const withHeaders = (bytes: number) => send(MANIFEST, { x: "x".repeat(bytes) });

  test("follows as many redirects as are said", async () => {
    expect(await read(after(MAX_REDIRECTS))).toMatchObject({ digest: DIGEST });
    await expect(read(after(MAX_REDIRECTS + 1))).rejects.toMatchObject({ code: "Failed" });
  });

  test("takes as many bytes of headers as are said", async () => {
    expect(await read(withHeaders(MAX_HEADER_BYTES - KIB))).toMatchObject({ digest: DIGEST });
    await expect(read(withHeaders(MAX_HEADER_BYTES))).rejects.toMatchObject({ code: "TooLarge" });
  });
});
