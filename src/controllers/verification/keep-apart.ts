/**
 * What was found in layers, kept apart by who may read them. A layer's digest says what is in it, but knowing the digest
 * is not being allowed to read it: whoever names the layer of another in a manifest of its own must not learn its files.
 */
import type { LayerStore } from "../../adapters/model-artifact/layer.ts";

/** The part of a store for a namespace with pull secrets of its own; for all others, the whole. */
export function keepApart(store: LayerStore, scope: string | undefined): LayerStore {
  if (scope === undefined) return store;
  const toKey = (key: string) => `of ${scope} ${key}`;
  return { get: (key) => store.get(toKey(key)), put: (key, contents) => store.put(toKey(key), contents) };
}
