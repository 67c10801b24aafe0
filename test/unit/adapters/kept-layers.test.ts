// What was found in layers outlives the process: whole or not at all, by this program alone, and never a reason to fail.
import { constants } from "node:fs";
import {
  access,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FilesBounds, openLayerFiles } from "../../../src/adapters/model-artifact/layer-files.ts";
import { nameRecord, readRecord, writeRecord } from "../../../src/adapters/model-artifact/layer-record.ts";
import { digestProgram } from "../../../src/adapters/model-artifact/program.ts";
import type { LayerContents } from "../../../src/adapters/model-artifact/layer.ts";

const SHA = "ab".repeat(32);
const CONTENTS: LayerContents = {
  entries: [
    { kind: "file", path: "models/größe \u{1f600}.bin", size: 7, sha256: SHA, format: "safetensors" },
    { kind: "file", path: "w", size: 0, sha256: SHA, listed: ["00".repeat(64), SHA], format: "unread" },
    { kind: "folder", path: "models" },
    { kind: "whiteout", path: "gone" },
    { kind: "opaque", path: "" },
  ],
  links: ["etc/link"],
  folders: ["etc", "models"],
  unpacked: 2 ** 40,
};
const OF = { program: "p1", key: "v1 {}" };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vouchsafe-layers-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A process that begins: what it makes of the folder, and what it complains of. */
async function start({
  program = "p1",
  bounds,
  at = folder,
}: {
  program?: string;
  bounds?: FilesBounds;
  at?: string;
} = {}) {
  const troubles: string[] = [];
  const store = await openLayerFiles({
    folder: at,
    digestProgram: () => Promise.resolve(program),
    tell: (trouble) => troubles.push(trouble),
    ...(bounds === undefined ? {} : { bounds }),
  });
  return { troubles, store };
}

async function startWell(options: Parameters<typeof start>[0] = {}) {
  const { troubles, store } = await start(options);
  if (store === undefined) throw new Error("the folder is of no use");
  return { troubles, store };
}

const layer = (size: number): LayerContents => ({
  entries: [{ kind: "file", path: "w", size, sha256: SHA, format: "text" }],
  links: [],
  folders: [],
  unpacked: size,
});

