// The command of docs/containment.md by which anybody checks frozen evidence gives the digest that the operator records.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { digestJson } from "../../src/controllers/snapshots/record.ts";

const docs = readFileSync(fileURLToPath(new URL("../../docs/containment.md", import.meta.url)), "utf8");
const hasPython = spawnSync("python3", ["--version"]).status === 0;

test.skipIf(!hasPython)("the documented check gives the digest of a piece", () => {
  const script = /python3 -c '\n([^']+)'/.exec(docs)?.[1] ?? "";
  const data = { what: "pods", objects: [{ b: 1, a: "é\u007f\n\u0001\u2028", Z: [true, null, 0] }], "10": {}, "9": "" };
  const items = [{ metadata: { name: "vouchsafe-frozen-1" }, data }];
  const told = execFileSync("python3", ["-c", script], { input: JSON.stringify({ items }), encoding: "utf8" });
  expect(told).toBe(`${digestJson(data)} vouchsafe-frozen-1\n`);
});
