// A registry is hostile until proven otherwise: every lie and every fault ends in an error with a code.
import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { isRefusedAddress } from "../../../src/adapters/registry/addresses.ts";
import { mayReceive } from "../../../src/adapters/registry/authorization.ts";
import { createExchange } from "../../../src/adapters/registry/exchange.ts";
import { parseReference } from "../../../src/adapters/registry/reference.ts";
import { createRegistry } from "../../../src/adapters/registry/registry.ts";
import { type FaultyServer, sendJson, startFaultyServer } from "../../harness/http.ts";

const servers: FaultyServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

const hash = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
const CONFIG = { mediaType: "x", digest: hash("{}"), size: 2 };
const MANIFEST = JSON.stringify({ schemaVersion: 2, config: CONFIG, layers: [] });

type Answer = Parameters<typeof startFaultyServer>[0];

async function start(answer: Answer): Promise<FaultyServer> {
  const server = await startFaultyServer(answer);
  servers.push(server);
  return server;
}

async function open(answer: Answer, options: { trusted?: FaultyServer[]; timeoutMs?: number } = {}) {
  const server = await start(answer);
  const exchange = createExchange({
    insecureHosts: new Set([server.host, ...(options.trusted ?? []).map(({ host }) => host)]),
    credentials: (host) => (host === server.host ? [{ type: "password", username: "puller", password: "s3cret" }] : []),
    timeoutMs: options.timeoutMs ?? 3000,
  });
  return {
    server,
    exchange,
    registry: createRegistry(exchange),
    ref: { host: server.host, repository: "m", digest: hash(MANIFEST) },
  };
}

const send = (text: string) => (_: unknown, response: ServerResponse) => void response.end(text);

describe("reading", () => {
  test("what fits its digest is read", async () => {
    const { registry, ref } = await open(send(MANIFEST));
    expect(await registry.readByDigest(ref)).toMatchObject({ type: "manifest", digest: hash(MANIFEST) });
  });

  const endless: Answer = (_, response) => {
    const chunk = Buffer.alloc(1024 * 1024);
    const push = () => {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once("drain", push);
    };
    push();
  };
  const drip: Answer = (_, response) => {
    const timer = setInterval(() => response.write("x"), 50);
    response.once("close", () => clearInterval(timer));
  };
  let flips = 0;

  test.each<[string, Answer, string]>([
    ["other content", send(`${MANIFEST} `), "DigestMismatch"],
    [
      "now this, now that",
      (_, response) => void response.end((flips++ % 2 === 0 ? "x" : "y") + MANIFEST),
      "DigestMismatch",
    ],
    ["no end", endless, "TooLarge"],
    ["a byte at a time", drip, "TimedOut"],
    ["nothing", () => {}, "TimedOut"],
    ["a broken connection", (_, response) => void response.destroy(), "Unreachable"],
    ["404", (_, response) => sendJson(response, 404, {}), "NotFound"],
    ["429", (_, response) => sendJson(response, 429, {}), "RateLimited"],
    ["500", (_, response) => sendJson(response, 500, {}), "Failed"],
    [
      "401 for ever",
      (_, response) => sendJson(response, 401, {}, { "www-authenticate": 'Basic realm="x"' }),
      "Unauthorized",
    ],
    [
      "redirects in a circle",
      ({ line }, response) => void response.writeHead(307, { location: `${line.split(" ")[1]}x` }).end(),
      "Failed",
    ],
    [
      "a redirect to a metadata service",
      (_, response) => void response.writeHead(307, { location: "http://169.254.169.254/latest" }).end(),
      "AddressRefused",
    ],
    [
      "a redirect to a host without TLS",
      (_, response) => void response.writeHead(307, { location: "http://registry.example/x" }).end(),
      "AddressRefused",
    ],
  ])("%s", async (_, answer, code) => {
    const { registry, ref } = await open(answer, { timeoutMs: 700 });
    await expect(registry.readByDigest(ref)).rejects.toMatchObject({ code });
  });

  test.each([
    ["no JSON", "hello"],
    ["an array", "[]"],
    ["neither manifest nor index", "{}"],
    ["manifest and index at once", JSON.stringify({ config: CONFIG, layers: [], manifests: [] })],
    ["10,001 layers", JSON.stringify({ config: CONFIG, layers: Array.from({ length: 10_001 }, () => CONFIG) })],
    ["a digest that is none", JSON.stringify({ config: { ...CONFIG, digest: "sha256:../../x" }, layers: [] })],
  ])("%s", async (_, text) => {
    const { registry, ref } = await open(send(text));
    await expect(registry.readByDigest({ ...ref, digest: hash(text) })).rejects.toMatchObject({ code: "Malformed" });
  });

  test("a blob that is larger than it says is cut off", async () => {
    const { registry, ref } = await open(send("abc"));
    await expect(registry.readBlob(ref, { mediaType: "x", digest: hash("abc"), size: 2 })).rejects.toMatchObject({
      code: "TooLarge",
    });
    await expect(registry.readBlob(ref, { mediaType: "x", digest: hash("abc"), size: 1e9 })).rejects.toMatchObject({
      code: "TooLarge",
    });
  });

  test("too many referrers, and pages that lead elsewhere, are errors", async () => {
    const many = JSON.stringify({ manifests: Array.from({ length: 600 }, () => CONFIG) });
    const more = await open(
      ({ line }, response) =>
        void response.writeHead(200, { link: `<${line.split(" ")[1]}?n=1>; rel="next"` }).end(many),
    );
    await expect(more.registry.listReferrers(more.ref)).rejects.toMatchObject({ code: "TooLarge" });
    const away = await open(
      (_, response) =>
        void response
          .writeHead(200, { link: '<https://evil.example/v2/m/referrers/x>; rel="next"' })
          .end('{"manifests":[]}'),
    );
    await expect(away.registry.listReferrers(away.ref)).rejects.toMatchObject({ code: "Malformed" });
  });
});

