/**
 * Judges signatures in other threads: certificates and proofs take tens of milliseconds each, during which nothing else
 * would go on here. A thread that dies or takes too long is an error, and an error is no signature.
 */
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import type { Case, JudgedCandidate } from "./judge-candidates.ts";

/** Longer than 64 signatures by as many signers as a policy may have need. */
const MAX_MS = 60_000;
/** How long a thread without work is kept: each holds some 30 MiB. */
const IDLE_MS = 10_000;
const MAX_HEAP_MIB = 256;

export interface JudgePool {
  judge(about: Case): Promise<JudgedCandidate[]>;
  close(): Promise<void>;
}

/** The bundle of an image has the worker beside itself, the sources have its text. */
const WORKER = import.meta.url.endsWith(".ts") ? "./judge-worker.ts" : "./judge-worker.mjs";

/** Makes a pool; its threads start with the first work. */
export function createJudgePool(): JudgePool {
  const pool = new Piscina<Case, JudgedCandidate[]>({
    filename: fileURLToPath(new URL(WORKER, import.meta.url)),
    minThreads: 0,
    maxThreads: 2,
    idleTimeout: IDLE_MS,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  });
  return {
    judge: (about) => pool.run(about, { signal: AbortSignal.timeout(MAX_MS) }),
    close: () => pool.destroy(),
  };
}
