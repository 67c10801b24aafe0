/**
 * Whether bytes begin with a pickle. Protocols 0 and 1 have no magic, so the opcodes are followed as an unpickler would
 * (pickletools has the table); it stops at the first STOP, whatever comes behind, and has called by then what it was told to.
 */

/** `calls`: it would call something before it ends or fails. `data`: it ends well, and calls nothing. */
export type PickleVerdict = "none" | "data" | "calls";

type Argument =
  | { by: "none" }
  | { by: "bytes"; count: number }
  | { by: "lines"; count: number; pattern: RegExp }
  | { by: "length"; width: 1 | 4 | 8 };

/** What an opcode takes from and leaves on the stack; `mark`: it takes everything down to the last mark. */
interface Opcode {
  argument: Argument;
  takes: number;
  leaves: number;
  mark?: "sets" | "takes";
  calls?: boolean;
}

const NONE: Argument = { by: "none" };
const bytes = (count: number): Argument => ({ by: "bytes", count });
const lines = (count: number, pattern = /^/): Argument => ({ by: "lines", count, pattern });
const length = (width: 1 | 4 | 8): Argument => ({ by: "length", width });
const op = (argument: Argument, takes: number, leaves: number, more: Partial<Opcode> = {}): Opcode => ({
  argument,
  takes,
  leaves,
  ...more,
});

const INTEGER = /^[+-]?\d+$/;
const TABLE = new Map<number, Opcode>(
  (
    [
      ["I", op(lines(1, INTEGER), 0, 1)],
      ["L", op(lines(1, /^[+-]?\d+L?$/), 0, 1)],
      ["F", op(lines(1, /^[+-]?(\d|\.|inf|nan)/i), 0, 1)],
      ["S", op(lines(1, /^(["']).*\1\s*$/), 0, 1)],
      ["V", op(lines(1), 0, 1)],
      ["P", op(lines(1), 0, 1)],
      ["J", op(bytes(4), 0, 1)],
      ["K", op(bytes(1), 0, 1)],
      ["M", op(bytes(2), 0, 1)],
      ["\x8a", op(length(1), 0, 1)],
      ["\x8b", op(length(4), 0, 1)],
      ["G", op(bytes(8), 0, 1)],
      ["T", op(length(4), 0, 1)],
      ["U", op(length(1), 0, 1)],
      ["X", op(length(4), 0, 1)],
      ["\x8c", op(length(1), 0, 1)],
      ["\x8d", op(length(8), 0, 1)],
      ["B", op(length(4), 0, 1)],
      ["C", op(length(1), 0, 1)],
      ["\x8e", op(length(8), 0, 1)],
      ["\x96", op(length(8), 0, 1)],
      ["\x97", op(NONE, 0, 1)],
      ["\x98", op(NONE, 1, 1)],
      ["N", op(NONE, 0, 1)],
      ["\x88", op(NONE, 0, 1)],
      ["\x89", op(NONE, 0, 1)],
      ["]", op(NONE, 0, 1)],
      ["}", op(NONE, 0, 1)],
      [")", op(NONE, 0, 1)],
      ["\x8f", op(NONE, 0, 1)],
      ["a", op(NONE, 2, 1)],
      ["e", op(NONE, 1, 1, { mark: "takes" })],
      ["s", op(NONE, 3, 1)],
      ["u", op(NONE, 1, 1, { mark: "takes" })],
      ["\x90", op(NONE, 1, 1, { mark: "takes" })],
      ["\x91", op(NONE, 0, 1, { mark: "takes" })],
      ["l", op(NONE, 0, 1, { mark: "takes" })],
      ["t", op(NONE, 0, 1, { mark: "takes" })],
      ["d", op(NONE, 0, 1, { mark: "takes" })],
      ["\x85", op(NONE, 1, 1)],
      ["\x86", op(NONE, 2, 1)],
      ["\x87", op(NONE, 3, 1)],
      ["0", op(NONE, 1, 0)],
      ["1", op(NONE, 0, 0, { mark: "takes" })],
      ["2", op(NONE, 1, 2)],
      ["(", op(NONE, 0, 0, { mark: "sets" })],
      ["g", op(lines(1, INTEGER), 0, 1)],
      ["h", op(bytes(1), 0, 1)],
      ["j", op(bytes(4), 0, 1)],
      ["p", op(lines(1, INTEGER), 1, 1)],
      ["q", op(bytes(1), 1, 1)],
      ["r", op(bytes(4), 1, 1)],
      ["\x94", op(NONE, 1, 1)],
      ["c", op(lines(2), 0, 1)],
      ["\x93", op(NONE, 2, 1)],
      ["\x82", op(bytes(1), 0, 1)],
      ["\x83", op(bytes(2), 0, 1)],
      ["\x84", op(bytes(4), 0, 1)],
      ["i", op(lines(2), 0, 1, { mark: "takes", calls: true })],
      ["o", op(NONE, 0, 1, { mark: "takes", calls: true })],
      ["R", op(NONE, 2, 1, { calls: true })],
      ["\x81", op(NONE, 2, 1, { calls: true })],
      ["\x92", op(NONE, 3, 1, { calls: true })],
      ["b", op(NONE, 2, 1, { calls: true })],
      ["Q", op(NONE, 1, 1)],
      ["\x80", op(bytes(1), 0, 0)],
      ["\x95", op(bytes(8), 0, 0)],
      [".", op(NONE, 1, 0)],
    ] satisfies [string, Opcode][]
  ).map(([code, opcode]): [number, Opcode] => [code.charCodeAt(0), opcode]),
);

const STOP = 0x2e;
const MAX_LINE = 64 * 1024;

/** Where the argument ends; undefined where it is none. Beyond the end of `head` it may well be one. */
function findEnd(head: Buffer, at: number, argument: Argument): number | undefined {
  switch (argument.by) {
    case "none":
      return at;
    case "bytes":
      return at + argument.count;
    case "lines": {
      let end = at;
      for (let line = 0; line < argument.count; line += 1) {
        const stop = head.indexOf(0x0a, end);
        if (stop === -1 || stop - end > MAX_LINE) return undefined;
        if (!argument.pattern.test(head.toString("latin1", end, stop).replace(/\r$/, ""))) return undefined;
        end = stop + 1;
      }
      return end;
    }
    case "length": {
      const { width } = argument;
      if (at + width > head.length) return undefined;
      const count = width === 8 ? Number(head.readBigUInt64LE(at)) : head.readUIntLE(at, width);
      return at + width + count;
    }
  }
}

/** Follows the opcodes from the first byte. A pickle that is longer than `head` counts as one if nothing spoke against it. */
export function tellPickle(head: Buffer, size: number): PickleVerdict {
  let depth = 0;
  const marks: number[] = [];
  for (let at = 0; at < head.length; ) {
    const code = head[at] ?? 0;
    const opcode = TABLE.get(code);
    if (opcode === undefined) return "none";
    const end = findEnd(head, at + 1, opcode.argument);
    if (end === undefined || end > size) return "none";
    if (opcode.mark === "sets") marks.push(depth);
    if (opcode.mark === "takes") {
      const mark = marks.pop();
      if (mark === undefined) return "none";
      depth = mark;
    }
    if (depth - (marks.at(-1) ?? 0) < opcode.takes) return "none";
    depth += opcode.leaves - opcode.takes;
    if (opcode.calls === true) return "calls";
    if (code === STOP) return "data";
    at = end;
  }
  return head.length < size && head.length > 0 ? "calls" : "none";
}
