// Who we are to a registry, who learns it, and how long a registry that wants to be left alone is left alone.
import { createHash } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { type Credentials, mayReceive, parseChallenge } from "../../../src/adapters/registry/authorization.ts";
import { RegistryError } from "../../../src/adapters/registry/errors.ts";
import { createExchange } from "../../../src/adapters/registry/exchange.ts";
import { createPauses } from "../../../src/adapters/registry/pauses.ts";
import { createRegistry } from "../../../src/adapters/registry/registry.ts";
import { parseRetryAfter } from "../../../src/adapters/registry/retry-after.ts";
import {
  type Asked,
  drip,
  flood,
  type HostileRegistry,
  type Reply,
  send,
  startHostileRegistry,
  stopHostileRegistries,
} from "../../harness/hostile-registry.ts";

afterEach(stopHostileRegistries);

const MIB = 1024 * 1024;
const MANIFEST = JSON.stringify({
  config: { mediaType: "x", digest: `sha256:${"a".repeat(64)}`, size: 2 },
  layers: [],
});
const DIGEST = `sha256:${createHash("sha256").update(MANIFEST).digest("hex")}`;
const PATH = `/v2/m/manifests/${DIGEST}`;
const PULLER: Credentials = { type: "password", username: "puller", password: "s3cret" };
const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

const challenge = (header: string): Reply => send("", { "www-authenticate": header }, 401);
const bearer = (realm: string) => challenge(`Bearer realm="${realm}",service="s",scope="repository:m:pull"`);

interface Options {
  credentials?: Credentials[];
  /** Others that are asked without TLS. */
  trusted?: HostileRegistry[];
  timeoutMs?: number;
}

async function open(
  script: Reply | Record<string, Reply>,
  { credentials = [PULLER], trusted = [], timeoutMs = 10_000 }: Options = {},
) {
  const server = await startHostileRegistry(script);
  const exchange = createExchange({
    insecureHosts: new Set([server, ...trusted].map(({ host }) => host)),
    credentials: (host) => (host === server.host ? credentials : []),
    timeoutMs,
  });
  const ref = { host: server.host, repository: "m", digest: DIGEST };
  return { server, read: () => createRegistry(exchange).readByDigest(ref), exchange };
}

const said = ({ requests }: HostileRegistry) => requests.map(({ headers }) => headers.authorization);

/** A registry whose token service, on the same host, answers as `token` says. */
const withTokens = (token: Reply): Record<string, Reply> => ({
  "/token": token,
  [PATH]: (response, asked) =>
    (asked.headers.authorization === "Bearer good" ? send(MANIFEST) : bearer(`http://${asked.headers.host}/token`))(
      response,
      asked,
    ),
});

describe("a registry that asks for a password", () => {
  test("gets it, and only when it asks; the next read sends it at once", async () => {
    const { read, server } = await open((response, asked) =>
      (asked.headers.authorization === undefined ? challenge('Basic realm="x"') : send(MANIFEST))(response, asked),
    );
    await read();
    await read();
    expect(said(server)).toEqual([undefined, basic("puller", "s3cret"), basic("puller", "s3cret")]);
  });

  test.each([
    ["for ever", challenge('Basic realm="x"'), 2],
    ["for ever, by tokens", withTokens(send('{"token":"bad"}')), 3],
    ["without saying how", send("", {}, 401), 1],
    ["in a way that nobody knows", challenge("Negotiate"), 1],
    ["with a realm that is no address", challenge('Bearer realm="token"'), 1],
    ["with a realm that is a file", challenge('Bearer realm="file:///etc/passwd"'), 1],
    ["with a realm that holds a password", challenge('Bearer realm="https://a:b@r.example/"'), 1],
    ["with a challenge of 8 KiB", challenge(`Bearer realm="https://r.example/",x="${"a".repeat(8192)}"`), 1],
  ])("%s is refused", async (_, script, requests) => {
    const { read, server } = await open(script);
    await expect(read()).rejects.toMatchObject({ name: "RegistryError", code: "Unauthorized" });
    expect(server.requests).toHaveLength(requests);
  });

  test("is shown each of the credentials in turn, until one is taken", async () => {
    const credentials = ["a", "b", "c"].map(
      (name): Credentials => ({ type: "password", username: name, password: "p" }),
    );
    const { read, server } = await open(
      (response, { headers: { authorization } }) => {
        if (authorization === basic("b", "p")) response.end(MANIFEST);
        else response.writeHead(authorization === undefined ? 401 : 403, { "www-authenticate": "Basic" }).end();
      },
      { credentials },
    );
    await read();
    await read();
    expect(said(server)).toEqual([undefined, basic("a", "p"), basic("b", "p"), basic("b", "p")]);
  });

  test("is asked with a registry token as it is", async () => {
    const { read, server } = await open(withTokens(send("", {}, 500)), {
      credentials: [{ type: "bearer", registryToken: "good" }],
    });
    await read();
    expect(said(server)).toEqual([undefined, "Bearer good"]);
  });
});

