// The longest stall of the main loop while other threads verify.
import { expect, test } from "vitest";
import { writeSection } from "../report.ts";
import { summarize, toMs } from "../statistics.ts";
import { measureApart } from "./apart.ts";
import { FEW_ROUNDS, LONG } from "./scale.ts";
import { measureStalls, type Stalls } from "./stalls.ts";

const GOAL_MS = 50;
const BUNDLES = 200;
const WITNESSES = {
  monitor: "`monitorEventLoopDelay`, resolution 1 ms",
  timer: "gap between calls of a timer of 1 ms",
  work: "processor time of the main thread within a gap",
  took: "the whole round",
} satisfies Record<keyof Stalls, string>;

test("stalls of the main loop", LONG, async () => {
  const found = await measureApart("stalls.ts", measureStalls, { rounds: FEW_ROUNDS, bundles: BUNDLES });
  const keys = ["monitor", "timer", "work", "took"] as const;
  writeSection({
    title: "Main loop while bundles are verified",
    method:
      `${BUNDLES} keyless bundles are judged at once by a pool of 2 threads that starts with them, in a process that does ` +
      "nothing else. The longest stall of each round. A gap is also time in which the machine gave the thread no processor: " +
      "its own processor time within a gap tells what the loop itself did.",
    header: ["longest of each round", "rounds", "median", "max"],
    rows: keys.map((key) => {
      const { n, p50, max } = summarize(found[key]);
      return [WITNESSES[key], String(n), toMs(p50), toMs(max)];
    }),
    goals: [
      {
        goal: `never longer than ${GOAL_MS} ms, by monitor and timer`,
        isMet: Math.max(...found.monitor, ...found.timer) < GOAL_MS,
      },
    ],
  });
  expect(found.took).toHaveLength(FEW_ROUNDS);
});