describe("a record", () => {
  const bytes = writeRecord(OF, CONTENTS);

  test("comes back as it went", () => {
    expect(readRecord(OF, bytes)).toEqual(CONTENTS);
  });

  test("its seal is the SHA-256 of what follows the first line", () => {
    const [line = "", ...rest] = bytes.toString("utf8").split("\n");
    const body = rest.join("\n");
    expect(line).toBe(`vouchsafe layer 1 sha256:${createHash("sha256").update(body).digest("hex")}`);
    expect(JSON.parse(body)).toEqual({ ...OF, contents: CONTENTS });
  });

  test("is not believed when it is cut, at whatever length", () => {
    for (let length = 0; length < bytes.length; length += 1)
      expect(readRecord(OF, bytes.subarray(0, length)), `${length} bytes`).toBeUndefined();
  });

  test("is not believed with any one bit of it changed, or a byte more or less", () => {
    for (let at = 0; at < bytes.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expect(readRecord(OF, changed), `bit ${bit} of byte ${at}`).toBeUndefined();
      }
      const without = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
      expect(readRecord(OF, without), `without byte ${at}`).toBeUndefined();
    }
    for (const more of ["\n", " ", "\0", "{}"])
      expect(readRecord(OF, Buffer.concat([bytes, Buffer.from(more)]))).toBeUndefined();
  });

  test("is of one program and one task", () => {
    expect(readRecord({ ...OF, program: "p2" }, bytes)).toBeUndefined();
    expect(readRecord({ ...OF, key: "v1 []" }, bytes)).toBeUndefined();
    const names = [OF, { ...OF, program: "p2" }, { ...OF, key: "v1 []" }, { program: "p1v1", key: " {}" }].map(
      nameRecord,
    );
    expect(new Set(names).size).toBe(4);
  });

  /** Sealed rightly, as by another version of this program. */
  const seal = (body: string) =>
    Buffer.from(`vouchsafe layer 1 sha256:${createHash("sha256").update(body).digest("hex")}\n${body}`);
  const entry = CONTENTS.entries[0];
  test.each<[string, unknown]>([
    ["no contents", { ...OF }],
    ["a field more", { ...OF, contents: CONTENTS, also: 1 }],
    ["a field of the contents more", { ...OF, contents: { ...CONTENTS, also: 1 } }],
    ["no list", { ...OF, contents: { ...CONTENTS, entries: {} } }],
    ["a kind that is not known", { ...OF, contents: { ...CONTENTS, entries: [{ kind: "link", path: "x" }] } }],
    ["a format that is not known", { ...OF, contents: { ...CONTENTS, entries: [{ ...entry, format: "x" }] } }],
    ["a digest that is none", { ...OF, contents: { ...CONTENTS, entries: [{ ...entry, sha256: "AB".repeat(32) }] } }],
    ["a size below nothing", { ...OF, contents: { ...CONTENTS, unpacked: -1 } }],
  ])("with %s is not believed, though its seal is whole", (_, body) => {
    expect(readRecord(OF, seal(JSON.stringify({ ...OF, contents: CONTENTS }))), "the seal of this test").toBeDefined();
    expect(readRecord(OF, seal(JSON.stringify(body)))).toBeUndefined();
  });

  test("that is no JSON, or no UTF-8, is not believed", () => {
    for (const body of ["", "{", "null", '"x"']) expect(readRecord(OF, seal(body))).toBeUndefined();
  });
});

