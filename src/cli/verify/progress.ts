/** A line that shows how far a long reading is, where somebody looks at a terminal. */

const REDRAW_MS = 200;
const WIDTH = 30;
/** Shorter readings are over before anybody looks. */
const QUIET_BYTES = 64 * 1024 * 1024;

const toGib = (bytes: number) => (bytes / 1024 ** 3).toFixed(2);

/** Gives what is to be called with the bytes read so far and those to be read. */
export function createProgress(what: string): (read: number, total: number) => void {
  if (!process.stderr.isTTY) return () => {};
  let last = 0;
  return (read, total) => {
    const now = performance.now();
    const isOver = read >= total;
    if (total < QUIET_BYTES || (!isOver && now - last < REDRAW_MS)) return;
    last = now;
    const filled = Math.round((WIDTH * read) / total);
    const bar = `${"#".repeat(filled)}${".".repeat(WIDTH - filled)}`;
    process.stderr.write(`\r${what} [${bar}] ${toGib(read)} of ${toGib(total)} GiB${isOver ? "\n" : ""}`);
  };
}
