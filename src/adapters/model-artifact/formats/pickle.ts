/**
 * Whether bytes begin with a pickle. Protocols 0 and 1 have no magic, so the opcodes are followed as an unpickler would
 * (pickletools has the table); it stops at the first STOP, whatever comes behind, and has called by then what it was told to.
 * Python has two unpicklers, in C and in Python: what either of them goes on with counts, and types of values do not.
 */

/** `calls`: it would call something before it ends or fails. `data`: it ends well, and calls nothing. */
export type PickleVerdict = "none" | "data" | "calls";

type Argument =
  | { by: "none" }
  | { by: "bytes"; count: number }
  | { by: "lines"; count: number; isFit: (line: string) => boolean }
  | { by: "length"; width: 1 | 4 | 8 };

/** What an opcode takes from and leaves on the stack; `mark`: it takes everything down to the last mark. */
interface Opcode {
  argument: Argument;
  takes: number;
  leaves: number;
  mark?: "sets" | "takes";
  /** How much has to lie on the mark that it takes. */
  onMark?: number;
  calls?: boolean;
}

const NONE: Argument = { by: "none" };
const bytes = (count: number): Argument => ({ by: "bytes", count });
const lines = (count: number, isFit: (line: string) => boolean): Argument => ({ by: "lines", count, isFit });
const length = (width: 1 | 4 | 8): Argument => ({ by: "length", width });
const op = (argument: Argument, takes: number, leaves: number, more: Partial<Opcode> = {}): Opcode => ({
  argument,
  takes,
  leaves,
  ...more,
});

const isAny = () => true;
/** Of a module or of what is in one. Whether there is such a one is not to be known here; none has blanks in its name. */
const isName = (line: string) => /^[^ \t]+$/s.test(line);
/** As C and Python read it in any base, with blanks around it and underscores in it. */
const isInteger = (line: string) => /^\s*[+-]?\s*(\d[\d_]*|0[xob][\da-f_]+)\s*L?\s*$/i.test(line);
const isFloat = (line: string) => /^\s*[+-]?\s*([\d.][\d_.e+-]*|inf(inity)?|nan)\s*$/i.test(line);
/** Quotes around it; what is between them may be anything. */
function isQuoted(line: string): boolean {
  const text = line.trim();
  return text.length >= 2 && (text.startsWith("'") || text.startsWith('"')) && text.at(-1) === text[0];
}

const TABLE = new Map<number, Opcode>(
  (
    [
      ["I", op(lines(1, isInteger), 0, 1)],
      ["L", op(lines(1, isInteger), 0, 1)],
      ["F", op(lines(1, isFloat), 0, 1)],
      ["S", op(lines(1, isQuoted), 0, 1)],
      ["V", op(lines(1, isAny), 0, 1)],
      ["P", op(lines(1, isAny), 0, 1)],
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
      ["g", op(lines(1, isInteger), 0, 1)],
      ["h", op(bytes(1), 0, 1)],
      ["j", op(bytes(4), 0, 1)],
      ["p", op(lines(1, isInteger), 1, 1)],
      ["q", op(bytes(1), 1, 1)],
      ["r", op(bytes(4), 1, 1)],
      ["\x94", op(NONE, 1, 1)],
      ["c", op(lines(2, isName), 0, 1)],
      ["\x93", op(NONE, 2, 1)],
      ["\x82", op(bytes(1), 0, 1)],
      ["\x83", op(bytes(2), 0, 1)],
      ["\x84", op(bytes(4), 0, 1)],
      ["i", op(lines(2, isName), 0, 1, { mark: "takes", calls: true })],
      ["o", op(NONE, 0, 1, { mark: "takes", onMark: 1, calls: true })],
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
const POP = 0x30;
const NEW_LINE = 0x0a;

/** Where the argument ends; undefined where it is none. Beyond the end of `head` it may well be one. */
function findEnd(head: Buffer, at: number, argument: Argument, size: number): number | undefined {
  switch (argument.by) {
    case "none":
      return at;
    case "bytes":
      return at + argument.count;
    case "lines": {
      let end = at;
      for (let line = 1; line <= argument.count; line += 1) {
        const stop = head.indexOf(NEW_LINE, end);
        // A line that goes on beyond `head` may be anything.
        if (stop === -1 && head.length < size) return head.length;
        // The last line of a file needs no end to be read.
        if (stop === -1 && (line < argument.count || end === head.length)) return undefined;
        if (!argument.isFit(head.toString("latin1", end, stop === -1 ? head.length : stop))) return undefined;
        end = stop === -1 ? head.length : stop + 1;
      }
      return end;
    }
    case "length": {
      const { width } = argument;
      if (at + width > head.length) return head.length;
      const count = width === 8 ? Number(head.readBigUInt64LE(at)) : head.readUIntLE(at, width);
      return at + width + count;
    }
  }
}

/** Where the reading of a pickle stands: how many values lie on its stack, and below which of them the marks are. */
interface Stack {
  depth: number;
  marks: number[];
}

/** Does what the opcode does to the stack; false where neither of Python's unpicklers would go on. */
function follow(stack: Stack, code: number, opcode: Opcode): boolean {
  // Where nothing lies on a mark, taking the topmost value takes the mark.
  if (code === POP && stack.marks.at(-1) === stack.depth) {
    stack.marks.pop();
    return true;
  }
  if (opcode.mark === "sets") stack.marks.push(stack.depth);
  const base = opcode.mark === "takes" ? stack.marks.pop() : stack.depth;
  if (base === undefined || stack.depth - base < (opcode.onMark ?? 0)) return false;
  if (base - (stack.marks.at(-1) ?? 0) < opcode.takes) return false;
  stack.depth = base + opcode.leaves - opcode.takes;
  return true;
}

/** Follows the opcodes from the first byte. A pickle that is longer than `head` counts as one if nothing spoke against it. */
export function tellPickle(head: Buffer, size: number): PickleVerdict {
  const stack: Stack = { depth: 0, marks: [] };
  for (let at = 0; at < head.length; ) {
    const code = head[at] ?? 0;
    const opcode = TABLE.get(code);
    if (opcode === undefined) return "none";
    const end = findEnd(head, at + 1, opcode.argument, size);
    if (end === undefined || end > size || !follow(stack, code, opcode)) return "none";
    if (opcode.calls === true) return "calls";
    if (code === STOP) return "data";
    at = end;
  }
  return head.length < size && head.length > 0 ? "calls" : "none";
}