describe("a folder of layers", () => {
  test("is known to the process that comes after, and to no other program", async () => {
    const first = await startWell();
    await first.store.put("a", CONTENTS);
    await first.store.put("b", layer(2));
    const second = await startWell();
    expect(await second.store.get("a")).toEqual(CONTENTS);
    expect(await second.store.get("b")).toEqual(layer(2));
    expect(await second.store.get("c")).toBeUndefined();
    const other = await startWell({ program: "p2" });
    expect(await other.store.get("a"), "another program").toBeUndefined();
    expect([first, second, other].map(({ troubles }) => troubles)).toEqual([[], [], []]);
  });

  test("is made where it is missing, for its owner alone", async () => {
    const at = join(folder, "deep", "er");
    const { store } = await startWell({ at });
    await store.put("a", layer(1));
    const [name = ""] = await readdir(at);
    expect((await stat(join(at, name))).mode & 0o777).toBe(0o600);
    expect((await stat(at)).mode & 0o777).toBe(0o700);
  });

  test("holds no half layer, wherever a process was killed: what it wrote before is there, the rest is not", async () => {
    const whole = writeRecord({ program: "p1", key: "b" }, layer(2));
    await (await startWell()).store.put("a", layer(1));
    for (const length of [0, 1, 60, whole.length - 1, whole.length]) {
      // Killed while it wrote, and before it gave the file its name.
      await writeFile(join(folder, "incoming"), whole.subarray(0, length));
      const { store, troubles } = await startWell();
      expect(await store.get("a")).toEqual(layer(1));
      expect(await store.get("b")).toBeUndefined();
      await expect(access(join(folder, "incoming"), constants.F_OK), "nothing is left over").rejects.toThrow("ENOENT");
      expect(troubles).toEqual([]);
    }
    const { store } = await startWell();
    await store.put("b", layer(2));
    expect(await (await startWell()).store.get("b")).toEqual(layer(2));
  });

  test("a process that is killed for real leaves every layer that it said was kept, and no half one", async () => {
    const module = new URL("../../../src/adapters/model-artifact/layer-files.ts", import.meta.url).href;
    const program = `
      const { openLayerFiles } = await import(${JSON.stringify(module)});
      const store = await openLayerFiles({ folder: process.argv[1], digestProgram: async () => "p1", tell() {} });
      for (let at = 0; ; at += 1) {
        const links = Array.from({ length: 20_000 }, (_, index) => \`link \${at} \${index}\`);
        await store.put(String(at), { entries: [], links, folders: [], unpacked: at });
        process.stdout.write(\`\${at}\\n\`);
      }`;
    for (const killedAfter of [1, 2, 5]) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program, folder], { stdio: "pipe" });
      let said = "";
      const gone = new Promise((ok) => child.once("exit", ok));
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        // It goes on writing until the signal is there.
        if (said.split("\n").length > killedAfter) child.kill("SIGKILL");
      });
      await gone;
      const last = Number(said.trim().split("\n").at(-1));
      expect(last).toBeGreaterThanOrEqual(killedAfter - 1);
      const { store, troubles } = await startWell();
      for (let at = 0; at <= last; at += 1) expect((await store.get(String(at)))?.unpacked).toBe(at);
      // The next may have got its name before it was told of.
      const next = await store.get(String(last + 1));
      expect(next?.links.length ?? 20_000).toBe(20_000);
      expect(troubles).toEqual([]);
      await rm(folder, { recursive: true });
      await mkdir(folder);
    }
  });

  test("a file that is cut by a crash of the machine is told of, taken away and written anew", async () => {
    await (await startWell()).store.put("a", layer(1));
    const [name = ""] = await readdir(folder);
    const bytes = await readFile(join(folder, name));
    for (const length of [0, 1, bytes.length - 1]) {
      await writeFile(join(folder, name), bytes.subarray(0, length));
      const { store, troubles } = await startWell();
      expect(await store.get("a")).toBeUndefined();
      expect(troubles).toEqual(["damaged"]);
      expect(await readdir(folder)).toEqual([]);
      await store.put("a", layer(1));
      expect(await store.get("a")).toEqual(layer(1));
    }
  });

  test("the file of another layer under this one's name is not believed", async () => {
    const { store } = await startWell();
    await store.put("a", layer(1));
    await store.put("b", layer(2));
    await rename(
      join(folder, nameRecord({ program: "p1", key: "b" })),
      join(folder, nameRecord({ program: "p1", key: "a" })),
    );
    const after = await startWell();
    expect(await after.store.get("a")).toBeUndefined();
    expect(after.troubles).toEqual(["damaged"]);
  });

  test("what else lies in it stays and counts for nothing; what has a layer's name and is no file is not read", async () => {
    const name = nameRecord({ program: "p1", key: "a" });
    await writeFile(join(folder, "lost+found"), "x");
    await mkdir(join(folder, name));
    const { store, troubles } = await startWell();
    expect(await store.get("a")).toBeUndefined();
    await store.put("b", layer(2));
    expect((await readdir(folder)).toSorted()).toEqual(
      ["lost+found", name, nameRecord({ program: "p1", key: "b" })].toSorted(),
    );
    expect(troubles).toEqual([]);
  });

  test.each<[string, (path: string) => Promise<unknown>]>([
    ["a link to what has no end", (path) => symlink("/dev/zero", path)],
    [
      "a link to a whole record",
      async (path) => {
        await writeFile(join(folder, "elsewhere"), writeRecord({ program: "p1", key: "a" }, layer(1)));
        await symlink("elsewhere", path);
      },
    ],
    ["a pipe that nobody writes to", (path) => Promise.resolve(execFileSync("mkfifo", [path]))],
    ["a file without end", (path) => writeFile(path, Buffer.alloc(3000))],
    ["nothing", () => Promise.resolve()],
  ])("%s in the place of a file that was there is left alone in no time", async (_, replace) => {
    const { store, troubles } = await startWell({ bounds: { files: 9, bytes: 9000, fileBytes: 2000 } });
    await store.put("a", layer(1));
    const path = join(folder, nameRecord({ program: "p1", key: "a" }));
    await rm(path);
    await replace(path);
    expect(await store.get("a")).toBeUndefined();
    expect(troubles).toEqual(["read"]);
    await store.put("a", layer(1));
    expect(await store.get("a")).toEqual(layer(1));
  });

  test("the oldest go where there are too many, in one process and over several", async () => {
    const bounds = { files: 3, bytes: 1e6, fileBytes: 1e6 };
    const known = async (keys: string) => {
      const { store } = await startWell({ bounds });
      const found = await Promise.all(
        Array.from(keys).map(async (key) => ((await store.get(key)) === undefined ? "" : key)),
      );
      return found.join("");
    };
    const { store } = await startWell({ bounds });
    for (const [at, key] of Array.from("abcd").entries()) {
      await store.put(key, layer(1));
      await utimes(join(folder, nameRecord({ program: "p1", key })), 1000 + at, 1000 + at);
    }
    expect(await known("abcd")).toBe("bcd");
    await (await startWell({ bounds })).store.put("e", layer(1));
    expect(await known("abcde")).toBe("cde");
    await (await startWell({ bounds, program: "p2" })).store.put("f", layer(1));
    expect(await known("abcde"), "those of another program make room, too").toBe("de");
  });

  test("never takes more bytes than it may, the one that is being written included", async () => {
    const one = writeRecord({ program: "p1", key: "a" }, layer(1)).length;
    const bounds = { files: 100, bytes: 3 * one, fileBytes: 2 * one };
    const { store, troubles } = await startWell({ bounds });
    await Promise.all(Array.from("abcdefgh").map((key) => store.put(key, layer(1))));
    expect(await readdir(folder)).toHaveLength(3);
    await store.put("h", layer(1));
    expect(await readdir(folder), "the same again takes no more room and drives nothing out").toHaveLength(3);
    const large: LayerContents = { ...layer(1), links: ["l".repeat(2 * one)] };
    await store.put("large", large);
    expect(await store.get("large")).toBeUndefined();
    expect(await store.get("h"), "and drives nothing out").toEqual(layer(1));
    expect(troubles).toEqual([]);
  });
});

