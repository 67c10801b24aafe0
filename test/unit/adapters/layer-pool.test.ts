// Layers that are read in another thread: what is found and what goes wrong arrives here as it would from this one.
import { afterAll, afterEach, expect, test } from "vitest";
import type { LayerTask } from "../../../src/adapters/model-artifact/layer.ts";
import { createLayerPool } from "../../../src/adapters/model-artifact/layer-pool.ts";
import { createMeter } from "../../../src/adapters/model-artifact/meter.ts";
import { LIMITS } from "../../../src/adapters/model-artifact/limits.ts";
import { send, startHostileRegistry, stopHostileRegistries } from "../../harness/hostile-registry.ts";
import { gzip, sha256, tarFiles } from "../../harness/packs.ts";

const pool = createLayerPool();
afterAll(() => pool.close());
afterEach(stopHostileRegistries);

const LAYER = gzip(tarFiles({ "sub/a.txt": "hello\n" }));
const DIGEST = `sha256:${sha256(LAYER)}`;

async function read(bytes: Buffer, change: Partial<LayerTask> = {}, counter?: SharedArrayBuffer) {
  const { host } = await startHostileRegistry({ [`/v2/m/blobs/${DIGEST}`]: send(bytes) });
  const access = {
    insecureHosts: [host],
    mirrors: [],
    ca: undefined,
    proxy: { https: "", http: "", except: "" },
    keyrings: [],
  };
  const task: LayerTask = {
    digest: DIGEST,
    size: LAYER.length,
    packing: "tar+gzip",
    reading: { as: "pack" },
    listing: { hash: "sha256" },
    limits: LIMITS,
    ...change,
  };
  const ref = { host, repository: "m", digest: DIGEST };
  return pool.hashLayer({ access, ref, task, ...(counter === undefined ? {} : { counter }) });
}

test("the bytes that come are counted here while they come there", async () => {
  const meter = createMeter();
  meter.begin([LAYER.length, 10]);
  await read(LAYER, {}, meter.counter);
  expect(meter.read()?.bytes).toEqual({ done: LAYER.length, all: LAYER.length + 10 });
});

test("files with their digests and formats", async () => {
  const files = (await read(LAYER)).entries.filter(({ kind }) => kind === "file");
  expect(files).toMatchObject([{ path: "sub/a.txt", size: 6, sha256: sha256("hello\n"), format: "text" }]);
});

test("another content is a fault of the registry", async () => {
  const other = Buffer.from(LAYER);
  other[LAYER.length - 1] = (other[LAYER.length - 1] ?? 0) ^ 1;
  await expect(read(other)).rejects.toMatchObject({ name: "RegistryError" });
});

test("what may not be in a model is a refusal", async () => {
  await expect(read(LAYER, { limits: { ...LIMITS, pathBytes: 3 } })).rejects.toMatchObject({ code: "ModelUnfit" });
});
