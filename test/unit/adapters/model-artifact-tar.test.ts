// Packed layers: what real tools write is read as they meant it; what two readers could read differently is refused.
import { createHash } from "node:crypto";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { hashLayer } from "../../../src/adapters/model-artifact/hash-layer.ts";
import type { LayerTask, Packing } from "../../../src/adapters/model-artifact/layer.ts";
import { LIMITS, type Limits } from "../../../src/adapters/model-artifact/limits.ts";
import {
  gzip,
  openBytes,
  padded,
  run,
  sha256,
  TAR_END,
  TAR_FORMATS,
  tarFile,
  tarFiles,
  tarHeader,
  withFolder,
  zstd,
} from "../../harness/packs.ts";

interface Look {
  limits?: Partial<Limits>;
  chunk?: number;
  /** What the registry says of the size. */
  size?: number;
}

const look = (bytes: Buffer, packing: Packing, { limits, chunk, size = bytes.length }: Look = {}) => {
  const digest = `sha256:${sha256(bytes)}`;
  const task: LayerTask = {
    digest,
    size,
    packing,
    reading: packing === "raw" ? { as: "file" } : { as: "pack" },
    listing: { hash: "sha256" },
    limits: { ...LIMITS, ...limits },
  };
  return hashLayer(task, () => openBytes(bytes, digest, chunk));
};

const listFiles = async (bytes: Buffer, packing: Packing = "tar", how: Look = {}) =>
  (await look(bytes, packing, how)).entries.flatMap((entry) =>
    entry.kind === "file" ? [`${entry.path} ${entry.size} ${entry.sha256}`] : [],
  );

const line = (path: string, content: string) => `${path} ${Buffer.byteLength(content)} ${sha256(content)}`;

const LONG = `${"folder-with-a-name/".repeat(12)}weights.bin`;
const FILES = { "w.bin": "weights", "sub/é ü.txt": "card", "sub/empty": "" };

describe("what real tools write", () => {
  test.each(TAR_FORMATS)("GNU tar, format %s", async (format) => {
    const found = await listFiles(tarFiles(FILES, format));
    expect(found.toSorted()).toEqual(
      Object.entries(FILES)
        .map(([path, text]) => line(path, text))
        .toSorted(),
    );
  });

  test.each(["gnu", "posix"] as const)("a name of more than 200 bytes in format %s", async (format) => {
    expect(Buffer.byteLength(LONG)).toBeGreaterThan(200);
    expect(await listFiles(tarFiles({ [LONG]: "long" }, format))).toEqual([line(LONG, "long")]);
  });

  test("a name of 105 bytes in the two fields of ustar", async () => {
    const path = `${"a".repeat(50)}/${"b".repeat(54)}`;
    expect(await listFiles(tarFiles({ [path]: "x" }, "ustar"))).toEqual([line(path, "x")]);
  });

  test.each(["GNU_FORMAT", "PAX_FORMAT", "USTAR_FORMAT"])("Python's tarfile, %s", async (format) => {
    const tar = withFolder(FILES, (folder) =>
      run(
        "python3",
        [
          "-c",
          `import sys, tarfile; t = tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.${format})\nfor n in sys.argv[1:]: t.add(n)\nt.close()`,
          ...Object.keys(FILES),
        ],
        { cwd: folder },
      ),
    );
    expect(await listFiles(tar)).toEqual(Object.entries(FILES).map(([path, text]) => line(path, text)));
  });

  test("git archive, whose global header only says the commit", async () => {
    const tar = withFolder({ "w.bin": "weights" }, (folder) => {
      const git = (...args: string[]) =>
        run("git", ["-c", "user.name=t", "-c", "user.email=t@example", ...args], { cwd: folder });
      git("init", "-q");
      git("add", ".");
      git("commit", "-q", "-m", "x");
      return git("archive", "--format=tar", "HEAD");
    });
    expect(tar.toString("latin1", 156, 157)).toBe("g");
    expect(await listFiles(tar)).toEqual([line("w.bin", "weights")]);
  });

  test.each([
    ["tar+gzip", gzip],
    ["tar+zstd", zstd],
    ["tar+zstd", (bytes: Buffer) => run("zstd", ["-q", "-c", "--no-check", "-1"], { input: bytes })],
    ["tar+zstd", (bytes: Buffer) => run("zstd", ["-q", "-c", "-19", "-T2"], { input: bytes })],
  ] as [Packing, (bytes: Buffer) => Buffer][])("%s in chunks of 1, 7 and 512 bytes", async (packing, pack) => {
    const packed = pack(tarFiles(FILES));
    for (const chunk of [1, 7, 512]) {
      expect(await listFiles(packed, packing, { chunk }), `chunks of ${chunk}`).toHaveLength(3);
    }
  });

  test("a gzip with every field that its header can have", async () => {
    const body = tarFile("w.bin", "weights");
    const tar = Buffer.concat([body, TAR_END]);
    const head = Buffer.from([0x1f, 0x8b, 8, 0x1f, 0, 0, 0, 0, 0, 3, 2, 0, 0x41, 0x42]);
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(crc32(tar), 0);
    trailer.writeUInt32LE(tar.length, 4);
    const packed = Buffer.concat([
      head,
      Buffer.from("name\0comment\0\x12\x34", "latin1"),
      deflateRawSync(tar),
      trailer,
    ]);
    expect(await listFiles(packed, "tar+gzip")).toEqual([line("w.bin", "weights")]);
  });
});

