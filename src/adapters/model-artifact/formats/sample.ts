/** What is looked at of a file to tell its format. */

export interface Sample {
  /** Its first bytes, at most HEAD_BYTES; all of a smaller file. */
  head: Buffer;
  /** Its last bytes, at most TAIL_BYTES; all of a smaller file. */
  tail: Buffer;
  size: number;
}

const MIB = 1024 * 1024;
export const HEAD_BYTES = 4 * MIB;
export const TAIL_BYTES = 4 * MIB;

/** Bytes from `start` to before `end`, where the sample has them. */
export function readAt({ head, tail, size }: Sample, start: number, end: number): Buffer | undefined {
  if (start < 0 || end > size || start > end) return undefined;
  if (end <= head.length) return head.subarray(start, end);
  const tailStart = size - tail.length;
  return start >= tailStart ? tail.subarray(start - tailStart, end - tailStart) : undefined;
}
