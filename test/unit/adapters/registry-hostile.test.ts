// A registry that lies, floods and drips: each ends with a RegistryError and its code, in bounded time, and the server
// gets rid of a bounded number of bytes. docs/registries.md states the figures.
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { createExchange } from "../../../src/adapters/registry/exchange.ts";
import { createRegistry } from "../../../src/adapters/registry/registry.ts";
import {
  type Asked,
  drip,
  flood,
  type HostileRegistry,
  type Reply,
  send,
  startHostileRegistry,
  startRawRegistry,
  stopHostileRegistries,
} from "../../harness/hostile-registry.ts";

afterEach(stopHostileRegistries);

const MIB = 1024 * 1024;
/** What the kernel takes off a server's hands before anybody reads: buffers of both ends of a loopback connection. */
const KERNEL = 12 * MIB;
/** What one read may hold. */
const MAX_MANIFEST = 4 * MIB;
/** Milliseconds that a read has where its end is waited for, and where it ends by something else. */
const TIMEOUT_MS = 400;
const PATIENCE_MS = 10_000;

const patienceFor = (code: string) => (code === "TimedOut" ? TIMEOUT_MS : PATIENCE_MS);

const hash = (bytes: string | Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const CONFIG = { mediaType: "x", digest: hash("{}"), size: 2 };
const MANIFEST = JSON.stringify({ schemaVersion: 2, config: CONFIG, layers: [] });
const DIGEST = hash(MANIFEST);
const PATH = `/v2/m/manifests/${DIGEST}`;
const REFERRERS = `/v2/m/referrers/${DIGEST}`;

interface Options {
  /** Others that are asked without TLS. */
  trusted?: HostileRegistry[];
  timeoutMs?: number;
}

function openOn(server: HostileRegistry, { trusted = [], timeoutMs = PATIENCE_MS }: Options = {}) {
  const exchange = createExchange({
    insecureHosts: new Set([server, ...trusted].map(({ host }) => host)),
    credentials: (host) => (host === server.host ? [{ type: "password", username: "puller", password: "s3cret" }] : []),
    timeoutMs,
  });
  return { registry: createRegistry(exchange), ref: { host: server.host, repository: "m", digest: DIGEST } };
}

const open = async (script: Reply | Record<string, Reply>, options: Options = {}) => {
  const server = await startHostileRegistry(script);
  return { server, ...openOn(server, options) };
};

/** Expects the code; that time is up, soon after it was. */
async function expectCode(read: Promise<unknown>, code: string): Promise<void> {
  const start = performance.now();
  await expect(read).rejects.toMatchObject({ name: "RegistryError", code });
  expect(performance.now() - start, "milliseconds until the error").toBeLessThan(patienceFor(code) + 3000);
}

const toBasic: Reply = (response) => void response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
const isKnown = ({ headers }: Asked) => headers.authorization !== undefined;

describe("content", () => {
  test.each<[string, string | Buffer]>([
    ["other content", `${MANIFEST} `],
    ["gzip that would be 64 MiB", gzipSync(Buffer.alloc(64 * MIB))],
  ])("%s is not what the digest says", async (_, body) => {
    const { registry, ref } = await open({ [PATH]: send(body, { "content-encoding": "gzip" }) });
    await expectCode(registry.readByDigest(ref), "DigestMismatch");
  });

  test("the right thing once, then another: what was read first is no promise for the second time", async () => {
    const { registry, ref } = await open({
      [PATH]: (response, asked) => send(asked.number === 0 ? MANIFEST : `${MANIFEST} `)(response, asked),
    });
    expect(await registry.readByDigest(ref)).toMatchObject({ type: "manifest" });
    await expectCode(registry.readByDigest(ref), "DigestMismatch");
  });

  test("content that is packed for the way is read as it came, and nothing asks for it", async () => {
    const packed = gzipSync(MANIFEST);
    const { registry, ref, server } = await open({
      [`/v2/m/blobs/${hash(packed)}`]: send(packed, { "content-encoding": "gzip" }),
    });
    const blob = { mediaType: "x", digest: hash(packed), size: packed.length };
    expect((await registry.readBlob(ref, blob)).equals(packed)).toBe(true);
    expect(server.requests[0]?.headers["accept-encoding"]).toBe("identity");
  });

  const layers = (count: number) =>
    JSON.stringify({ config: CONFIG, layers: Array.from({ length: count }, () => CONFIG) });
  const withMember = (member: string) => MANIFEST.replace("{", `{${member},`);
  test.each<[string, string | Buffer, string]>([
    ["no JSON", "hello", "Malformed"],
    ["nothing", "", "Malformed"],
    ["an array", "[]", "Malformed"],
    ["null", "null", "Malformed"],
    ["neither manifest nor index", "{}", "Malformed"],
    ["the schema 1 of docker", '{"fsLayers":[],"history":[]}', "Malformed"],
    ["a digest that is a path", MANIFEST.replace(CONFIG.digest, "sha256:../../x"), "Malformed"],
    ["broken JSON", MANIFEST.slice(0, -1), "Malformed"],
    ["two documents", MANIFEST + MANIFEST, "Malformed"],
    ["no UTF-8", Buffer.from(MANIFEST.replace("{", '{"x":"\xff",'), "latin1"), "Malformed"],
    ["a byte order mark", `\uFEFF${MANIFEST}`, "Malformed"],
    ["layers twice", withMember('"layers":[{}]'), "Malformed"],
    ["layers twice, once escaped", withMember('"l\\u0061yers":[{}]'), "Malformed"],
    ["layers and Layers, which Go takes for the same", withMember('"Layers":[{}]'), "Malformed"],
    ["layers and layerſ, which Go takes for the same", withMember('"layerſ":[{}]'), "Malformed"],
    ["a digest twice, in a layer", MANIFEST.replace("[]", `[{"digest":"x","Digest":"y"}]`), "Malformed"],
    ["manifest and index at once", withMember('"manifests":[]'), "Malformed"],
    ["manifest and broken index at once", withMember('"manifests":7'), "Malformed"],
    [
      "a manifest that calls itself an index",
      withMember('"mediaType":"application/vnd.oci.image.index.v1+json"'),
      "Malformed",
    ],
    ["nesting without end", "[".repeat(MAX_MANIFEST), "Malformed"],
    ["nesting in a member", withMember(`"x":${"[".repeat(1000)}${"]".repeat(1000)}`), "Malformed"],
    ["a million empty lists", withMember(`"x":[${"[],".repeat(1_000_000)}[]]`), "Malformed"],
    [
      "a hundred thousand members",
      withMember(Array.from({ length: 100_000 }, (__, n) => `"a${n}":1`).join(",")),
      "Malformed",
    ],
    ["10,001 layers", layers(10_001), "Malformed"],
    ["100,000 layers", layers(100_000), "TooLarge"],
    ["a negative size", MANIFEST.replace('"size":2', '"size":-1'), "Malformed"],
    ["a huge size", MANIFEST.replace('"size":2', '"size":1e300'), "Malformed"],
    ["half a byte", MANIFEST.replace('"size":2', '"size":2.5'), "Malformed"],
    ["a size in text", MANIFEST.replace('"size":2', '"size":"2"'), "Malformed"],
    ["an index of 1001", JSON.stringify({ manifests: Array.from({ length: 1001 }, () => CONFIG) }), "TooLarge"],
  ])("%s is refused", async (_, body, code) => {
    const digest = hash(body);
    const { registry, ref } = await open({ [`/v2/m/manifests/${digest}`]: send(body) });
    await expectCode(registry.readByDigest({ ...ref, digest }), code);
  });

  test("10,000 layers, and annotations that differ in case alone, are read", async () => {
    const text = JSON.stringify({
      config: CONFIG,
      layers: Array.from({ length: 10_000 }, () => CONFIG),
      annotations: { a: "", A: "" },
    });
    const { registry, ref } = await open({ [`/v2/m/manifests/${hash(text)}`]: send(text) });
    const content = await registry.readByDigest({ ...ref, digest: hash(text) });
    expect(content.type === "manifest" && content.manifest.layers.length).toBe(10_000);
  });

  test.each([
    ["application/vnd.oci.image.index.v1+json", "Malformed"],
    ["application/vnd.docker.distribution.manifest.list.v2+json; charset=utf-8", "Malformed"],
    ["text/html", undefined],
    ["", undefined],
  ])("a manifest as %s", async (type, code) => {
    const { registry, ref } = await open({ [PATH]: send(MANIFEST, { "content-type": type }) });
    if (code === undefined) expect(await registry.readByDigest(ref)).toMatchObject({ digest: DIGEST });
    else await expectCode(registry.readByDigest(ref), code);
  });

  test("a blob that is larger than it says is cut off", async () => {
    const { registry, ref, server } = await open((response) => flood(response));
    await expectCode(registry.readBlob(ref, CONFIG), "TooLarge");
    expect(server.sentBytes()).toBeLessThan(KERNEL);
  });

  test("a blob whose descriptor is larger than memory should hold is not asked for", async () => {
    const { registry, ref, server } = await open(send(""));
    await expectCode(registry.readBlob(ref, { ...CONFIG, size: 4 * MIB + 1 }), "TooLarge");
    expect(server.requests).toEqual([]);
  });
});

describe("an answer", () => {
  test.each<[string, Reply, string, number]>([
    ["without end", (response) => flood(response), "TooLarge", MAX_MANIFEST + KERNEL],
    [
      "that announces a gigabyte",
      (response) => flood(response.writeHead(200, { "content-length": "1000000000" })),
      "TooLarge",
      KERNEL,
    ],
    [
      "that announces a gigabyte and waits",
      (response) => response.writeHead(200, { "content-length": "1000000000" }).flushHeaders(),
      "TooLarge",
      MIB,
    ],
    ["a byte at a time", (response) => drip(response), "TimedOut", MIB],
    ["of headers alone", (response) => response.writeHead(200).flushHeaders(), "TimedOut", MIB],
    ["that never comes", () => {}, "TimedOut", MIB],
    ["that breaks off", (response) => void response.destroy(), "Unreachable", MIB],
    [
      "with 64 KiB of headers",
      (response) => void response.writeHead(200, { x: "x".repeat(64 * 1024) }).end(MANIFEST),
      "TooLarge",
      MIB,
    ],
    ["of another range", (response) => void response.writeHead(206).end(MANIFEST), "Failed", MIB],
    ["with 500 and no end", (response) => flood(response.writeHead(500)), "Failed", MIB + KERNEL],
    ["with 404 and no end", (response) => flood(response.writeHead(404)), "NotFound", MIB + KERNEL],
    ["with 404 that drips", (response) => drip(response.writeHead(404)), "TimedOut", MIB],
  ])("%s", async (_, reply, code, maxBytes) => {
    const { registry, ref, server } = await open({ [PATH]: reply }, { timeoutMs: patienceFor(code) });
    await expectCode(registry.readByDigest(ref), code);
    expect(server.sentBytes(), "bytes that the server got rid of").toBeLessThan(maxBytes);
  });

  const head = "HTTP/1.1 200 OK\r\n";
  const chunked = `${head}transfer-encoding: chunked\r\n\r\n`;
  test.each<[string, (socket: Parameters<Parameters<typeof startRawRegistry>[0]>[0]) => void, string, number]>([
    [
      "shorter than announced",
      (socket) => socket.end(`${head}content-length: 9999\r\n\r\n${MANIFEST}`),
      "Unreachable",
      MIB,
    ],
    [
      "longer than announced",
      (socket) => socket.end(`${head}content-length: 5\r\n\r\n${MANIFEST}`),
      "DigestMismatch",
      MIB,
    ],
    [
      "of two lengths",
      (socket) => socket.end(`${head}content-length: 5\r\ncontent-length: 9\r\n\r\n${MANIFEST}`),
      "Unreachable",
      MIB,
    ],
    [
      "of no length that is one",
      (socket) => socket.end(`${head}content-length: -1\r\n\r\n${MANIFEST}`),
      "Unreachable",
      MIB,
    ],
    ["that is no HTTP", (socket) => socket.end("SSH-2.0-OpenSSH_9.9\r\n"), "Unreachable", MIB],
    [
      "of endless headers",
      (socket) => {
        socket.write(`${head}x: `);
        flood(socket, "x".repeat(65_536));
      },
      "TooLarge",
      KERNEL,
    ],
    [
      "of endless header lines",
      (socket) => {
        socket.write(head);
        flood(socket, "x: y\r\n".repeat(10_000));
      },
      "TooLarge",
      KERNEL,
    ],
    [
      "of endless trailers",
      (socket) => {
        socket.write(`${chunked}1\r\nx\r\n0\r\n`);
        flood(socket, "x: y\r\n".repeat(10_000));
      },
      "TooLarge",
      KERNEL,
    ],
    [
      "of endless hints before the answer",
      (socket) => {
        const timer = setInterval(() => socket.write("HTTP/1.1 103 Early Hints\r\n\r\n"), 10);
        socket.once("close", () => clearInterval(timer));
      },
      "TimedOut",
      MIB,
    ],
  ])("%s", async (_, answer, code, maxBytes) => {
    const server = await startRawRegistry(answer);
    const { registry, ref } = openOn(server, { timeoutMs: patienceFor(code) });
    await expectCode(registry.readByDigest(ref), code);
    expect(server.sentBytes(), "bytes that the server got rid of").toBeLessThan(maxBytes);
  });

  test("with an endless extension of a chunk ends in time, whatever was sent", async () => {
    const server = await startRawRegistry((socket) => {
      socket.write(`${chunked}1;x=`);
      flood(socket, "x".repeat(65_536));
    });
    const { registry, ref } = openOn(server, { timeoutMs: TIMEOUT_MS });
    const start = performance.now();
    await expect(registry.readByDigest(ref)).rejects.toMatchObject({ name: "RegistryError" });
    expect(performance.now() - start).toBeLessThan(TIMEOUT_MS + 3000);
  });

  test("that never gets beyond the handshake of TLS", async () => {
    const server = await startRawRegistry(() => {});
    const registry = createRegistry(
      createExchange({ insecureHosts: new Set(), credentials: () => [], timeoutMs: TIMEOUT_MS }),
    );
    await expectCode(registry.readByDigest({ host: server.host, repository: "m", digest: DIGEST }), "TimedOut");
  });

  test("from a name that takes for ever to resolve", async () => {
    const exchange = createExchange({
      insecureHosts: new Set(),
      credentials: () => [],
      timeoutMs: TIMEOUT_MS,
      resolve: () => {},
    });
    const ref = { host: "registry.example", repository: "m", digest: DIGEST };
    await expectCode(createRegistry(exchange).readByDigest(ref), "TimedOut");
    await exchange.close();
  });

  test("with trailers is what came before them", async () => {
    const server = await startRawRegistry((socket) => {
      const size = Buffer.byteLength(MANIFEST).toString(16);
      socket.end(`${chunked}${size}\r\n${MANIFEST}\r\n0\r\ncontent-type: evil\r\nlocation: /x\r\n\r\n`);
    });
    const { registry, ref } = openOn(server);
    expect(await registry.readByDigest(ref)).toMatchObject({ digest: DIGEST });
  });
});

describe("time is counted over everything together", () => {
  const timed = { timeoutMs: TIMEOUT_MS };

  /** Answers after most of the time that a read has. */
  const late =
    (reply: Reply): Reply =>
    (response, asked) =>
      void setTimeout(() => reply(response, asked), TIMEOUT_MS * 0.6);

  test("redirects", async () => {
    const { registry, ref } = await open(
      late((response, { path }) => void response.writeHead(307, { location: `${path}x` }).end()),
      timed,
    );
    await expectCode(registry.readByDigest(ref), "TimedOut");
  });

  test("a redirect whose body drips", async () => {
    const { registry, ref } = await open((response) => drip(response.writeHead(307, { location: "/x" })), timed);
    await expectCode(registry.readByDigest(ref), "TimedOut");
  });

  test("the token and the answer", async () => {
    const script: Record<string, Reply> = {
      "/token": late(send('{"token":"t"}')),
      [PATH]: (response, asked) =>
        isKnown(asked)
          ? late(send(MANIFEST))(response, asked)
          : void response
              .writeHead(401, { "www-authenticate": `Bearer realm="http://${asked.headers.host}/token"` })
              .end(),
    };
    const { registry, ref, server } = await open(script, timed);
    await expectCode(registry.readByDigest(ref), "TimedOut");
    expect(server.requests.map(({ path }) => path).slice(0, 2)).toEqual([PATH, "/token"]);
  });

  test("headers and body", async () => {
    const { registry, ref } = await open({ [PATH]: late((response) => drip(response)) }, timed);
    await expectCode(registry.readByDigest(ref), "TimedOut");
  });

  test("all reads of an exchange have one budget", async () => {
    const server = await startHostileRegistry({ [PATH]: late(send(MANIFEST)) });
    const exchange = createExchange({ insecureHosts: new Set([server.host]), credentials: () => [], budgetMs: 300 });
    const registry = createRegistry(exchange);
    const ref = { host: server.host, repository: "m", digest: DIGEST };
    await expectCode(
      registry.readByDigest(ref).then(() => registry.readByDigest(ref)),
      "TimedOut",
    );
    await expectCode(registry.readByDigest(ref), "TimedOut");
    expect(server.requests.length, "requests after the budget was spent").toBeLessThanOrEqual(2);
  });
});

describe("referrers", () => {
  const page = (count: number) => JSON.stringify({ manifests: Array.from({ length: count }, () => CONFIG) });
  const next = (target: string): Record<string, string> => ({ link: `<${target}>; rel="next"` });

  test.each<[string, Reply, string, number]>([
    ["100,000 on one page", send(page(100_000)), "TooLarge", 1],
    ["1001 on one page", send(page(1001)), "TooLarge", 1],
    [
      "600 on each of many pages",
      (response, { path, number }) =>
        send(page(600), next(`${path.replace(/\?.*/, "")}?n=${number}`))(response, { path } as Asked),
      "TooLarge",
      2,
    ],
    [
      "pages without end, and nothing on them",
      (response, asked) => send(page(0), next(`${REFERRERS}?n=${asked.number}`))(response, asked),
      "TooLarge",
      10,
    ],
    ["a page that leads to itself", send(page(1), next(REFERRERS)), "Malformed", 1],
    [
      "two pages that lead to each other",
      (response, asked) => send(page(1), next(`${REFERRERS}?n=${asked.number % 2}`))(response, asked),
      "Malformed",
      3,
    ],
    ["a page of another repository", send(page(1), next(`/v2/other/referrers/${DIGEST}?n=1`)), "Malformed", 1],
    ["a page of another digest", send(page(1), next(`/v2/m/referrers/sha256:${"0".repeat(64)}`)), "Malformed", 1],
    ["a page on another host", send(page(1), next(`https://evil.example${REFERRERS}`)), "Malformed", 1],
    ["a page further up", send(page(1), next(`${REFERRERS}/../../../../admin`)), "Malformed", 1],
    ["a page further up, encoded", send(page(1), next(`${REFERRERS}/%2e%2e/%2e%2e/x`)), "Malformed", 1],
    ["a page on a host of its own by //", send(page(1), next("//169.254.169.254/x")), "Malformed", 1],
    ["a page of a query of 3 KiB", send(page(1), next(`${REFERRERS}?n=${"x".repeat(3000)}`)), "Malformed", 1],
    ["a list twice", send('{"manifests":[],"Manifests":[]}'), "Malformed", 1],
    ["no list", send("[]"), "Malformed", 1],
  ])("%s", async (_, reply, code, requests) => {
    const { registry, ref, server } = await open({ [REFERRERS]: reply });
    await expectCode(registry.listReferrers(ref), code);
    expect(server.requests).toHaveLength(requests);
    expect(new Set(server.requests.map(({ path }) => path.replace(/\?.*/, "")))).toEqual(new Set([REFERRERS]));
  });

  test("on two pages are both read", async () => {
    const { registry, ref, server } = await open({
      [REFERRERS]: (response, asked) =>
        send(page(2), asked.path.includes("?") ? {} : next(`${REFERRERS.replace("sha256:", "sha256%3A")}?last=a%26b`))(
          response,
          asked,
        ),
    });
    expect(await registry.listReferrers(ref)).toHaveLength(4);
    expect(server.requests[1]?.path).toBe(`${REFERRERS}?last=a%26b`);
  });
});

describe("redirects", () => {
  const to = (location: string): Reply => send("", { location }, 307);

  test.each([
    ["a metadata service", "https://169.254.169.254/latest/meta-data/"],
    ["a metadata service in IPv6 clothes", "https://[::ffff:169.254.169.254]/x"],
    ["a metadata service in hexadecimal IPv6 clothes", "https://[::ffff:a9fe:a9fe]/x"],
    ["a metadata service by the old compatible form", "https://[::a9fe:a9fe]/x"],
    ["a metadata service by NAT64", "https://[64:ff9b::a9fe:a9fe]/x"],
    ["a metadata service by 6to4", "https://[2002:a9fe:a9fe::1]/x"],
    ["a metadata service as one number", "https://2852039166/x"],
    ["a metadata service in hexadecimal", "https://0xa9fea9fe/x"],
    ["a metadata service in octal", "https://0251.0376.0251.0376/x"],
    ["a metadata service in full-width digits", "https://%EF%BC%91%EF%BC%96%EF%BC%99.254.169.254/x"],
    ["a metadata service by name", "https://metadata.google.internal/x"],
    ["a link-local address of IPv6", "https://[fe80::1]/x"],
    ["Amazon's metadata service of IPv6", "https://[fd00:ec2::254]/x"],
    ["any address", "https://0.0.0.0/x"],
    ["a host without TLS", "http://registry.example/x"],
    ["a file", "file:///etc/passwd"],
    ["data", "data:application/json,{}"],
    ["another protocol", "ftp://registry.example/x"],
    ["a host with a password", "https://user:pw@registry.example/x"],
  ])("to %s are refused", async (_, location) => {
    const { registry, ref, server } = await open({ [PATH]: to(location) });
    await expectCode(registry.readByDigest(ref), "AddressRefused");
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    ["https://", "Malformed"],
    ["http://[::1", "Malformed"],
    ["https://a b/", "Malformed"],
  ])("to %s are malformed", async (location, code) => {
    const { registry, ref } = await open({ [PATH]: to(location) });
    await expectCode(registry.readByDigest(ref), code);
  });

  test("in a circle end after three", async () => {
    const { registry, ref, server } = await open(to(PATH));
    await expectCode(registry.readByDigest(ref), "Failed");
    expect(server.requests).toHaveLength(4);
  });

  test("to odd paths of the same host stay paths", async () => {
    const { registry, ref, server } = await open((response, asked) =>
      (asked.number === 0 ? to("/a/../b\\c/%2e%2e/d%00?x=y#z") : send(MANIFEST))(response, asked),
    );
    await registry.readByDigest(ref);
    expect(server.requests[1]?.path).toBe("/b/d%00?x=y");
  });

  test("to another port take no credentials along, and none on the way back", async () => {
    const other: HostileRegistry = await startHostileRegistry((response, asked) =>
      to(`${home()}/back`)(response, asked),
    );
    const { registry, ref, server } = await open(
      (response, asked) => {
        if (asked.path === "/back") send(MANIFEST)(response, asked);
        else (isKnown(asked) ? to(`${other.url}/x`) : toBasic)(response, asked);
      },
      { trusted: [other] },
    );
    const home = () => server.url;
    await registry.readByDigest(ref);
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(server.requests.map((asked) => [asked.path, isKnown(asked)])).toEqual([
      [PATH, false],
      [PATH, true],
      ["/back", false],
    ]);
  });

  test("to another name of the same address and port take no credentials along", async () => {
    const server = await startHostileRegistry((response, asked) => {
      const named = `http://localhost:${server.host.split(":")[1]}/named`;
      if (asked.path === "/named") send(MANIFEST)(response, asked);
      else (isKnown(asked) ? to(named) : toBasic)(response, asked);
    });
    const exchange = createExchange({
      insecureHosts: new Set([server.host, server.host.replace("127.0.0.1", "localhost")]),
      credentials: () => [{ type: "password", username: "puller", password: "s3cret" }],
      resolve: (_, __, done) => done(null, [{ address: "127.0.0.1", family: 4 }]),
    });
    await createRegistry(exchange).readByDigest({ host: server.host, repository: "m", digest: DIGEST });
    expect(server.requests.map((asked) => [asked.path, isKnown(asked)])).toEqual([
      [PATH, false],
      [PATH, true],
      ["/named", false],
    ]);
  });

  test("to a host that asks for a password get none", async () => {
    const other = await startHostileRegistry(toBasic);
    const { registry, ref, server } = await open({ [PATH]: to(`${other.url}/x`) }, { trusted: [other] });
    await expectCode(registry.readByDigest(ref), "Unauthorized");
    expect([...server.requests, ...other.requests].filter(isKnown)).toEqual([]);
  });
});
