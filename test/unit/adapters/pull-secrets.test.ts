// Which pull secrets are tried for an image: what the kubelet's own code answers (test/vectors/pull-secrets).
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Credentials } from "../../../src/adapters/registry/authorization.ts";
import {
  findCredentials,
  fitsAddress,
  parseDockerConfig,
  parsePullSecret,
  parseUserConfig,
} from "../../../src/adapters/registry/pull-secrets.ts";
import { parseReference } from "../../../src/adapters/registry/reference.ts";

interface Case {
  name: string;
  secrets: Record<string, unknown>[];
  /** What the kubelet tries, in order, as user:password. */
  images: Record<string, string[]>;
}

const CASES = JSON.parse(
  readFileSync(fileURLToPath(new URL("../../vectors/pull-secrets/cases.json", import.meta.url)), "utf8"),
) as Case[];

const CONFIG = ".dockerconfigjson";
const JSON_TYPE = "kubernetes.io/dockerconfigjson";
const OLD_TYPE = "kubernetes.io/dockercfg";

const parse = (config: Record<string, unknown>) =>
  config.auths === undefined
    ? parsePullSecret({ type: OLD_TYPE, data: { ".dockercfg": JSON.stringify(config) } })
    : parsePullSecret({ type: JSON_TYPE, data: { [CONFIG]: JSON.stringify(config) } });

const say = (one: Credentials) => (one.type === "password" ? `${one.username}:${one.password}` : one.type);

function find(secrets: Record<string, unknown>[], image: string): string[] {
  const ref = parseReference(`${image}@sha256:${"a".repeat(64)}`);
  if (ref === undefined) throw new Error(`${image} is no reference`);
  return findCredentials([secrets.flatMap(parse)], ref.host, ref.repository).map(say);
}

test("the table holds what the kubelet answered", () => {
  const answers = CASES.flatMap(({ images }) => Object.values(images));
  expect(answers.length).toBeGreaterThan(70);
  expect(answers.filter((tried) => tried.length > 0).length).toBeGreaterThan(40);
});

describe.each(CASES)("$name", ({ secrets, images }) => {
  test.each(Object.entries(images))("%s", (image, tried) => {
    expect(find(secrets, image), "as the kubelet would").toEqual(tried);
  });
});

const manyEntries = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`h${n}`, { username: "u", password: "p" }]));

test("a person's docker config may hold other settings and no credentials; a pull secret may not", () => {
  const auths = { "a.test": { username: "u", password: "p" } };
  for (const config of [{}, { credsStore: "desktop" }, { auths: {} }])
    expect(parseUserConfig(JSON.stringify(config))).toEqual([]);
  expect(parseUserConfig(JSON.stringify({ auths, proxies: {} }))).toMatchObject([{ address: "a.test" }]);
  for (const broken of ["", "[]", "no", '{"auths":[1]}', '{"auths":null}'])
    expect(() => parseUserConfig(broken), broken).toThrow();
  expect(() => parseDockerConfig("{}")).toThrow();
});

describe("beyond the kubelet", () => {
  test("Docker Hub is found by the host that is really asked, where nothing else fits", () => {
    const asked = { auths: { "registry-1.docker.io": { username: "a", password: "b" } } };
    expect(find([asked], "busybox")).toEqual(["a:b"]);
    expect(find([asked, { auths: { "docker.io": { username: "c", password: "d" } } }], "busybox")).toEqual(["c:d"]);
  });

  test("identity and registry tokens go before passwords", () => {
    const entry = { auth: Buffer.from("0000:").toString("base64"), identitytoken: "refresh" };
    const auths = { "a.test": entry, "b.test": { username: "u", password: "p", registrytoken: "bearer" } };
    expect(findCredentials([parse({ auths })], "a.test", "m")).toEqual([
      { type: "identity", identityToken: "refresh" },
    ]);
    expect(findCredentials([parse({ auths })], "b.test", "m")).toEqual([{ type: "bearer", registryToken: "bearer" }]);
  });

  test("at most eight are tried", () => {
    const secrets = Array.from({ length: 20 }, (_, n) => ({
      auths: { "a.test": { username: `u${n}`, password: "p" } },
    }));
    expect(find(secrets, "a.test/m")).toEqual(Array.from({ length: 8 }, (_, n) => `u${n}:p`));
  });

  test.each<[string, string, Record<string, string>]>([
    ["nothing", JSON_TYPE, {}],
    ["no JSON", JSON_TYPE, { [CONFIG]: "{" }],
    ["no auths", JSON_TYPE, { [CONFIG]: "{}" }],
    ["auth without a colon", JSON_TYPE, { [CONFIG]: JSON.stringify({ auths: { a: { auth: "YWJj" } } }) }],
    ["numbers", OLD_TYPE, { ".dockercfg": JSON.stringify({ a: 1 }) }],
    ["the data of the older type", JSON_TYPE, { ".dockercfg": "{}" }],
    ["the data of the newer type", OLD_TYPE, { [CONFIG]: '{"auths":{}}' }],
    ["another type", "Opaque", { [CONFIG]: '{"auths":{}}' }],
    ["1001 entries", JSON_TYPE, { [CONFIG]: JSON.stringify({ auths: manyEntries(1001) }) }],
    [
      "a token that is two headers",
      JSON_TYPE,
      { [CONFIG]: JSON.stringify({ auths: { a: { registrytoken: "x\r\ny: z" } } }) },
    ],
  ])("a secret with %s is none, and the error tells nothing of it", (_, type, data) => {
    let told = "";
    try {
      parsePullSecret({ type, data });
    } catch (error) {
      told = String(error);
    }
    expect(told).not.toBe("");
    for (const text of ["YWJj", "y: z", "h1000"]) expect(told).not.toContain(text);
  });

  test("what another keyring holds comes after all of the first, however well it fits, as the kubelet's own does", () => {
    const first = parse({ auths: { "a.test": { username: "first", password: "p" } } });
    const second = parse({ auths: { "a.test/team/m": { username: "second", password: "p" } } });
    expect(findCredentials([first, second], "a.test", "team/m").map(say)).toEqual(["first:p", "second:p"]);
    expect(findCredentials([second, first], "a.test", "team/m").map(say)).toEqual(["second:p", "first:p"]);
  });

  test("a pattern of many stars takes no time", () => {
    const start = performance.now();
    expect(fitsAddress(`${"*a".repeat(5000)}b`, `${"a".repeat(20_000)}c`, "m")).toBe(false);
    expect(performance.now() - start, "milliseconds").toBeLessThan(500);
  });
});
