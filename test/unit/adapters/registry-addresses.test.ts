// Where the product connects to: never to a metadata service, and always to the path that a reference names.
import type { LookupAddress } from "node:dns";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { isRefusedAddress } from "../../../src/adapters/registry/addresses.ts";
import { createExchange, toUrl } from "../../../src/adapters/registry/exchange.ts";
import { isHost, parseReference } from "../../../src/adapters/registry/reference.ts";
import { createRegistry } from "../../../src/adapters/registry/registry.ts";
import { send, startHostileRegistry, stopHostileRegistries } from "../../harness/hostile-registry.ts";

afterEach(stopHostileRegistries);

test.each([
  ["127.0.0.1", false],
  ["10.0.0.1", false],
  ["8.8.8.8", false],
  ["fd00::5", false],
  ["2606:4700::1", false],
  ["64:ff9b::808:808", false],
  ["169.254.169.254", true],
  ["169.254.0.1", true],
  ["::ffff:169.254.169.254", true],
  ["::ffff:a9fe:a9fe", true],
  ["::169.254.169.254", true],
  ["::ffff:0:169.254.169.254", true],
  ["64:ff9b::169.254.169.254", true],
  ["64:ff9b:1::169.254.169.254", true],
  ["2002:a9fe:a9fe::", true],
  ["2001:0:a9fe:a9fe::", true],
  ["fe80::1", true],
  ["fe80::1%eth0", true],
  ["fec0::1", true],
  ["fd00:ec2::254", true],
  ["fd20:ce::254", true],
  ["100.100.100.200", true],
  ["168.63.129.16", true],
  ["0.0.0.0", true],
  ["::", true],
  ["224.0.0.1", true],
  ["255.255.255.255", true],
  ["240.0.0.1", true],
  ["not an address", true],
  ["", true],
])("address %s is refused: %s", (address, expected) => {
  expect(isRefusedAddress(address)).toBe(expected);
});

const DIGEST = `sha256:${"a".repeat(64)}`;
const v4 = (address: string): LookupAddress => ({ address, family: 4 });
const v6 = (address: string): LookupAddress => ({ address, family: 6 });

describe("a name", () => {
  /** Opens model.example, whose name leads to what `answers` says, one answer after the other. */
  const open = async (...answers: LookupAddress[][]) => {
    const server = await startHostileRegistry(send("hello", { connection: "close" }));
    const host = server.host.replace("127.0.0.1", "model.example");
    let asked = 0;
    const exchange = createExchange({
      insecureHosts: new Set([host]),
      credentials: () => [],
      resolve: (_, __, callback) => {
        callback(null, answers[Math.min(asked, answers.length - 1)] ?? []);
        asked += 1;
      },
    });
    const read = () => exchange.get({ host, repository: "m", rest: "x", maxBytes: 100 });
    return { server, read };
  };

  test.each([
    [[v4("169.254.169.254")]],
    [[v6("::ffff:a9fe:a9fe")]],
    [[v6("64:ff9b::a9fe:a9fe")]],
    [[v6("fd00:ec2::254")]],
    [[v4("127.0.0.1"), v4("169.254.169.254")]],
  ])("that leads to %j is not asked", async (addresses) => {
    const { read, server } = await open(addresses);
    await expect(read()).rejects.toMatchObject({ name: "RegistryError", code: "AddressRefused" });
    expect(server.requests).toEqual([]);
  });

  test("that leads elsewhere the second time is judged anew: what was judged is what is connected to", async () => {
    const { read, server } = await open([v4("127.0.0.1")], [v4("169.254.169.254")]);
    expect((await read()).body.toString()).toBe("hello");
    await expect(read()).rejects.toMatchObject({ code: "AddressRefused" });
    expect(server.requests).toHaveLength(1);
  });

  test("that leads nowhere cannot be reached", async () => {
    const { read } = await open([]);
    await expect(read()).rejects.toMatchObject({ name: "RegistryError", code: "Unreachable" });
  });
});

