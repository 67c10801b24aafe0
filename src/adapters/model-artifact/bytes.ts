/** Reads a stream of chunks by number of bytes; no more than one chunk is kept. */

export interface ByteReader {
  /** Exactly `length` bytes, or fewer where the stream ends before. */
  read(length: number): Promise<Buffer>;
  /** Some bytes, at most `length`; undefined at the end. */
  take(length: number): Promise<Buffer | undefined>;
}

/** Makes a reader. Whoever made the stream closes it. */
export function createByteReader(chunks: AsyncIterator<Buffer>): ByteReader {
  let rest: Buffer = Buffer.alloc(0);
  const take = async (length: number): Promise<Buffer | undefined> => {
    while (rest.length === 0) {
      const next = await chunks.next();
      if (next.done === true) return undefined;
      rest = next.value;
    }
    const taken = rest.subarray(0, length);
    rest = rest.subarray(taken.length);
    return taken;
  };
  const read = async (length: number): Promise<Buffer> => {
    const first = (await take(length)) ?? Buffer.alloc(0);
    if (first.length === length) return first;
    const parts = [first];
    let missing = length - first.length;
    while (missing > 0) {
      const more = await take(missing);
      if (more === undefined) break;
      parts.push(more);
      missing -= more.length;
    }
    return Buffer.concat(parts);
  };
  return { read, take };
}

/** Passes a stream on as long as it has at most `most` bytes. */
export async function* boundBytes(
  source: AsyncIterable<Buffer>,
  most: number,
  tooMany: () => Error,
): AsyncGenerator<Buffer> {
  let seen = 0;
  for await (const chunk of source) {
    seen += chunk.length;
    if (seen > most) throw tooMany();
    yield chunk;
  }
}

const GATHERED_BYTES = 64 * 1024;

/** Passes a stream on in chunks that are worth their while, whatever crumbs it comes in. */
export async function* gatherBytes(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let crumbs: Buffer[] = [];
  let held = 0;
  for await (const chunk of source) {
    if (chunk.length === 0) continue;
    crumbs.push(chunk);
    held += chunk.length;
    if (held < GATHERED_BYTES) continue;
    yield crumbs.length === 1 ? chunk : Buffer.concat(crumbs);
    crumbs = [];
    held = 0;
  }
  if (held > 0) yield Buffer.concat(crumbs);
}
