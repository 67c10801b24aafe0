// Registries behind private authorities, proxies and mirrors: none of them is believed more than a digest.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import type { ConnectionOptions } from "../../../src/adapters/registry/connection.ts";
import { RegistryError } from "../../../src/adapters/registry/errors.ts";
import type { ProxySettings } from "../../../src/adapters/registry/proxies.ts";
import { createExchange } from "../../../src/adapters/registry/exchange.ts";
import { type MirrorSettings, withMirrors } from "../../../src/adapters/registry/mirrors.ts";
import { createRegistryOpener } from "../../../src/adapters/registry/open.ts";
import { createRegistry } from "../../../src/adapters/registry/registry.ts";
import {
  type HostileRegistry,
  type Reply,
  send,
  startHostileRegistry,
  startProxy,
  startRawRegistry,
  stopHostileRegistries,
} from "../../harness/hostile-registry.ts";

afterEach(stopHostileRegistries);

const vector = (name: string) => fileURLToPath(new URL(`../../vectors/registry-tls/${name}`, import.meta.url));
const TLS = { key: readFileSync(vector("server.key")), cert: readFileSync(vector("server.pem")) };
const CA = readFileSync(vector("authority.pem"), "utf8");

const hash = (text: string | Buffer) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
const MANIFEST = JSON.stringify({ config: { mediaType: "x", digest: hash("{}"), size: 2 }, layers: [] });
const DIGEST = hash(MANIFEST);
const BLOB = { mediaType: "x", digest: hash("weights"), size: 7 };
const MANIFEST_PATH = `/v2/m/manifests/${DIGEST}`;

const openDirect = (options: Partial<ConnectionOptions>, timeoutMs = 10_000) =>
  createRegistry(createExchange({ insecureHosts: new Set(), credentials: () => [], timeoutMs, ...options }));

describe("a private authority", () => {
  const ref = (server: HostileRegistry) => ({ host: server.host, repository: "m", digest: DIGEST });

  test("is trusted where it is given, and not where it is not", async () => {
    const server = await startHostileRegistry({ [MANIFEST_PATH]: send(MANIFEST) }, TLS);
    expect(await openDirect({ ca: CA }).readByDigest(ref(server))).toMatchObject({ digest: DIGEST });
    await expect(openDirect({}).readByDigest(ref(server))).rejects.toMatchObject({
      name: "RegistryError",
      code: "Untrusted",
      message: `${server.host}: its certificate is by an authority that is not trusted here`,
    });
    expect(server.requests).toHaveLength(1);
  });

  test("does not make its server another host", async () => {
    const server = await startHostileRegistry({ [MANIFEST_PATH]: send(MANIFEST) }, TLS);
    const host = server.host.replace("127.0.0.1", "other.test");
    const registry = openDirect({
      ca: CA,
      resolve: (_, __, done) => done(null, [{ address: "127.0.0.1", family: 4 }]),
    });
    await expect(registry.readByDigest({ ...ref(server), host })).rejects.toMatchObject({
      code: "Untrusted",
      message: `${host}: its certificate is that of another host`,
    });
  });

  test("is read from its file at each opening", async () => {
    const server = await startHostileRegistry({ [MANIFEST_PATH]: send(MANIFEST) }, TLS);
    const settings = {
      insecureHosts: [],
      mirrors: [],
      proxy: { https: "", http: "", except: "" },
    };
    const { registry, close } = await createRegistryOpener({ ...settings, caFile: vector("authority.pem") })([]);
    expect(await registry.readByDigest(ref(server))).toMatchObject({ digest: DIGEST });
    await close();
    await expect(createRegistryOpener({ ...settings, caFile: vector("nothing.pem") })([])).rejects.toThrow(/ENOENT/);
  });
});

