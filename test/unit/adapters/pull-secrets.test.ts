// Which pull secrets are tried for an image: what the kubelet's own code answers (test/vectors/pull-secrets).
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Credentials } from "../../../src/adapters/registry/authorization.ts";
import { findCredentials, fitsAddress, parsePullSecret } from "../../../src/adapters/registry/pull-secrets.ts";
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

const parse = (config: Record<string, unknown>) =>
  parsePullSecret({ [config.auths === undefined ? ".dockercfg" : ".dockerconfigjson"]: JSON.stringify(config) });

const say = (one: Credentials) => (one.type === "password" ? `${one.username}:${one.password}` : one.type);

function find(secrets: Record<string, unknown>[], image: string): string[] {
  const ref = parseReference(`${image}@sha256:${"a".repeat(64)}`);
  if (ref === undefined) throw new Error(`${image} is no reference`);
  return findCredentials(secrets.flatMap(parse), ref.host, ref.repository).map(say);
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

describe("beyond the kubelet", () => {
  test("Docker Hub is found by the host that is really asked, where nothing else fits", () => {
    const asked = { auths: { "registry-1.docker.io": { username: "a", password: "b" } } };
    expect(find([asked], "busybox")).toEqual(["a:b"]);
    expect(find([asked, { auths: { "docker.io": { username: "c", password: "d" } } }], "busybox")).toEqual(["c:d"]);
  });

  test("identity and registry tokens go before passwords", () => {
    const entry = { auth: Buffer.from("0000:").toString("base64"), identitytoken: "refresh" };
    const auths = { "a.test": entry, "b.test": { username: "u", password: "p", registrytoken: "bearer" } };
    expect(findCredentials(parse({ auths }), "a.test", "m")).toEqual([{ type: "identity", identityToken: "refresh" }]);
    expect(findCredentials(parse({ auths }), "b.test", "m")).toEqual([{ type: "bearer", registryToken: "bearer" }]);
  });

  test("at most eight are tried", () => {
    const secrets = Array.from({ length: 20 }, (_, n) => ({
      auths: { "a.test": { username: `u${n}`, password: "p" } },
    }));
    expect(find(secrets, "a.test/m")).toEqual(Array.from({ length: 8 }, (_, n) => `u${n}:p`));
  });

  test.each([
    ["nothing", {}],
    ["no JSON", { ".dockerconfigjson": "{" }],
    ["no auths", { ".dockerconfigjson": "{}" }],
    ["auth without a colon", { ".dockerconfigjson": JSON.stringify({ auths: { a: { auth: "YWJj" } } }) }],
    ["numbers", { ".dockercfg": JSON.stringify({ a: 1 }) }],
  ])("a secret with %s is none", (_, data) => {
    expect(() => parsePullSecret(data)).toThrow();
  });

  test("a pattern of many stars takes no time", () => {
    const start = performance.now();
    expect(fitsAddress(`${"*a".repeat(5000)}b`, `${"a".repeat(20_000)}c`, "m")).toBe(false);
    expect(performance.now() - start, "milliseconds").toBeLessThan(500);
  });
});
