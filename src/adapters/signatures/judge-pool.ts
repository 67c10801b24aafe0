/** Judges signatures in other threads: certificates and proofs take tens of milliseconds each. */
import { createThreads } from "../threads.ts";
import type { Case, JudgedCandidate } from "./judge-candidates.ts";

/** Longer than 64 signatures by as many signers as a policy may have need. */
const MAX_MS = 60_000;

export interface JudgePool {
  judge(about: Case): Promise<JudgedCandidate[]>;
  close(): Promise<void>;
}

/** Makes a pool. */
export function createJudgePool(): JudgePool {
  const { run, close } = createThreads<Case, JudgedCandidate[]>("judge", { most: 2, timeoutMs: MAX_MS });
  return { judge: (about) => run(() => about), close };
}
