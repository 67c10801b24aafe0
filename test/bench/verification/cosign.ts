// cosign, which verification of images is compared with. Where it is not there, the comparison is told as not run.
import { execFileSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const VERSION = "v3.1.2";
const BUILD = fileURLToPath(new URL("../../interop/build.sh", import.meta.url));

export const cacheFolder = (): string =>
  process.env.TESTPLANE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "vouchsafe");

/** Path of cosign as the comparison with it is built, or why there is none. */
export function findCosign(): { path: string } | { missing: string } {
  const [kept] = globSync(join(cacheFolder(), `cosign-${VERSION}-*`, "cosign"));
  if (kept !== undefined) return { path: kept };
  if (!existsSync(BUILD)) return { missing: `no cosign ${VERSION} in ${cacheFolder()}` };
  try {
    return { path: execFileSync("bash", [BUILD], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim() };
  } catch {
    return { missing: `cosign ${VERSION} could not be built: it needs Go` };
  }
}