describe("references", () => {
  const hub = (repository: string) => ({ host: "registry-1.docker.io", repository, digest: DIGEST });
  test.each<[string, object | undefined]>([
    ["r.example/a/b:v1", { host: "r.example", repository: "a/b", digest: DIGEST }],
    ["r.example:5000/a", { host: "r.example:5000", repository: "a", digest: DIGEST }],
    ["[fd00::5]:5000/a", { host: "[fd00::5]:5000", repository: "a", digest: DIGEST }],
    ["busybox", hub("library/busybox")],
    ["docker.io/busybox", hub("library/busybox")],
    ["index.docker.io/busybox", hub("library/busybox")],
    ["docker.io/a/b", hub("a/b")],
    ["index.docker.io/a/b", hub("a/b")],
    ["a/b", hub("a/b")],
    ["localhost/a", { host: "localhost", repository: "a", digest: DIGEST }],
    ["r.example/A", undefined],
    ["R.example/a", undefined],
    ["r.example/a/../b", undefined],
    ["r.example/a%2fb", undefined],
    ["r.example/a?x", undefined],
    ["r.example/a#x", undefined],
    ["r.example/a\\b", undefined],
    ["r.example//a", undefined],
    ["r.example/a/", undefined],
    ["r.example/.a", undefined],
    ["r.example/a\n", undefined],
    ["r.example/ａ", undefined],
    ["user:pw@r.example/a", undefined],
    ["r.example:0/a", undefined],
    ["r.example:65536/a", undefined],
    ["r.example:0443/a", undefined],
    ["127.1:5000/a", undefined],
    ["0x7f.1/a", undefined],
    ["0251.0376.0251.0376/a", undefined],
    ["2852039166:80/a", undefined],
    ["1.2.3.4.5/a", undefined],
    ["[0:0:0:0:0:0:0:1]:5000/a", undefined],
    ["[::ffff:169.254.169.254]/a", undefined],
    [`r.example/a:${"x".repeat(129)}`, undefined],
  ])("%s", (name, expected) => {
    expect(parseReference(`${name}@${DIGEST}`)).toEqual(expected);
  });

  test.each([
    "r.example/a:v1",
    `r.example/a@${DIGEST}@${DIGEST}`,
    `r.example/a@sha512:${"a".repeat(128)}`,
    `r.example/a@sha256:${"A".repeat(64)}`,
    `r.example/a@${DIGEST}/../x`,
  ])("%s", (image) => {
    expect(parseReference(image)).toBeUndefined();
  });

  /** Pieces that would mean something to a reader of addresses. */
  const ODD = [
    "..",
    ".",
    "/",
    "//",
    "%2e",
    "%2F",
    "?",
    "#",
    "\\",
    "@",
    ":",
    "\u0000",
    "\n",
    " ",
    "․",
    "／",
    "ａ",
    "%",
    "&",
    ";",
    "[",
    "]",
  ];
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.stringMatching(/^[a-z0-9]{1,6}$/) },
    { weight: 2, arbitrary: fc.constantFrom(".", "_", "__", "-", "/", "a.example", ":5000/", ":v1") },
    { weight: 1, arbitrary: fc.constantFrom(...ODD) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 3 }) },
  );
  const image = fc.array(piece, { minLength: 1, maxLength: 10 }).map((pieces) => `${pieces.join("")}@${DIGEST}`);

  test("whatever is accepted is asked at exactly its path, on exactly its host", () => {
    let accepted = 0;
    fc.assert(
      fc.property(image, (text) => {
        const ref = parseReference(text);
        if (ref === undefined) return;
        accepted += 1;
        const { host, repository, digest } = ref;
        const url = toUrl({ host, repository, rest: `manifests/${digest}` }, false);
        expect(`${url.protocol} ${url.pathname}`).toBe(`https: /v2/${repository}/manifests/${DIGEST}`);
        expect([url.search, url.hash, url.username, url.password]).toEqual(["", "", "", ""]);
        expect([url.host, `${url.host}:443`]).toContain(host);
        expect(decodeURIComponent(url.pathname), "nothing is encoded").toBe(url.pathname);
        expect(text.startsWith(host) || host === "registry-1.docker.io").toBe(true);
        expect(repository.split("/")).not.toContain("..");
      }),
      { numRuns: 5000 },
    );
    expect(accepted, "references among the texts").toBeGreaterThan(200);
  });

  test("whatever else reaches the exchange is asked at exactly its path, or not at all", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.array(piece, { maxLength: 4 }), (repository, host) => {
        const asked = { host: host.join(""), repository: repository.join(""), rest: "manifests/x" };
        try {
          expect(toUrl(asked, false).href).toBe(
            `https://${asked.host.replace(/:443$/, "")}/v2/${asked.repository}/manifests/x`,
          );
        } catch (error) {
          expect(error).toMatchObject({ name: "RegistryError", code: "Malformed" });
        }
      }),
      { numRuns: 5000 },
    );
  });

  test("a host is what every reader of addresses takes as it is written", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.domain(),
          fc.ipV4Extended(),
          fc.ipV6(),
          fc.array(piece).map((all) => all.join("")),
        ),
        (text) => {
          if (isHost(text)) expect(new URL(`https://${text}/`).host).toBe(text.replace(/:443$/, ""));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test.each(["", "a b", "../x", "a/b", "a?b", "%2e%2e", "a".repeat(129)])("tag %j is never asked for", async (tag) => {
    const server = await startHostileRegistry(send("{}"));
    const exchange = createExchange({ insecureHosts: new Set([server.host]), credentials: () => [] });
    const ref = { host: server.host, repository: "m", digest: DIGEST };
    await expect(createRegistry(exchange).readTag(ref, tag)).rejects.toMatchObject({ code: "Malformed" });
    expect(server.requests).toEqual([]);
  });
});
