// A release that nobody has looked at yet, from the first question to its registry until the verdict.
import { afterAll, beforeAll, expect, test } from "vitest";
import { findControlPlaneBinary } from "../../harness/binary.ts";
import { startRegistry, type TestRegistry } from "../../harness/registry.ts";
import { writeSection } from "../report.ts";
import { summarize, toMs } from "../statistics.ts";
import { measureApart } from "./apart.ts";
import { measureCold } from "./cold.ts";
import { LONG, ROUNDS } from "./scale.ts";

const GOAL_MS = 1500;

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry(await findControlPlaneBinary());
});
afterAll(() => registry.stop());

test("cold verification of a release", LONG, async () => {
  const spent = await measureApart("cold.ts", measureCold, { host: registry.host, runs: ROUNDS });
  const figures = Object.entries(spent).map(([name, values]) => ({ name, ...summarize(values) }));
  writeSection({
    title: "Cold verification of a release",
    method:
      "A ModelPack of 10 files in raw layers with a signature over the artifact and one over its files, in a registry on " +
      "loopback without TLS. From the first request until the verdict; connections and judging threads are new in each run, " +
      "the process is not. It runs from the sources, whose threads start more slowly than those of the image. The two ways " +
      "take turns.",
    header: ["signed by", "n", "p50", "p99", "max"],
    rows: figures.map(({ name, n, p50, p99, max }) => [name, String(n), toMs(p50), toMs(p99), toMs(max)]),
    goals: figures.map(({ name, p99 }) => ({ goal: `${name}: p99 under ${GOAL_MS} ms`, isMet: p99 < GOAL_MS })),
  });
  expect(figures.map(({ n }) => n)).toEqual([ROUNDS, ROUNDS]);
});
