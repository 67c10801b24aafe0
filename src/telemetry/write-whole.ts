/** Writes to a pipe so that nothing is lost: evidence that was not written must not be followed by the act. */
import { writeSync } from "node:fs";

/** A reader that takes nothing for this long has stopped. */
const PATIENCE_MS = 5000;
const PAUSE_MS = 2;
const nobody = new Int32Array(new SharedArrayBuffer(4));

const isFull = (error: unknown) => error instanceof Error && "code" in error && error.code === "EAGAIN";

/**
 * Writes all of `text` to a file descriptor before it returns, also where the descriptor takes a part at a time or is
 * full for the moment. Throws what the system says; and EAGAIN where nothing was taken for five seconds.
 */
export function writeWhole(descriptor: number, text: string): void {
  let rest = Buffer.from(text);
  let deadline = performance.now() + PATIENCE_MS;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
      deadline = performance.now() + PATIENCE_MS;
    } catch (error) {
      if (!isFull(error) || performance.now() > deadline) throw error;
      Atomics.wait(nobody, 0, 0, PAUSE_MS);
    }
  }
}
