/**
 * Keeps what was found in layers in a folder, so that a process that is started anew goes on with the next layer. Each
 * layer is one file that is there whole or not at all. Nothing here makes anything fail: what cannot be kept or is not
 * to be believed is read from its registry again.
 */
import { constants, type Dirent } from "node:fs";
import { lstat, mkdir, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LayerContents, LayerStore } from "./layer.ts";
import { nameRecord, readRecord, weighRecord, writeRecord } from "./layer-record.ts";

/** What went wrong: the folder is of no use, a file cannot be read or written, or is not to be believed. */
export type FilesTrouble = "open" | "read" | "write" | "damaged";

export interface FilesOptions {
  folder: string;
  /** Gives the digest of the program that reads layers. */
  digestProgram: () => Promise<string>;
  /** Is told what went wrong. */
  tell: (trouble: FilesTrouble, error?: unknown) => void;
  bounds?: FilesBounds;
}

export interface FilesBounds {
  files: number;
  bytes: number;
  /** Larger ones are not kept, which takes 25 000 files in a layer: to read one would hold up everything else. */
  fileBytes: number;
}

const MIB = 1024 * 1024;

/** With what is being written and the rest of each file's last block still less than the chart's volume holds. */
const BOUNDS: FilesBounds = { files: 4096, bytes: 64 * MIB, fileBytes: 4 * MIB };

const NAME = /^[0-9a-f]{64}\.layer$/;
/** What is being written. One that is left over was never whole. */
const INCOMING = "incoming";

interface Kept {
  name: string;
  bytes: number;
  at: number;
}

/** Files of earlier processes, oldest first. */
async function listKept(folder: string): Promise<Kept[]> {
  const isOurs = (entry: Dirent) => entry.isFile() && NAME.test(entry.name);
  const names = (await readdir(folder, { withFileTypes: true })).filter(isOurs).map(({ name }) => name);
  const kept: Kept[] = [];
  for (const name of names) {
    const { size: bytes, mtimeMs: at } = await lstat(join(folder, name));
    kept.push({ name, bytes, at });
  }
  return kept.toSorted((a, b) => a.at - b.at);
}

/** Never more than `most` bytes of a plain file: a link or a pipe in its place is no file of ours. */
async function readPlain(path: string, most: number): Promise<Buffer> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = await handle.stat();
    if (!found.isFile() || found.size > most) throw new Error("it is no file, or too large");
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** Opens the folder, and makes it where it is missing; undefined where it is of no use. */
export async function openLayerFiles(options: FilesOptions): Promise<LayerStore | undefined> {
  const { folder, tell, bounds = BOUNDS } = options;
  let program: string;
  const kept = new Map<string, number>();
  let total = 0;
  try {
    program = await options.digestProgram();
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await rm(join(folder, INCOMING), { force: true });
    for (const { name, bytes } of await listKept(folder)) {
      kept.set(name, bytes);
      total += bytes;
    }
  } catch (error) {
    tell("open", error);
    return undefined;
  }

  const drop = async (name: string): Promise<void> => {
    total -= kept.get(name) ?? 0;
    kept.delete(name);
    await rm(join(folder, name), { force: true });
  };

  const write = async (name: string, bytes: Buffer): Promise<void> => {
    if (kept.has(name)) return;
    // Before the new one is written, so that all together never take more.
    for (const oldest of kept.keys()) {
      if (kept.size < bounds.files && total + bytes.length <= bounds.bytes) break;
      await drop(oldest);
    }
    await writeFile(join(folder, INCOMING), bytes, { mode: 0o600 });
    await rename(join(folder, INCOMING), join(folder, name));
    total += bytes.length;
    kept.set(name, bytes.length);
  };

  const read = async (name: string, key: string): Promise<LayerContents | undefined> => {
    try {
      const contents = readRecord({ program, key }, await readPlain(join(folder, name), bounds.fileBytes));
      if (contents !== undefined) return contents;
      tell("damaged");
    } catch (error) {
      tell("read", error);
    }
    await drop(name).catch(() => {});
    return undefined;
  };

  // One after the other: all write under one name first.
  let turn = Promise.resolve();
  return {
    get: async (key) => {
      const name = nameRecord({ program, key });
      return kept.has(name) ? read(name, key) : undefined;
    },
    put: (key, contents) => {
      if (weighRecord(contents) > bounds.fileBytes) return Promise.resolve();
      const bytes = writeRecord({ program, key }, contents);
      if (bytes.length > bounds.fileBytes) return Promise.resolve();
      turn = turn
        .then(() => write(nameRecord({ program, key }), bytes))
        .catch((error: unknown) => tell("write", error));
      return turn;
    },
  };
}
