// Layers are read once each, go on where another process stopped, and tell how far they are.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { keepLayers } from "../../../src/adapters/model-artifact/keep-layers.ts";
import type { LayerContents, LayerStore } from "../../../src/adapters/model-artifact/layer.ts";
import { openLayerFiles } from "../../../src/adapters/model-artifact/layer-files.ts";
import { awaitStore, joinStores } from "../../../src/adapters/model-artifact/layer-stores.ts";
import { type ArtifactCase, matchArtifact } from "../../../src/adapters/model-artifact/match-artifact.ts";
import { addBytes, createMeter } from "../../../src/adapters/model-artifact/meter.ts";
import { readOnce } from "../../../src/adapters/model-artifact/read-once.ts";
import { type Form, packArtifact, packLayer, rawLayer, signFiles, tarFiles } from "../../harness/packs.ts";

const contents = (unpacked: number): LayerContents => ({ entries: [], links: [], folders: [], unpacked });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vouchsafe-layers-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What a process has: memory of its own, and the folder. */
async function startProcess() {
  const found: string[] = [];
  const tell = (trouble: string) => found.push(trouble);
  const store = await openLayerFiles({ folder, digestProgram: () => Promise.resolve("p"), tell });
  if (store === undefined) throw new Error("the folder is of no use");
  const stores = [
    { name: "memory", store: keepLayers() },
    { name: "folder", store },
  ] as const;
  return { found, store: joinStores<string>(stores, (name) => found.push(name)) };
}

const FILES = { "a.bin": "first", "b.bin": "second", "c.bin": "third", "d.bin": "fourth" };

/** One layer for each file. */
const packEach = (form: Form, root = "") =>
  packArtifact(
    form,
    Object.entries(FILES).map(([path, content]) =>
      packLayer(form, "tar+gzip", tarFiles({ [`${root}${path}`]: content })),
    ),
  );

/** Counts which of the layers are opened, and dies before the one that comes after so many. */
function watch({ manifest, open }: ReturnType<typeof packEach>, diesAfter = Number.POSITIVE_INFINITY) {
  const layers = new Set(manifest.layers.map(({ digest }) => digest));
  const opened: string[] = [];
  const watched: ArtifactCase["open"] = (blob) => {
    if (!layers.has(blob.digest)) return open(blob);
    if (opened.length === diesAfter) throw new Error("killed");
    opened.push(blob.digest);
    return open(blob);
  };
  return { opened, open: watched };
}

describe("a model of several layers", () => {
  const cases = (["ModelPack", "ModelKit", "Image"] as const).flatMap((form) =>
    [0, 1, 2, 3].map((layers): [number, Form] => [layers, form]),
  );
  test.each(cases)(
    "goes on after the %d layers of a %s that were done when the process was killed",
    async (done, form) => {
      const artifact = packEach(form, form === "Image" ? "models/" : "");
      const about = { manifest: artifact.manifest, signed: signFiles(FILES) };
      const first = watch(artifact, done);
      const before = await startProcess();
      await expect(matchArtifact({ ...about, open: first.open, store: before.store })).rejects.toThrow("killed");

      const second = watch(artifact);
      const after = await startProcess();
      const match = await matchArtifact({ ...about, open: second.open, store: after.store });
      expect(match).toMatchObject({ outcome: "matches" });
      expect(match, "what it says is what one process alone says").toEqual(
        await matchArtifact({ ...about, open: artifact.open }),
      );
      const layers = artifact.manifest.layers.map(({ digest }) => digest);
      expect([first.opened, second.opened]).toEqual([layers.slice(0, done), layers.slice(done)]);
      expect(after.found).toEqual(Array.from({ length: done }, () => "folder"));
    },
  );

  test("is read anew for another root, another hash and other bounds, whatever was kept", async () => {
    const artifact = packEach("Image", "models/");
    const about = { manifest: artifact.manifest, signed: signFiles(FILES) };
    await matchArtifact({ ...about, open: artifact.open, store: (await startProcess()).store });
    const { opened, open } = watch(artifact);
    const { store } = await startProcess();
    expect(await matchArtifact({ ...about, open, store, root: "models/sub" })).toMatchObject({ outcome: "differs" });
    expect(opened).toHaveLength(4);
  });

  test("tells how far it is, in layers and packed bytes; what need not be read does not count", async () => {
    const raw = rawLayer("weights.bin", "unread");
    const packed = Object.entries(FILES).map(([path, content]) =>
      packLayer("ModelPack", "tar", tarFiles({ [path]: content })),
    );
    const artifact = packArtifact("ModelPack", [raw, ...packed]);
    const sizes = artifact.manifest.layers.slice(1).map(({ size }) => size);
    const all = sizes.reduce((sum, size) => sum + size, 0);
    const meter = createMeter();
    expect(meter.read()).toBeUndefined();
    const seen: unknown[] = [];
    const open: ArtifactCase["open"] = (blob) => {
      seen.push(meter.read());
      return artifact.open(blob);
    };
    const signed = signFiles({ ...FILES, "weights.bin": "unread" });
    expect(await matchArtifact({ manifest: artifact.manifest, signed, open, meter })).toMatchObject({
      outcome: "matches",
    });
    const at = (done: number) => ({
      layers: { done, all: 4 },
      bytes: { done: sizes.slice(0, done).reduce((sum, size) => sum + size, 0), all },
    });
    expect(seen).toEqual([at(0), at(1), at(2), at(3)]);
    expect(meter.read()).toEqual(at(4));
  });
});

