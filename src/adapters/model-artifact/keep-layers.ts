/** Keeps what was found in layers while the process lives, so that a layer is read once, whoever asks. */
import type { LayerContents, LayerEntry, LayerStore } from "./layer.ts";

/** Most bytes of all layers that are kept, as they are weighed here. */
const MAX_BYTES = 64 * 1024 * 1024;

/** What an object, and a place in a list, take beside the text in them. */
const OBJECT_BYTES = 128;
const TEXT_BYTES = 24;

/** Text outside of Latin-1 takes two bytes a character. */
const weighText = (text: string): number => TEXT_BYTES + 2 * text.length;
/** Hex digits take one. */
const weighDigest = (hex: string): number => TEXT_BYTES + hex.length;
const sum = (weights: Iterable<number>): number => Iterator.from(weights).reduce((total, weight) => total + weight, 0);

function weighEntry(entry: LayerEntry): number {
  const bare = OBJECT_BYTES + weighText(entry.path);
  return entry.kind === "file"
    ? bare + weighDigest(entry.sha256) + sum((entry.listed ?? []).values().map(weighDigest))
    : bare;
}

/** How many bytes of memory it takes to keep a layer, rather more than less. */
const weighLayer = (key: string, { entries, links, folders }: LayerContents): number =>
  OBJECT_BYTES +
  weighText(key) +
  sum(entries.values().map(weighEntry)) +
  sum(links.values().map(weighText)) +
  sum(folders.values().map(weighText));

/** Makes a store that gives up the oldest layers first. */
export function keepLayers(maxBytes: number = MAX_BYTES): LayerStore {
  const kept = new Map<string, { contents: LayerContents; weight: number }>();
  let total = 0;
  const drop = (key: string) => {
    total -= kept.get(key)?.weight ?? 0;
    kept.delete(key);
  };
  return {
    get: (key) => Promise.resolve(kept.get(key)?.contents),
    put: (key, contents) => {
      drop(key);
      const weight = weighLayer(key, contents);
      kept.set(key, { contents, weight });
      total += weight;
      for (const oldest of kept.keys()) {
        if (total <= maxBytes) break;
        drop(oldest);
      }
      return Promise.resolve();
    },
  };
}
