/** What has to be decided on every entry of a layer, for a pack in one way and for an image in another. */
import type { LayerEntry, LayerFile } from "./layer.ts";
import type { TarEntry } from "./tar.ts";

/** What becomes of an entry: it is hashed as `path`, kept as it is, or of no concern. */
export type Sifted =
  | { keep: "file"; path: string }
  | { keep: "entry"; entry: Exclude<LayerEntry, LayerFile> }
  | { keep: "nothing" };

/** Decides on the entries of one layer, one after the other. Throws a ModelRefusal. */
export interface Sieve {
  sift(entry: TarEntry, path: string): Sifted;
  /** Bytes of the paths that `finish` will give. */
  names(): number;
  finish(): { links: string[]; folders: string[] };
}
