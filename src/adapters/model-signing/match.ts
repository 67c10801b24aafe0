/** What of a model has to be what: the files that a signature lists, beside those that lie on disk. */
import { GIT_FILES, type ModelFile } from "./enumerate.ts";
import type { ModelManifest } from "./manifest.ts";
import { isIgnored, isSoundName } from "./names.ts";
import { mismatch, showName } from "./refusal.ts";
import type { Resource } from "./resources.ts";

/** What the signer says to have left out, as far as it is a path within the model. */
export const listRecorded = ({ ignored }: ModelManifest) => ignored.filter(isSoundName);

/** Git's files are no part of a model, unless the signer signed one. */
export const listGitFiles = ({ resources }: ModelManifest) =>
  GIT_FILES.filter((one) => !resources.some(({ name }) => isIgnored(name, [one])));

/** Holds the names and sizes on disk to those that were signed; gives what has to be hashed. */
export function matchFiles(
  manifest: ModelManifest,
  { files, passed }: { files: readonly ModelFile[]; passed: ReadonlySet<string> },
  toleratesUnsigned: boolean,
) {
  const onDisk = new Map(files.map((file) => [file.name, file]));
  const ends = new Map<string, number>();
  const wanted: { resource: Resource; file: ModelFile }[] = [];
  for (const resource of manifest.resources) {
    const file = onDisk.get(resource.name);
    if (file === undefined) {
      const isLeftOut = isIgnored(resource.name, [...passed]);
      throw mismatch(`${showName(resource.name)} was signed and ${isLeftOut ? "is left out" : "is not there"}`);
    }
    ends.set(resource.name, Math.max(ends.get(resource.name) ?? 0, resource.part?.end ?? file.size));
    wanted.push({ resource, file });
  }
  const unsigned = files.filter(({ name }) => !ends.has(name));
  // A shard list has no place for empty files: they are told of, and cannot be held against the model.
  const first = unsigned.find(({ size }) => manifest.shardSize === undefined || size > 0);
  if (first !== undefined && !toleratesUnsigned) throw mismatch(`${showName(first.name)} is there and was not signed`);
  for (const [name, end] of ends) {
    if (onDisk.get(name)?.size !== end) throw mismatch(`${showName(name)} is not as long as what was signed`);
  }
  return { wanted, unsigned: unsigned.length };
}
