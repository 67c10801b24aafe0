/**
 * Streams a tar: one entry after the other, the content of files chunk by chunk. Only what every reader reads alike is
 * taken; see docs/model-artifacts.md for where readers differ.
 */
import { unfit } from "../model-signing/refusal.ts";
import { type ByteReader, createByteReader } from "./bytes.ts";
import {
  BLOCK_BYTES,
  type ExtendedKind,
  type HeaderOf,
  type PaxRecords,
  parseHeader,
  parsePax,
  type TarHeader,
  type TarKind,
} from "./tar-header.ts";

export interface TarEntry {
  kind: TarKind;
  name: Buffer;
  /** Where a link leads; empty for everything else. */
  link: Buffer;
  size: number;
  /** The content of a file, to be read before the next entry is asked for. */
  content: AsyncIterable<Buffer>;
}

/** Names, times and attributes of one entry. */
const MAX_EXTENDED_BYTES = 256 * 1024;
const CHUNK_BYTES = 1024 * 1024;
/** Above this an old header cannot say the size, and an extended one has to. */
const MAX_OCTAL_SIZE = 0o77777777777;

const cut = () => unfit("its tar is cut off");

/** What extended headers say of the entry that follows them. */
interface Extended {
  pax?: PaxRecords;
  longName?: Buffer;
  longLink?: Buffer;
}

async function readPadded(reader: ByteReader, size: number): Promise<Buffer> {
  if (size > MAX_EXTENDED_BYTES) throw unfit(`an extended tar header has more than ${MAX_EXTENDED_BYTES} bytes`);
  const padded = Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  const body = await reader.read(padded);
  if (body.length < padded) throw cut();
  return body.subarray(0, size);
}

/** The text of a long name: ended by a zero byte, with nothing behind it. */
function readLong(body: Buffer): Buffer {
  const end = body.indexOf(0);
  const text = end === -1 ? body : body.subarray(0, end);
  if (text.length === 0 || body.subarray(text.length).some((byte) => byte !== 0))
    throw unfit("a long name in its tar is broken");
  return text;
}

const twice = () => unfit("two extended tar headers speak of one entry");

async function addExtended(extended: Extended, header: HeaderOf<ExtendedKind>, reader: ByteReader): Promise<void> {
  const body = await readPadded(reader, header.size);
  switch (header.kind) {
    case "pax":
      if (extended.pax !== undefined) throw twice();
      extended.pax = parsePax(body);
      return;
    case "longName":
      if (extended.longName !== undefined) throw twice();
      extended.longName = readLong(body);
      return;
    case "longLink":
      if (extended.longLink !== undefined) throw twice();
      extended.longLink = readLong(body);
      return;
    case "paxGlobal": {
      // Some readers apply it to what follows and some do not.
      if (Object.keys(parsePax(body)).length > 0) throw unfit("a global tar header changes what follows");
      return;
    }
  }
}

const EXTENDED: readonly string[] = ["pax", "paxGlobal", "longName", "longLink"] satisfies ExtendedKind[];
const isExtended = (header: TarHeader): header is HeaderOf<ExtendedKind> => EXTENDED.includes(header.kind);

/** The size of a file: that of its header, unless it is too large for one. */
function findSize({ kind, size }: HeaderOf<TarKind>, extended: number | undefined): number {
  if (extended === undefined || extended === size) return size;
  if (kind !== "file" || extended <= MAX_OCTAL_SIZE || size !== 0) throw unfit("a tar entry says two sizes of itself");
  return extended;
}

function toEntry(header: HeaderOf<TarKind>, { pax, longName, longLink }: Extended) {
  if (pax?.path !== undefined && longName !== undefined) throw twice();
  if (pax?.linkpath !== undefined && longLink !== undefined) throw twice();
  const isLink = header.kind === "symlink" || header.kind === "hardlink";
  return {
    kind: header.kind,
    name: pax?.path ?? longName ?? header.name,
    link: isLink ? (pax?.linkpath ?? longLink ?? header.link) : Buffer.alloc(0),
    size: findSize(header, pax?.size),
  };
}

async function* readContent(reader: ByteReader, size: number, done: () => void): AsyncGenerator<Buffer> {
  for (let missing = size; missing > 0; ) {
    const chunk = await reader.take(Math.min(missing, CHUNK_BYTES));
    if (chunk === undefined) throw cut();
    missing -= chunk.length;
    yield chunk;
  }
  const padding = (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
  if ((await reader.read(padding)).length < padding) throw cut();
  done();
}

const isZero = (block: Buffer) => block.every((byte) => byte === 0);

/** After the first block of zeros comes a second, then nothing but zeros in whole blocks. */
async function demandEnd(reader: ByteReader): Promise<void> {
  const second = await reader.read(BLOCK_BYTES);
  if (second.length < BLOCK_BYTES) throw cut();
  for (let block = second; block.length > 0; block = await reader.read(BLOCK_BYTES)) {
    if (!isZero(block)) throw unfit("something follows the end of its tar");
    if (block.length < BLOCK_BYTES) throw unfit("its tar does not end with a whole block");
  }
}

/** The entries of a tar, in order. Throws a ModelRefusal where it is not one that every reader reads alike. */
export async function* readTar(source: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    const reader = createByteReader(chunks);
    let extended: Extended = {};
    for (;;) {
      const block = await reader.read(BLOCK_BYTES);
      if (block.length < BLOCK_BYTES) throw cut();
      if (isZero(block)) break;
      const header = parseHeader(block);
      if (isExtended(header)) {
        await addExtended(extended, header, reader);
        continue;
      }
      const entry = toEntry(header, extended);
      extended = {};
      let isRead = false;
      yield {
        ...entry,
        content: readContent(reader, entry.size, () => {
          isRead = true;
        }),
      };
      if (!isRead && entry.size > 0) throw new Error(`the content of a tar entry was not read`);
    }
    if (Object.keys(extended).length > 0) throw unfit("an extended tar header speaks of no entry");
    await demandEnd(reader);
  } finally {
    await chunks.return?.();
  }
}
