/**
 * Zstandard (RFC 8878), one frame and nothing else. Node unpacks a second frame or leaves it out depending on where its
 * chunks end, so the frame's own outline is followed beside it.
 */
import { createZstdDecompress } from "node:zlib";
import { unfit } from "../model-signing/refusal.ts";
import { type ByteReader, createByteReader } from "./bytes.ts";
import { runEngine } from "./engine.ts";
import { isZlibError, ZSTD_WINDOW } from "./gzip.ts";

const CHUNK_BYTES = 128 * 1024;
const MAGIC = 0xfd2fb528;
/** Sizes of the fields of a frame header, by their flags. */
const DICTIONARY_BYTES = [0, 1, 2, 4];
const CONTENT_BYTES = [0, 2, 4, 8];

const cut = () => unfit("its zstd is cut off");

async function readExactly(reader: ByteReader, length: number): Promise<Buffer> {
  const bytes = await reader.read(length);
  if (bytes.length < length) throw cut();
  return bytes;
}

async function* passThrough(reader: ByteReader, length: number): AsyncGenerator<Buffer> {
  for (let missing = length; missing > 0; ) {
    const chunk = await reader.take(missing);
    if (chunk === undefined) throw cut();
    missing -= chunk.length;
    yield chunk;
  }
}

/** Passes on one frame, block by block, and refuses whatever follows it. */
async function* demandOneFrame(reader: ByteReader): AsyncGenerator<Buffer> {
  const head = await readExactly(reader, 5);
  const descriptor = head[4] ?? 0;
  if (head.readUInt32LE() !== MAGIC) throw unfit("it is no zstd");
  yield head;
  const isSingle = (descriptor & 0x20) !== 0;
  const content = CONTENT_BYTES[descriptor >> 6] ?? 0;
  const rest = (isSingle ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] ?? 0) + (content === 0 && isSingle ? 1 : content);
  yield await readExactly(reader, rest);
  for (let isLast = false; !isLast; ) {
    const block = await readExactly(reader, 3);
    const word = block.readUIntLE(0, 3);
    isLast = (word & 1) === 1;
    yield block;
    // A block of one repeated byte names how often it comes, and holds it once.
    yield* passThrough(reader, ((word >> 1) & 3) === 1 ? 1 : word >> 3);
  }
  if ((descriptor & 4) !== 0) yield await readExactly(reader, 4);
  if ((await reader.take(1)) !== undefined) throw unfit("its zstd is more than one frame");
}

/** Unpacks one zstd frame. Throws a ModelRefusal where there is more, less or something else. */
export async function* unzstd(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    const engine = createZstdDecompress({ chunkSize: CHUNK_BYTES, params: ZSTD_WINDOW });
    yield* runEngine(demandOneFrame(createByteReader(chunks)), engine);
  } catch (error) {
    throw isZlibError(error) ? unfit("its zstd is broken, or needs too much memory") : error;
  } finally {
    await chunks.return?.();
  }
}
