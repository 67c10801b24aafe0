/** Tells apart the programs that read layers: what one found is not for another that might find something else. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { findWorker } from "../threads.ts";

const SOURCES = new URL("../../", import.meta.url);

/** The one file that the reader is bundled into, or all sources. */
async function listParts(): Promise<string[]> {
  const worker = findWorker("layer");
  if (!worker.endsWith(".ts")) return [worker];
  const found = await readdir(SOURCES, { recursive: true });
  return found
    .filter((path) => path.endsWith(".ts"))
    .toSorted()
    .map((path) => fileURLToPath(new URL(path, SOURCES)));
}

/** Digest over the program that reads layers, and over Node, which unpacks them: no number that somebody forgets to raise. */
export async function digestProgram(): Promise<string> {
  const hash = createHash("sha256").update(process.version);
  for (const part of await listParts()) hash.update(await readFile(part));
  return hash.digest("hex");
}
