/**
 * A controller: sources map changes to keys, the queue orders them, `reconcile` brings one key to where it
 * should be. It is told a name, never an event; a failure comes back with a growing delay.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Logger } from "./logger.ts";
import { createQueue, type QueueOptions } from "./queue.ts";
import type { Change, Store } from "./store.ts";

/** What a reconcile ends with: wait for a change, or come back after a time as well. */
export type Result = { kind: "done" } | { kind: "requeueAfter"; ms: number };

export interface ReconcileContext {
  signal: AbortSignal;
  logger: Logger;
}

/** One kind of change that concerns the controller. */
export type Source = (enqueue: (key: string, priority: "edit" | "list") => void) => void;

/** Lets the changes of a store concern the keys that `toKeys` names, for the object as it is and as it was. */
export function fromStore<T>(store: Store<T>, toKeys: (item: T) => string[]): Source {
  return (enqueue) => {
    store.subscribe(({ now, before, fromList }: Change<T>) => {
      const keys = new Set([now, before].flatMap((item) => (item === undefined ? [] : toKeys(item))));
      for (const key of keys) enqueue(key, fromList ? "list" : "edit");
    });
  };
}

/** Told of every reconcile; for metrics. */
export interface ControllerObserver {
  reconciled(controller: string, outcome: "done" | "requeued" | "failed", seconds: number): void;
}

export interface ControllerOptions {
  name: string;
  sources: Source[];
  reconcile(key: string, context: ReconcileContext): Promise<Result>;
  logger: Logger;
  observer: ControllerObserver;
  concurrency?: number;
  queue?: QueueOptions;
}

export interface Controller {
  name: string;
  /** Adds a key by hand. */
  enqueue(key: string): void;
  /** Works until the signal aborts, then finishes what is begun. */
  run(signal: AbortSignal): Promise<void>;
}

/** Makes a controller. Its sources start to fill the queue at once; `run` starts the work. */
export function createController(options: ControllerOptions): Controller {
  const queue = createQueue(options.queue);
  for (const source of options.sources) source((key, priority) => queue.add(key, priority));

  const workOn = async (key: string, signal: AbortSignal) => {
    const logger = options.logger.child({ controller: options.name, key });
    const began = performance.now();
    const report = (outcome: "done" | "requeued" | "failed") =>
      options.observer.reconciled(options.name, outcome, (performance.now() - began) / 1000);
    try {
      const result = await options.reconcile(key, { signal, logger });
      queue.forget(key);
      if (result.kind === "requeueAfter") queue.addAfter(key, result.ms);
      report(result.kind === "done" ? "done" : "requeued");
    } catch (error) {
      if (signal.aborted) return;
      queue.addFailed(key);
      report("failed");
      logger.warn({ err: error, failures: queue.failures(key) }, "reconcile failed, will try again");
    } finally {
      queue.done(key);
    }
  };

  return {
    name: options.name,
    enqueue: (key) => queue.add(key),
    run: async (signal) => {
      const work = async () => {
        for (;;) {
          const key = await queue.take(signal);
          if (key === undefined) return;
          // Work that waits for nothing would go on without a turn for timers and sockets: leases and watches would end.
          await nextTurn();
          await workOn(key, signal);
        }
      };
      await Promise.all(Array.from({ length: options.concurrency ?? 4 }, work));
    },
  };
}
