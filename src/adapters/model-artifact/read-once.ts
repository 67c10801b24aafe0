/** Reads a layer unless the store knows it. Whoever asks while it is being read waits, and finds it in the store. */
import type { LayerContents, LayerStore } from "./layer.ts";

/** Layers that are being read, by store. */
const running = new WeakMap<LayerStore, Map<string, Promise<void>>>();

/** What `read` finds, or found for another. One that fails fails for whoever read: the next reads for itself. */
export async function readOnce(
  store: LayerStore,
  key: string,
  read: () => Promise<LayerContents>,
): Promise<LayerContents> {
  const ours = running.get(store) ?? new Map<string, Promise<void>>();
  running.set(store, ours);
  while (ours.has(key)) await ours.get(key);
  const { promise, resolve } = Promise.withResolvers<void>();
  ours.set(key, promise);
  try {
    const kept = await store.get(key);
    if (kept !== undefined) return kept;
    const contents = await read();
    await store.put(key, contents);
    return contents;
  } finally {
    ours.delete(key);
    resolve();
  }
}
