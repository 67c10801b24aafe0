/** Threads for work that would hold up everything else. A thread that dies or takes too long is an error. */
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { ThreadError } from "./thread-error.ts";

/** What runs in a thread; each is a module whose default export does the work. */
const WORKERS = {
  judge: "./signatures/judge-worker",
  layer: "./model-artifact/layer-worker",
} as const;

/** How long a thread without work is kept: each holds some 30 MiB, and takes a second of a core to start. */
const IDLE_MS = 60_000;
/** All of them at their bound leave the operator half of the chart's limit of memory. */
const MAX_HEAP_MIB = 160;

export interface ThreadOptions {
  most: number;
  /** Counted from when a thread takes the work up. */
  timeoutMs: number;
}

export interface Threads<T, R> {
  /** Makes the task when its turn comes, which may be long after it was asked for. */
  run(makeTask: () => T): Promise<R>;
  close(): Promise<void>;
}

/** Where a thread finds its module: the sources have a worker where it belongs, the bundle of an image has it beside itself. */
export function findWorker(worker: keyof typeof WORKERS): string {
  const path = WORKERS[worker];
  const file = import.meta.url.endsWith(".ts") ? `${path}.ts` : `./${path.replace(/.*\//, "")}.mjs`;
  return fileURLToPath(new URL(file, import.meta.url));
}

/** Lets `most` run at once, the others in the order in which they came. */
function createTurns(most: number): <R>(work: () => Promise<R>) => Promise<R> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= most) await new Promise<void>((ok) => waiting.push(ok));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

/** Makes threads for one kind of work; they start with the first of it. */
export function createThreads<T, R>(worker: keyof typeof WORKERS, { most, timeoutMs }: ThreadOptions): Threads<T, R> {
  const takeTurn = createTurns(most);
  const pool = new Piscina<T, R>({
    filename: findWorker(worker),
    minThreads: 0,
    maxThreads: most,
    idleTimeout: IDLE_MS,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  });
  const run = async (task: T): Promise<R> => {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      return await pool.run(task, { signal });
    } catch (error) {
      if (signal.aborted) throw new ThreadError(`it took longer than ${timeoutMs / 1000} s`, { cause: error });
      const why = error instanceof Error ? error.message : "it ended";
      throw new ThreadError(`a thread failed: ${why}`, { cause: error });
    }
  };
  return { run: (makeTask) => takeTurn(() => run(makeTask())), close: () => pool.destroy() };
}
