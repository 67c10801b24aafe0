/** What every generator ends with: write the files, or with --check say which of them are stale. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** One generated file. */
export interface GeneratedFile {
  path: string;
  text: string;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Writes the files; with --check among the arguments it sets the exit code instead where one differs. */
export function writeGenerated(files: readonly GeneratedFile[], args: readonly string[] = process.argv): void {
  for (const { path, text } of files) {
    if (!args.includes("--check")) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    } else if (readOrEmpty(path) !== text) {
      process.stderr.write(`${path} is stale: run make generate\n`);
      process.exitCode = 1;
    }
  }
}
