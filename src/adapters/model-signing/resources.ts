/** What a signature lists: files, or parts of them (OMS v1.0, "Shards"). */
import { isSoundName, ONE_FILE } from "./names.ts";
import { broken, showName } from "./refusal.ts";

/** A file, or a part of one: bytes from `start` to before `end`. */
export interface Resource {
  name: string;
  part: { start: number; end: number } | undefined;
  /** Hex. */
  digest: string;
}

/** Whether the model is one file that has no name of its own. */
export const isOfOneFile = (resources: readonly Resource[]): boolean =>
  resources.every(({ name }) => name === ONE_FILE);

/** Holds the names to being paths within a model. Throws a ModelRefusal. */
export function demandSoundNames(resources: readonly Resource[]): void {
  if (isOfOneFile(resources)) return;
  const unsound = resources.find(({ name }) => !isSoundName(name));
  if (unsound !== undefined) throw broken(`${showName(unsound.name)} is no path within a model`);
}

/** `path:start:end`; a path may contain colons, so the last two fields count. */
export function parseShard(text: string): { name: string; part: { start: number; end: number } } {
  const [, name = "", start = "", end = ""] = /^(.+):(\d{1,15}):(\d{1,15})$/s.exec(text) ?? [];
  if (name === "" || Number(start) >= Number(end)) throw broken(`${showName(text)} is no shard of a file`);
  return { name, part: { start: Number(start), end: Number(end) } };
}

/** Shards of each file follow each other without a gap, all of the same size but the last. */
export function demandWholeFiles(resources: readonly Resource[], size: number): void {
  const ends = new Map<string, number>();
  for (const { name, part } of resources.toSorted((a, b) => (a.part?.start ?? 0) - (b.part?.start ?? 0))) {
    if (part === undefined) continue;
    const last = ends.get(name) ?? 0;
    if (part.start !== last || part.end - part.start > size || last % size !== 0) {
      throw broken(`the shards of ${showName(name)} do not make up a file`);
    }
    ends.set(name, part.end);
  }
}
