// What an artifact can make us do: the worst that the bounds leave costs little, and what is beyond them is refused early.
import { describe, expect, test } from "vitest";
import { tellFormat } from "../../../src/adapters/model-artifact/formats/tell-format.ts";
import { hashLayer } from "../../../src/adapters/model-artifact/hash-layer.ts";
import { keepLayers } from "../../../src/adapters/model-artifact/keep-layers.ts";
import type { LayerContents, LayerEntry, LayerTask } from "../../../src/adapters/model-artifact/layer.ts";
import { LIMITS, type Limits } from "../../../src/adapters/model-artifact/limits.ts";
import { type ArtifactCase, matchArtifact } from "../../../src/adapters/model-artifact/match-artifact.ts";
import {
  type Form,
  openBytes,
  packArtifact,
  packLayer,
  rawLayer,
  sha256,
  signFiles,
  signWith,
  TAR_END,
  tarFiles,
  tarHeader,
} from "../../harness/packs.ts";

const CARD = sha256("card");
const file = (path: string, listed?: string[]): LayerEntry => ({
  kind: "file",
  path,
  size: 4,
  sha256: CARD,
  format: "text",
  ...(listed === undefined ? {} : { listed }),
});
const contents = (entries: LayerEntry[], more: Partial<LayerContents> = {}): LayerContents => ({
  entries,
  links: [],
  folders: [],
  unpacked: 0,
  ...more,
});
const list = (count: number, path: (at: number) => string) => Array.from({ length: count }, (_, at) => path(at));

/** Judges layers that hold what is given, as if they had been read. */
async function judge(form: Form, layers: readonly LayerContents[], how: Partial<ArtifactCase> = {}) {
  const artifact = packArtifact(
    form,
    layers.map((_, at) => packLayer(form, "tar", Buffer.from(`layer ${at}`))),
  );
  const byDigest = new Map(artifact.manifest.layers.map(({ digest }, at) => [digest, layers[at]]));
  const hash = async ({ digest }: LayerTask) => byDigest.get(digest) ?? contents([]);
  const match = await matchArtifact({ ...artifact, signed: signFiles({ "w.bin": "card" }), hash, ...how });
  return match.outcome === "matches" ? match.signed.map(({ path }) => path) : match.why;
}