describe("credentials", () => {
  test("go nowhere else by a redirect", async () => {
    const other = await start(send(MANIFEST));
    const { registry, ref, server } = await open(
      ({ headers, line }, response) =>
        headers.authorization === undefined
          ? sendJson(response, 401, {}, { "www-authenticate": 'Basic realm="x"' })
          : void response.writeHead(307, { location: `${other.url}${line.split(" ")[1]}` }).end(),
      { trusted: [other] },
    );
    await registry.readByDigest(ref);
    expect(server.requests.at(-1)?.headers.authorization).toMatch(/^Basic /);
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test("are not shown to a token service elsewhere, whose token is for this registry alone", async () => {
    const tokens = await start((_, response) => sendJson(response, 200, { token: "t" }));
    const { registry, ref, server } = await open(
      ({ headers }, response) =>
        headers.authorization === "Bearer t"
          ? void response.end(MANIFEST)
          : sendJson(
              response,
              401,
              {},
              { "www-authenticate": `Bearer realm="${tokens.url}/token",service="s",scope="repository:m:pull"` },
            ),
      { trusted: [tokens] },
    );
    await registry.readByDigest(ref);
    expect(tokens.requests.map(({ line, headers }) => [line, headers.authorization])).toEqual([
      ["GET /token?service=s&scope=repository%3Am%3Apull", undefined],
    ]);
    expect(server.requests).toHaveLength(2);
  });

  test.each([
    ["https://r.example", "https://r.example/token", true],
    ["https://registry-1.docker.io", "https://auth.docker.io/token", true],
    ["https://registry-1.docker.io", "http://auth.docker.io/token", false],
    ["https://registry-1.docker.io", "https://docker.io.evil.example/token", false],
    ["https://r.example", "https://evil.example/token", false],
    ["https://10.0.0.1", "https://10.0.0.2/token", false],
  ])("%s lets %s see them: %s", (registry, realm, expected) => {
    expect(mayReceive(new URL(realm), new URL(registry))).toBe(expected);
  });
});

test.each([
  ["127.0.0.1", false],
  ["10.0.0.1", false],
  ["8.8.8.8", false],
  ["169.254.169.254", true],
  ["::ffff:169.254.169.254", true],
  ["fe80::1", true],
  ["fd00:ec2::254", true],
  ["100.100.100.200", true],
  ["0.0.0.0", true],
  ["224.0.0.1", true],
  ["not an address", true],
])("address %s is refused: %s", (address, expected) => {
  expect(isRefusedAddress(address)).toBe(expected);
});

const D = `sha256:${"a".repeat(64)}`;
test.each<[string, object | undefined]>([
  [`r.example/a/b:v1@${D}`, { host: "r.example", repository: "a/b", digest: D }],
  [`r.example:5000/a@${D}`, { host: "r.example:5000", repository: "a", digest: D }],
  [`busybox@${D}`, { host: "registry-1.docker.io", repository: "library/busybox", digest: D }],
  [`a/b@${D}`, { host: "registry-1.docker.io", repository: "a/b", digest: D }],
  [`localhost/a@${D}`, { host: "localhost", repository: "a", digest: D }],
  ["r.example/a:v1", undefined],
  [`r.example/A@${D}`, undefined],
  [`R.example/a@${D}`, undefined],
  [`r.example/a/../b@${D}`, undefined],
  [`r.example/a%2fb@${D}`, undefined],
  [`r.example/a?x@${D}`, undefined],
  [`r.example/a@${D}@${D}`, undefined],
  [`r.example/a@sha512:${"a".repeat(128)}`, undefined],
  [`user:pw@r.example/a@${D}`, undefined],
  [`r.example/a:${"x".repeat(129)}@${D}`, undefined],
])("reference %s", (image, expected) => {
  expect(parseReference(image)).toEqual(expected);
});
