/** What is no part of a model: paths that people name, and the signature itself where it lies in it. */
import { lstat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { isSoundName } from "../../adapters/model-signing/names.ts";
import { showName } from "../../adapters/model-signing/refusal.ts";
import { toPlain } from "./plain.ts";

/** Where `path`, from here, lies within the model; undefined where it lies outside. */
function findWithin(model: string, path: string): string | undefined {
  const within = relative(resolve(model), resolve(path));
  return isSoundName(within) ? within : undefined;
}

/** Paths as people name them: from here, or from the model's folder. */
function toName(model: string, path: string): string | undefined {
  const within = findWithin(model, path) ?? (isAbsolute(path) ? "" : path.replace(/^\.\//, "").replace(/\/+$/, ""));
  return isSoundName(within) ? within : undefined;
}

/** What was left out, in a line; none where nothing was. */
export const describeLeftOut = (names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`left out     ${names.map((name) => toPlain(showName(name))).join(", ")}`];

export interface LeftOut {
  /** Paths within the model. */
  names: string[];
  /** What was named in vain, in sentences: a mistyped name would leave people sure of what did not happen. */
  warnings: string[];
}

/** Reads `--ignore-paths`. The reference implementation says nothing of paths that are not there, and scripts rely on that. */
export async function readLeftOut(model: string, paths: readonly string[], signature: string): Promise<LeftOut> {
  const own = findWithin(model, signature);
  const names = new Set(own === undefined ? [] : [own]);
  const warnings: string[] = [];
  for (const path of paths) {
    const name = toName(model, path);
    if (name === undefined) {
      warnings.push(`--ignore-paths ${path} lies outside of the model, so that nothing is left out by it`);
      continue;
    }
    names.add(name);
    const isThere = await lstat(join(model, name)).then(
      () => true,
      () => false,
    );
    if (!isThere && name !== own)
      warnings.push(`--ignore-paths ${path} is not there, so that nothing is left out by it`);
  }
  return { names: [...names], warnings };
}
