/**
 * Reads a blob of any size piece by piece. Its size is the descriptor's and its digest is compared at the end, so
 * nothing of it may be believed before the last piece was taken. A broken connection is taken up where it broke.
 */
import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { cutOff, type Pace, readAtPace, readHeader, type Response } from "./bodies.ts";
import { RegistryError } from "./errors.ts";

export interface BlobSource {
  host: string;
  /** Asks for the blob from this byte on; answers 200, or 206 or 416 where that is not 0. */
  open: (from: number) => Promise<Response>;
}

export interface StreamLimits {
  pace: Pace;
  /** Wait before the connection is taken up again; four times as long with every break in a row. */
  resumeWaitMs: number;
}

export const STREAM_LIMITS: StreamLimits = { pace: { bytes: 1024 * 1024, ms: 10_000 }, resumeWaitMs: 200 };

/** Breaks in a row, and bytes after which breaks are counted anew. */
export const MAX_BREAKS = 5;
export const BYTES_PER_BREAKS = 64 * 1024 * 1024;
/** How often a server that cannot go on in the middle may begin anew. */
export const MAX_RESTARTS = 2;

interface Blob {
  digest: string;
  size: number;
}

/** Whether the answer goes on where the last one broke. */
function isRest(response: Response, from: number, size: number): boolean {
  const range = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/.exec(readHeader(response, "content-range") ?? "");
  if (response.statusCode !== 206 || range === null) return false;
  return Number(range[1]) === from && Number(range[2]) === size - 1 && (range[3] === "*" || Number(range[3]) === size);
}

function demandLength(response: Response, expected: number, host: string): void {
  const length = readHeader(response, "content-length");
  if (length === undefined || Number(length) === expected) return;
  cutOff(response);
  const code = Number(length) > expected ? "TooLarge" : "DigestMismatch";
  throw new RegistryError(code, `${host} announces ${length.slice(0, 20)} bytes instead of ${expected}`);
}

/** Reads the blob. Throws a RegistryError at the end if it was another one. */
export async function* streamBlob(
  source: BlobSource,
  blob: Blob,
  limits: StreamLimits = STREAM_LIMITS,
): AsyncGenerator<Buffer, void> {
  const { host } = source;
  const hash = createHash("sha256");
  let received = 0;
  let breaks = 0;
  let brokeAt = 0;
  let restarts = 0;

  /** Opens what is left, with the number of bytes that come a second time. */
  const openRest = async (): Promise<{ response: Response; repeated: number }> => {
    const response = await source.open(received);
    if (received === 0 || isRest(response, received, blob.size)) {
      demandLength(response, blob.size - received, host);
      return { response, repeated: 0 };
    }
    restarts += 1;
    if (restarts > MAX_RESTARTS) {
      cutOff(response);
      throw new RegistryError("Failed", `${host} breaks off and cannot go on in the middle of ${blob.digest}`);
    }
    if (response.statusCode === 200) {
      demandLength(response, blob.size, host);
      return { response, repeated: received };
    }
    cutOff(response);
    const whole = await source.open(0);
    demandLength(whole, blob.size, host);
    return { response: whole, repeated: received };
  };

  /** Takes what one connection brings. */
  async function* readOnce(): AsyncGenerator<Buffer, void> {
    const opened = await openRest();
    let { repeated } = opened;
    for await (const piece of readAtPace(opened.response, limits.pace, host)) {
      const fresh = piece.subarray(Math.min(repeated, piece.length));
      repeated -= piece.length - fresh.length;
      if (fresh.length === 0) continue;
      received += fresh.length;
      if (received > blob.size) throw new RegistryError("TooLarge", `${host} sends more than ${blob.size} bytes`);
      hash.update(fresh);
      yield fresh;
    }
  }

  for (;;) {
    try {
      yield* readOnce();
      break;
    } catch (error) {
      // All is there, though the connection ended badly: the digest decides.
      if (received === blob.size) break;
      const isBreak = error instanceof RegistryError && error.code === "Unreachable" && received > 0;
      if (received - brokeAt >= BYTES_PER_BREAKS) breaks = 0;
      breaks += 1;
      brokeAt = received;
      if (!isBreak || breaks > MAX_BREAKS) throw error;
      await wait(limits.resumeWaitMs * 4 ** (breaks - 1));
    }
  }
  if (received !== blob.size || `sha256:${hash.digest("hex")}` !== blob.digest) {
    throw new RegistryError("DigestMismatch", `${host} answers with other content than ${blob.digest}`);
  }
}
