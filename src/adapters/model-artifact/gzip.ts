/**
 * Gzip (RFC 1952), one member and nothing else. Readers differ in what they do with a second member or with what follows
 * the last: some read on, some stop, so that one layer would be two.
 */
import { constants, crc32, createInflateRaw } from "node:zlib";
import { unfit } from "../model-signing/refusal.ts";
import { createByteReader } from "./bytes.ts";
import { runEngine } from "./engine.ts";

const CHUNK_BYTES = 128 * 1024;
const TRAILER_BYTES = 8;
const MAX_FIELD_BYTES = 64 * 1024;
const FLAG = { hcrc: 0x02, extra: 0x04, name: 0x08, comment: 0x10, reserved: 0xe0 };

type Reader = ReturnType<typeof createByteReader>;

async function skipText(reader: Reader): Promise<void> {
  for (let length = 0; length < MAX_FIELD_BYTES; length += 1) {
    const [byte] = await reader.read(1);
    if (byte === 0) return;
    if (byte === undefined) break;
  }
  throw unfit("its gzip header does not end");
}

async function skipHeader(reader: Reader): Promise<void> {
  const head = await reader.read(10);
  const flags = head[3] ?? FLAG.reserved;
  if (head.length < 10 || head[0] !== 0x1f || head[1] !== 0x8b || head[2] !== 8 || (flags & FLAG.reserved) !== 0)
    throw unfit("it is no gzip");
  if ((flags & FLAG.extra) !== 0) {
    const length = await reader.read(2);
    if (length.length === 2) await reader.read(length.readUInt16LE());
  }
  if ((flags & FLAG.name) !== 0) await skipText(reader);
  if ((flags & FLAG.comment) !== 0) await skipText(reader);
  if ((flags & FLAG.hcrc) !== 0) await reader.read(2);
}

/** Unpacks one gzip member. Throws a ModelRefusal where there is more, less or something else. */
export async function* gunzip(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    const reader = createByteReader(chunks);
    await skipHeader(reader);
    let packed = 0;
    let tail: Buffer = Buffer.alloc(0);
    const body = async function* () {
      for (let chunk = await reader.take(Infinity); chunk !== undefined; chunk = await reader.take(Infinity)) {
        packed += chunk.length;
        tail = Buffer.concat([tail, chunk.subarray(-TRAILER_BYTES)]).subarray(-TRAILER_BYTES);
        yield chunk;
      }
    };
    const engine = createInflateRaw({ chunkSize: CHUNK_BYTES });
    let sum = 0;
    let length = 0;
    for await (const chunk of runEngine(body(), engine)) {
      sum = crc32(chunk, sum);
      length += chunk.length;
      yield chunk;
    }
    if (packed !== engine.bytesWritten + TRAILER_BYTES) throw unfit("its gzip is more, or less, than one member");
    if (tail.readUInt32LE(0) !== sum || tail.readUInt32LE(4) !== length % 2 ** 32)
      throw unfit("its gzip is not what its checksum says");
  } catch (error) {
    throw isZlibError(error) ? unfit("its gzip is broken") : error;
  } finally {
    await chunks.return?.();
  }
}

/** Whether it is what is packed that is wrong, and not the way it came. */
export const isZlibError = (error: unknown): boolean =>
  error instanceof Error && /^(Z_|ZSTD_)/.test(String((error as NodeJS.ErrnoException).code));

/** Largest window of zstd that is unpacked: 128 MiB, as much as `zstd -d` takes unasked. */
export const ZSTD_WINDOW = { [constants.ZSTD_d_windowLogMax]: 27 };
