// One write that the API server refuses keeps no other from being made, and what is recorded is recorded first.
import { describe, expect, test } from "vitest";
import { AISystem } from "../../../src/api/ai-system.ts";
import { ModelRelease } from "../../../src/api/model-release.ts";
import { Warrant } from "../../../src/api/warrant.ts";
import { createBreachesController } from "../../../src/controllers/breaches/controller.ts";
import { createFenceController } from "../../../src/controllers/fence/controller.ts";
import { carryOut } from "../../../src/controllers/governance/carry-out.ts";
import { decideNamespace } from "../../../src/controllers/governance/decide.ts";
import { settleAll } from "../../../src/controllers/governance/settle.ts";
import { createSnapshotsController } from "../../../src/controllers/snapshots/controller.ts";
import { digestJson, nameRecord } from "../../../src/controllers/snapshots/record.ts";
import type { World } from "../../../src/controllers/world.ts";
import { nameIncident } from "../../../src/domain/breach.ts";
import { ApiError, type ApiErrorCode } from "../../../src/runtime/errors.ts";
import type { KubeObject } from "../../../src/runtime/index.ts";
import {
  make,
  MODEL,
  NAMESPACE,
  NO_DEMANDS,
  NOW,
  SERVER,
  SYSTEM_SPEC,
  toOpenFacts,
  toReleaseSpec,
  UNTIL,
} from "../domain/voice.ts";
import { createRefusingServer } from "./refusing-server.ts";

const OPERATOR = "vouchsafe-system";

/** Puts objects into the world, as their watch would. */
function show(world: World, store: keyof World, ...objects: unknown[]): void {
  const target = world[store] as { take(event: { type: "Apply"; object: KubeObject }): void };
  for (const object of objects) target.take({ type: "Apply", object: structuredClone(object) as KubeObject });
}

const namespace = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: NAMESPACE, labels: { "vouchsafe.dev/enforce": "standard" } },
};

describe("of several things", () => {
  const fail = (code: ApiErrorCode) => async () => {
    throw new ApiError({ code, status: 400, message: code });
  };
  test.each<[string, ApiErrorCode[], string | undefined]>([
    ["all that go well", [], undefined],
    ["one that fails is thrown at the end", ["Invalid"], "Invalid"],
    ["one that has to be mended is thrown before an old copy", ["Conflict", "Invalid"], "Invalid"],
    ["else the first", ["Conflict", "NotFound"], "Conflict"],
  ])("%s", async (_, codes, thrown) => {
    const done: number[] = [];
    const acts = [...codes.map(fail), async () => void done.push(1)];
    const outcome = await settleAll(acts).catch((error: unknown) => (error as ApiError).code);
    expect(outcome).toBe(thrown);
    expect(done).toEqual([1]);
  });
});

describe("breaches", () => {
  const toStrange = (digit: string) => `sha256:${digit.repeat(64)}`;
  const nameOf = (system: string, digit: string) =>
    nameIncident(
      { kind: "ImageUnvouched", system, release: undefined, order: undefined, digests: [toStrange(digit)] },
      0,
    );
  const FIRST = nameOf("a", "8");
  const SECOND = nameOf("b", "9");
  const toPod = (system: string, digit: string) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: system, namespace: NAMESPACE, labels: { "vouchsafe.dev/system": system } },
    spec: { containers: [{ name: "c", image: `r.example/x@${toStrange(digit)}` }] },
    status: { phase: "Running" },
  });

  test.each<[string, ApiErrorCode, "failed" | "requeued"]>([
    ["that is refused", "Invalid", "failed"],
    ["that somebody else opened", "AlreadyExists", "requeued"],
    ["whose namespace is not seen yet", "NotFound", "requeued"],
  ])(
    "one Incident %s keeps no other from being opened, and is not asked for again at once",
    async (_, code, expected) => {
      const { tools, seen, look } = createRefusingServer({ [`create ${FIRST}`]: code });
      const controller = createBreachesController(tools, OPERATOR);
      show(tools.world, "namespaces", namespace);
      show(tools.world, "warrants", make<Warrant>(Warrant, "enforce", { systems: {} }));
      show(tools.world, "pods", toPod("a", "8"), toPod("b", "9"));
      const [outcome] = await look(controller, expected === "failed" ? 0 : 300);
      expect(outcome).toBe(expected);
      expect(seen).toContain(`create ${SECOND}`);
      if (expected === "requeued") expect(seen.filter((one) => one === `create ${FIRST}`)).toHaveLength(1);
    },
  );
});