describe("a folder that is of no use", () => {
  test("cannot be made: it is told of, and there is no store", async () => {
    await writeFile(join(folder, "file"), "");
    const { store, troubles } = await start({ at: join(folder, "file", "layers") });
    expect([store, troubles]).toEqual([undefined, ["open"]]);
  });

  test("a program that cannot tell what it is keeps nothing", async () => {
    const troubles: string[] = [];
    const digest = () => Promise.reject(new Error("no such file"));
    const tell = (trouble: string) => troubles.push(trouble);
    expect(await openLayerFiles({ folder, digestProgram: digest, tell })).toBeUndefined();
    expect(troubles).toEqual(["open"]);
  });

  test("is full: it is told of, nothing is kept and nothing fails; with room again it goes on", async () => {
    const { store, troubles } = await startWell();
    await store.put("a", layer(1));
    await symlink("/dev/full", join(folder, "incoming"));
    await store.put("b", layer(2));
    expect(await store.get("b")).toBeUndefined();
    expect(await store.get("a")).toEqual(layer(1));
    expect(troubles).toEqual(["write"]);
    await rm(join(folder, "incoming"));
    await store.put("b", layer(2));
    expect(await store.get("b")).toEqual(layer(2));
  });

  test("is taken away while it is used", async () => {
    const { store, troubles } = await startWell();
    await store.put("a", layer(1));
    await rm(folder, { recursive: true });
    await store.put("b", layer(2));
    expect([await store.get("a"), await store.get("b")]).toEqual([undefined, undefined]);
    expect(troubles).toEqual(["write", "read"]);
  });
});

test("the program is told by its content", async () => {
  const digest = await digestProgram();
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(await digestProgram()).toBe(digest);
});
