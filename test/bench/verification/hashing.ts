// Hashing a model's files in another thread, and nothing else: the processor time that it takes.
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { fileURLToPath } from "node:url";
import { listFiles } from "../../../src/adapters/model-signing/enumerate.ts";
import { hashFile } from "../../../src/adapters/model-signing/hash-file.ts";
import type { Spent } from "./timed.ts";

async function hashAll(model: string): Promise<Spent> {
  const files = await listFiles({ model, ignored: [] });
  const before = process.cpuUsage();
  const began = performance.now();
  for (const file of files) await hashFile(file, "sha256", undefined, () => {});
  const wall = (performance.now() - began) / 1000;
  // Of the whole process: Node reads files in threads of its own.
  const { user, system } = process.cpuUsage(before);
  return { wall, cpu: (user + system) / 1e6 };
}

/** Seconds that hashing takes in a worker. */
export function measureHashing({ model }: { model: string }): Promise<Spent> {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { model } });
  return new Promise((ok, no) => {
    worker.once("message", ok);
    worker.once("error", no);
  });
}

if (!isMainThread) {
  const { model } = workerData as { model: string };
  parentPort?.postMessage(await hashAll(model));
}
