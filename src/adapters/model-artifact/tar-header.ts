/**
 * Blocks and extended headers of tar, read strictly. Readers of tar differ in what they make of doubtful headers; one that
 * two of them could read differently would name one file to us and another to the node, so it is refused.
 */
import { unfit } from "../model-signing/refusal.ts";

export const BLOCK_BYTES = 512;

/** What an entry is. */
export type TarKind = "file" | "folder" | "symlink" | "hardlink" | "special";

/** What speaks of an entry that follows, and is none of its own. */
export type ExtendedKind = "pax" | "paxGlobal" | "longName" | "longLink";

export interface HeaderOf<Kind> {
  kind: Kind;
  name: Buffer;
  link: Buffer;
  /** Bytes that follow in the archive. */
  size: number;
}

export type TarHeader = HeaderOf<TarKind> | HeaderOf<ExtendedKind>;

const KINDS: Record<string, TarHeader["kind"]> = {
  "0": "file",
  "\0": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "special",
  "4": "special",
  "5": "folder",
  "6": "special",
  x: "pax",
  g: "paxGlobal",
  L: "longName",
  K: "longLink",
};
const HAS_CONTENT = new Set<TarHeader["kind"]>(["file", "pax", "paxGlobal", "longName", "longLink"]);

const SPACE = 0x20;
const CHECKSUM = { start: 148, end: 156 };

function toText(field: Buffer): Buffer {
  const end = field.indexOf(0);
  return end === -1 ? field : field.subarray(0, end);
}

/** Octal digits, or base 256 where they would not do. */
function readNumber(field: Buffer): number {
  if (field[0] === 0x80) {
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    if (Number.isSafeInteger(value)) return value;
  }
  const digits = /^ *([0-7]+)[ \0]*$/.exec(field.toString("latin1"))?.[1];
  if (digits === undefined) throw unfit("a tar header has no number where one belongs");
  return Number.parseInt(digits, 8);
}

function demandChecksum(block: Buffer): void {
  const sum = block.reduce((total, byte, at) => total + (at >= CHECKSUM.start && at < CHECKSUM.end ? SPACE : byte), 0);
  if (sum !== readNumber(block.subarray(CHECKSUM.start, CHECKSUM.end)))
    throw unfit("a tar header is not what its checksum says");
}

function readName(block: Buffer): Buffer {
  const magic = block.toString("latin1", 257, 265);
  const name = toText(block.subarray(0, 100));
  // In the format of GNU, times lie where POSIX has the front of the name.
  if (magic === "ustar  \0") return name;
  if (magic !== "ustar\x0000" || block.toString("latin1", 508, 512) === "tar\0")
    throw unfit("a tar header is in neither the format of POSIX nor that of GNU");
  const prefix = toText(block.subarray(345, 500));
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from("/"), name]);
}

/** Reads a header block. Throws a ModelRefusal where it is none, or of a kind that no model needs. */
export function parseHeader(block: Buffer): TarHeader {
  demandChecksum(block);
  const name = readName(block);
  const type = String.fromCharCode(block[156] ?? 0);
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  if (kind === undefined) throw unfit(`a tar entry is of type ${JSON.stringify(type)}, which is not read`);
  const size = readNumber(block.subarray(124, 136));
  if (!HAS_CONTENT.has(kind) && size > 0) throw unfit("a tar entry that is no file has content");
  // Old readers take such a name for that of a folder.
  if (kind === "file" && name.at(-1) === 0x2f) throw unfit("a tar entry is named as a folder and is a file");
  return { kind, name, link: toText(block.subarray(157, 257)), size };
}

/** Records that say nothing of where a file lies or what is in it. */
const HARMLESS =
  /^(mtime|atime|ctime|uid|gid|uname|gname|comment|LIBARCHIVE\.creationtime|SCHILY\.(dev|ino|nlink|fflags|acl\.[a-z]+)|SCHILY\.xattr\.(user|security|system)\.(?!overlay\.).+|RHT\.security\.selinux|(SCHILY|LIBARCHIVE)\.xattr\.com\.apple\.[\w.#-]+)$/s;

/** Extended header records that change the entry that follows. */
export interface PaxRecords {
  path?: Buffer;
  linkpath?: Buffer;
  size?: number;
}

function addRecord(records: PaxRecords, key: string, value: Buffer): void {
  switch (key) {
    case "path":
    case "linkpath":
      if (value.length === 0 || value.includes(0)) throw unfit(`an extended tar header has a broken ${key}`);
      records[key] = value;
      return;
    case "size": {
      const text = value.toString("latin1");
      if (!/^(0|[1-9]\d{0,15})$/.test(text) || !Number.isSafeInteger(Number(text)))
        throw unfit("an extended tar header has a broken size");
      records.size = Number(text);
      return;
    }
    default:
      if (!HARMLESS.test(key)) throw unfit(`an extended tar header has ${JSON.stringify(key.slice(0, 80))}`);
  }
}

/** Reads an extended header: records of `length key=value`, each ended by a new line. */
export function parsePax(body: Buffer): PaxRecords {
  const records: PaxRecords = {};
  const seen = new Set<string>();
  for (let at = 0; at < body.length; ) {
    const [, digits = ""] = /^([1-9]\d{0,6}) /.exec(body.toString("latin1", at, at + 8)) ?? [];
    const end = at + Number(digits);
    const equals = body.indexOf("=", at);
    if (digits === "" || end > body.length || equals === -1 || equals >= end || body[end - 1] !== 0x0a)
      throw unfit("an extended tar header is broken");
    const key = body.toString("utf8", at + digits.length + 1, equals);
    if (seen.has(key)) throw unfit("an extended tar header says something twice");
    seen.add(key);
    addRecord(records, key, body.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}
