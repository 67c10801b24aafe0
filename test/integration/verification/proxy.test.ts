// A real proxy, tinyproxy, between the command and registries: what goes through it, what does not, and what it sees.
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isRefusedAddress } from "../../../src/adapters/registry/addresses.ts";
import {
  type HostileRegistry,
  send,
  startHostileRegistry,
  stopHostileRegistries,
} from "../../harness/hostile-registry.ts";
import type { Answer } from "../../harness/kubectl.ts";
import { startTinyproxy, type Tinyproxy } from "../../harness/tinyproxy.ts";

const PASSWORD = "s3cret-of-the-proxy";
const BIN = fileURLToPath(new URL("../../../bin/vouchsafe", import.meta.url));
const KEY = fileURLToPath(new URL("../../../examples/silero/keys/model-pipeline.pub", import.meta.url));
const MANIFEST = JSON.stringify({
  config: { mediaType: "x", digest: `sha256:${"a".repeat(64)}`, size: 2 },
  layers: [],
});
const DIGEST = `sha256:${createHash("sha256").update(MANIFEST).digest("hex")}`;

/** An address of this machine that registries may have, and not loopback, which is never asked through a proxy. */
const findOwnAddress = () =>
  Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ address, internal }) => !internal && !isRefusedAddress(address))
    .toSorted((a, b) => (a.family < b.family ? -1 : 1))[0];

const found = findOwnAddress();
const address = found?.address ?? "127.0.0.1";
/** As it stands in references. */
const own = found?.family === "IPv6" ? `[${address}]` : address;
let dir = "";
let proxy: Tinyproxy;
let secure: HostileRegistry;
let plain: HostileRegistry;
let ca = "";

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "proxy-"));
  const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  const names = ["-subj", "/CN=registry", "-addext", `subjectAltName=IP:${address}`, "-days", "2"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", cert, ...names], { stdio: "ignore" });
  ca = cert;
  const content = {
    [`/v2/m/manifests/${DIGEST}`]: send(MANIFEST),
    [`/v2/m/referrers/${DIGEST}`]: send('{"manifests":[]}'),
    "/v2/away/manifests/v1": send("", { location: "https://169.254.169.254/latest" }, 302),
  };
  const tls = { key: readFileSync(key), cert: readFileSync(cert) };
  secure = await startHostileRegistry(content, tls, address);
  plain = await startHostileRegistry(content, undefined, address);
  proxy = await startTinyproxy({ name: "puller", password: PASSWORD });
});
afterAll(async () => {
  await proxy.stop();
  await stopHostileRegistries();
  rmSync(dir, { recursive: true, force: true });
});

const withPassword = (password = PASSWORD) => `http://puller:${password}@${proxy.host}`;

