/** What a zip lists in its central directory, which must lie in the sample: readers go by it and not by what comes first. */
import { readAt, type Sample } from "./sample.ts";

/** A member as the directory has it. */
export interface ZipMember {
  name: string;
  size: number;
  method: number;
  /** Where its local header begins, and how long what follows that is at least. */
  start: number;
  packed: number;
  nameBytes: number;
}

export interface ZipListing {
  members: ZipMember[];
  /** Where the directory begins. */
  end: number;
}

const END_BYTES = 22;
const END64_LOCATOR = 0x07064b50;
const END64 = 0x06064b50;
const CENTRAL = 0x02014b50;
const CENTRAL_BYTES = 46;
const MAX_COMMENT = 0xffff;
/** Checkpoints of many thousand tensors have one member for each. */
const MAX_MEMBERS = 20_000;

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

function readMember(directory: Buffer, at: number): { member: ZipMember; next: number } | undefined {
  if (at + CENTRAL_BYTES > directory.length || directory.readUInt32LE(at) !== CENTRAL) return undefined;
  const nameBytes = directory.readUInt16LE(at + 28);
  const nameEnd = at + CENTRAL_BYTES + nameBytes;
  const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
  const next = extraEnd + directory.readUInt16LE(at + 32);
  if (next > directory.length) return undefined;
  const [size, packed, start] =
    widen(directory.subarray(nameEnd, extraEnd), [
      directory.readUInt32LE(at + 24),
      directory.readUInt32LE(at + 20),
      directory.readUInt32LE(at + 42),
    ]) ?? [];
  if (size === undefined || packed === undefined || start === undefined) return undefined;
  const name = directory.toString("utf8", at + CENTRAL_BYTES, nameEnd);
  return { member: { name, size, method: directory.readUInt16LE(at + 10), start, packed, nameBytes }, next };
}

/** The members of a zip; undefined where they are too many, or the directory is broken or lies before what the sample has. */
export function listMembers(sample: Sample): ZipListing | undefined {
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
    const read = members.length < count ? readMember(directory, at) : undefined;
    if (read === undefined) return undefined;
    members.push(read.member);
    at = read.next;
  }
  return members.length === count ? { members, end: start } : undefined;
}
