// The command as people have it: built.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

export const PROGRAM = join(ROOT, "bin/vouchsafe");
export const BUILT = join(ROOT, "dist/vouchsafe.mjs");
export const SOURCE = join(ROOT, "src/cli/main.ts");

/** Builds it anew: bin/vouchsafe takes what was built where no source is newer. */
export function buildCommand(): void {
  execFileSync(process.execPath, [join(ROOT, "build.mjs")], { cwd: ROOT });
}
