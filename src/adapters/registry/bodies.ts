/** Bodies of answers, which end when we say so: by size, by time, by pace. */
import type { Dispatcher } from "undici";
import { RegistryError } from "./errors.ts";
import { toRegistryError } from "./faults.ts";

export type Response = Dispatcher.ResponseData;

/** A header's first value. */
export const readHeader = ({ headers }: Response, name: string): string | undefined => [headers[name] ?? []].flat()[0];

/** What a body has to bring in how much waiting for it; time in which nobody asks for more does not count. */
export interface Pace {
  bytes: number;
  ms: number;
}

/** Ends a body that nobody reads, so that the connection is free again. */
export async function discard({ body }: Response, signal: AbortSignal): Promise<void> {
  await body.dump({ limit: 64 * 1024, signal }).catch(() => {});
}

/** Ends a body and its connection at once. */
export function cutOff({ body }: Response): void {
  body.on("error", () => {}).destroy();
}

/** Reads a body whole, into memory. */
export async function readBounded(response: Response, maxBytes: number, host: string): Promise<Buffer> {
  const tooLarge = () => new RegistryError("TooLarge", `${host} sends more than ${maxBytes} bytes`);
  const announced = readHeader(response, "content-length");
  if (announced !== undefined && Number(announced) > maxBytes) {
    cutOff(response);
    throw tooLarge();
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function waitFor<T>(promise: Promise<T>, ms: number, late: () => RegistryError): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(late()), ms);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads a body piece by piece, as long as it keeps the pace. */
export async function* readAtPace(response: Response, pace: Pace, host: string): AsyncGenerator<Buffer, void> {
  const pieces = (response.body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const late = () => new RegistryError("TimedOut", `${host} sends less than ${pace.bytes} bytes in ${pace.ms} ms`);
  let waited = 0;
  let received = 0;
  try {
    for (;;) {
      const start = performance.now();
      const piece = await waitFor(pieces.next(), Math.max(0, pace.ms - waited), late);
      if (piece.done === true) return;
      waited += performance.now() - start;
      received += piece.value.length;
      if (received >= pace.bytes) {
        received = 0;
        waited = 0;
      }
      yield piece.value;
    }
  } catch (error) {
    throw toRegistryError(error, host, false);
  } finally {
    cutOff(response);
  }
}
