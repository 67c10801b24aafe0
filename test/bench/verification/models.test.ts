// A model of 2 GiB on disk, verified by us and by the reference implementation, and hashed by openssl.
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeSection } from "../report.ts";
import { summarize, summarizeRatios } from "../statistics.ts";
import { buildCommand } from "./built.ts";
import { findModelSigning } from "./model-signing.ts";
import { findShortage, makeModel, measureModels, type Side, SIDES } from "./models.ts";
import { FEW_ROUNDS, LONG, MODEL_MIB } from "./scale.ts";
import type { Spent } from "./timed.ts";

const HASHING_SHARE = 0.85;

function findOpenssl(): string | undefined {
  try {
    return execFileSync("openssl", ["version"], { encoding: "utf8" }).split(" (")[0]?.trim();
  } catch {
    return undefined;
  }
}

const wallOf = (values: readonly Spent[]) => values.map(({ wall }) => wall);
const cpuOf = (values: readonly Spent[]) => values.map(({ cpu }) => cpu);

function toRow(side: Side, spent: Record<Side, Spent[]>): string[] {
  const values = spent[side];
  if (values.length === 0) return [SIDES[side], "not run", "", "", ""];
  const seconds = (all: readonly number[]) => `${summarize(all).p50.toFixed(2)} s`;
  const share =
    spent.openssl.length === 0 ? "not run" : summarizeRatios(cpuOf(spent.openssl), cpuOf(values)).p50.toFixed(2);
  return [SIDES[side], String(values.length), seconds(wallOf(values)), seconds(cpuOf(values)), share];
}

test("a model on disk", LONG, async ({ skip }) => {
  const shortage = findShortage(tmpdir());
  if (shortage !== undefined) skip(shortage);
  buildCommand();
  const reference = findModelSigning();
  const openssl = findOpenssl();
  const dir = await mkdtemp(join(tmpdir(), "bench-model-"));
  try {
    const programs = "programs" in reference ? reference.programs : undefined;
    const spent = await measureModels(
      makeModel(dir, MODEL_MIB),
      { programs, hasOpenssl: openssl !== undefined },
      FEW_ROUNDS,
    );
    const { ours, theirs, hashing } = spent;
    const isAhead = (of: (values: readonly Spent[]) => number[]) =>
      theirs.length === 0 ? "not run" : summarizeRatios(of(ours), of(theirs)).p50 < 1;
    writeSection({
      title: "Verification of a model on disk",
      method:
        `A model of ${MODEL_MIB} MiB in 8 files of random bytes, signed with a key on P-256 over SHA-256 digests of whole files; ` +
        "all files are in the system's page cache. Each round runs every side once; wall and processor time (user and " +
        "system) of the whole process, its start included, but of our hashing alone only the hashing. Reference " +
        `implementation: ${"missing" in reference ? reference.missing : "model_signing 1.1.1"}. openssl: ` +
        `${openssl ?? "not there"}. Figures are medians, ratios medians of the pairs within a round.`,
      header: ["side", "rounds", "wall", "processor", "openssl's processor time to its own"],
      rows: (["ours", "theirs", "theirsTyped", "openssl", "hashing"] as const).map((side) => toRow(side, spent)),
      goals: [
        {
          goal: `hashing in a worker has at least ${HASHING_SHARE} of openssl's speed by processor time`,
          isMet:
            openssl === undefined
              ? "not run"
              : summarizeRatios(cpuOf(spent.openssl), cpuOf(hashing)).p50 >= HASHING_SHARE,
        },
        { goal: "ahead of model_signing at equal hash and threads, by wall time", isMet: isAhead(wallOf) },
        { goal: "ahead of model_signing at equal hash and threads, by processor time", isMet: isAhead(cpuOf) },
      ],
    });
    expect(ours).toHaveLength(FEW_ROUNDS);
  } finally {
    await rm(dir, { recursive: true });
  }
});