const refusal = (bytes: Buffer, packing: Packing = "tar", how: Look = {}) =>
  look(bytes, packing, how).then(
    () => "taken",
    (error: Error) => `${error.name === "Error" ? "" : error.name}${error.message}`,
  );

const good = tarFile("w.bin", "weights");
const tarOf = (...parts: Buffer[]) => Buffer.concat([...parts, TAR_END]);
const entry = (fields: Parameters<typeof tarHeader>[0]) => tarOf(good, tarHeader(fields));
const record = (key: string, value: string) => {
  const bare = Buffer.byteLength(` ${key}=${value}\n`);
  const length = bare + String(bare + String(bare).length).length;
  return `${length} ${key}=${value}\n`;
};
const extended = (type: string, body: string | Buffer) =>
  Buffer.concat([tarHeader({ name: "h", type, size: Buffer.byteLength(body) }), padded(body)]);
const pax = (...records: [string, string][]) =>
  extended("x", records.map(([key, value]) => record(key, value)).join(""));
const broken = (block: Buffer, at: number) => {
  const other = Buffer.from(block);
  other[at] = (other[at] ?? 0) ^ 1;
  return other;
};

test("the hand-made tar is a tar, to GNU tar and here", async () => {
  const tar = tarOf(good, pax(["path", "other.bin"]), tarFile("hidden", "x"));
  expect(run("tar", ["-tf", "-"], { input: tar }).toString()).toBe("w.bin\nother.bin\n");
  expect(await listFiles(tar)).toEqual([line("w.bin", "weights"), line("other.bin", "x")]);
});

