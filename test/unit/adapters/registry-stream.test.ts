// Blobs of any size, read piece by piece: never more than they say, checked at the end, taken up where they broke off.
import { createHash } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { createExchange } from "../../../src/adapters/registry/exchange.ts";
import { createRegistry } from "../../../src/adapters/registry/registry.ts";
import {
  drip,
  flood,
  type Reply,
  send,
  startHostileRegistry,
  stopHostileRegistries,
} from "../../harness/hostile-registry.ts";

afterEach(stopHostileRegistries);

const MIB = 1024 * 1024;
const BLOB = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) % 251));
const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const DIGEST = digestOf(BLOB);
const PATH = `/v2/m/blobs/${DIGEST}`;
const DESCRIPTOR = { mediaType: "x", digest: DIGEST, size: BLOB.length };

async function open(reply: Reply, patienceMs = 10_000) {
  const server = await startHostileRegistry({ [PATH]: reply });
  const exchange = createExchange({
    insecureHosts: new Set([server.host]),
    credentials: () => [],
    timeoutMs: patienceMs,
  });
  const registry = createRegistry(exchange, { pace: { bytes: 1000, ms: patienceMs }, resumeWaitMs: 1 });
  const ref = { host: server.host, repository: "m", digest: DIGEST };
  return { server, exchange, stream: (blob = DESCRIPTOR) => registry.streamBlob(ref, blob) };
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Sends the first bytes of what was asked for, then breaks the connection. */
const breakAfter =
  (bytes: number, headers: Record<string, string> = {}): Reply =>
  (response) => {
    response.writeHead(200, { "content-length": String(BLOB.length), ...headers });
    response.write(BLOB.subarray(0, bytes), () => response.destroy());
  };

const firstOf = ({ headers }: { headers: { range?: string | undefined } }) =>
  Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);

/** Goes on from where it is asked to. */
const goOn: Reply = (response, asked) => {
  const from = firstOf(asked);
  response
    .writeHead(206, { "content-range": `bytes ${from}-${BLOB.length - 1}/${BLOB.length}` })
    .end(BLOB.subarray(from));
};

describe("streaming a blob", () => {
  test("gives its bytes", async () => {
    const { stream } = await open(send(BLOB));
    expect((await readAll(stream())).equals(BLOB)).toBe(true);
  });

  test("gives an empty blob", async () => {
    const digest = digestOf(Buffer.alloc(0));
    const server = await startHostileRegistry({ [`/v2/m/blobs/${digest}`]: send("") });
    const exchange = createExchange({ insecureHosts: new Set([server.host]), credentials: () => [] });
    const ref = { host: server.host, repository: "m", digest };
    expect(await readAll(createRegistry(exchange).streamBlob(ref, { mediaType: "x", digest, size: 0 }))).toEqual(
      Buffer.alloc(0),
    );
  });

  const other = Buffer.from(BLOB.map((byte, index) => (index === 299_999 ? byte ^ 1 : byte)));
  test.each<[string, Reply, string]>([
    ["one other bit at the end", send(other), "DigestMismatch"],
    ["less, and says so", send(BLOB.subarray(1)), "DigestMismatch"],
    ["less, in chunks", (response) => void response.write(BLOB.subarray(1), () => response.end()), "DigestMismatch"],
    [
      "more, says so and waits",
      (response) => response.writeHead(200, { "content-length": "300001" }).flushHeaders(),
      "TooLarge",
    ],
    ["more, and says so", send(Buffer.concat([BLOB, BLOB])), "TooLarge"],
    [
      "more, in chunks",
      (response) => void response.write(Buffer.concat([BLOB, BLOB]), () => response.end()),
      "TooLarge",
    ],
    ["no end", (response) => flood(response), "TooLarge"],
    ["a little now and then", (response) => drip(response), "TimedOut"],
    ["no answer", () => {}, "TimedOut"],
    ["a part that nobody asked for", (response) => void response.writeHead(206).end(BLOB), "Failed"],
    ["404", send("", {}, 404), "NotFound"],
  ])("%s is an error at the latest after the last piece", async (_, reply, code) => {
    const { stream, server } = await open(reply, code === "TimedOut" ? 300 : 10_000);
    await expect(readAll(stream())).rejects.toMatchObject({ name: "RegistryError", code });
    expect(server.sentBytes(), "bytes that the server got rid of, kernel buffers included").toBeLessThan(16 * MIB);
  });

  test("a slow reader is not a slow registry", async () => {
    const { stream } = await open(send(BLOB), 500);
    let received = 0;
    for await (const piece of stream()) {
      // Longer than the pace allows, once.
      if (received === 0) await new Promise((ok) => setTimeout(ok, 600));
      received += piece.length;
    }
    expect(received).toBe(BLOB.length);
  });

  test("who stops reading stops the server", async () => {
    const size = 1e12;
    const { stream, server } = await open((response) => flood(response));
    for await (const piece of stream({ ...DESCRIPTOR, size })) {
      if (piece.length > 0) break;
    }
    expect(server.sentBytes()).toBeLessThan(16 * MIB);
  });
});

