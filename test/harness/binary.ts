// Finds the control plane binary: TESTPLANE_BIN where given, else built once into a cache.
import { fileURLToPath } from "node:url";
import { runBuildScript } from "./build-script.ts";

/** Path of the binary. */
export function findControlPlaneBinary(): Promise<string> {
  if (process.env.TESTPLANE_BIN !== undefined) return Promise.resolve(process.env.TESTPLANE_BIN);
  const script = fileURLToPath(new URL("../controlplane/build.sh", import.meta.url));
  return runBuildScript(script, [], "the control plane was not built");
}
