// Images per second by a process that is there already, and the wait for a command, both beside cosign.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findControlPlaneBinary } from "../../harness/binary.ts";
import { startRegistry, type TestRegistry } from "../../harness/registry.ts";
import { writeSection } from "../report.ts";
import { summarize, summarizeRatios, toMs } from "../statistics.ts";
import { measureApart } from "./apart.ts";
import { BUILT, buildCommand, PROGRAM, SOURCE } from "./built.ts";
import { findCosign } from "./cosign.ts";
import { listSignerFlags, measureImages, pushImage } from "./images.ts";
import { FEW_ROUNDS, LONG, ROUNDS } from "./scale.ts";
import { createKeyless } from "./signed.ts";
import { type Command, measureStarts } from "./starts.ts";

const PER_ROUND = 20;
const WIDTHS = [1, 2];
const TIMES = 5;
const GOAL_MS = 400;

const cosign = findCosign();
const cosignPath = "path" in cosign ? cosign.path : undefined;
const COSIGN = "path" in cosign ? "cosign 3.1.2" : `cosign (${cosign.missing})`;

let dir: string;
let registry: TestRegistry;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "bench-images-"));
  registry = await startRegistry(await findControlPlaneBinary());
});
afterAll(async () => {
  await registry.stop();
  await rm(dir, { recursive: true });
});

test("images per second", LONG, async () => {
  const found = await measureApart("images.ts", measureImages, {
    host: registry.host,
    cosign: cosignPath,
    rootFile: join(dir, "images_root.json"),
    widths: WIDTHS,
    rounds: FEW_ROUNDS,
    perRound: PER_ROUND,
  });
  const rate = (values: readonly number[]) => (1000 / summarize(values).p50).toFixed(1);
  writeSection({
    title: "Images per second",
    method:
      `Keyless signatures of a private Sigstore over images of one layer in a registry on loopback, by tag; no image is ` +
      `seen twice by either side. Each round has ${PER_ROUND} new images: first one process of ours that is there already ` +
      `resolves and verifies them, with a pool of 2 threads, then a process of \`cosign verify\` for each, with the same ` +
      "identity, issuer and trusted root. Rates are medians of the rounds, ratios medians of the pairs within a round.",
    header: ["at a time", "rounds", "vouchsafe, per second", `${COSIGN}, per second`, "times as many"],
    rows: found.map(({ width, ours, theirs }) => [
      String(width),
      String(ours.length),
      rate(ours),
      ...(theirs.length === 0 ? ["not run", ""] : [rate(theirs), summarizeRatios(theirs, ours).p50.toFixed(1)]),
    ]),
    goals: found.map(({ width, ours, theirs }) => ({
      goal: `${width} at a time: at least ${TIMES} times as many as cosign`,
      isMet: theirs.length === 0 ? "not run" : summarizeRatios(theirs, ours).p50 >= TIMES,
    })),
  });
  expect(found).toHaveLength(WIDTHS.length);
});

test("the wait for a command", LONG, async () => {
  buildCommand();
  const signing = await createKeyless();
  const image = await pushImage(registry.host, "started", signing);
  const root = join(dir, "started_root.json");
  await writeFile(root, signing.trustedRoot);
  const flags = [...listSignerFlags(root), image];
  const ours = ["verify-image", "--insecure-registry", registry.host, ...flags];
  const named = {
    "`bin/vouchsafe verify-image`, built": [PROGRAM, ...ours],
    "`dist/vouchsafe.mjs verify-image`": [process.execPath, BUILT, ...ours],
    "`src/cli/main.ts verify-image`": [process.execPath, SOURCE, ...ours],
  } satisfies Record<string, Command>;
  const theirs: Record<string, Command> =
    cosignPath === undefined ? {} : { "`cosign verify`": [cosignPath, "verify", "--allow-http-registry", ...flags] };
  const spent = Object.entries(await measureStarts({ ...named, ...theirs }, ROUNDS));
  const rows = spent.map(([name, values]) => {
    const wall = summarize(values.map((one) => one.wall * 1000));
    const cpu = summarize(values.map((one) => one.cpu * 1000));
    return { name, p50: wall.p50, cells: [name, String(wall.n), toMs(wall.p50), toMs(wall.p99), toMs(cpu.p50)] };
  });
  writeSection({
    title: "Wait for a command",
    method:
      "From the start of the command until it has answered that an image is signed, keyless, in a registry on loopback. " +
      `The commands take turns. ${COSIGN} is told for comparison.`,
    header: ["command", "n", "p50", "p99", "processor, p50"],
    rows: [
      ...rows.map(({ cells }) => cells),
      ...(cosignPath === undefined ? [["`cosign verify`", "not run", "", "", ""]] : []),
    ],
    goals: rows
      .slice(0, 2)
      .map(({ name, p50 }) => ({ goal: `${name}: under ${GOAL_MS} ms (median)`, isMet: p50 < GOAL_MS })),
  });
  expect(rows.length).toBeGreaterThanOrEqual(3);
});
