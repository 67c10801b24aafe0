// What the operator tells the outside: settings, probes, metrics, evidence and its log.
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { afterEach, describe, expect, test } from "vitest";
import { listSettings, readConfig } from "../../src/config.ts";
import { createEvidence } from "../../src/telemetry/evidence.ts";
import { type HealthServer, serveHealth } from "../../src/telemetry/health.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";

describe("settings", () => {
  test("have defaults that are safe", () => {
    expect(readConfig({ VOUCHSAFE_NAMESPACE: "v" })).toMatchObject({
      namespace: "v",
      logLevel: "info",
      port: 8080,
      pullSecrets: [],
      insecureRegistries: [],
      registryMirrors: [],
      registryCaFile: undefined,
      proxy: { https: "", http: "", except: "" },
      layersFolder: undefined,
    });
  });

  test("are documented with what they are where nobody sets them", () => {
    const told = Object.fromEntries(listSettings().map(({ name, fallback }) => [name, fallback]));
    expect(told).toMatchObject({ VOUCHSAFE_NAMESPACE: undefined, VOUCHSAFE_LOG_LEVEL: "info", VOUCHSAFE_PORT: "8080" });
    const own = { VOUCHSAFE_NAMESPACE: "v" };
    expect(readConfig({ ...told, ...own }), "setting the defaults changes nothing").toEqual(readConfig(own));
  });

  test("say where registries are mirrored and which proxies lead to them; the lower case goes first", () => {
    const mirrors = [{ registry: "docker.io", mirrors: ["m.example/hub"] }];
    expect(
      readConfig({
        VOUCHSAFE_NAMESPACE: "v",
        VOUCHSAFE_REGISTRY_MIRRORS: JSON.stringify(mirrors),
        VOUCHSAFE_REGISTRY_CA_FILE: "/ca.crt",
        HTTPS_PROXY: "http://upper.example:1",
        https_proxy: "http://lower.example:2",
        HTTP_PROXY: "http://upper.example:3",
        no_proxy: ".example",
      }),
    ).toMatchObject({
      registryMirrors: [{ registry: "docker.io", mirrors: ["m.example/hub"], only: false }],
      registryCaFile: "/ca.crt",
      proxy: { https: "http://lower.example:2", http: "http://upper.example:3", except: ".example" },
    });
  });

  test("are read as lists", () => {
    expect(
      readConfig({ VOUCHSAFE_NAMESPACE: "v", VOUCHSAFE_PULL_SECRETS: "a,b", VOUCHSAFE_IDENTITY: "me" }),
    ).toMatchObject({ pullSecrets: ["a", "b"], identity: "me" });
  });

  test.each([
    [{}, "VOUCHSAFE_NAMESPACE"],
    [{ VOUCHSAFE_NAMESPACE: "v", VOUCHSAFE_PORT: "many" }, "VOUCHSAFE_PORT"],
    [{ VOUCHSAFE_NAMESPACE: "v", VOUCHSAFE_LOG_LEVEL: "loud" }, "VOUCHSAFE_LOG_LEVEL"],
    [{ VOUCHSAFE_NAMESPACE: "v", VOUCHSAFE_REGISTRY_MIRRORS: "docker.io" }, "VOUCHSAFE_REGISTRY_MIRRORS"],
    [{ VOUCHSAFE_NAMESPACE: "v", VOUCHSAFE_REGISTRY_MIRRORS: '[{"registry":"r"}]' }, "VOUCHSAFE_REGISTRY_MIRRORS"],
    [
      { VOUCHSAFE_NAMESPACE: "v", VOUCHSAFE_REGISTRY_MIRRORS: '[{"registry":"r","mirrors":["a","b","c","d","e"]}]' },
      "VOUCHSAFE_REGISTRY_MIRRORS",
    ],
    [{ VOUCHSAFE_NAMESPACE: "v", HTTPS_PROXY: "socks5://proxy.example" }, "HTTPS_PROXY"],
  ])("%j is refused by name", (env, name) => {
    expect(() => readConfig(env)).toThrow(name);
  });
});

describe("probes", () => {
  let server: HealthServer | undefined;
  afterEach(() => server?.close());

  test("ready when nothing is missing, alive in any case, and nothing else", async () => {
    let unready = ["modelreleases not listed yet"];
    server = await serveHealth({
      host: "127.0.0.1",
      port: 0,
      findUnready: () => unready,
      renderMetrics: () => Promise.resolve("m 1\n"),
    });
    const ask = async (path: string, method = "GET") => {
      const response = await fetch(`http://127.0.0.1:${server?.port}${path}`, { method });
      return `${response.status} ${(await response.text()).trim()}`;
    };
    expect(await ask("/readyz")).toBe("503 modelreleases not listed yet");
    expect(await ask("/livez")).toBe("200 ok");
    unready = [];
    expect(await ask("/readyz")).toBe("200 ok");
    expect(await ask("/metrics")).toBe("200 m 1");
    expect(await ask("/../etc/passwd")).toBe("404 not found");
    expect(await ask("/livez", "POST")).toBe("405 only GET");
  });
});

test("metrics are counted, set and forgotten under their documented names", async () => {
  const metrics = createMetrics();
  metrics.count("refusals", { code: "ImageUnknown" });
  metrics.set("approvalEnds", { namespace: "n", release: "r" }, 5);
  expect(await metrics.render()).toContain('vouchsafe_refusals_seen_total{code="ImageUnknown"} 1');
  expect(await metrics.render()).toContain(
    'vouchsafe_release_not_after_timestamp_seconds{namespace="n",release="r"} 5',
  );
  metrics.remove("approvalEnds", { namespace: "n", release: "r" });
  expect(await metrics.render()).not.toContain('release="r"');
});

test("an evidence record keeps its id however often it is written, and anybody can compute it", () => {
  const lines: string[] = [];
  const kinds: string[] = [];
  let day = 1;
  const evidence = createEvidence(
    (line) => lines.push(line),
    (kind) => kinds.push(kind),
    () => new Date(Date.UTC(2026, 10, day++)),
  );
  const entry = {
    kind: "verdict",
    actor: "vouchsafe",
    object: "Warrant/n/enforce",
    what: "granted",
    inputs: ["b", "a"],
    codes: [],
  } as const;
  evidence.record(entry);
  evidence.record(entry);
  evidence.record({ ...entry, what: "refused" });
  const [first, second, third] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.every((line) => line.endsWith("\n") && !line.slice(0, -1).includes("\n"))).toBe(true);
  expect(first?.id).toBe(second?.id);
  expect(first?.time).not.toBe(second?.time);
  expect(third?.id).not.toBe(first?.id);
  expect(first?.id).toBe(
    `sha256:${createHash("sha256")
      .update(canonicalize(entry) ?? "")
      .digest("hex")}`,
  );
  expect(kinds).toEqual(["verdict", "verdict", "verdict"]);
});
