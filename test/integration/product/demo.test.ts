// The demo is a test: it plays on a control plane of its own and fails where expected and observed differ.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL("../../../examples/demo/main.ts", import.meta.url));

test("make demo ends with a table in which all agrees", async () => {
  const env = { ...process.env, TESTPLANE_BIN: inject("binary") };
  const { stdout } = await run(process.execPath, [MAIN], { env, maxBuffer: 16 * 1024 * 1024 });
  expect(stdout).toMatch(/\n(\d+) of \1 as expected\n/);
}, 180_000);
