/** What the entries of a packed ModelPack or ModelKit layer mean. */
import { showName, unfit } from "../model-signing/refusal.ts";
import type { Sieve } from "./sieve.ts";

/** A pack holds files and folders; whiteouts mean something to some who mount it and nothing to others. */
export function createPackSieve(): Sieve {
  return {
    sift: ({ kind }, path) => {
      switch (kind) {
        case "file":
          if (path.split("/").some((part) => part.startsWith(".wh.")))
            throw unfit(`${showName(path)} may take away another file`);
          return { kind, path };
        case "folder":
          return { kind, path };
        case "symlink":
        case "hardlink":
        case "special":
          throw unfit(`${showName(path)} is neither a file nor a folder`);
      }
    },
    names: () => 0,
    finish: () => ({ links: [], folders: [] }),
  };
}
