/**
 * What is asked of one layer, and what was found in it. Both are plain data: the work can be done in a worker thread, and
 * what is done need not be done again.
 */
import type { FileFormat } from "../../api/file-formats.ts";
import { toCanonicalText } from "../../domain/canonical.ts";
import type { FileDigests, Listing } from "./digest-file.ts";
import type { Limits } from "./limits.ts";

export type Packing = "raw" | "tar" | "tar+gzip" | "tar+zstd";

/**
 * How a layer is read. `file`: it is one file. `pack`: a tar of files and folders. `image`: a layer of a container image, of
 * which only what concerns `root` is kept.
 */
export type Reading = { as: "file" } | { as: "pack" } | { as: "image"; root: string };

export interface LayerTask {
  digest: string;
  /** Packed bytes. */
  size: number;
  packing: Packing;
  reading: Reading;
  listing: Listing;
  limits: Limits;
}

/** One file of a layer. */
export interface LayerFile extends FileDigests {
  kind: "file";
  /** Relative to the artifact, or to the image's `root`; empty where the layer itself is the file. */
  path: string;
  /** What it is by its content; `unread` where nobody had to read it. */
  format: FileFormat | "unread";
}

/** One entry of a layer. A whiteout takes `path` away from the layers below; `opaque` all that they have below `path`. */
export type LayerEntry = LayerFile | { kind: "folder" | "whiteout" | "opaque"; path: string };

export interface LayerContents {
  entries: LayerEntry[];
  /** Of an image: symbolic links outside the model, and the folders that anything lies in. */
  links: string[];
  folders: string[];
  /** Bytes that were unpacked. */
  unpacked: number;
}

/** What is known of a layer hangs on this and nothing else. */
export const toCacheKey = (task: LayerTask): string => `v1 ${toCanonicalText(task)}`;

/** Keeps what was found in layers, by the key of the task. What is kept has to come back as it went. */
export interface LayerStore {
  get(key: string): Promise<LayerContents | undefined>;
  put(key: string, contents: LayerContents): Promise<void>;
}