describe("a proxy", () => {
  const refuse: ConnectionOptions["resolve"] = (name, _, done) => done(new Error(`${name} was resolved here`), []);
  const open = async (reply: Reply, proxy: (address: string) => ProxySettings) => {
    const server = await startHostileRegistry(reply, TLS);
    const proxied = await startProxy(server);
    const host = `registry.test:${server.host.split(":")[1]}`;
    const registry = openDirect({ ca: CA, resolve: refuse, proxy: proxy(proxied.url) });
    return { server, proxied, registry, ref: { host, repository: "m", digest: DIGEST } };
  };
  const both = (address: string) => ({ https: address, http: "", except: "" });

  test("leads to the registry by a tunnel; names are its affair, TLS is not", async () => {
    const { registry, ref, proxied, server } = await open(send(MANIFEST), both);
    expect(await registry.readByDigest(ref)).toMatchObject({ digest: DIGEST });
    expect(proxied.requests).toMatchObject([{ method: "CONNECT", path: ref.host }]);
    expect(server.requests).toMatchObject([{ path: MANIFEST_PATH }]);
  });

  test("cannot put another host in the registry's place", async () => {
    const { registry, ref, server } = await open(send(MANIFEST), both);
    const other = { ...ref, host: ref.host.replace("registry.test", "other.test") };
    await expect(registry.readByDigest(other)).rejects.toMatchObject({ name: "RegistryError", code: "Untrusted" });
    expect(server.requests).toEqual([]);
  });

  test.each([
    ["of plain HTTP is not used for TLS", (address: string) => ({ https: "", http: address, except: "" })],
    [
      "is left out for hosts that are excepted",
      (address: string) => ({ https: address, http: "", except: "x.example,.test" }),
    ],
  ])("%s", async (_, proxy) => {
    const { registry, ref, proxied } = await open(send(MANIFEST), proxy);
    await expect(registry.readByDigest(ref)).rejects.toMatchObject({
      message: expect.stringContaining("resolved here"),
    });
    expect(proxied.requests).toEqual([]);
  });

  test.each(["169.254.169.254", "[::ffff:a9fe:a9fe]", "metadata.google.internal"])(
    "is not asked for %s, directly or by a redirect",
    async (host) => {
      const { registry, ref, proxied } = await open(send("", { location: `https://${host}/x` }, 302), both);
      await expect(registry.readByDigest({ ...ref, host })).rejects.toMatchObject({ code: "AddressRefused" });
      expect(proxied.requests).toEqual([]);
      await expect(registry.readByDigest(ref)).rejects.toMatchObject({ code: "AddressRefused" });
      expect(proxied.requests.map(({ path }) => path)).toEqual([ref.host]);
    },
  );

  test.each<[string, string, string, RegExp]>([
    ["refuses", "HTTP/1.1 403 Forbidden\r\n\r\n", "Unreachable", /: the proxy does not lead there \(HTTP 403\)$/],
    [
      "wants a password",
      "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
      "Unreachable",
      /: the proxy does not lead there \(HTTP 407\)$/,
    ],
    ["says nothing", "", "TimedOut", /no whole answer in time$/],
  ])("that %s is an error", async (_, answer, code, why) => {
    const proxied = await startRawRegistry((socket) => (answer === "" ? undefined : void socket.end(answer)));
    const patience = code === "TimedOut" ? 400 : 10_000;
    const registry = openDirect({ resolve: refuse, proxy: both(proxied.url) }, patience);
    await expect(
      registry.readByDigest({ host: "registry.test", repository: "m", digest: DIGEST }),
    ).rejects.toMatchObject({ name: "RegistryError", code, message: expect.stringMatching(why) });
  });
});

describe("a connection that breaks is told in words, and not in those of OpenSSL, the system or the client:", () => {
  const ask = async (host: string, options: Partial<ConnectionOptions> = {}) => {
    const error = await openDirect(options)
      .readByDigest({ host, repository: "m", digest: DIGEST })
      .catch((thrown: unknown) => thrown);
    return error instanceof RegistryError ? [error.code, error.message] : error;
  };

  test("a server without TLS", async () => {
    const { host } = await startHostileRegistry({ [MANIFEST_PATH]: send(MANIFEST) });
    expect(await ask(host)).toEqual(["NotTls", `${host}: it does not speak TLS (https)`]);
  });

  test("something that is no HTTP", async () => {
    const { host } = await startRawRegistry((socket) => socket.end("SSH-2.0-OpenSSH_9.9\r\n"));
    const insecure = { insecureHosts: new Set([host]) };
    expect(await ask(host, insecure)).toEqual(["Unreachable", `${host}: what it answers is no HTTP`]);
  });

  test("a server that closes at once", async () => {
    const { host } = await startRawRegistry((socket) => socket.destroy());
    expect(await ask(host)).toEqual(["Unreachable", `${host}: it closed the connection without an answer`]);
  });

  test("a port that nothing listens at", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const host = `127.0.0.1:${port}`;
    expect(await ask(host)).toEqual(["Unreachable", `${host}: nothing answers at that port`]);
    const resolve: ConnectionOptions["resolve"] = (_, __, done) => done(null, [{ address: "127.0.0.1", family: 4 }]);
    const named = `named.test:${port}`;
    expect(await ask(named, { resolve })).toEqual([
      "Unreachable",
      `${named}: nothing answers at that port (127.0.0.1:${port})`,
    ]);
  });

  test("a name that nobody has", async () => {
    const resolve: ConnectionOptions["resolve"] = (name, _, done) =>
      done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: "ENOTFOUND" }), []);
    expect(await ask("nobody.test", { resolve })).toEqual(["Unreachable", "nobody.test: its name is not known (DNS)"]);
  });

  test("a host that the registry redirects to is told by its own name", async () => {
    const plain = await startHostileRegistry({});
    const elsewhere = send("", { location: `https://${plain.host}/x` }, 302);
    const registry = await startHostileRegistry({ [MANIFEST_PATH]: elsewhere }, TLS);
    expect(await ask(registry.host, { ca: CA })).toEqual(["NotTls", `${plain.host}: it does not speak TLS (https)`]);
  });
});

