// How far long verification is: told in coarse steps, in the status alone, and the same to all who ask.
import { describe, expect, test } from "vitest";
import { ModelRelease } from "../../../src/api/model-release.ts";
import { carryOut } from "../../../src/controllers/governance/carry-out.ts";
import { decideNamespace } from "../../../src/controllers/governance/decide.ts";
import {
  beginSteps,
  type Progress,
  stateReading,
  STEP_MS,
  takeStep,
} from "../../../src/controllers/verification/decide.ts";
import { createVerificationController } from "../../../src/controllers/verification/controller.ts";
import { createReadings } from "../../../src/controllers/verification/readings.ts";
import { addReading } from "../../../src/domain/describe-reading.ts";
import type { NamespaceFacts } from "../../../src/domain/facts.ts";
import { stateFinding } from "../../../src/domain/findings.ts";
import type { KubeObject, ResourceType } from "../../../src/runtime/index.ts";
import { make, MODEL, MODEL6, NOW, toOpenFacts, toReleaseSpec, valid } from "../domain/voice.ts";
import { createRefusingServer } from "./refusing-server.ts";

const GIB = 1024 ** 3;
const at = (done: number, bytes: number, all = 5): Progress => ({
  layers: { done, all },
  bytes: { done: bytes, all: 12 * GIB },
});

describe("a step", () => {
  test.each<[string, number, { shown?: Progress; progress?: Progress }, Progress | undefined]>([
    ["is not taken in the first ten seconds", 9_999, { progress: at(1, 1) }, undefined],
    ["is taken after ten seconds", 10_000, { progress: at(1, 1) }, at(1, 1)],
    ["is not taken again within ten seconds", 9_999, { shown: at(1, 1), progress: at(2, 2) }, at(1, 1)],
    ["is taken anew after ten more", 10_000, { shown: at(1, 1), progress: at(2, 2) }, at(2, 2)],
    ["is not taken where nothing has to be read", 60_000, {}, undefined],
    ["stays where there is no more to tell", 60_000, { shown: at(1, 1) }, at(1, 1)],
  ])("%s", (_, later, { shown, progress }, expected) => {
    expect(takeStep({ at: NOW, shown }, progress, NOW + later).shown).toEqual(expected);
  });

  test("an hour of asking every second tells 359 different things, none within the first ten seconds", () => {
    let steps = beginSteps(NOW);
    const told: { what: Progress | undefined; second: number }[] = [];
    for (let second = 0; second < 3600; second += 1) {
      steps = takeStep(steps, at(0, second), NOW + second * 1000);
      if (steps.shown !== told.at(-1)?.what) told.push({ what: steps.shown, second });
    }
    expect(told).toHaveLength(359);
    expect(told[0]).toEqual({ what: at(0, 10), second: 10 });
    const gaps = told.slice(1).map(({ second }, index) => second - (told[index]?.second ?? 0));
    expect(Math.min(...gaps) * 1000).toBe(STEP_MS);
  });
});

