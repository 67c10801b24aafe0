/** Waits for what the operator does, for a moment that people bear with. */
import { setTimeout as sleep } from "node:timers/promises";

/** How long a command waits for the operator before it says what is left. */
export const PATIENCE_MS = 10_000;
const INTERVAL_MS = 200;

/** Asks again until there is an answer or the time is over; undefined where there was none. */
export async function until<T>(probe: () => Promise<T | undefined>, withinMs = PATIENCE_MS): Promise<T | undefined> {
  const end = performance.now() + withinMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined || performance.now() >= end) return answer;
    await sleep(INTERVAL_MS);
  }
}