describe("a token service", () => {
  test("of the same host sees the password, and its token opens the repository", async () => {
    const { read, server } = await open(withTokens(send('{"token":"good"}')));
    await read();
    expect(server.requests.map(({ method, path, headers }) => [method, path, headers.authorization])).toEqual([
      ["GET", PATH, undefined],
      ["GET", "/token?service=s&scope=repository%3Am%3Apull", basic("puller", "s3cret")],
      ["GET", PATH, "Bearer good"],
    ]);
  });

  test("gets an identity token by OAuth2, in the body of a POST", async () => {
    const { read, server } = await open(withTokens(send('{"access_token":"good"}')), {
      credentials: [{ type: "identity", identityToken: "re&fresh" }],
    });
    await read();
    const [, asked] = server.requests;
    expect(asked).toMatchObject({ method: "POST", path: "/token" });
    expect(asked?.headers["content-type"]).toBe("application/x-www-form-urlencoded");
    expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
      grant_type: "refresh_token",
      service: "s",
      scope: "repository:m:pull",
      client_id: "vouchsafe",
      refresh_token: "re&fresh",
    });
    expect(asked?.headers.authorization).toBeUndefined();
  });

  test.each<[string, Credentials]>([
    ["a password", PULLER],
    ["an identity token", { type: "identity", identityToken: "refresh" }],
  ])("elsewhere does not see %s", async (_, credentials) => {
    const tokens = await startHostileRegistry(send('{"token":"good"}'));
    const { read } = await open(
      (response, asked) =>
        (asked.headers.authorization === "Bearer good" ? send(MANIFEST) : bearer(`${tokens.url}/token`))(
          response,
          asked,
        ),
      { credentials: [credentials], trusted: [tokens] },
    );
    await read();
    expect(tokens.requests).toMatchObject([
      { method: "GET", path: "/token?service=s&scope=repository%3Am%3Apull", body: "" },
    ]);
    expect(said(tokens)).toEqual([undefined]);
  });

  test.each<[string, Reply, string]>([
    ["without end", (response) => flood(response), "TooLarge"],
    ["of a huge token", send(JSON.stringify({ token: "x".repeat(20_000) })), "Malformed"],
    ["of a megabyte", send(JSON.stringify({ token: "x".repeat(MIB) })), "TooLarge"],
    ["of a token with a line break", send('{"token":"good\\r\\nx-evil: 1"}'), "Malformed"],
    ["of a token with a space", send('{"token":"go od"}'), "Malformed"],
    ["of a token beyond ASCII", send('{"token":"göod"}'), "Malformed"],
    ["of an empty token", send('{"token":""}'), "Malformed"],
    ["of no token", send("{}"), "Malformed"],
    ["of a token that is a number", send('{"token":1}'), "Malformed"],
    ["of two tokens", send('{"token":"good","Token":"bad"}'), "Malformed"],
    ["of no JSON", send("good"), "Malformed"],
    ["that drips", (response) => drip(response), "TimedOut"],
    ["that says nothing", () => {}, "TimedOut"],
    ["that does not know us", send("", {}, 401), "Unauthorized"],
    ["that redirects", send("", { location: "https://169.254.169.254/" }, 307), "Unauthorized"],
    ["that is out of order", send("", {}, 503), "Failed"],
    ["that limits its rate", send("", {}, 429), "RateLimited"],
  ])("%s", async (_, token, code) => {
    const { read, server } = await open(withTokens(token), { timeoutMs: code === "TimedOut" ? 400 : 10_000 });
    await expect(read()).rejects.toMatchObject({ name: "RegistryError", code });
    expect(server.sentBytes(), "bytes that the server got rid of").toBeLessThan(12 * MIB);
    expect(said(server)).not.toContain("Bearer bad");
  });

  test.each([
    ["a metadata service", "http://169.254.169.254/token"],
    ["a metadata service by name", "https://metadata.google.internal/token"],
    ["a host without TLS", "http://auth.example/token"],
  ])("at %s is not asked", async (_, realm) => {
    const { read } = await open(bearer(realm));
    await expect(read()).rejects.toMatchObject({ code: "AddressRefused" });
  });

  test.each([
    ["https://r.example", "https://r.example/token", true],
    ["https://registry-1.docker.io", "https://auth.docker.io/token", true],
    ["https://registry-1.docker.io", "http://auth.docker.io/token", false],
    ["https://registry-1.docker.io", "https://docker.io.evil.example/token", false],
    ["https://registry-1.docker.io", "https://evildocker.io/token", false],
    ["https://r.example", "https://evil.example/token", false],
    ["https://r.example", "https://r.example:8443/token", false],
    ["https://10.0.0.1", "https://10.0.0.2/token", false],
    ["https://[fd00::1]", "https://[fd00::2]/token", false],
  ])("for %s at %s sees credentials: %s", (registry, realm, expected) => {
    expect(mayReceive(new URL(realm), new URL(registry))).toBe(expected);
  });

  test("a challenge of nothing but letters takes no time", () => {
    const start = performance.now();
    expect(parseChallenge(`Bearer ${"a".repeat(4000)}`)).toBeUndefined();
    expect(performance.now() - start, "milliseconds").toBeLessThan(100);
  });
});