describe("refused in a tar", () => {
  const number = (text: string) => Buffer.from(text.padEnd(12, "\0"), "latin1");
  test.each([
    ["a symbolic link", entry({ name: "l", type: "2", link: "w.bin" }), "neither a file nor a folder"],
    ["a symbolic link that leaves", entry({ name: "l", type: "2", link: "../../etc" }), "neither a file nor a folder"],
    ["a hard link", entry({ name: "l", type: "1", link: "w.bin" }), "neither a file nor a folder"],
    ["a character device", entry({ name: "l", type: "3" }), "neither a file nor a folder"],
    ["a block device", entry({ name: "l", type: "4" }), "neither a file nor a folder"],
    ["a fifo", entry({ name: "l", type: "6" }), "neither a file nor a folder"],
    ["a contiguous file", entry({ name: "l", type: "7" }), "type"],
    ["a sparse file of GNU", entry({ name: "l", type: "S" }), "type"],
    ["an old long name", entry({ name: "l", type: "N" }), "type"],
    ["a volume label", entry({ name: "l", type: "V" }), "type"],
    ["a type that nobody knows", entry({ name: "l", type: "Z" }), "type"],
    ["a path that climbs", tarOf(tarFile("a/../../w", "x")), "no path within"],
    ["a path that climbs and comes back", tarOf(tarFile("a/../w", "x")), "no path within"],
    ["an absolute path", tarOf(tarFile("/w", "x")), "absolute"],
    ["a path with an empty part", tarOf(tarFile("a//w", "x")), "no path within"],
    ["a path with a dot in it", tarOf(tarFile("a/./w", "x")), "no path within"],
    ["an empty path", tarOf(tarHeader({ name: "" })), "no path within"],
    ["a file named as a folder", tarOf(tarHeader({ name: "a/" })), "named as a folder"],
    ["a path that is no UTF-8", tarOf(tarHeader({ name: Buffer.from([0xff, 0x61]) })), "UTF-8"],
    ["a path of 1025 bytes", tarOf(pax(["path", "a".repeat(1025)]), tarFile("x", "x")), "1024 bytes"],
    ["the same path twice", tarOf(good, good), "comes twice"],
    ["the same path twice, once with a dot", tarOf(good, tarFile("./w.bin", "other")), "comes twice"],
    ["a folder with content", entry({ name: "d/", type: "5", size: 512 }), "has content"],
    ["a header whose checksum is wrong", tarOf(broken(good, 0)), "checksum"],
    ["a header without the magic of tar", entry({ name: "x", magic: "\0".repeat(8) }), "neither the format"],
    ["a size that is no number", entry({ name: "x", size: number("12x4") }), "no number"],
    ["a negative size", entry({ name: "x", size: Buffer.alloc(12, 0xff) }), "no number"],
    [
      "a size beyond what can be counted",
      entry({ name: "x", size: Buffer.from([0x80, ...Array(11).fill(0xff)]) }),
      "no number",
    ],
    ["an extended header for nothing", tarOf(good, pax(["path", "x"])), "no entry"],
    ["two extended headers for one entry", tarOf(pax(["path", "a"]), pax(["path", "b"]), good), "one entry"],
    ["a long name of GNU beside a path of POSIX", tarOf(extended("L", "a\0"), pax(["path", "b"]), good), "one entry"],
    ["a global header that names a path", tarOf(extended("g", record("path", "a")), good), "global"],
    ["another size in the extended header", tarOf(pax(["size", "3"]), good), "two sizes"],
    ["a size of the extended header with junk", tarOf(pax(["size", "7x"]), good), "broken size"],
    ["a sparse file of POSIX", tarOf(pax(["GNU.sparse.major", "1"]), good), "GNU.sparse.major"],
    ["another set of characters", tarOf(pax(["hdrcharset", "BINARY"]), good), "hdrcharset"],
    ["an attribute that overlayfs acts on", tarOf(pax(["SCHILY.xattr.trusted.overlay.opaque", "y"]), good), "overlay"],
    ["the same for unprivileged ones", tarOf(pax(["SCHILY.xattr.user.overlay.opaque", "y"]), good), "overlay"],
    ["a record that comes twice", tarOf(pax(["path", "a"], ["path", "b"]), good), "twice"],
    ["a record that is longer than the header", tarOf(extended("x", "99 path=a\n"), good), "broken"],
    ["a record that does not end", tarOf(extended("x", "9 path=a"), good), "broken"],
    ["a path with a zero byte", tarOf(pax(["path", "a\0b"]), good), "broken path"],
    ["a long name with something behind it", tarOf(extended("L", "a\0b"), good), "long name"],
    ["something after the end", Buffer.concat([tarOf(good), tarFile("evil.bin", "x")]), "follows the end"],
    [
      "one block of zeros and then a file",
      Buffer.concat([good, Buffer.alloc(512), tarFile("evil", "x"), TAR_END]),
      "follows the end",
    ],
    ["an end that is no whole block", Buffer.concat([tarOf(good), Buffer.alloc(100)]), "whole block"],
    ["no end at all", good, "cut off"],
    ["one block of the end", Buffer.concat([good, Buffer.alloc(512)]), "cut off"],
    ["a file in the place of a whiteout", tarOf(tarFile(".wh.w.bin", "")), "take away"],
    ["a file below something like a whiteout", tarOf(tarFile("sub/.wh.d/x", "")), "take away"],
  ])("%s", async (_, tar, why) => {
    expect(await refusal(tar)).toContain(why);
  });

  test("names that differ in case or in the form of a letter are two names", async () => {
    const names = ["A.bin", "a.bin", "caf\u00e9", "cafe\u0301"];
    const found = await listFiles(tarOf(...names.map((name) => tarFile(name, name))));
    expect(found).toEqual(names.map((name) => line(name, name)));
  });

  test("truncations of a tar, around every edge and between", async () => {
    const tar = tarOf(good, tarFile("sub/x", "y"));
    // Every length around the edges of blocks, and every seventh between.
    for (let length = 0; length < tar.length; length += length % 512 < 3 || length % 512 > 508 ? 1 : 7) {
      expect(await refusal(tar.subarray(0, length)), `the first ${length} of ${tar.length} bytes`).not.toBe("taken");
    }
  });
});

const PACKERS: [Packing, (bytes: Buffer) => Buffer][] = [
  ["tar+gzip", gzip],
  ["tar+zstd", zstd],
];

