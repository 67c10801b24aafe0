/**
 * What was found in layers, kept apart by who may read them. A layer's digest says what is in it, but knowing the digest
 * is not being allowed to read it: whoever names the layer of another in a manifest of its own must not learn its files.
 */
import type { LayerStore } from "../../adapters/model-artifact/layer.ts";

/** The parts of a store: one for each namespace with pull secrets of its own, and for all others the whole. */
export function keepApart(store: LayerStore): (scope: string | undefined) => LayerStore {
  // Always the same one, since looks that share a store read a layer once. There are as many as the chart lists.
  const parts = new Map<string, LayerStore>();
  const make = (scope: string): LayerStore => {
    const toKey = (key: string) => `of ${scope} ${key}`;
    return { get: (key) => store.get(toKey(key)), put: (key, contents) => store.put(toKey(key), contents) };
  };
  return (scope) => {
    if (scope === undefined) return store;
    const part = parts.get(scope) ?? make(scope);
    parts.set(scope, part);
    return part;
  };
}
