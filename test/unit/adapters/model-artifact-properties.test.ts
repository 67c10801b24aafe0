// Random trees in random splits, packed by the system's own tools: they match, and no single change of anything does.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchArtifact } from "../../../src/adapters/model-artifact/match-artifact.ts";
import type { ModelManifest } from "../../../src/adapters/model-signing/manifest.ts";
import {
  type Form,
  type PackedLayer,
  type Packing,
  packArtifact,
  packLayer,
  rawLayer,
  sha256,
  signFiles,
  signWith,
  TAR_FORMATS,
  tarFiles,
} from "../../harness/packs.ts";

type Tree = Record<string, Buffer>;

const part = fc
  .stringMatching(/^[a-zA-Z0-9 _é日:-][a-zA-Z0-9 ._é日:-]{0,11}$/u)
  .filter((name) => Buffer.byteLength(name) < 60);
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
const content = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }),
  fc.constant(new Uint8Array(0)),
  fc.integer({ min: 510, max: 514 }).map((size) => new Uint8Array(size).fill(7)),
  fc
    .tuple(fc.integer({ min: 65_000, max: 200_000 }), fc.nat(255))
    .map(([size, byte]) => new Uint8Array(size).fill(byte)),
);

/** Trees in which no file is a folder. */
const tree: fc.Arbitrary<Tree> = fc
  .uniqueArray(fc.tuple(path, content), { minLength: 1, maxLength: 8, selector: ([at]) => at })
  .filter((files) => !files.some(([one]) => files.some(([other]) => other.startsWith(`${one}/`))))
  .map((files) => Object.fromEntries(files.map(([at, bytes]) => [at, Buffer.from(bytes)])));

interface Layout {
  form: Form;
  /** For each file, by its place: in which layer it lies. */
  split: number[];
  packings: Packing[];
  format: (typeof TAR_FORMATS)[number];
  /** Layers of one file that are left raw, in a ModelPack. */
  raw: boolean;
}

const layout: fc.Arbitrary<Layout> = fc
  .record({
    form: fc.constantFrom<Form>("ModelPack", "ModelKit", "Image"),
    split: fc.array(fc.nat(2), { minLength: 10, maxLength: 10 }),
    packings: fc.array(fc.constantFrom<Packing>("tar", "tar+gzip", "tar+zstd"), { minLength: 3, maxLength: 3 }),
    format: fc.constantFrom(...TAR_FORMATS),
    raw: fc.boolean(),
  })
  .map((one) => ({
    ...one,
    packings:
      one.form === "ModelKit" ? one.packings.map((p) => (p === "tar+zstd" ? ("tar" as const) : p)) : one.packings,
  }));

function packTree(files: Tree, { form, split, packings, format, raw }: Layout): PackedLayer[] {
  const groups: Tree[] = [{}, {}, {}];
  for (const [index, [at, bytes]] of Object.entries(files).entries()) {
    const group = groups[split[index] ?? 0];
    if (group !== undefined) group[form === "Image" ? `models/${at}` : at] = bytes;
  }
  const packed = groups.flatMap((group, index) => {
    const [first, ...more] = Object.entries(group);
    if (first === undefined) return [];
    if (form === "ModelPack" && raw && more.length === 0) return [rawLayer(...first)];
    return [packLayer(form, packings[index] ?? "tar", tarFiles(group, format))];
  });
  return packed;
}

const judge = async (layers: readonly PackedLayer[], form: Form, signed: ModelManifest) =>
  (await matchArtifact({ ...packArtifact(form, layers), signed })).outcome;

const SHARD_BYTES = 700;

/** A signature over shards of 700 bytes. */
function signShards(files: Tree): ModelManifest | undefined {
  const resources = Object.entries(files).flatMap(([name, bytes]) =>
    Array.from({ length: Math.ceil(bytes.length / SHARD_BYTES) }, (_, at) => {
      const [start, end] = [at * SHARD_BYTES, Math.min(bytes.length, (at + 1) * SHARD_BYTES)];
      return { name: `${name}:${start}:${end}`, digest: sha256(bytes.subarray(start, end)) };
    }),
  );
  if (resources.length === 0) return undefined;
  return signWith(resources, { method: "shards", hash_type: "sha256", shard_size: SHARD_BYTES });
}

/** The files that are not empty, as text. */
const listContent = (files: Tree) =>
  JSON.stringify(
    Object.entries(files)
      .filter(([, bytes]) => bytes.length > 0)
      .map(([at, bytes]) => `${at} ${sha256(bytes)}`)
      .toSorted((a, b) => (a < b ? -1 : 1)),
  );

