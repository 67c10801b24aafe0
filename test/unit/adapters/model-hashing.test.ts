// Files longer than one reading are hashed whole, and shards of them from byte to byte.
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listFiles, type ModelFile } from "../../../src/adapters/model-signing/enumerate.ts";
import { hashFile } from "../../../src/adapters/model-signing/hash-file.ts";

const MIB = 1024 * 1024;
// No two pieces are the same.
const BYTES = Buffer.from(
  Array.from({ length: 700_000 }, (_, index) => String(index % 100_000).padStart(5, "0")).join(""),
);

let dir: string;
let file: ModelFile;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "hashing-"));
  await writeFile(join(dir, "weights"), BYTES);
  const [first] = await listFiles({ model: dir, ignored: [] });
  if (first === undefined) throw new Error("expected a file");
  file = first;
});
afterAll(() => rm(dir, { recursive: true }));

test.each<["sha256" | "blake2b", string]>([
  ["sha256", "sha256"],
  ["blake2b", "blake2b512"],
])("by %s", async (hash, name) => {
  let read = 0;
  const digest = await hashFile(file, hash, undefined, (bytes) => {
    read += bytes;
  });
  expect(digest).toBe(createHash(name).update(BYTES).digest("hex"));
  expect(read, "bytes that were told of").toBe(BYTES.length);
});

test("by blake3", async () => {
  // By the Python package blake3 1.0.11 over these bytes.
  expect(await hashFile(file, "blake3", undefined, () => {})).toBe(
    "be38a88a1efae0fd3be27bbbd609edf44b4e2fdfa08535d6356bbc0bbc65c484",
  );
});

test.each([
  [0, 1],
  [1, MIB],
  [MIB - 1, 2 * MIB + 1],
  [MIB, 3 * MIB],
  [3 * MIB + 7, BYTES.length],
])("from %d to before %d", async (start, end) => {
  const digest = await hashFile(file, "sha256", { start, end }, () => {});
  expect(digest).toBe(createHash("sha256").update(BYTES.subarray(start, end)).digest("hex"));
});