/** Seconds of all cores that `work` takes. */
async function measure(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

describe("layers are put together in little time", () => {
  // Walking all folders above all files for each layer took more than half a minute for a tenth of these.
  const deep = `${"a/".repeat(38)}`;
  const whiteout: LayerEntry = { kind: "whiteout", path: "gone" };
  test.each<[string, LayerContents[]]>([
    [
      "many deep files, in layers that each take something away",
      list(40, String).map((layer) =>
        contents([...list(4500, (at) => `${deep}${layer}-${at}`).map((path) => file(path)), whiteout]),
      ),
    ],
    [
      "many that are taken away, and come again",
      list(40, String).map(() =>
        contents([...list(4500, (at) => `${deep}${at}`).map((path) => file(path)), { kind: "opaque", path: "a/a" }]),
      ),
    ],
    [
      "symbolic links beside folders",
      [
        contents([file("w.bin")], {
          links: list(90_000, (at) => `${deep}l${at}`),
          folders: list(90_000, (at) => `${deep}f${at}`),
        }),
      ],
    ],
    [
      "whiteouts of deep paths beside deep files",
      [
        contents([
          ...list(90_000, (at): string => `${deep}l${at}`).map((path): LayerEntry => ({ kind: "whiteout", path })),
          ...list(90_000, (at) => `${deep}f${at}`).map((path) => file(path)),
        ]),
      ],
    ],
  ])(
    "%s",
    async (_, layers) => {
      let outcome: string[] | string = "";
      const seconds = await measure(async () => {
        outcome = await judge("Image", layers);
      });
      expect(["w.bin was signed and is not there", ["w.bin"]], "they are within the bounds").toContainEqual(outcome);
      expect(seconds, "seconds of a core").toBeLessThan(4);
    },
    60_000,
  );
});

describe("beyond the bounds of all layers", () => {
  const bounds = async (layers: readonly LayerContents[], limits: Partial<Limits>) =>
    judge("Image", layers, { limits: { ...LIMITS, ...limits } });
  const two = [
    contents([file("w.bin")], { links: ["lib"], folders: ["etc"] }),
    contents([{ kind: "folder", path: "d" }]),
  ];

  test("paths of files, folders and links", async () => {
    expect(await bounds(two, { artifactPaths: 4 })).toEqual(["w.bin"]);
    expect(await bounds(two, { artifactPaths: 3 })).toContain("more than 3 paths");
  });

  test("bytes of their names", async () => {
    expect(await bounds(two, { artifactNamesBytes: 12 })).toEqual(["w.bin"]);
    expect(await bounds(two, { artifactNamesBytes: 11 })).toContain("more than 11 bytes of names");
  });

  test("folders that no entry names", async () => {
    const chain = [contents([file("w.bin"), file("a/b/c/d/e")])];
    expect(await bounds(chain, { artifactPaths: 5 })).toContain("more than 5 files and folders");
    expect(await bounds(chain, { artifactPaths: 6 })).toContain("was not signed");
  });

  test("digests of shards", async () => {
    const shards = [contents([file("w.bin", [CARD, CARD])]), contents([file("x", [CARD])])];
    expect(await bounds(shards, { artifactShards: 2 })).toContain("more than 2 shards");
    expect(await bounds(shards, { artifactShards: 3 })).not.toContain("shards");
  });

  test("folders that a path lies in", async () => {
    const at = (folders: number) => `${"dd/".repeat(folders)}w.bin`;
    for (const [folders, outcome] of [
      [64, "matches"],
      [65, "lies in more than 64 folders"],
    ] as const) {
      const signed = signFiles({ [at(folders)]: "card" });
      const tar = packLayer("ModelPack", "tar", tarFiles({ [at(folders)]: "card" }));
      for (const layer of [tar, rawLayer(at(folders), "card")]) {
        const match = await matchArtifact({ ...packArtifact("ModelPack", [layer]), signed });
        expect(match.outcome === "matches" ? "matches" : match.why, layer.mediaType).toContain(outcome);
      }
    }
  });
});

describe("layers that are kept", () => {
  const isKept = async (store: ReturnType<typeof keepLayers>, ...keys: string[]) =>
    (await Promise.all(keys.map((key) => store.get(key)))).map((found) => found !== undefined);
  const names = list(20, (at) => `${"n".repeat(200)}${at}`);

  test.each<[string, LayerContents]>([
    ["files", contents(names.map((path) => file(path)))],
    ["folders of the model", contents(names.map((path) => ({ kind: "folder", path })))],
    ["folders of the image", contents([], { folders: names })],
    ["links of the image", contents([], { links: names })],
    [
      "digests of shards",
      contents([
        file(
          "w",
          list(70, (at) => String(at).padStart(64, "0")),
        ),
      ]),
    ],
  ])("go, oldest first, by the bytes of %s", async (_, layer) => {
    const large = 2 * Buffer.byteLength(JSON.stringify(layer)) + 6000;
    const store = keepLayers(large);
    await store.put("a", layer);
    expect(await isKept(store, "a"), "one has room").toEqual([true]);
    for (const key of ["b", "c", "d", "e"]) await store.put(key, layer);
    expect(await isKept(store, "a", "b", "e")).toEqual([false, false, true]);
  });

  test("the same again takes no more room, and what is too large is not kept", async () => {
    const store = keepLayers(2000);
    await store.put("a", contents([file("x")]));
    for (let time = 0; time < 50; time += 1) await store.put("b", contents([file("y")]));
    expect(await isKept(store, "a", "b")).toEqual([true, true]);
    await store.put("c", contents(list(100, String).map((path) => file(path))));
    expect(await isKept(store, "a", "b", "c")).toEqual([false, false, false]);
  });

  test("64 MiB hold what is in them: layers of a million shards, of links, of folders", async () => {
    const store = keepLayers();
    globalThis.gc?.();
    const keys = list(40, (at) => `layer ${at}`);
    for (const [at, key] of keys.entries()) {
      const digests = list(100_000, (index) => `${at}-${index}`.padStart(64, "0"));
      await store.put(
        key,
        contents([file("w", at % 2 === 0 ? digests : [])], { folders: at % 2 === 0 ? [] : digests }),
      );
    }
    const kept = (await isKept(store, ...keys)).filter(Boolean).length;
    // Each has 6.4 million characters.
    expect(kept, "layers that are kept").toBeLessThanOrEqual(10);
    expect(kept, "layers that are kept").toBeGreaterThanOrEqual(3);
  }, 60_000);
});

test("names of an image's own folders and links count in a layer", async () => {
  const names = list(10, (at) => `${"f".repeat(80)}${at}`);
  const read = (entries: Buffer[], namesBytes: number) => {
    const bytes = Buffer.concat([...entries, TAR_END]);
    const digest = `sha256:${sha256(bytes)}`;
    const task: LayerTask = {
      digest,
      size: bytes.length,
      packing: "tar",
      reading: { as: "image", root: "models" },
      listing: { hash: "sha256" },
      limits: { ...LIMITS, namesBytes },
    };
    return hashLayer(task, () => openBytes(bytes, digest));
  };
  const folders = names.map((name) => tarHeader({ name: `${name}/`, type: "5" }));
  const files = names.map((name) => tarHeader({ name: `${name}/x` }));
  const links = names.map((name) => tarHeader({ name, type: "2", link: "x" }));
  for (const [what, entries] of Object.entries({ folders, files, links })) {
    await expect(read(entries, 809), what).rejects.toThrow("more than 809 bytes of names");
    await expect(read(entries, 810), what).resolves.toBeDefined();
  }
  // A folder that many files lie in counts once.
  await expect(read([...folders, ...files], 810)).resolves.toBeDefined();
});

describe("before a layer is read", () => {
  const GIB = 2 ** 30;
  const SHARDS = { method: "shards" as const, hash_type: "sha256", shard_size: 4 };
  const sharded = signWith([{ name: "w.bin:0:4", digest: CARD }], SHARDS);

  /** Raw layers that say to have some size; how many of them were opened, and how it came out. */
  async function judgeSizes(files: Record<string, number>, how: Partial<ArtifactCase>) {
    const { manifest } = packArtifact(
      "ModelPack",
      Object.keys(files).map((path) => rawLayer(path, "card")),
    );
    const sizes = Object.values(files);
    const layers = manifest.layers.map((layer, at) => ({ ...layer, size: sizes[at] ?? 0 }));
    let opened = 0;
    const open = () => {
      opened += 1;
      return openBytes(Buffer.from("card"), `sha256:${CARD}`);
    };
    const match = await matchArtifact({ manifest: { ...manifest, layers }, signed: sharded, open, ...how });
    return { opened, why: match.outcome === "matches" ? "matches" : match.why };
  }

  test("more bytes than all that are read may have", async () => {
    const files = { "w.bin": 200 * GIB, "x.bin": 200 * GIB, "y.bin": 112 * GIB + 1 };
    const signed = signFiles({ "w.bin": "card", "x.bin": "card", "y.bin": "card" });
    const found = await judgeSizes(files, { signed, readsAll: true });
    expect(found).toEqual({ opened: 0, why: `its layers that have to be read have more than ${512 * GIB} bytes` });
    expect(await judgeSizes(files, { signed }), "those that are not read").toEqual({ opened: 0, why: "matches" });
  });

  test("another length than the shards that were signed", async () => {
    for (const size of [3, 5, 300 * GIB]) {
      const found = await judgeSizes({ "w.bin": size }, {});
      expect(found).toEqual({ opened: 0, why: "w.bin is not as long as what was signed" });
    }
    expect(await judgeSizes({ "w.bin": 4 }, {})).toEqual({ opened: 1, why: "matches" });
  });

  test("a file that was not signed", async () => {
    const found = await judgeSizes({ "w.bin": 4, "x.bin": 4 }, {});
    expect(found).toEqual({ opened: 0, why: "x.bin is there and was not signed" });
    const ignoring = signWith([{ name: "w.bin:0:4", digest: CARD }], { ...SHARDS, ignore_paths: ["x.bin"] });
    expect(await judgeSizes({ "w.bin": 4, "x.bin": 4 }, { signed: ignoring })).toEqual({ opened: 1, why: "matches" });
  });
});

describe("work grows as what is read does, and no faster", () => {
  test("ten thousand paths that were left out, beside a hundred thousand files", async () => {
    const ignored = list(10_000, (at) => `left/out/${at}`);
    const files = list(100_000, (at) => `left/out/${9999 - (at % 100)}/f${at}`).map((path) => file(path));
    const layers = [contents([file("w.bin"), ...files])];
    let outcome: string[] | string = "";
    const seconds = await measure(async () => {
      outcome = await judge("Image", layers, { signed: signFiles({ "w.bin": "card" }, ignored) });
    });
    expect(outcome).toEqual(["w.bin"]);
    expect(seconds, "seconds of a core").toBeLessThan(4);
  }, 60_000);

  test("a header of NumPy that begins over and over, and does not end", () => {
    const header = `{${"'descr' } ".repeat(6000)}x`;
    const bytes = Buffer.alloc(12 + header.length + 100);
    bytes.write("\x93NUMPY\x02\x00", "latin1");
    bytes.writeUInt32LE(header.length, 8);
    bytes.write(header, 12, "latin1");
    const before = process.cpuUsage();
    expect(tellFormat({ head: bytes, tail: bytes, size: bytes.length }, "x")).toBe("unknown");
    expect(process.cpuUsage(before).user / 1e6, "seconds of a core").toBeLessThan(0.5);
  }, 60_000);
});
