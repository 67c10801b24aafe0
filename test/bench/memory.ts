// Memory of the operator with ten thousand governed pods, in a process that has seen each of them created.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createClient, loadClusterConfig } from "../../src/runtime/index.ts";
import { demand } from "../harness/kubectl.ts";
import { eventually } from "../harness/wait.ts";
import { toPod } from "../../examples/demo/pods.ts";
import { openPlace, openStage, release, type Stage } from "../integration/product/stage.ts";
import { imagesOf } from "../integration/product/containment.ts";
import { PODS } from "./watching.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const NS = "memory";
const WIDTH = 24;

export interface Memory {
  pods: number;
  /** MiB before the first pod, after the last one, and at most. */
  before: number;
  after: number;
  peak: number;
}

async function readMiB(pid: number, field: "VmRSS" | "VmHWM"): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(text)?.[1]) / 1024;
}

/** What the image starts, from this folder. */
async function readProgram(): Promise<string[]> {
  const command = /^CMD (\[.*\])$/m.exec(await readFile(join(ROOT, "Dockerfile"), "utf8"))?.[1] ?? "";
  return (JSON.parse(command) as string[]).map((part) => part.replace(/^\/app\//, ROOT));
}

/** Creates the pods, which no node ever plays, and reads the operator's memory. */
export async function measureMemory(pods: number): Promise<Memory> {
  await promisify(execFile)(process.execPath, [join(ROOT, "build.mjs")], { cwd: ROOT });
  const scene = await openStage({ program: await readProgram() });
  try {
    return await measure(scene, pods);
  } catch (error) {
    process.stdout.write(
      `the operator's last words: ${(await readFile(scene.product.operator.logFile, "utf8")).slice(-3000)}\n`,
    );
    throw error;
  } finally {
    await scene.stop();
  }
}

async function measure(scene: Stage, pods: number): Promise<Memory> {
  const { pid } = scene.product.operator;
  const place = await openPlace(scene, NS);
  await release(place, "v5");
  const before = await readMiB(pid, "VmRSS");
  const client = createClient(await loadClusterConfig({ kubeconfig: scene.product.kubeconfig }));
  const images = imagesOf(place, "v5");
  let next = 0;
  const work = async () => {
    while (next < pods) {
      const name = `p${next}`;
      next += 1;
      if (next % 1000 === 0) process.stdout.write(`  ${next} of ${pods} pods\n`);
      // A node that does not exist: the pod stays as it is.
      const pod = JSON.parse(toPod({ name, namespace: NS, ...images, extra: { nodeSelector: { none: "such" } } }));
      await client.create(PODS, pod);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, work));
  await client.close();
  await eventually("the operator has seen all of them", async () => {
    const seen = await demand(scene.kubectl, ["get", "--raw", `/api/v1/namespaces/${NS}/pods?limit=1`]);
    const remaining =
      (JSON.parse(seen) as { metadata: { remainingItemCount?: number } }).metadata.remainingItemCount ?? 0;
    const ready = await fetch(`${scene.product.operator.url}/readyz`);
    return remaining >= pods - 1 && ready.status === 200 ? true : undefined;
  });
  return { pods, before, after: await readMiB(pid, "VmRSS"), peak: await readMiB(pid, "VmHWM") };
}
