/** What a zip holds, by its central directory, which must lie in the sample: readers go by it and not by what comes first. */
import { inflateRawSync } from "node:zlib";
import { readAt, type Sample } from "./sample.ts";

export interface ZipMember {
  name: string;
  /** The first bytes of what is in it; undefined where the sample lacks them. */
  head: Buffer | undefined;
  size: number;
}

const END_BYTES = 22;
const END64_LOCATOR = 0x07064b50;
const END64 = 0x06064b50;
const CENTRAL = 0x02014b50;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const MAX_COMMENT = 0xffff;
const MAX_MEMBERS = 100_000;
const PROBE_BYTES = 4096;

interface Directory {
  start: number;
  bytes: number;
  count: number;
}

const END_MAGIC = Buffer.from("PK\x05\x06", "latin1");

/** Where an end record may stand, from the last on. */
function* listEnds({ tail }: Sample): Generator<number> {
  const lowest = Math.max(0, tail.length - END_BYTES - MAX_COMMENT);
  for (let at = tail.lastIndexOf(END_MAGIC, tail.length - END_BYTES); at >= lowest; ) {
    yield at;
    if (at === 0) return;
    at = tail.lastIndexOf(END_MAGIC, at - 1);
  }
}

/** The end record. Where something that looks like one stands behind it, readers differ in which they take: then there is none. */
function findEnd(sample: Sample): { at: number; record: Buffer } | undefined {
  const { tail, size } = sample;
  const [at] = listEnds(sample);
  if (at === undefined || at + END_BYTES + tail.readUInt16LE(at + 20) !== tail.length) return undefined;
  return { at: size - tail.length + at, record: tail.subarray(at, at + END_BYTES) };
}

/** The wider end record that stands before the end where there is one. */
function readWide(sample: Sample, end: number): Directory | undefined {
  const locator = readAt(sample, end - 20, end);
  if (locator === undefined || locator.readUInt32LE(0) !== END64_LOCATOR) return undefined;
  const at = Number(locator.readBigUInt64LE(8));
  const record = readAt(sample, at, at + 56);
  if (record === undefined || record.readUInt32LE(0) !== END64) return undefined;
  return {
    count: Number(record.readBigUInt64LE(32)),
    bytes: Number(record.readBigUInt64LE(40)),
    start: Number(record.readBigUInt64LE(48)),
  };
}

/**
 * Whether some reader would take the file for a zip by its end, however it begins: an end record with a directory where it
 * says. Python's takes one with anything in front of it and behind it.
 */
export function endsAsZip(sample: Sample): boolean {
  const { tail, size } = sample;
  for (const at of listEnds(sample)) {
    const end = size - tail.length + at;
    const directory = end - tail.readUInt32LE(at + 12);
    if (readAt(sample, directory, directory + 4)?.readUInt32LE() === CENTRAL) return true;
    if (readAt(sample, end - 20, end - 16)?.readUInt32LE() === END64_LOCATOR) return true;
  }
  return false;
}

/** Sizes and places beyond 4 GiB stand in an extra field, in the order of those that have no room. */
function widen(extra: Buffer, values: number[]): number[] | undefined {
  if (!values.includes(0xffffffff)) return values;
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    const field = extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2));
    let next = 0;
    const wide = values.map((value) => {
      if (value !== 0xffffffff) return value;
      const found = next + 8 <= field.length ? Number(field.readBigUInt64LE(next)) : undefined;
      next += 8;
      return found;
    });
    return wide.every((value) => value !== undefined) ? wide : undefined;
  }
  return undefined;
}

function readHead(sample: Sample, method: number, start: number, packed: number): Buffer | undefined {
  const local = readAt(sample, start, start + LOCAL_BYTES);
  if (local === undefined || local.readUInt32LE(0) !== 0x04034b50) return undefined;
  const from = start + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28);
  const bytes = readAt(sample, from, from + Math.min(packed, PROBE_BYTES));
  if (bytes === undefined || method === 0) return bytes;
  if (method !== 8) return undefined;
  try {
    // Enough input for what is looked at; the rest of it need not be there.
    return inflateRawSync(bytes, { finishFlush: 2, maxOutputLength: PROBE_BYTES * 1100 });
  } catch {
    return undefined;
  }
}

function readMember(sample: Sample, directory: Buffer, at: number): { member: ZipMember; next: number } | undefined {
  if (at + CENTRAL_BYTES > directory.length || directory.readUInt32LE(at) !== CENTRAL) return undefined;
  const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field));
  const nameEnd = at + CENTRAL_BYTES + (nameBytes ?? 0);
  const extraEnd = nameEnd + (extraBytes ?? 0);
  const next = extraEnd + (commentBytes ?? 0);
  if (next > directory.length) return undefined;
  const [size, packed, start] =
    widen(directory.subarray(nameEnd, extraEnd), [
      directory.readUInt32LE(at + 24),
      directory.readUInt32LE(at + 20),
      directory.readUInt32LE(at + 42),
    ]) ?? [];
  if (size === undefined || packed === undefined || start === undefined) return undefined;
  const name = directory.toString("utf8", at + CENTRAL_BYTES, nameEnd);
  return { member: { name, size, head: readHead(sample, directory.readUInt16LE(at + 10), start, packed) }, next };
}

/** The members of a zip; undefined where the directory is broken, or lies before what the sample has. */
export function listMembers(sample: Sample): ZipMember[] | undefined {
  const end = findEnd(sample);
  if (end === undefined) return undefined;
  const plain: Directory = {
    count: end.record.readUInt16LE(10),
    bytes: end.record.readUInt32LE(12),
    start: end.record.readUInt32LE(16),
  };
  const { start, bytes, count } = readWide(sample, end.at) ?? plain;
  const directory = readAt(sample, start, start + bytes);
  if (directory === undefined || count > MAX_MEMBERS) return undefined;
  const members: ZipMember[] = [];
  for (let at = 0; at < bytes; ) {
    const read = readMember(sample, directory, at);
    if (read === undefined) return undefined;
    members.push(read.member);
    at = read.next;
  }
  return members.length === count ? members : undefined;
}