describe("a broken connection", () => {
  test("is taken up where it broke, and the digest is that of the whole", async () => {
    const { stream, server } = await open((response, asked) =>
      (asked.number === 0 ? breakAfter(100_000) : goOn)(response, asked),
    );
    expect((await readAll(stream())).equals(BLOB)).toBe(true);
    expect(server.requests).toHaveLength(2);
    const from = firstOf(server.requests[1] ?? { headers: {} });
    expect(from).toBeGreaterThan(0);
    expect(from).toBeLessThanOrEqual(100_000);
  });

  test("does not let other bytes in", async () => {
    const { stream } = await open((response, asked) => {
      if (asked.number === 0) return breakAfter(100_000)(response, asked);
      const from = firstOf(asked);
      const range = { "content-range": `bytes ${from}-${BLOB.length - 1}/${BLOB.length}` };
      response.writeHead(206, range).end(other().subarray(from));
    });
    await expect(readAll(stream())).rejects.toMatchObject({ code: "DigestMismatch" });
  });

  const other = () => Buffer.from(BLOB.map((byte, index) => (index === 299_999 ? byte ^ 1 : byte)));

  test.each<[string, Reply]>([
    ["answers with the whole again", (response, asked) => send(BLOB)(response, asked)],
    [
      "answers with another range",
      (response, asked) =>
        firstOf(asked) === 0
          ? send(BLOB)(response, asked)
          : void response
              .writeHead(206, { "content-range": `bytes 5-${BLOB.length - 1}/${BLOB.length}` })
              .end(BLOB.subarray(5)),
    ],
    [
      "answers with a range of a larger blob",
      (response, asked) =>
        firstOf(asked) === 0
          ? send(BLOB)(response, asked)
          : void response
              .writeHead(206, { "content-range": `bytes ${firstOf(asked)}-${BLOB.length - 1}/900000` })
              .end("x"),
    ],
    [
      "has no such range",
      (response, asked) => (firstOf(asked) === 0 ? send(BLOB) : send("", {}, 416))(response, asked),
    ],
  ])("is begun anew where the server %s", async (_, reply) => {
    const { stream } = await open((response, asked) =>
      (asked.number === 0 ? breakAfter(100_000) : reply)(response, asked),
    );
    expect((await readAll(stream())).equals(BLOB), "each byte once").toBe(true);
  });

  test("is given up when the server only ever begins anew", async () => {
    const { stream, server } = await open(breakAfter(100_000));
    await expect(readAll(stream())).rejects.toMatchObject({ code: "Failed" });
    expect(server.requests).toHaveLength(4);
  });

  test("is given up after five breaks in a row", async () => {
    const { stream, server } = await open((response, asked) => {
      if (asked.number === 0) return breakAfter(1000)(response, asked);
      const from = firstOf(asked);
      response.writeHead(206, { "content-range": `bytes ${from}-${BLOB.length - 1}/${BLOB.length}` });
      response.write(BLOB.subarray(from, from + 1000), () => response.destroy());
    });
    await expect(readAll(stream())).rejects.toMatchObject({ code: "Unreachable" });
    expect(server.requests).toHaveLength(6);
  });

  test("is not taken up where nothing came yet", async () => {
    const { stream, server } = await open((response) => void response.destroy());
    await expect(readAll(stream())).rejects.toMatchObject({ code: "Unreachable" });
    expect(server.requests).toHaveLength(1);
  });
});