describe.each(PACKERS)("refused in %s", (packing, pack) => {
  const tar = tarOf(good, tarFile("sub/x", "y"));
  const packed = pack(tar);

  test("every truncation", async () => {
    expect(await refusal(packed, packing)).toBe("taken");
    for (let length = 0; length < packed.length; length += 1) {
      expect(await refusal(packed.subarray(0, length), packing), `the first ${length} bytes`).not.toBe("taken");
    }
  });

  // Some read on after the first, some stop there, and what Node does depends on where its chunks end.
  test.each([1, packed.length, 65_521])("a second one behind it, in chunks of %i", async (chunk) => {
    const halves = [tar.subarray(0, 512), tar.subarray(512)].map(pack);
    expect(run(packing === "tar+gzip" ? "gzip" : "zstd", ["-dc"], { input: Buffer.concat(halves) })).toEqual(tar);
    expect(await refusal(Buffer.concat(halves), packing, { chunk })).toContain("more");
    expect(await refusal(Buffer.concat([packed, pack(Buffer.alloc(0))]), packing, { chunk })).toContain("more");
  });

  test.each([
    ["a zero byte", Buffer.alloc(1)],
    ["eight zero bytes", Buffer.alloc(8)],
    ["text", Buffer.from("something else")],
  ])("%s behind it", async (_, rest) => {
    for (const chunk of [1, packed.length, 65_521])
      expect(await refusal(Buffer.concat([packed, rest]), packing, { chunk }), `in chunks of ${chunk}`).not.toBe(
        "taken",
      );
  });

  test("flipped bits of it: refused, or the same files", async () => {
    const expected = await listFiles(packed, packing);
    // All bits of the header and the trailer, and every fifth between.
    for (let at = 0; at < packed.length * 8; at += at < 160 || at >= (packed.length - 10) * 8 ? 1 : 5) {
      const other = Buffer.from(packed);
      other[at >> 3] = (other[at >> 3] ?? 0) ^ (1 << (at & 7));
      const found = await listFiles(other, packing).catch(() => "refused");
      // Times and names in the header of gzip are not what is packed.
      expect(["refused", expected], `bit ${at}`).toContainEqual(found);
    }
  });

  test("what it is not", async () => {
    expect(await refusal(tar, packing)).toMatch(/is no (gzip|zstd)/);
    expect(await refusal(packed, "tar")).not.toBe("taken");
  });
});

