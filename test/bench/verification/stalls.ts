// How long the main loop stands still while other threads verify: by Node's own monitor, by a timer as a second witness,
// and by the processor time of its thread, which tells its own work from waiting for a processor.
import { createHash } from "node:crypto";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Case } from "../../../src/adapters/signatures/judge-candidates.ts";
import { createJudgePool } from "../../../src/adapters/signatures/judge-pool.ts";
import { createKeyless, toImageStatement } from "./signed.ts";

export interface Stalls {
  /** Longest stalls in milliseconds, one of each round. */
  monitor: number[];
  timer: number[];
  work: number[];
  /** How long a round took. */
  took: number[];
}

async function makeCases(count: number): Promise<Case[]> {
  const signing = await createKeyless();
  const cases: Case[] = [];
  for (let index = 0; index < count; index += 1) {
    const bytes = Buffer.from(`{"schemaVersion":2,"number":${index}}`);
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    const bundle = await signing.sign(toImageStatement(digest));
    cases.push({
      subject: { digest },
      candidates: [{ form: "bundle", bundle }],
      signers: [signing.signer],
      now: Date.now(),
    });
  }
  return cases;
}

/** Judges all cases at once in a pool that has not started yet. */
async function judgeAll(cases: readonly Case[]): Promise<void> {
  const pool = createJudgePool();
  try {
    const judged = await Promise.all(cases.map((one) => pool.judge(one)));
    if (!judged.every(([one]) => one?.outcome === "believed")) throw new Error("a bundle was not believed");
  } finally {
    await pool.close();
  }
}

const readWork = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

/** Follows a timer of a millisecond: the longest time, and the most work, from one of its calls to the next. */
function followTimer(): { longest: { time: number; work: number }; look: () => void } {
  const longest = { time: 0, work: 0 };
  let last = { time: performance.now(), work: readWork() };
  const look = () => {
    const now = { time: performance.now(), work: readWork() };
    longest.time = Math.max(longest.time, now.time - last.time);
    longest.work = Math.max(longest.work, now.work - last.work);
    last = now;
  };
  return { longest, look };
}

type Watched = { [Key in keyof Stalls]: number };

async function watch(act: () => Promise<void>): Promise<Watched> {
  const monitor = monitorEventLoopDelay({ resolution: 1 });
  monitor.enable();
  const { longest, look } = followTimer();
  const timer = setInterval(look, 1);
  const began = performance.now();
  await act();
  const took = performance.now() - began;
  look();
  monitor.disable();
  clearInterval(timer);
  return { monitor: monitor.max / 1e6, timer: longest.time, work: longest.work, took };
}

/** The longest stall of each round in which `bundles` are verified, by a new pool. */
export async function measureStalls({ rounds, bundles }: { rounds: number; bundles: number }): Promise<Stalls> {
  const cases = await makeCases(bundles);
  const found: Stalls = { monitor: [], timer: [], work: [], took: [] };
  for (let round = 0; round < rounds; round += 1) {
    const watched = await watch(() => judgeAll(cases));
    for (const key of ["monitor", "timer", "work", "took"] as const) found[key].push(watched[key]);
  }
  return found;
}