describe("mirrors", () => {
  const CONTENT: Record<string, Reply> = {
    [`/v2/hub/m/manifests/${DIGEST}`]: send(MANIFEST),
    [`/v2/hub/m/blobs/${BLOB.digest}`]: send("weights"),
    [MANIFEST_PATH]: send(MANIFEST),
    [`/v2/m/blobs/${BLOB.digest}`]: send("weights"),
    [`/v2/m/referrers/${DIGEST}`]: send(JSON.stringify({ manifests: [BLOB] })),
    "/v2/m/manifests/v1": send(MANIFEST),
  };

  /** A registry with two mirrors; the second one is called by a prefix. */
  const open = async (first: Reply | Record<string, Reply>, home: Reply | Record<string, Reply>, only = false) => {
    const servers = [
      await startHostileRegistry(first),
      await startHostileRegistry(CONTENT),
      await startHostileRegistry(home),
    ];
    const [one, two, own] = servers as [HostileRegistry, HostileRegistry, HostileRegistry];
    const asked: string[] = [];
    const exchange = createExchange({
      insecureHosts: new Set(servers.map(({ host }) => host)),
      credentials: (host, repository) => {
        asked.push(`${host}/${repository}`);
        return [];
      },
    });
    const mirrors = [{ registry: own.host, mirrors: [one.host, `${two.host}/hub`], only }];
    const registry = withMirrors(mirrors)(createRegistry(exchange));
    const paths = () => servers.map(({ requests }) => requests.map(({ path }) => path.replace(/sha256:.*/, "D")));
    return { registry, ref: { host: own.host, repository: "m", digest: DIGEST }, paths, asked, servers };
  };

  const readAll = async (stream: AsyncIterable<Buffer>) => {
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  };

  test("content comes from the first, and nobody else is asked", async () => {
    const { registry, ref, paths } = await open(CONTENT, {});
    expect(await registry.readByDigest(ref)).toMatchObject({ digest: DIGEST });
    expect((await registry.readBlob(ref, BLOB)).toString()).toBe("weights");
    expect(await readAll(registry.streamBlob(ref, BLOB))).toBe("weights");
    expect(paths()).toEqual([["/v2/m/manifests/D", "/v2/m/blobs/D", "/v2/m/blobs/D"], [], []]);
  });

  test.each<[string, Reply]>([
    ["lies", send("something else")],
    ["has nothing", send("", {}, 404)],
    ["is out of order", send("", {}, 500)],
    ["refuses us", send("", {}, 403)],
    ["breaks off", (response) => void response.destroy()],
    ["redirects to a metadata service", send("", { location: "http://169.254.169.254/" }, 302)],
  ])("one that %s is passed over", async (_, reply) => {
    const { registry, ref, paths } = await open(reply, {});
    expect(await registry.readByDigest(ref)).toMatchObject({ digest: DIGEST });
    expect((await registry.readBlob(ref, BLOB)).toString()).toBe("weights");
    expect(paths()[1], "under the prefix of the second").toEqual(["/v2/hub/m/manifests/D", "/v2/hub/m/blobs/D"]);
    expect(paths()[2]).toEqual([]);
  });

  test("the registry itself comes last, and its error is what is told", async () => {
    const { registry, ref, paths, servers } = await open(send("lie"), send("", {}, 404));
    const other = { ...ref, digest: hash("other") };
    await expect(registry.readByDigest(other)).rejects.toMatchObject({
      code: "NotFound",
      message: expect.stringContaining(servers[2]?.host ?? "?"),
    });
    expect(paths()).toEqual([["/v2/m/manifests/D"], ["/v2/hub/m/manifests/D"], ["/v2/m/manifests/D"]]);
  });

  test.each<[string, Reply, number]>([
    ["cannot be reached is not waited for again", (response) => void response.destroy(), 1],
    ["limits its rate is left alone", send("", {}, 429), 1],
    ["merely lacks something is asked for the next thing", send("", {}, 404), 2],
  ])("one that %s", async (_, reply, requests) => {
    const { registry, ref, paths } = await open(reply, {});
    await registry.readByDigest(ref);
    await registry.readBlob(ref, BLOB);
    expect(paths()[0]).toHaveLength(requests);
    expect(paths()[1]).toHaveLength(2);
  });

  test("where all that may be asked are down, they are asked all the same", async () => {
    const server = await startHostileRegistry((response, asked) =>
      asked.number === 0 ? void response.destroy() : send(MANIFEST)(response, asked),
    );
    const exchange = createExchange({ insecureHosts: new Set([server.host]), credentials: () => [] });
    const mirrors = [{ registry: "r.example", mirrors: [server.host], only: true }];
    const registry = withMirrors(mirrors)(createRegistry(exchange));
    const ref = { host: "r.example", repository: "m", digest: DIGEST };
    await expect(registry.readByDigest(ref)).rejects.toMatchObject({ code: "Unreachable" });
    expect(await registry.readByDigest(ref)).toMatchObject({ digest: DIGEST });
  });

  test("which signatures there are is asked of the registry itself: a mirror can hide none", async () => {
    const { registry, ref, paths } = await open(send('{"manifests":[]}'), CONTENT);
    expect(await registry.listReferrers(ref)).toEqual([BLOB]);
    expect(await registry.readTag(ref, "v1")).toMatchObject({ digest: DIGEST });
    expect(paths().slice(0, 2)).toEqual([[], []]);
  });

  test("a registry that is never asked is asked for nothing", async () => {
    const { registry, ref, paths } = await open(CONTENT, CONTENT, true);
    expect(await registry.listReferrers(ref)).toEqual([BLOB]);
    expect(await registry.readTag(ref, "v1")).toMatchObject({ digest: DIGEST });
    await expect(registry.readByDigest({ ...ref, digest: hash("other") })).rejects.toMatchObject({ code: "NotFound" });
    expect(paths()[2]).toEqual([]);
  });

  test("credentials are those for the mirror's own address", async () => {
    const { registry, ref, asked, servers } = await open(send("", { "www-authenticate": "Basic" }, 401), {});
    await registry.readByDigest(ref);
    expect(asked).toEqual([`${servers[0]?.host}/m`]);
  });

  test("a stream that broke off in the middle is not gone on with from elsewhere", async () => {
    const { registry, ref } = await open((response) => {
      response.writeHead(200, { "content-length": "7" });
      response.write("weig", () => response.end("XXX"));
    }, {});
    await expect(readAll(registry.streamBlob(ref, BLOB))).rejects.toMatchObject({ code: "DigestMismatch" });
  });

  test("a stream that never began comes from the next", async () => {
    const { registry, ref } = await open(send("", {}, 500), {});
    expect(await readAll(registry.streamBlob(ref, BLOB))).toBe("weights");
  });

  test("Docker Hub is named as people write it", async () => {
    const server = await startHostileRegistry({ [`/v2/hub/library/busybox/manifests/${DIGEST}`]: send(MANIFEST) });
    const exchange = createExchange({ insecureHosts: new Set([server.host]), credentials: () => [] });
    const mirrors = [{ registry: "docker.io", mirrors: [`${server.host}/hub`], only: true }];
    const ref = { host: "registry-1.docker.io", repository: "library/busybox", digest: DIGEST };
    expect(await withMirrors(mirrors)(createRegistry(exchange)).readByDigest(ref)).toMatchObject({ digest: DIGEST });
  });

  test.each<[string, MirrorSettings]>([
    ["a scheme", { registry: "docker.io", mirrors: ["https://m.example"], only: false }],
    ["a path that is none", { registry: "docker.io", mirrors: ["m.example/../x"], only: false }],
    ["a slash at its end", { registry: "docker.io", mirrors: ["m.example/"], only: false }],
    ["a registry with a path", { registry: "docker.io/library", mirrors: ["m.example"], only: false }],
    ["a registry that is a pattern", { registry: "*.io", mirrors: ["m.example"], only: false }],
  ])("settings with %s are refused at once", (_, settings) => {
    expect(() => withMirrors([settings])).toThrow(/is not HOST/);
  });
});
