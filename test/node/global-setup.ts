// Makes ready what the tests on a real node need: system tools, and the binaries that are built once into a cache.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { findControlPlaneBinary } from "../harness/binary.ts";
import { findObstacle } from "./requirements.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Why there is no node; the empty string where there is one. */
    obstacle: string;
    /** Folders of the node's binaries, as PATH. */
    nodePath: string;
  }
}

const runScript = (name: string) =>
  execFileSync("bash", [fileURLToPath(new URL(name, import.meta.url))], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim();

export default async function setup(project: TestProject): Promise<void> {
  const obstacle = findObstacle();
  project.provide("obstacle", obstacle ?? "");
  if (obstacle !== undefined) {
    process.stdout.write(`The tests on a real node are skipped: ${obstacle}.\n`);
    return;
  }
  runScript("install.sh");
  project.provide("binary", await findControlPlaneBinary());
  project.provide("nodePath", runScript("build.sh"));
}
