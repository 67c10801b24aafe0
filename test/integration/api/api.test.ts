// The CRDs on the real API server, without the product: what is accepted, and every single thing that is refused.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KINDS } from "../../../src/api/index.ts";
import { toResource } from "../../../src/api/kind.ts";
import { toObjectSchema } from "../../../src/crd/definition.ts";
import { type Client, createClient } from "../../../src/runtime/client.ts";
import { loadClusterConfig } from "../../../src/runtime/credentials.ts";
import { ApiError } from "../../../src/runtime/errors.ts";
import type { KubeObject } from "../../../src/runtime/objects.ts";
import { useCluster } from "../../harness/cluster.ts";
import { installCrds } from "../../harness/gate.ts";
import { demand } from "../../harness/kubectl.ts";
import { listRules, listViolations, sample } from "./constraints.ts";
import { RULES } from "./rules.ts";
import { VALID } from "./valid.ts";

let client: Client;
let namespace: string;
const cluster = useCluster();

beforeAll(async () => {
  await installCrds(cluster.kubectl);
  namespace = await cluster.makeNamespace("api");
  client = createClient(await loadClusterConfig({ kubeconfig: cluster.kubeconfig }));
});
afterAll(() => client.close());

const kindOf = (name: string) => {
  const kind = KINDS.find((one) => one.kind === name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
};
const toObject = (name: string, spec: unknown, metadata: object = {}) =>
  ({
    apiVersion: "vouchsafe.dev/v1alpha1",
    kind: name,
    metadata: {
      name: name === "Warrant" ? "enforce" : "x",
      ...(kindOf(name).namespaced ? { namespace } : {}),
      ...metadata,
    },
    spec,
  }) as unknown as KubeObject;

/** What the API server says; the empty string where it accepts. */
const ask = (act: Promise<unknown>): Promise<string> =>
  act.then(
    () => "",
    (error: unknown) => {
      if (error instanceof ApiError) return error.message;
      throw error;
    },
  );

test.each(readdirSync(fileURLToPath(new URL("../../../examples/voice", import.meta.url))))(
  "the example %s is accepted",
  async (file) => {
    const path = fileURLToPath(new URL(`../../../examples/voice/${file}`, import.meta.url));
    if (file !== "namespace.yaml") await demand(cluster.kubectl, ["create", "namespace", "voice"]).catch(() => "");
    await demand(cluster.kubectl, ["apply", "--server-side", "--force-conflicts", "--validate=strict", "-f", path]);
  },
);

test.each(Object.entries(VALID))("a small %s is accepted", async (name, spec) => {
  expect(await ask(client.create(toResource(kindOf(name)), toObject(name, spec), { dryRun: true }))).toBe("");
});

describe.each(KINDS.map(({ kind }) => kind))("%s", (name) => {
  const kind = kindOf(name);
  const schema = toObjectSchema(kind);
  const { spec = {}, status = {} } = schema.properties ?? {};

  test("every bound, enum, format, key and required field of spec is refused by the API server", async () => {
    const whole = { spec: sample(spec) };
    const violations = [...listViolations(spec, ["spec"], whole)];
    expect(violations.length, "the kind has constraints").toBeGreaterThan(0);
    const passed: string[] = [];
    for (const { name: what, object, says } of violations) {
      const answer = await ask(client.create(toResource(kind), toObject(name, object.spec), { dryRun: true }));
      if (!answer.includes(says)) passed.push(`${what}: expected "${says}", got "${answer.slice(0, 300)}"`);
    }
    expect(passed, "constraints that the API server does not enforce").toEqual([]);
  });

  test("and so is every one of status", async () => {
    const stored = await client.create(toResource(kind), toObject(name, VALID[name as keyof typeof VALID]));
    const whole = { status: sample(status) };
    const passed: string[] = [];
    for (const { name: what, object, says } of listViolations(status, ["status"], whole)) {
      const bad = { ...stored, status: object.status } as unknown as KubeObject;
      const answer = await ask(client.replace(toResource(kind), bad, { dryRun: true, subresource: "status" }));
      if (!answer.includes(says)) passed.push(`${what}: expected "${says}", got "${answer.slice(0, 300)}"`);
    }
    await client.delete(toResource(kind), stored.metadata);
    expect(passed, "constraints that the API server does not enforce").toEqual([]);
  });

  test("every CEL rule is named by a case below", () => {
    const covered = new Set(RULES.filter((rule) => rule.kind === name).map(({ message }) => message));
    expect(
      [...new Set(listRules(schema))].filter((message) => !covered.has(message)),
      "rules without a case",
    ).toEqual([]);
  });

  test("explains itself", async () => {
    const text = await demand(cluster.kubectl, ["explain", `${kind.plural}.vouchsafe.dev`, "--recursive"]);
    expect(text).toContain(kind.description.slice(0, 40));
    expect(text).not.toContain("<no description>");
  });
});

test.each(RULES.map((rule) => [rule.kind, rule.message, rule] as const))("%s: %s", async (_, message, rule) => {
  const kind = kindOf(rule.kind);
  const valid = VALID[rule.kind] as Record<string, unknown>;
  const bad = rule.spec(valid);
  const metadata = rule.name === undefined ? {} : { name: rule.name };
  if (rule.isTransition === undefined) {
    expect(await ask(client.create(toResource(kind), toObject(rule.kind, bad, metadata), { dryRun: true }))).toContain(
      message,
    );
    return;
  }
  const first = rule.before === undefined ? valid : rule.before(valid);
  const stored = await client.create(toResource(kind), toObject(rule.kind, first, { name: "transition" }));
  expect(
    await ask(client.replace(toResource(kind), { ...stored, spec: bad } as KubeObject, { dryRun: true })),
  ).toContain(message);
  await client.delete(toResource(kind), stored.metadata);
});

describe.each(["Approval", "Revocation", "ClusterRevocation", "ModelRelease"] as const)(
  "an immutable %s withstands",
  (name) => {
    const kind = kindOf(name);
    const ref = () => ({ ...(kind.namespaced ? { namespace } : {}), name: "fixed" });
    beforeAll(() => client.create(toResource(kind), toObject(name, VALID[name], { name: "fixed" })));
    afterAll(() => client.delete(toResource(kind), ref()));

    test.each<[string, () => Promise<unknown>]>([
      ["null", () => client.patchMerge(toResource(kind), ref(), { spec: null })],
      [
        "a field set to null",
        () => client.patchMerge(toResource(kind), ref(), { spec: { reason: null, version: null } }),
      ],
      [
        "an added field",
        () =>
          client.patchMerge(toResource(kind), ref(), {
            spec: {
              since: "2026-01-01T00:00:00Z",
              limitations: ["x"],
              source: "Kubernetes",
              approver: { username: "eve" },
            },
          }),
      ],
      [
        "JSON Patch remove and add",
        () =>
          client.patchJson(toResource(kind), ref(), [
            { op: "remove", path: "/spec" },
            { op: "add", path: "/spec", value: { ...VALID[name], reason: "x", version: "x" } },
          ]),
      ],
      [
        "removal by server-side apply",
        () =>
          client.apply(
            toResource(kind),
            { ...toObject(name, { ...VALID[name], reason: "x", version: "x" }), metadata: ref() },
            { fieldManager: "eve", force: true },
          ),
      ],
    ])("%s", async (_, act) => {
      const before = await client.get<KubeObject & { spec: unknown }>(toResource(kind), ref());
      expect(await ask(act())).not.toBe("");
      expect((await client.get<KubeObject & { spec: unknown }>(toResource(kind), ref())).spec).toEqual(before.spec);
    });
  },
);
