// Figures of a row of measurements: what is quoted, and how.

export interface Figures {
  n: number;
  p50: number;
  p99: number;
  max: number;
}

/** The smallest measurement that at least `share` of all do not exceed (nearest rank). */
export function percentile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new Error("nothing was measured");
  return value;
}

export function summarize(values: readonly number[]): Figures {
  const sorted = values.toSorted((a, b) => a - b);
  return { n: sorted.length, p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), max: sorted.at(-1) ?? 0 };
}

/** Ratios pair by pair, so that a machine whose speed drifts does not bend them. */
export function summarizeRatios(values: readonly number[], base: readonly number[]): Figures {
  return summarize(values.map((value, index) => value / (base[index] ?? Number.NaN)));
}

export const toMs = (value: number) => `${value.toFixed(value < 100 ? 1 : 0)} ms`;