/** Verifies an image by the command, under this environment; with what the proxy and the registries were asked meanwhile. */
async function verify(image: string, env: Record<string, string>) {
  const before = { proxied: await proxy.readAsked(), secure: secure.requests.length, plain: plain.requests.length };
  const args = ["verify-image", image, "--key", KEY, "--insecure-registry", plain.host];
  const all = { PATH: process.env.PATH, HOME: "/nonexistent", NODE_EXTRA_CA_CERTS: ca, ...env };
  const answer = await new Promise<Answer>((ok) => {
    execFile(BIN, args, { env: all }, (error, stdout, stderr) => {
      ok({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
  const said = answer.stdout + answer.stderr;
  expect(said, "what the proxy is told").not.toContain(PASSWORD);
  const proxied = (await proxy.readAsked()).slice(before.proxied.length);
  const asked = [secure.requests.slice(before.secure), plain.requests.slice(before.plain)].flat();
  return { ...answer, said, proxied, asked };
}

const imageOf = ({ host }: HostileRegistry) => `${host}/m@${DIGEST}`;

test("the machine has an address besides loopback that a registry may have", () => {
  expect(found, "such as one of a bridge of containers").toBeDefined();
});

describe("a registry by TLS", () => {
  test.each(["HTTPS_PROXY", "https_proxy"])("is asked by a tunnel, which %s names", async (name) => {
    const { code, stdout, proxied, asked } = await verify(imageOf(secure), { [name]: withPassword() });
    expect(stdout).toContain("missing      a signature over the artifact");
    expect(code, "the answer is no, and it is one").toBe(1);
    expect(new Set(proxied)).toEqual(new Set([`CONNECT ${secure.host} HTTP/1.1`]));
    expect(asked.length).toBeGreaterThan(1);
    expect(
      asked.filter(({ headers }) => "proxy-authorization" in headers),
      "the registry sees none of it",
    ).toEqual([]);
  });

  test.each([
    ["its address", () => address],
    ["its address and port", () => secure.host],
    ["a range", () => `10.255.0.0/16,${address}/${found?.family === "IPv6" ? 64 : 24}`],
    ["everything", () => "*"],
  ])("is asked directly where NO_PROXY names %s", async (_, except) => {
    const { code, proxied, asked } = await verify(imageOf(secure), { HTTPS_PROXY: withPassword(), NO_PROXY: except() });
    expect(code).toBe(1);
    expect([proxied.length, asked.length > 1]).toEqual([0, true]);
  });

  test("is asked by the proxy where NO_PROXY names another port", async () => {
    const { proxied } = await verify(imageOf(secure), { HTTPS_PROXY: withPassword(), no_proxy: `${own}:1` });
    expect(proxied).not.toEqual([]);
  });

  test.each([
    ["another password", () => withPassword("wrong-of-the-proxy")],
    ["no password", () => `http://${proxy.host}`],
  ])("is not reached with %s", async (_, address) => {
    const { code, said, asked } = await verify(imageOf(secure), { HTTPS_PROXY: address() });
    expect(code).toBe(2);
    expect(said).toContain("the proxy does not lead there (HTTP 40");
    expect(said).not.toContain("wrong-of-the-proxy");
    expect(asked).toEqual([]);
  });

  test("that the proxy cannot reach is an error", async () => {
    const { code, said } = await verify(`${own}:1/m@${DIGEST}`, { HTTPS_PROXY: withPassword() });
    expect(code).toBe(2);
    expect(said).toMatch(/the proxy does not lead there \(HTTP 5\d\d\)/);
  });

  test.each(["169.254.169.254", "[fd00:ec2::254]", "metadata.google.internal"])(
    "at %s is refused before the proxy is asked",
    async (host) => {
      const { code, said, proxied } = await verify(`${host}/m@${DIGEST}`, { HTTPS_PROXY: withPassword() });
      expect(code).toBe(2);
      expect(said).toContain("link-local, metadata or reserved address");
      expect(proxied).toEqual([]);
    },
  );

  test("that redirects to a metadata service leads nobody there", async () => {
    const { code, said, proxied } = await verify(`${secure.host}/away:v1`, { HTTPS_PROXY: withPassword() });
    expect(code).toBe(2);
    expect(said).toContain("169.254.169.254 is a link-local, metadata or reserved address");
    expect(proxied).toEqual([`CONNECT ${secure.host} HTTP/1.1`]);
  });
});

test("a registry without TLS is asked through HTTP_PROXY, and not through the other", async () => {
  const through = await verify(imageOf(plain), { http_proxy: withPassword() });
  expect(through.code).toBe(1);
  expect(through.proxied).toContain(`GET http://${plain.host}/v2/m/manifests/${DIGEST} HTTP/1.1`);
  const past = await verify(imageOf(plain), { HTTPS_PROXY: withPassword() });
  expect([past.code, past.proxied.length]).toEqual([1, 0]);
});

test("what is no proxy is refused without telling what it is", async () => {
  const { code, said } = await verify(imageOf(secure), { HTTPS_PROXY: `socks5://u:${PASSWORD}@127.0.0.1` });
  expect(code).toBe(2);
  expect(said).toContain("HTTPS_PROXY is no http:// or https:// address of a proxy");
});
