/** Keeps what was found in layers while the process lives, so that a layer is read once, whoever asks. */
import type { LayerContents } from "./layer.ts";
import type { LayerStore } from "./match-artifact.ts";

/** Most entries of all layers that are kept: some 300 bytes each. */
const MAX_ENTRIES = 200_000;

/** Makes a store that gives up the oldest layers first. */
export function keepLayers(maxEntries: number = MAX_ENTRIES): LayerStore {
  const kept = new Map<string, LayerContents>();
  let total = 0;
  return {
    get: (key) => Promise.resolve(kept.get(key)),
    put: (key, contents) => {
      total += contents.entries.length - (kept.get(key)?.entries.length ?? 0);
      kept.delete(key);
      kept.set(key, contents);
      for (const [oldest, { entries }] of kept) {
        if (total <= maxEntries) break;
        kept.delete(oldest);
        total -= entries.length;
      }
      return Promise.resolve();
    },
  };
}
