/** Paths that are marked, so that what lies at or below one is found in one walk along its own path. */
import { unfit } from "../model-signing/refusal.ts";

export interface PathSet {
  /** Throws a ModelRefusal where the set has too many folders. */
  add(path: string): void;
  /** The marked path that `path` is or lies below, the topmost of them. */
  findOver(path: string): string | undefined;
}

interface Place {
  isMarked: boolean;
  below?: Map<string, Place>;
}

/** Makes a set of at most `most` paths and folders above them. */
export function createPathSet(most: number): PathSet {
  const top: Place = { isMarked: false };
  let places = 0;
  return {
    add: (path) => {
      let place = top;
      for (const part of path.split("/")) {
        place.below ??= new Map();
        let next = place.below.get(part);
        if (next === undefined) {
          places += 1;
          if (places > most) throw unfit(`it has more than ${most} paths and folders above them`);
          next = { isMarked: false };
          place.below.set(part, next);
        }
        place = next;
      }
      place.isMarked = true;
    },
    findOver: (path) => {
      let place = top;
      for (let from = 0; from <= path.length; ) {
        const slash = path.indexOf("/", from);
        const end = slash === -1 ? path.length : slash;
        const next = place.below?.get(path.slice(from, end));
        if (next === undefined) return undefined;
        if (next.isMarked) return path.slice(0, end);
        place = next;
        from = end + 1;
      }
      return undefined;
    },
  };
}