describe("a registry that wants to be left alone", () => {
  const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
  test.each([
    ["120", 120_000],
    ["0", 0],
    ["601", 600_000],
    ["99999999999999999999999", 600_000],
    ["Fri, 02 Jan 2026 03:05:05 GMT", 60_000],
    ["Fri, 02 Jan 2026 03:04:00 GMT", 0],
    ["Fri, 02 Jan 2099 03:04:00 GMT", 600_000],
    ["Fri, 99 Jan 2026 03:04:00 GMT", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["soon", undefined],
    ["2026-01-02", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("Retry-After: %s is %s ms", (value, expected) => {
    expect(parseRetryAfter(value, NOW)).toBe(expected);
  });

  test.each([
    [429, { "retry-after": "7" }, { code: "RateLimited", retryAfterMs: 7000 }],
    [429, { "retry-after": "31536000" }, { code: "RateLimited", retryAfterMs: 600_000 }],
    [429, {}, { code: "RateLimited", retryAfterMs: 60_000 }],
    [429, { "retry-after": "-5" }, { code: "RateLimited", retryAfterMs: 60_000 }],
    [503, { "retry-after": "9" }, { code: "Failed", retryAfterMs: 9000 }],
    [500, {}, { code: "Failed", retryAfterMs: undefined }],
    [404, {}, { code: "NotFound", retryAfterMs: undefined }],
    [403, {}, { code: "Unauthorized", retryAfterMs: undefined }],
    [418, {}, { code: "Failed", retryAfterMs: undefined }],
  ] as [number, Record<string, string>, object][])("HTTP %s with %j says so", async (status, headers, expected) => {
    const { read } = await open(send("", headers, status));
    await expect(read()).rejects.toMatchObject({ name: "RegistryError", ...expected });
  });

  test("a date far away is bounded", async () => {
    const { read } = await open(send("", { "retry-after": "Fri, 02 Jan 2099 03:04:00 GMT" }, 429));
    await expect(read()).rejects.toMatchObject({ code: "RateLimited", retryAfterMs: 600_000 });
  });

  test("is not asked before its time, by nobody; then it is", async () => {
    let now = 0;
    const pauses = createPauses(() => now);
    let reply: Reply = send("", { "retry-after": "30" }, 429);
    const server = await startHostileRegistry((response, asked: Asked) => reply(response, asked));
    const read = () =>
      createRegistry(
        createExchange({ insecureHosts: new Set([server.host]), credentials: () => [], pauses }),
      ).readByDigest({
        host: server.host,
        repository: "m",
        digest: DIGEST,
      });
    await expect(read()).rejects.toMatchObject({ code: "RateLimited", retryAfterMs: 30_000 });
    reply = send(MANIFEST);
    now = 10_000;
    await expect(read()).rejects.toMatchObject({ code: "RateLimited", retryAfterMs: 20_000 });
    expect(server.requests, "requests within the time").toHaveLength(1);
    now = 30_001;
    expect(await read()).toMatchObject({ digest: DIGEST });
  });

  test("a thousand others do not make us forget much, nor remember for ever", () => {
    let now = 0;
    const pauses = createPauses(() => now);
    const limit = new RegistryError("RateLimited", "later", 1000);
    for (let n = 0; n <= 1000; n += 1) pauses.note(`r${n}.example`, limit);
    expect(() => pauses.demandFree("r0.example")).not.toThrow();
    expect(() => pauses.demandFree("r1000.example")).toThrow(RegistryError);
    now = 1000;
    expect(() => pauses.demandFree("r1000.example")).not.toThrow();
  });

  test("what others noted is taken over, the longer counts, and what is over is not told", () => {
    let now = 0;
    const pauses = createPauses(() => now);
    pauses.note("long.example", new RegistryError("RateLimited", "later", 5000));
    pauses.note("short.example", new RegistryError("RateLimited", "later", 1000));
    pauses.take([
      { host: "long.example", until: 2000 },
      { host: "short.example", until: 4000 },
      { host: "over.example", until: 0 },
    ]);
    now = 3000;
    expect(pauses.list()).toEqual([
      { host: "long.example", until: 5000 },
      { host: "short.example", until: 4000 },
    ]);
    now = 4000;
    expect(pauses.list()).toEqual([{ host: "long.example", until: 5000 }]);
    expect(() => pauses.demandFree("short.example")).not.toThrow();
    expect(() => pauses.demandFree("long.example")).toThrow(RegistryError);
  });
});
