/** What has to be decided on every entry of a layer, for a pack in one way and for an image in another. */
import type { LayerEntry } from "./layer.ts";
import type { TarEntry } from "./tar.ts";

/** What an entry is kept as: a file is hashed, all else kept as it is. Undefined where it is of no concern. */
export type Sifted = Pick<LayerEntry, "kind" | "path"> | undefined;

/** Decides on the entries of one layer, one after the other. Throws a ModelRefusal. */
export interface Sieve {
  sift(entry: TarEntry, path: string): Sifted;
  /** Bytes of the paths that `finish` will give. */
  names(): number;
  finish(): { links: string[]; folders: string[] };
}
