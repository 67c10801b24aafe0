// What cosign said of the cases, as the last comparison wrote it down.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export type Verdict = "accepts" | "refuses";

/** By the case's name, and the signer's. */
export type Verdicts = Record<string, Record<string, Verdict>>;

const FILE = fileURLToPath(new URL("cosign.json", import.meta.url));

export const readVerdicts = (): Verdicts => JSON.parse(readFileSync(FILE, "utf8")) as Verdicts;

export const writeVerdicts = (verdicts: Verdicts): void =>
  writeFileSync(FILE, `${JSON.stringify(verdicts, null, 1)}\n`);