describe("a meter", () => {
  test("counts the bytes of the layer that a thread is at, never more than there are", () => {
    const meter = createMeter();
    meter.begin([100, 50]);
    addBytes(meter.counter, 30);
    addBytes(meter.counter, 10);
    expect(meter.read()).toEqual({ layers: { done: 0, all: 2 }, bytes: { done: 40, all: 150 } });
    meter.finish(100);
    expect(meter.read()).toEqual({ layers: { done: 1, all: 2 }, bytes: { done: 100, all: 150 } });
    addBytes(meter.counter, 500);
    expect(meter.read()?.bytes).toEqual({ done: 150, all: 150 });
  });

  test("begins anew for another way of hashing, and says nothing where nothing is read", () => {
    const meter = createMeter();
    meter.begin([100]);
    addBytes(meter.counter, 30);
    meter.begin([7, 8]);
    expect(meter.read()).toEqual({ layers: { done: 0, all: 2 }, bytes: { done: 0, all: 15 } });
    meter.begin([]);
    expect(meter.read()).toBeUndefined();
  });
});

describe("stores one behind the other", () => {
  test("the first that knows it gives it, and those before it know it from then on", async () => {
    const [quick, slow] = [keepLayers(), keepLayers()];
    const found: string[] = [];
    const stores = [
      { name: "quick", store: quick },
      { name: "slow", store: slow },
    ] as const;
    const store = joinStores<string>(stores, (name) => found.push(name));
    await slow.put("a", contents(1));
    expect(await store.get("a")).toEqual(contents(1));
    expect(await store.get("a")).toEqual(contents(1));
    expect(await store.get("b")).toBeUndefined();
    expect(found).toEqual(["slow", "quick"]);
    await store.put("b", contents(2));
    expect([await quick.get("b"), await slow.get("b")]).toEqual([contents(2), contents(2)]);
  });
});

describe("a store that is being opened", () => {
  test("keeps those waiting who ask, and knows nothing where it could not be opened", async () => {
    let open: (store: LayerStore | undefined) => void = () => {};
    const store = awaitStore(
      new Promise((ok) => {
        open = ok;
      }),
    );
    const asked = store.put("a", contents(1)).then(() => store.get("a"));
    open(keepLayers());
    expect(await asked).toEqual(contents(1));
    const none = awaitStore(Promise.resolve(undefined));
    await none.put("a", contents(1));
    expect(await none.get("a")).toBeUndefined();
  });
});

describe("a layer that many ask for", () => {
  /** Reads that end when they are told to. */
  function hold(store: LayerStore) {
    const reads: { end(): void; fail(): void }[] = [];
    const ask = (key: string) =>
      readOnce(
        store,
        key,
        () =>
          new Promise((ok, no) => {
            const number = reads.length;
            reads.push({ end: () => ok(contents(number)), fail: () => no(new Error("no")) });
          }),
      );
    const settle = () => new Promise((ok) => setImmediate(ok));
    return { reads, ask, settle };
  }

  test("is read once; other layers do not wait for it", async () => {
    const { reads, ask, settle } = hold(keepLayers());
    const asked = [ask("a"), ask("a"), ask("a")];
    await settle();
    expect(reads).toHaveLength(1);
    const other = ask("b");
    await settle();
    reads[1]?.end();
    expect(await other).toEqual(contents(1));
    reads[0]?.end();
    expect(await Promise.all(asked)).toEqual([contents(0), contents(0), contents(0)]);
    expect(await ask("a")).toEqual(contents(0));
    expect(reads).toHaveLength(2);
  });

  test("is read by the next where it failed for the first, one at a time", async () => {
    const { reads, ask, settle } = hold(keepLayers());
    const [first, second, third] = [ask("a"), ask("a"), ask("a")];
    await settle();
    reads[0]?.fail();
    await expect(first).rejects.toThrow("no");
    await settle();
    expect(reads).toHaveLength(2);
    reads[1]?.end();
    expect([await second, await third]).toEqual([contents(1), contents(1)]);
  });
});
