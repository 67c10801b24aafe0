/** The beginnings of what is packed in a zip, one after the other, with a bound on what is unpacked for all of them. */
import { inflateRawSync } from "node:zlib";
import { readAt, type Sample } from "./sample.ts";
import type { ZipListing, ZipMember } from "./zip.ts";

const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
/** Most bytes of a member that are looked at. */
const LOOK_BYTES = 1024;
/** Most packed bytes that are unpacked for them. Zeros make 1032 times as much of them, anything else some 1000 bytes. */
const PROBE_BYTES = 320;
const MAX_RATIO = 1032;
/** Most bytes that are unpacked of all members of one zip. */
const MAX_UNPACKED = 32 * 1024 * 1024;

const STORED = 0;
const DEFLATED = 8;

/** Where the content of a member begins; undefined where the sample lacks its local header, or it is none. */
function findContent(sample: Sample, { start }: ZipMember): number | undefined {
  const local = readAt(sample, start, start + LOCAL_BYTES);
  if (local === undefined || local.readUInt32LE(0) !== LOCAL) return undefined;
  return start + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28);
}

/** Whether two members share bytes, or one reaches into the directory: no tool writes such a zip. */
export function hasOverlap(sample: Sample, { members, end }: ZipListing): boolean {
  let last = 0;
  for (const member of members.toSorted((one, other) => one.start - other.start)) {
    if (member.start < last) return true;
    last = (findContent(sample, member) ?? member.start + LOCAL_BYTES + member.nameBytes) + member.packed;
  }
  return last > end;
}

/** Gives the first bytes of a member; undefined where they are out of sight, or enough was unpacked for others. */
export function createPeek(sample: Sample): (member: ZipMember) => Buffer | undefined {
  let unpacked = 0;
  return (member) => {
    const { method, packed } = member;
    const from = findContent(sample, member);
    if (from === undefined) return undefined;
    if (method === STORED) return readAt(sample, from, from + Math.min(packed, LOOK_BYTES));
    const bytes = readAt(sample, from, from + Math.min(packed, PROBE_BYTES));
    if (method !== DEFLATED || bytes === undefined || unpacked > MAX_UNPACKED) return undefined;
    try {
      // Enough input for what is looked at; the rest of it need not be there.
      const content = inflateRawSync(bytes, { finishFlush: 2, maxOutputLength: PROBE_BYTES * MAX_RATIO + LOOK_BYTES });
      unpacked += content.length + LOOK_BYTES;
      return Buffer.from(content.subarray(0, LOOK_BYTES));
    } catch {
      unpacked += PROBE_BYTES * MAX_RATIO;
      return undefined;
    }
  };
}
