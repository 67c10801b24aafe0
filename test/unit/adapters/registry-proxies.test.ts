// Proxies from the environment: which are read, what is asked without one (worked by hand from the documentation of
// golang.org/x/net/http/httpproxy), and that nothing tells what they are authorized by.
import { afterEach, describe, expect, test } from "vitest";
import { createExchange } from "../../../src/adapters/registry/exchange.ts";
import { isExcepted, parseProxy, readProxies } from "../../../src/adapters/registry/proxies.ts";
import { createRegistry } from "../../../src/adapters/registry/registry.ts";
import { startRawRegistry, stopHostileRegistries } from "../../harness/hostile-registry.ts";

afterEach(stopHostileRegistries);

describe("the environment", () => {
  test("names proxies in either case, the lower one first", () => {
    const upper = { HTTPS_PROXY: "http://a:1", HTTP_PROXY: "http://b:2", NO_PROXY: "x" };
    expect(readProxies(upper)).toEqual({ https: "http://a:1", http: "http://b:2", except: "x" });
    const lower = { https_proxy: "http://c:3", http_proxy: "", no_proxy: "y" };
    expect(readProxies({ ...upper, ...lower })).toEqual({ https: "http://c:3", http: "", except: "y" });
    expect(readProxies({})).toEqual({ https: "", http: "", except: "" });
  });

  test.each([
    ["http://proxy.example:3128", "http://proxy.example:3128", undefined],
    ["https://proxy.example", "https://proxy.example", undefined],
    ["proxy.example:3128", "http://proxy.example:3128", undefined],
    ["10.0.0.1", "http://10.0.0.1", undefined],
    ["http://u:p%40ss@proxy.example:3128/", "http://proxy.example:3128", "u:p@ss"],
    ["u:s3cret@proxy.example:3128", "http://proxy.example:3128", "u:s3cret"],
    ["http://u@proxy.example", "http://proxy.example", "u:"],
  ])("%s is %s with %s", (address, uri, pair) => {
    const token = pair === undefined ? undefined : `Basic ${Buffer.from(pair).toString("base64")}`;
    expect(parseProxy("HTTPS_PROXY", address)).toEqual({ uri, token });
  });

  test.each([
    "socks5://u:s3cret@h",
    "ftp://u:s3cret@h",
    "http://u:s3cret%@h",
    "http://u:s3cret@h:port",
    "http://u:s3cret@",
    "u:s3cret@h h",
  ])("%s is no proxy, and the error tells nothing of it", (address) => {
    let told = "";
    try {
      readProxies({ HTTPS_PROXY: address });
    } catch (error) {
      told = String(error);
    }
    expect(told).toBe("Error: HTTPS_PROXY is no http:// or https:// address of a proxy");
  });
});

const EXCEPT =
  "plain.example, .inner.example *.star.example,10.1.0.0/16,10.9.9.9,10.8.8.8:81,r.example:5000,fd00:1::/64,fd00:9::9,[fd00:8::8]:81,:1,";

test.each<[string, boolean]>([
  ["https://plain.example", true],
  ["https://a.plain.example", true],
  ["https://PLAIN.example", true],
  ["https://notplain.example", false],
  ["https://plain.example.evil", false],
  ["https://inner.example", false],
  ["https://a.inner.example", true],
  ["https://a.b.inner.example", true],
  ["https://star.example", false],
  ["https://a.star.example", true],
  ["https://astar.example", false],
  ["https://10.1.2.3", true],
  ["https://10.1.2.3:5000", true],
  ["https://10.2.0.1", false],
  ["https://[::ffff:10.1.2.3]", true],
  ["https://10.9.9.9", true],
  ["https://10.9.9.9.plain.test", false],
  ["https://10.8.8.8", false],
  ["https://10.8.8.8:81", true],
  ["https://r.example", false],
  ["https://r.example:5000", true],
  ["https://a.r.example:5000", true],
  ["https://r.example:5001", false],
  ["https://[fd00:1::5]:8443", true],
  ["https://[fd00:2::5]", false],
  ["https://[fd00:9::9]", true],
  ["https://[fd00:9:0::9]", true],
  ["https://[fd00:8::8]", false],
  ["https://[fd00:8::8]:81", true],
  // On this machine, which is another one for the proxy.
  ["https://localhost:5000", true],
  ["https://127.0.0.2", true],
  ["https://[::1]:5000", true],
  ["https://local.localhost", false],
  ["https://localhost.example", false],
])("%s is asked directly: %s", (url, expected) => {
  expect(isExcepted(new URL(url), EXCEPT)).toBe(expected);
  expect(isExcepted(new URL(url), "*"), "where everything is").toBe(true);
  const isLoopback = /^https:..(localhost[:/]|127|\[::1)/.test(new URL(url).href);
  expect(isExcepted(new URL(url), ""), "where nothing is").toBe(isLoopback);
});

test.each([
  ["https://r.example", "r.example:443", true],
  ["http://r.example", "r.example:443", false],
  ["http://r.example", "r.example:80", true],
])("the port of %s for %s is that of its scheme: %s", (url, except, expected) => {
  expect(isExcepted(new URL(url), except)).toBe(expected);
});

describe("a proxy with a password", () => {
  const PAIR = "puller:pr0xy-s3cret";
  const TOKEN = Buffer.from(PAIR).toString("base64");
  const ref = { host: "registry.test", repository: "m", digest: `sha256:${"a".repeat(64)}` };

  test.each([
    [
      "takes it and does not lead there",
      "HTTP/1.1 502 Bad Gateway\r\n\r\n",
      "the proxy does not lead there (HTTP 502)",
    ],
    ["does not take it", "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "(HTTP 407)"],
    ["repeats it", `HTTP/1.1 400 ${PAIR} ${TOKEN}\r\nx: ${PAIR}\r\n\r\n${TOKEN}`, "(HTTP 400)"],
    ["is no HTTP", `${PAIR}\r\n\r\n`, "registry.test: "],
    ["breaks off", "", "registry.test: "],
  ])("that %s: it is sent, and told nowhere", async (_, answer, told) => {
    const asked: string[] = [];
    const proxied = await startRawRegistry((socket, request) => {
      asked.push(request);
      socket.end(answer);
    });
    const exchange = createExchange({
      insecureHosts: new Set(),
      credentials: () => [],
      proxy: { https: proxied.url.replace("://", `://${PAIR}@`), http: "", except: "" },
    });
    const error: unknown = await createRegistry(exchange)
      .readByDigest(ref)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "RegistryError", code: "Unreachable", message: expect.stringContaining(told) });
    for (const secret of [PAIR, "pr0xy-s3cret", TOKEN]) expect(String((error as Error).stack)).not.toContain(secret);
    expect(asked[0]?.toLowerCase()).toContain(`proxy-authorization: basic ${TOKEN.toLowerCase()}`);
    await exchange.close();
  });

  test("of plain HTTP that wants another is an error, and no answer of the registry", async () => {
    const proxied = await startRawRegistry((socket) => {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    });
    const exchange = createExchange({
      insecureHosts: new Set(["registry.test"]),
      credentials: () => [],
      proxy: { https: "", http: proxied.url.replace("://", `://${PAIR}@`), except: "" },
    });
    await expect(createRegistry(exchange).readByDigest(ref)).rejects.toMatchObject({
      code: "Unreachable",
      message: expect.stringMatching(/^registry\.test: .*407/),
    });
    await exchange.close();
  });
});
