/** Several stores as one: the quickest first, the one that outlives the process last. */
import type { LayerStore } from "./layer.ts";

export interface NamedStore<N extends string> {
  name: N;
  store: LayerStore;
}

/** A store that is still being opened: whoever asks waits for it. One that could not be opened knows nothing. */
export const awaitStore = (opening: Promise<LayerStore | undefined>): LayerStore => ({
  get: async (key) => (await opening)?.get(key),
  put: async (key, contents) => (await opening)?.put(key, contents),
});

/** Makes one store of many. `found` is told which of them knew a layer; those before it know it from then on. */
export function joinStores<N extends string>(stores: readonly NamedStore<N>[], found: (name: N) => void): LayerStore {
  return {
    get: async (key) => {
      for (const [at, { name, store }] of stores.entries()) {
        const contents = await store.get(key);
        if (contents === undefined) continue;
        for (const quicker of stores.slice(0, at)) await quicker.store.put(key, contents);
        found(name);
        return contents;
      }
      return undefined;
    },
    put: async (key, contents) => {
      for (const { store } of stores) await store.put(key, contents);
    },
  };
}
