// Layers that are read in another thread: what is found and what goes wrong arrives here as it would from this one.
import { afterAll, afterEach, expect, test } from "vitest";
import type { LayerTask } from "../../../src/adapters/model-artifact/layer.ts";
import { createLayerPool } from "../../../src/adapters/model-artifact/layer-pool.ts";
import { createMeter } from "../../../src/adapters/model-artifact/meter.ts";
import { RegistryError } from "../../../src/adapters/registry/errors.ts";
import { createPauses, type Pauses } from "../../../src/adapters/registry/pauses.ts";
import { LIMITS } from "../../../src/adapters/model-artifact/limits.ts";
import { send, startHostileRegistry, stopHostileRegistries } from "../../harness/hostile-registry.ts";
import { gzip, sha256, tarFiles } from "../../harness/packs.ts";

const pool = createLayerPool();
afterAll(() => pool.close());
afterEach(stopHostileRegistries);

const LAYER = gzip(tarFiles({ "sub/a.txt": "hello\n" }));
const DIGEST = `sha256:${sha256(LAYER)}`;

const read = async (bytes: Buffer, change: Partial<LayerTask> = {}, counter?: SharedArrayBuffer) => {
  const { host } = await startHostileRegistry({ [`/v2/m/blobs/${DIGEST}`]: send(bytes) });
  return readFrom(host, { change, ...(counter === undefined ? {} : { counter }) });
};

interface Reading {
  change?: Partial<LayerTask>;
  pauses?: Pauses;
  counter?: SharedArrayBuffer;
}

function readFrom(host: string, { change = {}, pauses = createPauses(Date.now), ...counted }: Reading) {
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
  return pool.hashLayer({ access, pauses, ref, task, ...counted });
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

test("a registry that asks to be left alone while a layer is read is left alone by everybody", async () => {
  const pauses = createPauses(Date.now);
  const { host, requests } = await startHostileRegistry(send("", { "retry-after": "120" }, 429));
  await expect(readFrom(host, { pauses })).rejects.toMatchObject({ code: "RateLimited", retryAfterMs: 120_000 });
  expect(() => pauses.demandFree(host), "here, too").toThrow(/left alone for another 1[12]\d s/);
  await expect(readFrom(host, { pauses })).rejects.toMatchObject({ code: "RateLimited" });
  expect(requests, "nobody asked again").toHaveLength(1);
});

test("what is asked while a layer waits for its turn is known when that comes", async () => {
  const pauses = createPauses(Date.now);
  const { host, requests } = await startHostileRegistry((response, asked) => {
    // The second is on its way to the thread that reads the first.
    if (asked.number === 0) pauses.note(host, new RegistryError("RateLimited", "later", 60_000));
    send(LAYER)(response, asked);
  });
  const both = await Promise.allSettled([readFrom(host, { pauses }), readFrom(host, { pauses })]);
  expect(both).toMatchObject([{ status: "fulfilled" }, { status: "rejected", reason: { code: "RateLimited" } }]);
  expect(requests).toHaveLength(1);
});
