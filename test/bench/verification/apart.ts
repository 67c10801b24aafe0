// Runs a measurement in a Node process of its own: the test runner changes the code that it loads, and has work of its own.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const ENTRY = fileURLToPath(new URL("apart-entry.ts", import.meta.url));

/** What the process sends. */
export type Outcome = { found: unknown } | { error: string };

/** Runs `measure`, which `file` beside this one exports by that name, on plain data. */
export function measureApart<Given, Found>(
  file: string,
  measure: (given: Given) => Promise<Found>,
  given: Given,
): Promise<Found> {
  const child = fork(ENTRY, [file, measure.name, JSON.stringify(given)], {
    // Not those of the test runner.
    execArgv: [],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  return new Promise((ok, no) => {
    child.once("message", (outcome: Outcome) => {
      if ("found" in outcome) ok(outcome.found as Found);
      else no(new Error(outcome.error));
    });
    child.once("error", no);
    child.once("exit", (code) => no(new Error(`${file} ended with ${code} before it had measured`)));
  });
}