describe("bounds", () => {
  const zeros = (mebibytes: number) =>
    tarOf(Buffer.concat([tarHeader({ name: "z", size: mebibytes * 2 ** 20 }), Buffer.alloc(mebibytes * 2 ** 20)]));

  test.each(PACKERS)(
    "a bomb in %s ends when it passes the bound, and not when it has gone off",
    async (packing, pack) => {
      const bomb = pack(zeros(96));
      expect(bomb.length).toBeLessThan(300_000);
      let read = 0;
      const digest = `sha256:${sha256(bomb)}`;
      const task: LayerTask = {
        digest,
        size: bomb.length,
        packing,
        reading: { as: "pack" },
        listing: { hash: "sha256" },
        limits: LIMITS,
      };
      const counted = async function* () {
        for await (const chunk of openBytes(bomb, digest, 1024)) {
          read += chunk.length;
          yield chunk;
        }
      };
      // 64 MiB are free, of 96.
      await expect(hashLayer(task, counted)).rejects.toThrow("unpacks to more than 67108864 bytes");
      expect(read, "bytes read of the bomb").toBeLessThanOrEqual(bomb.length * 0.75 + 65_536);
    },
  );

  test("the ratio counts where it allows more than what is free", async () => {
    const packed = gzip(zeros(1));
    expect(await refusal(packed, "tar+gzip", { limits: { freeBytes: 1000, ratio: 10 } })).toContain("unpacks to more");
    expect(await refusal(packed, "tar+gzip", { limits: { freeBytes: 1000, ratio: 1100 } })).toBe("taken");
    expect(await refusal(packed, "tar+gzip", { limits: { layerBytes: 2 ** 20 } })).toContain("unpacks to more");
  });

  test("a window larger than 128 MiB", async () => {
    const packed = run("zstd", ["-q", "-c", "-3", "--long=28"], { input: zeros(260) });
    expect(await refusal(packed, "tar+zstd", { limits: { ratio: 1e6 } })).toContain("too much memory");
  }, 60_000);

  test("entries, names and extended headers", async () => {
    const tar = tarOf(...Array.from({ length: 11 }, (_, at) => tarFile(`file-${at}`, "")));
    expect(await refusal(tar, "tar", { limits: { entries: 10 } })).toContain("10 entries");
    expect(await refusal(tar, "tar", { limits: { entries: 11 } })).toBe("taken");
    expect(await refusal(tar, "tar", { limits: { namesBytes: 66 } })).toContain("66 bytes of names");
    expect(await refusal(tar, "tar", { limits: { namesBytes: 67 } })).toBe("taken");
    expect(await refusal(tar, "tar", { limits: { layerBytes: 4096 } })).toContain("unpacks to more than 4096 bytes");
    const large = pax(["comment", "c".repeat(300_000)]);
    expect(await refusal(tarOf(large, good))).toContain("262144 bytes");
  });

  test("more bytes than the manifest says, or fewer", async () => {
    const tar = tarOf(good);
    expect(await refusal(tar, "tar", { size: tar.length - 1 })).toContain("more bytes than it says");
    expect(await refusal(Buffer.from("weights"), "raw", { size: 8 })).toContain("fewer bytes than it says");
  });

  test("shards that are smaller than any signature could list", async () => {
    const tar = tarOf(tarFile("w", Buffer.alloc(200_001)));
    const digest = `sha256:${sha256(tar)}`;
    const task: LayerTask = {
      digest,
      size: tar.length,
      packing: "tar",
      reading: { as: "pack" },
      listing: { hash: "sha256", shardSize: 1 },
      limits: LIMITS,
    };
    await expect(hashLayer(task, () => openBytes(tar, digest))).rejects.toThrow("more than 200000 shards");
  }, 60_000);

  test("320 MiB go through in less than 256 MiB of memory", async () => {
    const chunk = Buffer.alloc(2 ** 20, "weights");
    const count = 320;
    const size = count * chunk.length;
    const hash = createHash("sha256");
    for (let at = 0; at < count; at += 1) hash.update(chunk);
    const expected = hash.digest("hex");
    const pieces = async function* () {
      yield tarHeader({ name: "w", size: Buffer.from(`${size.toString(8).padStart(11, "0")}\0`, "latin1") });
      for (let at = 0; at < count; at += 1) yield Buffer.from(chunk);
      yield TAR_END;
    };
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    let peak = before;
    const watched = async function* () {
      for await (const piece of pieces()) {
        peak = Math.max(peak, process.memoryUsage().rss);
        yield piece;
      }
    };
    const task: LayerTask = {
      digest: "sha256:0",
      size: size + 1536,
      packing: "tar",
      reading: { as: "pack" },
      listing: { hash: "sha256" },
      limits: LIMITS,
    };
    const { entries, unpacked } = await hashLayer(task, watched);
    expect(entries).toMatchObject([{ path: "w", size, sha256: expected }]);
    expect(unpacked).toBe(size + 1536);
    expect(peak - before, "bytes of memory that came on top").toBeLessThan(256 * 2 ** 20);
  }, 60_000);
});

test("a source that fails is an error, not a refusal, and is closed when a layer is refused", async () => {
  const task: LayerTask = {
    digest: "sha256:0",
    size: 1e6,
    packing: "tar+gzip",
    reading: { as: "pack" },
    listing: { hash: "sha256" },
    limits: LIMITS,
  };
  const packed = gzipSync(tarOf(tarFile("/absolute", "x")));
  const failing = async function* () {
    yield packed.subarray(0, 20);
    throw new Error("the registry hung up");
  };
  await expect(hashLayer(task, failing)).rejects.toThrow("the registry hung up");
  for (const packing of ["tar", "tar+gzip", "tar+zstd"] as const) {
    let isClosed = false;
    const endless = async function* () {
      try {
        for (;;) yield packing === "tar" ? tarFile("/absolute", "x") : packed;
      } finally {
        isClosed = true;
      }
    };
    await expect(hashLayer({ ...task, packing }, endless)).rejects.toThrow();
    expect(isClosed, `${packing} closed its source`).toBe(true);
  }
});

test("nothing counts before the end: a layer whose digest is wrong is an error, however sound its files are", async () => {
  const bytes = gzip(tarOf(good));
  const task: LayerTask = {
    digest: `sha256:${"0".repeat(64)}`,
    size: bytes.length,
    packing: "tar+gzip",
    reading: { as: "pack" },
    listing: { hash: "sha256" },
    limits: LIMITS,
  };
  await expect(hashLayer(task, ({ digest }) => openBytes(bytes, digest))).rejects.toThrow("not what its digest says");
});