describe("the fence", () => {
  const held = { finalizers: ["vouchsafe.dev/fence"] };
  const systems = [
    make<AISystem>(AISystem, "gate", SYSTEM_SPEC, { metadata: held }),
    make<AISystem>(AISystem, "old", SYSTEM_SPEC, { metadata: { ...held, deletionTimestamp: "2026-11-24T11:00:00Z" } }),
  ];
  const standing = (name: string) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace: NAMESPACE, labels: { "app.kubernetes.io/managed-by": "vouchsafe" } },
    spec: {},
  });
  const work = async (refused: Record<string, ApiErrorCode>) => {
    const { tools, seen, look } = createRefusingServer(refused);
    const controller = createFenceController(tools, OPERATOR);
    show(tools.world, "namespaces", namespace);
    show(tools.world, "systems", ...systems);
    show(tools.world, "networkPolicies", standing("vouchsafe-system-old"));
    const [outcome] = await look(controller);
    return { outcome, seen };
  };
  const ALL = [
    "apply vouchsafe-default-deny",
    "apply vouchsafe-system-gate",
    "apply vouchsafe-egress-gate",
    "delete vouchsafe-system-old",
    "patch old",
  ];

  test.each<[string, Record<string, ApiErrorCode>, "done" | "failed"]>([
    ["nothing", {}, "done"],
    ["a policy", { "apply vouchsafe-default-deny": "Invalid" }, "failed"],
    ["the removal of another one", { "delete vouchsafe-system-old": "Forbidden" }, "failed"],
    ["the removal of one that is gone", { "delete vouchsafe-system-old": "NotFound" }, "done"],
  ])("goes up and down whole where the API server refuses %s", async (_, refused, expected) => {
    const { outcome, seen } = await work(refused);
    expect(outcome).toBe(expected);
    expect(seen.filter((one) => !one.startsWith("record")).slice(0, ALL.length)).toEqual(ALL);
  });

  test("is recorded before it is written", async () => {
    const { seen } = await work({});
    const at = (what: string) => seen.indexOf(what);
    const toRecord = (what: string, name: string) => `record ${what} NetworkPolicy/${NAMESPACE}/${name}`;
    expect(at(toRecord("fenced", "vouchsafe-default-deny"))).toBe(at("apply vouchsafe-default-deny") - 1);
    expect(at(toRecord("unfenced", "vouchsafe-system-old"))).toBe(at("delete vouchsafe-system-old") - 1);
  });
});

describe("snapshots", () => {
  const toWorkload = (name: string, change: { configMap?: string; variable?: string } = {}) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: NAMESPACE, uid: name, generation: 1 },
    spec: {
      replicas: 1,
      template: {
        metadata: { labels: { "vouchsafe.dev/system": "gate" } },
        spec: {
          containers: [{ name: "server", image: `r.example/s@${SERVER}`, env: [{ value: change.variable ?? "x" }] }],
          volumes: [
            { name: "model", image: { reference: `r.example/m@${MODEL}` } },
            ...(change.configMap === undefined ? [] : [{ name: "c", configMap: { name: change.configMap } }]),
          ],
        },
      },
    },
    status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
  });
  const grants = [{ system: "gate", release: "v5", artifact: "x", notAfter: UNTIL }];
  const warrant = make<Warrant>(Warrant, "enforce", {
    images: { [MODEL]: { grants }, [SERVER]: { grants } },
    systems: { gate: { gate: "Open", ...NO_DEMANDS } },
  });
  const start = (refused: Record<string, ApiErrorCode>, items: KubeObject[] = []) => {
    const server = createRefusingServer(refused, items);
    const controller = createSnapshotsController(server.tools);
    show(server.tools.world, "warrants", warrant);
    show(server.tools.world, "releases", make<ModelRelease>(ModelRelease, "v5", toReleaseSpec(MODEL)));
    const created = () => server.seen.filter((one) => one.startsWith("create")).length;
    return { ...server, controller, created };
  };
  const RECORDED = `record snapshotted Deployment/${NAMESPACE}/b`;

  test.each<[string, Record<string, ApiErrorCode>, "requeued" | "failed"]>([
    ["is missing", { "get gone": "NotFound" }, "requeued"],
    ["may not be read", { "get gone": "Forbidden" }, "failed"],
  ])("of one workload whose ConfigMap %s keep no other from being recorded", async (_, refused, expected) => {
    const { tools, seen, look, controller, created } = start(refused);
    show(tools.world, "deployments", toWorkload("a", { configMap: "gone" }), toWorkload("b"));
    const [outcome] = await look(controller);
    expect(outcome).toBe(expected);
    expect(seen).toContain(RECORDED);
    expect(created()).toBe(1);
  });

  test("are told of before they are made, and once", async () => {
    const { tools, seen, look, controller, created } = start({});
    show(tools.world, "deployments", toWorkload("b"));
    await look(controller);
    const at = seen.indexOf(RECORDED);
    expect(seen[at + 1]).toMatch(/^create vouchsafe-lkg-/);
    controller.enqueue(NAMESPACE);
    await look(controller);
    expect(created()).toBe(1);
    expect(seen.filter((one) => one === RECORDED)).toHaveLength(1);
  });

  test("that are there already are not told of again after a restart", async () => {
    const { metadata, spec } = toWorkload("b");
    const workload = { kind: "Deployment", name: "b", uid: metadata.uid };
    const data = { workload, system: "gate", release: "v5", configMaps: {}, template: spec.template };
    const name = nameRecord("lkg", digestJson(data));
    const item = { apiVersion: "apps/v1", kind: "ControllerRevision", metadata: { name }, data };
    const { tools, seen, look, controller } = start({}, [item]);
    show(tools.world, "deployments", toWorkload("b"));
    expect(await look(controller)).toEqual(["done"]);
    expect(seen).toEqual(["list controllerrevisions"]);
  });

  test("are remembered one for each workload: a template that comes back is looked at again", async () => {
    const { tools, look, controller, created } = start({});
    for (const variable of ["x", "y", "x"]) {
      show(tools.world, "deployments", toWorkload("b", { variable }));
      await look(controller);
    }
    expect(created()).toBe(3);
  });
});

test("one Warrant that is refused keeps no other from being written, and no status tells of either", async () => {
  const { tools, seen } = createRefusingServer({ "create enforce": "Invalid" });
  const facts = toOpenFacts();
  const written = carryOut(tools, facts, decideNamespace(facts, NOW), new Set());
  await expect(written).rejects.toMatchObject({ code: "Invalid" });
  expect(seen.filter((one) => !one.startsWith("record"))).toEqual(["create enforce", "create approvals"]);
});