describe("looks under way", () => {
  test("tell the same to all who ask until the next step, and nothing once they are done", async () => {
    let now = NOW;
    const readings = createReadings(() => now);
    let end = () => {};
    const work = readings.follow("k", async (meter) => {
      meter.begin([100, 50]);
      meter.finish(100);
      await new Promise<void>((ok) => {
        end = ok;
      });
    });
    expect(readings.tell("k")).toBeUndefined();
    now += STEP_MS;
    const first = { layers: { done: 1, all: 2 }, bytes: { done: 100, all: 150 } };
    expect(readings.tell("k")).toEqual(first);
    expect(readings.tell("other")).toBeUndefined();
    now += STEP_MS - 1;
    expect(readings.tell("k")).toEqual(first);
    end();
    await work;
    expect(readings.tell("k")).toBeUndefined();
  });

  test("that fail tell nothing any more", async () => {
    let now = NOW;
    const readings = createReadings(() => now);
    await expect(readings.follow("k", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    now += STEP_MS;
    expect(readings.tell("k")).toBeUndefined();
  });
});

const release = (status: object) => make<ModelRelease>(ModelRelease, "v5", toReleaseSpec(MODEL), { status });
const reading = (progress: Progress, digest = MODEL) => ({ name: "model", digest, ...progress });
const ARTIFACT = { name: "model", image: `r.example/m:v5@${MODEL}`, format: "ModelPack" as const };

describe("what the status says of an artifact", () => {
  test.each<[string, object, Progress | undefined, unknown]>([
    ["nothing at first", {}, undefined, undefined],
    ["how far it is", {}, at(1, 1), reading(at(1, 1))],
    [
      "what another process told, until there is more to tell",
      { reading: [reading(at(2, 2))] },
      undefined,
      reading(at(2, 2)),
    ],
    ["what is so now", { reading: [reading(at(2, 2))] }, at(3, 3), reading(at(3, 3))],
    ["nothing that was told of another digest", { reading: [reading(at(2, 2), MODEL6)] }, undefined, undefined],
  ])("%s", (_, status, shown, expected) => {
    expect(stateReading(release(status), ARTIFACT, shown)).toEqual(expected);
  });
});

describe("in words", () => {
  const pending = stateFinding("VerificationPending", { artifact: "model", release: "v5", namespace: "voice" });
  const share = (done: number, all: number) => ({
    layers: { done: 1, all: 3 },
    bytes: { done, all },
  });
  test.each<[Progress[], string]>([
    [[at(2, 3.14 * GIB)], "Read so far: 2 of 5 layers, 3.1 of 12.0 GiB"],
    [[share(0, 0)], "Read so far: 1 of 3 layers, 0 of 0 B"],
    [[share(7, 1023)], "Read so far: 1 of 3 layers, 7 of 1023 B"],
    [[share(512, 1024)], "Read so far: 1 of 3 layers, 0.5 of 1.0 KiB"],
    [[share(1, 512 * GIB)], "Read so far: 1 of 3 layers, 0.0 of 512.0 GiB"],
    [[share(GIB, 5000 * GIB * 1024)], "Read so far: 1 of 3 layers, 0.0 of 5000.0 TiB"],
    [[at(2, GIB), at(5, 12 * GIB)], "Read so far: 7 of 10 layers, 13.0 of 24.0 GiB"],
  ])("%j", (progress, expected) => {
    const { code, text } = addReading(
      pending,
      progress.map((one) => reading(one)),
    );
    expect([code, text]).toEqual(["VerificationPending", `${pending.text}. ${expected}`]);
  });

  test("nothing is added where nothing is read, and nothing to what is no waiting", () => {
    const missing = stateFinding("SignatureMissing", { artifact: "model" });
    expect(addReading(pending, [])).toEqual(pending);
    expect(addReading(pending, undefined)).toEqual(pending);
    expect(addReading(missing, [reading(at(2, 2))])).toEqual(missing);
  });
});

describe("a release whose model is being read", () => {
  const factsAt = (progress: Progress | undefined, status: object = {}): NamespaceFacts =>
    toOpenFacts({
      releases: [
        valid(
          release({ ...status, artifacts: [], ...(progress === undefined ? {} : { reading: [reading(progress)] }) }),
        ),
      ],
    });
  const conditionsOf = (facts: NamespaceFacts) => decideNamespace(facts, NOW).releases[0]?.status.conditions ?? [];

  test("says so where people look, under the same reason, and no Warrant tells of it", () => {
    const before = decideNamespace(factsAt(undefined), NOW);
    const during = decideNamespace(factsAt(at(2, 3 * GIB)), NOW);
    expect(during.warrants).toEqual(before.warrants);
    expect(during.warrants.get("enforce")?.images?.[MODEL]?.pending?.code).toBe("VerificationPending");
    for (const type of ["Verified", "Ready"]) {
      const find = (facts: NamespaceFacts) => conditionsOf(facts).find((one) => one.type === type);
      const was = find(factsAt(undefined));
      const is = find(factsAt(at(2, 3 * GIB)));
      expect(is).toEqual({ ...was, message: `${was?.message}. Read so far: 2 of 5 layers, 3.0 of 12.0 GiB` });
      expect(is?.reason).toBe("VerificationPending");
    }
  });

  test("its status is written once for each step, with no Event and no evidence, and then rests", async () => {
    const { tools, seen } = createRefusingServer({});
    const events: unknown[] = [];
    const statuses: { conditions: object[] }[] = [];
    const client = {
      ...tools.client,
      create: () => Promise.resolve({}),
      apply: (_: ResourceType, object: KubeObject & { status: { conditions: object[] } }) => {
        if (object.kind === "ModelRelease") statuses.push(object.status);
        return Promise.resolve(object);
      },
    };
    const record = (object: KubeObject) => {
      if (object.kind === "ModelRelease") events.push(object);
      return Promise.resolve();
    };
    const kit = { ...tools, client, events: { ...tools.events, record } } as unknown as typeof tools;
    const write = async (progress: Progress) => {
      const facts = factsAt(progress, statuses.at(-1) ?? {});
      await carryOut(kit, facts, decideNamespace(facts, NOW), new Set());
    };
    await write(at(1, GIB));
    expect(statuses).toHaveLength(1);
    const eventsBefore = events.length;
    const evidence = () => seen.filter((line) => line.startsWith("record") && line.includes("ModelRelease")).length;
    const evidenceBefore = evidence();
    for (let time = 0; time < 5; time += 1) await write(at(1, GIB));
    expect(statuses, "nothing to write").toHaveLength(1);
    await write(at(2, 2 * GIB));
    for (let time = 0; time < 5; time += 1) await write(at(2, 2 * GIB));
    expect(statuses).toHaveLength(2);
    expect(JSON.stringify(statuses[1])).toContain("2 of 5 layers");
    expect([events.length, evidence()]).toEqual([eventsBefore, evidenceBefore]);
  });
});

test.each<[string, object, string[]]>([
  ["what was told of reading is taken back", { artifacts: [], reading: [reading(at(2, 2))] }, ["apply v5"]],
  ["what was found is left as it is", { artifacts: [] }, []],
])("in a namespace that is governed no more %s", async (_, status, expected) => {
  const { tools, seen, look } = createRefusingServer({});
  const never = () => Promise.reject(new Error("nobody looks"));
  const object = release(status) as unknown as KubeObject;
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "voice" } };
  const controller = createVerificationController(tools, {
    operatorNamespace: "vouchsafe-system",
    judge: never,
    hashLayer: never,
    layers: { get: never, put: never },
    pullSecrets: { read: never, scopeOf: () => undefined },
    openRegistry: never,
  });
  for (const [store, one] of [
    [tools.world.namespaces, namespace],
    [tools.world.releases, object],
  ] as const) {
    (store as unknown as { take(event: object): void }).take({ type: "Apply", object: one });
  }
  expect(await look(controller)).toContain("done");
  expect(seen).toEqual(expected);
});
