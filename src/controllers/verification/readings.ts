/** How far the looks are that read layers, told in coarse steps, the same to all who ask. */
import { createMeter, type Meter } from "../../adapters/model-artifact/meter.ts";
import { beginSteps, type Progress, type Steps, takeStep } from "./decide.ts";

export interface Readings {
  /** Does the work of a look, which counts by the meter. */
  follow<T>(key: string, work: (meter: Meter) => Promise<T>): Promise<T>;
  /** How far that look is; undefined where there is nothing to tell (yet). */
  tell(key: string): Progress | undefined;
}

/** Makes the readings. */
export function createReadings(now: () => number): Readings {
  const running = new Map<string, { meter: Meter; steps: Steps }>();
  return {
    follow: async (key, work) => {
      const meter = createMeter();
      const one = { meter, steps: beginSteps(now()) };
      running.set(key, one);
      try {
        return await work(meter);
      } finally {
        if (running.get(key) === one) running.delete(key);
      }
    },
    tell: (key) => {
      const one = running.get(key);
      if (one === undefined) return undefined;
      one.steps = takeStep(one.steps, one.meter.read(), now());
      return one.steps.shown;
    },
  };
}
