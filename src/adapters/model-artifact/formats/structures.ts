/** Formats that are told by more than a few first bytes: safetensors, NumPy's arrays, messages of Protocol Buffers. */
import * as z from "zod";
import { parseJson } from "../../decode.ts";
import { readAt, type Sample } from "./sample.ts";

const tensor = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});

/**
 * Length, header in JSON, tensors: without a gap between them and with nothing behind, as the format has it. A header that
 * is longer than what is looked at tells nothing.
 */
export function isSafetensors(sample: Sample): boolean {
  const length = readAt(sample, 0, 8);
  const bytes = length === undefined ? undefined : readAt(sample, 8, 8 + Number(length.readBigUInt64LE()));
  if (bytes?.[0] !== 0x7b) return false;
  try {
    const { __metadata__: metadata, ...tensors } = z.record(z.string(), z.unknown()).parse(parseJson(bytes));
    z.record(z.string(), z.string()).optional().parse(metadata);
    const ranges = Object.values(tensors).map((one) => tensor.parse(one).data_offsets);
    let end = 0;
    for (const [start, stop] of ranges.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])) {
      if (start !== end || stop < start) return false;
      end = stop;
    }
    return 8 + bytes.length + end === sample.size;
  } catch {
    return false;
  }
}

/** NumPy itself takes 10 000 bytes unless it is told to trust the file. */
const MAX_NPY_HEADER = 64 * 1024;

/** An array of NumPy (NEP 1): with objects in it, it is a pickle behind a header. */
export function tellNpy(head: Buffer): "npy" | "pickle" | undefined {
  if (head.toString("latin1", 0, 6) !== "\x93NUMPY") return undefined;
  const major = head[6] ?? 0;
  if (major < 1 || major > 3 || head.length < 12) return undefined;
  const start = major === 1 ? 10 : 12;
  const length = major === 1 ? head.readUInt16LE(8) : head.readUInt32LE(8);
  if (length > MAX_NPY_HEADER || start + length > head.length) return undefined;
  const header = head.toString("utf8", start, start + length).trimEnd();
  if (!header.startsWith("{") || !header.endsWith("}") || !header.includes("'descr'")) return undefined;
  // A type is text such as '<f4'; O stands for an object, with or without an order of bytes before it.
  return /['"][|<>=]?O\d*['"]/.test(header) ? "pickle" : "npy";
}

interface Field {
  number: number;
  wire: number;
  /** Of a field with a length: where its content lies. */
  start: number;
  end: number;
  value: number;
}

function readVarint(bytes: Buffer, at: number): { value: number; next: number } | undefined {
  let value = 0;
  for (let index = 0; index < 10; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, next: at + index + 1 };
  }
  return undefined;
}

const FIXED: Record<number, number> = { 1: 8, 5: 4 };

/** The fields of a message as far as the sample shows them; undefined where it is none. `isWhole`: they end with the file. */
function listFields({ head, size }: Sample): { fields: Field[]; isWhole: boolean } | undefined {
  const fields: Field[] = [];
  let at = 0;
  while (at < head.length && fields.length < 1000) {
    const key = readVarint(head, at);
    if (key === undefined) return undefined;
    const [number, wire] = [Math.floor(key.value / 8), key.value % 8];
    const value = FIXED[wire] === undefined ? readVarint(head, key.next) : { value: 0, next: key.next + FIXED[wire] };
    if (number === 0 || value === undefined || ![0, 1, 2, 5].includes(wire)) return undefined;
    const end = wire === 2 ? value.next + value.value : value.next;
    if (end > size) return undefined;
    fields.push({ number, wire, start: value.next, end, value: value.value });
    at = end;
  }
  return { fields, isWhole: at === size };
}

const ONNX_FIELDS: Record<number, number> = {
  1: 0,
  2: 2,
  3: 2,
  4: 2,
  5: 0,
  6: 2,
  7: 2,
  8: 2,
  14: 2,
  20: 2,
  25: 2,
  26: 2,
};

/** onnx.proto: a ModelProto begins with the version of its format and has one graph. */
function isOnnx({ fields }: { fields: readonly Field[] }): boolean {
  const [first] = fields;
  const graphs = fields.filter(({ number }) => number === 7);
  return (
    first?.number === 1 &&
    first.value >= 1 &&
    first.value < 100 &&
    graphs.length === 1 &&
    fields.every(({ number, wire }) => ONNX_FIELDS[number] === wire)
  );
}

/** saved_model.proto: schema version 1, then graphs, each with what TensorFlow says of itself first. */
function isSavedModel({ fields }: { fields: readonly Field[] }, head: Buffer): boolean {
  const [version, ...graphs] = fields;
  return (
    version?.number === 1 &&
    version.wire === 0 &&
    version.value === 1 &&
    graphs.length > 0 &&
    graphs.every(({ number, wire }) => number === 2 && wire === 2) &&
    head[graphs[0]?.start ?? 0] === 0x0a
  );
}

/** sentencepiece_model.proto: pieces, each with its text, its score and perhaps its type. */
function isSentencePiece({ fields }: { fields: readonly Field[] }, head: Buffer): boolean {
  const [first] = fields;
  if (fields.length < 3 || first?.number !== 1 || first.wire !== 2) return false;
  return fields.every(({ number, wire, start, end }) => {
    if (number !== 1) return number < 200;
    if (wire !== 2 || end > head.length) return wire === 2;
    const text = head[start + 1] ?? 0;
    return head[start] === 0x0a && (start + 2 + text === end || head[start + 2 + text] === 0x15);
  });
}

/** Which message it is of those that models are kept in. They have no magic: the whole outline has to fit. */
export function tellMessage(sample: Sample): "onnx" | "savedmodel" | "sentencepiece" | undefined {
  const message = listFields(sample);
  // The outline has to end with the file, or go on in a field that reaches beyond what is looked at.
  if (message === undefined || message.fields.length < 2) return undefined;
  if (isOnnx(message)) return "onnx";
  if (isSavedModel(message, sample.head)) return "savedmodel";
  return isSentencePiece(message, sample.head) ? "sentencepiece" : undefined;
}