/** One change of one thing. */
type Change = (files: Tree, pick: number) => Tree | undefined;
const nth = (files: Tree, pick: number) =>
  Object.entries(files)[pick % Object.keys(files).length] ?? ["", Buffer.alloc(0)];
const CHANGES: Record<string, Change> = {
  "one bit of content": (files, pick) => {
    const [at, bytes] = nth(files, pick);
    if (bytes.length === 0) return undefined;
    const other = Buffer.from(bytes);
    other[pick % other.length] = (other[pick % other.length] ?? 0) ^ (1 << (pick & 7));
    return { ...files, [at]: other };
  },
  "a byte more": (files, pick) => {
    const [at, bytes] = nth(files, pick);
    return { ...files, [at]: Buffer.concat([bytes, Buffer.alloc(1)]) };
  },
  "a name": (files, pick) => {
    const [at, bytes] = nth(files, pick);
    const { [at]: _, ...rest } = files;
    return `${at}x` in files ? undefined : { ...rest, [`${at}x`]: bytes };
  },
  "a file added": (files, pick) => ({ ...files, [`added-${pick}`]: Buffer.from("x") }),
  "a file removed": (files, pick) => {
    const [at] = nth(files, pick);
    const { [at]: _, ...rest } = files;
    return Object.keys(rest).length === 0 ? undefined : rest;
  },
  "a file copied": (files, pick) => {
    const [at, bytes] = nth(files, pick);
    return { ...files, [`${at}-copy`]: bytes };
  },
};

const RUNS = { numRuns: 14 };

describe("random trees by tar, gzip and zstd", () => {
  test("match, in any split", async () => {
    await fc.assert(
      fc.asyncProperty(tree, layout, async (files, how) => {
        expect(await judge(packTree(files, how), how.form, signFiles(files))).toBe("matches");
      }),
      RUNS,
    );
  }, 120_000);

  test("match by shards", async () => {
    await fc.assert(
      fc.asyncProperty(tree, layout, async (files, how) => {
        const signed = signShards(files);
        fc.pre(signed !== undefined);
        expect(await judge(packTree(files, how), how.form, signed)).toBe("matches");
      }),
      RUNS,
    );
  }, 120_000);

  test.each(Object.entries(CHANGES))(
    "do not with a change of %s",
    async (_, change) => {
      await fc.assert(
        fc.asyncProperty(tree, layout, fc.nat(1_000_000), async (files, how, pick) => {
          const changed = change(files, pick);
          fc.pre(changed !== undefined);
          const layers = packTree(changed, how);
          expect(await judge(layers, how.form, signFiles(files)), "signed by files").toBe("differs");
          const sharded = signShards(files);
          if (sharded === undefined) return;
          // A list of shards has no place for empty files.
          const expected = sha256(listContent(files)) === sha256(listContent(changed)) ? "matches" : "differs";
          expect(await judge(layers, how.form, sharded), "signed by shards").toBe(expected);
        }),
        RUNS,
      );
    },
    120_000,
  );

  test("do not with a layer twice, but in an image, where the second is put over the first", async () => {
    await fc.assert(
      fc.asyncProperty(tree, layout, async (files, how) => {
        const layers = packTree(files, how);
        const outcome = await judge([...layers, ...layers.slice(0, 1)], how.form, signFiles(files));
        expect(outcome).toBe(how.form === "Image" ? "matches" : "differs");
      }),
      RUNS,
    );
  }, 120_000);

  test("do not when a packed layer is cut off, wherever", async () => {
    await fc.assert(
      fc.asyncProperty(
        tree,
        layout,
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        async (files, how, share) => {
          const [first, ...rest] = packTree(files, how);
          if (first === undefined) throw new Error("a layer");
          // A tar of GNU ends with up to 20 blocks of zeros, of which two are its end.
          fc.pre(first.bytes.length > 0);
          const whole = first.mediaType.endsWith(".tar") ? first.bytes.subarray(0, findEnd(first.bytes)) : first.bytes;
          const cut = { ...first, bytes: whole.subarray(0, Math.floor(whole.length * share)) };
          expect(await judge([cut, ...rest], how.form, signFiles(files))).toBe("differs");
        },
      ),
      { numRuns: 20 },
    );
  }, 120_000);
});

/** Where the second block of zeros at the end of a tar ends. */
function findEnd(tar: Buffer): number {
  let at = tar.length;
  while (at >= 512 && tar.subarray(at - 512, at).every((byte) => byte === 0)) at -= 512;
  return at + 1024;
}
