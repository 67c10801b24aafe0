/**
 * What is known of one kind: projected objects by key, with indexes. A relist swaps the contents at once, so
 * a reader never sees half a list. Objects are frozen; a store is changed by its watch alone, never by writers.
 */
import { type KubeObject, toKey } from "./objects.ts";
import type { WatchEvent } from "./watcher.ts";

/** One change: what it is now and was before; undefined where it does not or did not exist. */
export interface Change<T> {
  key: string;
  now: T | undefined;
  before: T | undefined;
  /** Whether it came with a list (start, relist) rather than from somebody's edit. */
  fromList: boolean;
}

export interface Store<T> {
  get(key: string): T | undefined;
  list(): T[];
  /** Objects that the named index puts under `value`. */
  byIndex(index: string, value: string): T[];
  /** Resolves once the first list is in. */
  synced: Promise<void>;
  isSynced(): boolean;
  /** When the watch last showed a sign of life, epoch milliseconds; 0 before the first. */
  lastSeen(): number;
  subscribe(listener: (change: Change<T>) => void): void;
}

export interface StoreOptions<R extends KubeObject, T> {
  /** Keeps what is needed of an object; managedFields are gone before. */
  project: (object: R) => T;
  indexes?: Record<string, (item: T) => string[]>;
  clock?: () => number;
}

export interface WritableStore<R extends KubeObject, T> extends Store<T> {
  /** Takes one event of the watch. */
  take(event: WatchEvent<R>): void;
}

/** Makes an empty store. */
export function createStore<R extends KubeObject, T>(options: StoreOptions<R, T>): WritableStore<R, T> {
  const clock = options.clock ?? Date.now;
  const indexers = Object.entries(options.indexes ?? {});
  const listeners: ((change: Change<T>) => void)[] = [];
  let items = new Map<string, T>();
  let indexes = new Map<string, Map<string, Set<string>>>();
  let incoming: Map<string, T> | undefined;
  let seen = 0;
  let hasSynced = false;
  let markSynced: () => void = () => {};
  const synced = new Promise<void>((ok) => {
    markSynced = ok;
  });

  const toItem = (object: R): T => {
    const { managedFields: _, ...metadata } = object.metadata;
    return deepFreeze(options.project({ ...object, metadata }));
  };
  const index = (target: typeof indexes, key: string, item: T, act: "add" | "delete") => {
    for (const [name, read] of indexers) {
      const values = target.get(name) ?? new Map<string, Set<string>>();
      target.set(name, values);
      for (const value of read(item)) {
        const keys = values.get(value) ?? new Set<string>();
        keys[act](key);
        if (keys.size === 0) values.delete(value);
        else values.set(value, keys);
      }
    }
  };
  const tell = (change: Change<T>) => {
    for (const listener of listeners) listener(change);
  };
  const put = (key: string, now: T | undefined) => {
    const before = items.get(key);
    if (before !== undefined) index(indexes, key, before, "delete");
    if (now === undefined) items.delete(key);
    else {
      items.set(key, now);
      index(indexes, key, now, "add");
    }
    if (now !== undefined || before !== undefined) tell({ key, now, before, fromList: false });
  };
  const swap = (fresh: Map<string, T>) => {
    const old = items;
    items = fresh;
    indexes = new Map();
    for (const [key, item] of fresh) index(indexes, key, item, "add");
    hasSynced = true;
    markSynced();
    for (const [key, before] of old) if (!fresh.has(key)) tell({ key, now: undefined, before, fromList: true });
    for (const [key, now] of fresh) tell({ key, now, before: old.get(key), fromList: true });
  };

  return {
    get: (key) => items.get(key),
    list: () => [...items.values()],
    byIndex: (name, value) =>
      [...(indexes.get(name)?.get(value) ?? [])].flatMap((key) => {
        const item = items.get(key);
        return item === undefined ? [] : [item];
      }),
    synced,
    isSynced: () => hasSynced,
    lastSeen: () => seen,
    subscribe: (listener) => {
      listeners.push(listener);
    },
    take: (event) => {
      if (event.type !== "Error") seen = clock();
      switch (event.type) {
        case "Init":
          incoming = new Map();
          return;
        case "InitApply":
          incoming?.set(toKey(event.object.metadata), toItem(event.object));
          return;
        case "InitDone":
          if (incoming !== undefined) swap(incoming);
          incoming = undefined;
          return;
        case "Apply":
          put(toKey(event.object.metadata), toItem(event.object));
          return;
        case "Delete":
          put(toKey(event.object.metadata), undefined);
          return;
        case "Alive":
        case "Error":
          return;
      }
    },
  };
}

function deepFreeze<V>(value: V): V {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
