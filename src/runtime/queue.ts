/**
 * A work queue of keys: a key waits once however often it is added, is worked on by one worker at a time, and
 * comes back later after a failure. Edits by users go before the flood of a relist.
 */

/** Users' edits come first; what a list brings can wait. */
export type Priority = "edit" | "list";

export interface QueueOptions {
  /** First delay after a failure; doubles with each further one. */
  baseDelayMs?: number;
  maxDelayMs?: number;
  clock?: () => number;
}

export interface WorkQueue {
  add(key: string, priority?: Priority): void;
  /** Adds after a delay; an earlier time wins over a later one. */
  addAfter(key: string, delayMs: number): void;
  /** Adds after the key's own growing delay. */
  addFailed(key: string): void;
  /** Ends the growth of the key's delay. */
  forget(key: string): void;
  /** The next key that is ready and not being worked on; undefined once the signal aborts. */
  take(signal: AbortSignal): Promise<string | undefined>;
  /** Ends work on a key; it becomes ready again if it was added meanwhile. */
  done(key: string): void;
  size(): number;
  failures(key: string): number;
}

/** Makes an empty queue. */
export function createQueue(options: QueueOptions = {}): WorkQueue {
  const clock = options.clock ?? Date.now;
  const base = options.baseDelayMs ?? 100;
  const max = options.maxDelayMs ?? 300_000;
  // Insertion order is the order of work.
  const ready = { edit: new Set<string>(), list: new Set<string>() };
  const delayed = new Map<string, number>();
  const working = new Set<string>();
  const addedMeanwhile = new Map<string, Priority>();
  const failed = new Map<string, number>();
  const waiters = new Set<() => void>();
  let timer: NodeJS.Timeout | undefined;

  const wake = () => {
    for (const waiter of waiters) waiter();
    waiters.clear();
  };
  const schedule = () => {
    clearTimeout(timer);
    const next = Math.min(...delayed.values());
    if (!Number.isFinite(next)) return;
    timer = setTimeout(promote, Math.max(0, next - clock()));
    timer.unref();
  };
  const promote = () => {
    const now = clock();
    for (const [key, at] of delayed) if (at <= now) add(key, "list");
    schedule();
  };
  const add = (key: string, priority: Priority = "edit") => {
    delayed.delete(key);
    if (working.has(key)) {
      if (addedMeanwhile.get(key) !== "edit") addedMeanwhile.set(key, priority);
      return;
    }
    if (priority === "edit") {
      ready.list.delete(key);
      ready.edit.add(key);
    } else if (!ready.edit.has(key)) {
      ready.list.add(key);
    }
    wake();
  };
  const addAfter = (key: string, delayMs: number) => {
    if (delayMs <= 0) return add(key, "list");
    if (ready.edit.has(key) || ready.list.has(key)) return;
    const at = clock() + delayMs;
    if ((delayed.get(key) ?? Number.POSITIVE_INFINITY) <= at) return;
    delayed.set(key, at);
    schedule();
  };
  const takeReady = (): string | undefined => {
    for (const set of [ready.edit, ready.list]) {
      for (const key of set) {
        set.delete(key);
        working.add(key);
        return key;
      }
    }
    return undefined;
  };

  return {
    add,
    addAfter,
    addFailed: (key) => {
      const count = (failed.get(key) ?? 0) + 1;
      failed.set(key, count);
      addAfter(key, Math.min(base * 2 ** (count - 1), max));
    },
    forget: (key) => {
      failed.delete(key);
    },
    take: async (signal) => {
      while (!signal.aborted) {
        const key = takeReady();
        if (key !== undefined) return key;
        await new Promise<void>((ok) => {
          const stop = () => ok();
          signal.addEventListener("abort", stop, { once: true });
          waiters.add(() => {
            signal.removeEventListener("abort", stop);
            ok();
          });
        });
      }
      return undefined;
    },
    done: (key) => {
      working.delete(key);
      const priority = addedMeanwhile.get(key);
      addedMeanwhile.delete(key);
      if (priority !== undefined) add(key, priority);
    },
    size: () => ready.edit.size + ready.list.size + delayed.size + working.size,
    failures: (key) => failed.get(key) ?? 0,
  };
}
