/** Reads one layer once: every file's digests and format. Nothing of it counts before the stream has ended well. */
import { showName, unfit } from "../model-signing/refusal.ts";
import { type Digester, loadDigester } from "./digest-file.ts";
import { createSniffer } from "./formats/sniffer.ts";
import { createImageSieve } from "./image-entries.ts";
import type { LayerContents, LayerEntry, LayerFile, LayerTask } from "./layer.ts";
import { createPackSieve } from "./pack-entries.ts";
import { parsePath } from "./paths.ts";
import type { Sieve } from "./sieve.ts";
import { readTar } from "./tar.ts";
import { unpack } from "./unpack.ts";

/** The bytes of a layer as they are packed. Its end throws where they are not those of `digest`. */
export type OpenLayer = (layer: { digest: string; size: number }) => AsyncIterable<Buffer>;

async function hashContent(content: AsyncIterable<Buffer>, path: string, digester: Digester): Promise<LayerFile> {
  const sniffer = createSniffer();
  for await (const chunk of content) {
    digester.add(chunk);
    sniffer.add(chunk);
  }
  return { kind: "file", path, ...digester.finish(), format: sniffer.finish(path) };
}

async function skip(content: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of content) void chunk;
}

async function hashTar(task: LayerTask, bytes: AsyncIterable<Buffer>, sieve: Sieve): Promise<LayerEntry[]> {
  const { limits } = task;
  const createDigester = await loadDigester(task.listing);
  const entries: LayerEntry[] = [];
  const seen = new Set<string>();
  let count = 0;
  let names = 0;
  for await (const entry of readTar(bytes)) {
    count += 1;
    if (count > limits.entries) throw unfit(`layer ${task.digest} has more than ${limits.entries} entries`);
    const path = parsePath(entry.name, entry.kind === "folder", limits);
    const kept = sieve.sift(entry, path);
    names += Buffer.byteLength(kept?.path ?? "");
    if (names + sieve.names() > limits.namesBytes)
      throw unfit(`layer ${task.digest} has more than ${limits.namesBytes} bytes of names`);
    if (kept === undefined) {
      await skip(entry.content);
      continue;
    }
    const id = `${kept.kind}:${kept.path}`;
    const isKnown = seen.has(id);
    seen.add(id);
    // A folder that is named twice stays one folder.
    if (isKnown && kept.kind !== "folder") throw unfit(`${showName(path)} comes twice in layer ${task.digest}`);
    if (kept.kind === "file") entries.push(await hashContent(entry.content, kept.path, createDigester()));
    else {
      await skip(entry.content);
      if (!isKnown) entries.push({ kind: kept.kind, path: kept.path });
    }
  }
  return entries;
}

async function* count(source: AsyncIterable<Buffer>, add: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    add(chunk.length);
    yield chunk;
  }
}

/** Hashes a layer. Throws a ModelRefusal for what may not be in a model, and whatever `open` throws. */
export async function hashLayer(task: LayerTask, open: OpenLayer): Promise<LayerContents> {
  let unpacked = 0;
  const bytes = count(unpack(task, open(task)), (more) => {
    unpacked += more;
  });
  const { reading } = task;
  switch (reading.as) {
    case "file": {
      const createDigester = await loadDigester(task.listing);
      const file = await hashContent(bytes, "", createDigester());
      if (file.size !== task.size) throw unfit(`layer ${task.digest} has fewer bytes than it says`);
      return { entries: [file], links: [], folders: [], unpacked };
    }
    case "pack":
    case "image": {
      const sieve = reading.as === "pack" ? createPackSieve() : createImageSieve(reading.root);
      const entries = await hashTar(task, bytes, sieve);
      return { entries, ...sieve.finish(), unpacked };
    }
  }
}
