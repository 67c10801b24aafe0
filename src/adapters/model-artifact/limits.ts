/** Bounds on what one artifact makes us do. Whatever needs more is refused; docs/model-artifacts.md states the figures. */

const MIB = 1024 * 1024;

export interface Limits {
  /** A layer unpacks to at most this many times its packed size, ... */
  ratio: number;
  /** ... or to this many bytes where that is more. */
  freeBytes: number;
  /** Most bytes of all layers of an artifact that have to be read, as they are packed. */
  packedBytes: number;
  /** Most bytes one layer unpacks to, whatever its size. */
  layerBytes: number;
  /** Most bytes all layers of an artifact unpack to. */
  artifactBytes: number;
  /** Most entries of one layer's tar. */
  entries: number;
  /** Most bytes of one path, in UTF-8. */
  pathBytes: number;
  /** Most folders that one path lies in. */
  depth: number;
  /** Most bytes of all paths of one layer that are kept. */
  namesBytes: number;
  /** Most paths of all layers of an artifact that are kept, and most folders and files that they make. */
  artifactPaths: number;
  /** Most bytes of all those paths. */
  artifactNamesBytes: number;
  /** Most digests that are taken of all layers of an artifact beside SHA-256 of whole files: one for each shard. */
  artifactShards: number;
}

/** Deflate packs zeros 1030 times, zstd 30 000 times; weights and vocabularies pack some 1.1 to 10 times. */
export const LIMITS: Limits = {
  ratio: 64,
  freeBytes: 64 * MIB,
  packedBytes: 512 * 1024 * MIB,
  layerBytes: 1024 * 1024 * MIB,
  artifactBytes: 4 * 1024 * 1024 * MIB,
  entries: 200_000,
  pathBytes: 1024,
  depth: 64,
  namesBytes: 16 * MIB,
  artifactPaths: 200_000,
  artifactNamesBytes: 16 * MIB,
  artifactShards: 200_000,
};

/** Most bytes that a layer of `size` packed bytes may unpack to. */
export const boundUnpacked = ({ ratio, freeBytes, layerBytes }: Limits, size: number): number =>
  Math.min(layerBytes, Math.max(size * ratio, freeBytes));
