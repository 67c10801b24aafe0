// Evidence on a pipe whose reader is slow, or gone.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const MODULE = fileURLToPath(new URL("../../src/telemetry/write-whole.ts", import.meta.url));
const LINES = 20_000;

/** A process that writes numbered lines to its standard output, which says EAGAIN where it is full. */
function startWriter() {
  const script = `
    import { writeWhole } from ${JSON.stringify(MODULE)};
    process.stdout._handle.setBlocking(false);
    for (let n = 0; n < ${LINES}; n += 1) writeWhole(1, "line " + n + " " + "ä".repeat(100) + "\\n");
  `;
  return spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "pipe"] });
}

test("every line arrives whole and in order, however slowly they are read", async () => {
  const child = startWriter();
  let text = "";
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    errors += chunk;
  });
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    child.stdout.pause();
    setTimeout(() => child.stdout.resume(), 1);
  });
  const code = await new Promise((done) => child.once("close", done));
  expect(errors).toBe("");
  expect(code).toBe(0);
  const lines = text.trimEnd().split("\n");
  expect(lines).toHaveLength(LINES);
  expect(lines.every((line, n) => line === `line ${n} ${"ä".repeat(100)}`)).toBe(true);
});

test("a reader that is gone ends the writer", async () => {
  const child = startWriter();
  child.stdout.destroy();
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    errors += chunk;
  });
  const code = await new Promise((done) => child.once("close", done));
  expect(errors).toContain("EPIPE");
  expect(code).not.toBe(0);
});
