// How much is measured: all of it where nobody says otherwise.

export const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 100);
/** For what takes long, or is many in each round. */
export const FEW_ROUNDS = Math.max(1, Math.round(ROUNDS / 10));
export const MODEL_MIB = Number(process.env.BENCH_MODEL_MIB ?? 2048);
export const LONG = { timeout: 1_800_000 };
