/** Threads for work that would hold up everything else. A thread that dies or takes too long is an error. */
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";

/** What runs in a thread; each is a module whose default export does the work. */
const WORKERS = {
  judge: "./signatures/judge-worker",
  layer: "./model-artifact/layer-worker",
} as const;

/** How long a thread without work is kept: each holds some 30 MiB, and takes a second of a core to start. */
const IDLE_MS = 60_000;
const MAX_HEAP_MIB = 256;

export interface ThreadOptions {
  most: number;
  /** Undefined where the work bounds itself. */
  timeoutMs?: number;
}

export interface Threads<T, R> {
  run(task: T): Promise<R>;
  close(): Promise<void>;
}

/** The sources have a worker where it belongs, the bundle of an image has it beside itself. */
function findWorker(worker: keyof typeof WORKERS): string {
  const path = WORKERS[worker];
  const file = import.meta.url.endsWith(".ts") ? `${path}.ts` : `./${path.replace(/.*\//, "")}.mjs`;
  return fileURLToPath(new URL(file, import.meta.url));
}

/** Makes threads for one kind of work; they start with the first of it. */
export function createThreads<T, R>(worker: keyof typeof WORKERS, { most, timeoutMs }: ThreadOptions): Threads<T, R> {
  const pool = new Piscina<T, R>({
    filename: findWorker(worker),
    minThreads: 0,
    maxThreads: most,
    idleTimeout: IDLE_MS,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  });
  return {
    run: (task) => pool.run(task, timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) }),
    close: () => pool.destroy(),
  };
}
