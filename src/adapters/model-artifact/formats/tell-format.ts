/**
 * What a file is, by its content. A name makes a file worse, never better. What fits nothing, or two things at once, is told
 * so: neither belongs in a list of what is allowed.
 */
import type { FileFormat } from "../../../api/file-formats.ts";
import { tellPickle } from "./pickle.ts";
import type { Sample } from "./sample.ts";
import { isSafetensors, tellMessage, tellNpy } from "./structures.ts";
import { tellText } from "./text.ts";
import { tellZip } from "./tell-zip.ts";
import { endsAsZip } from "./zip.ts";

const HDF5 = Buffer.from("\x89HDF\r\n\x1a\n", "latin1");

/** First bytes, in hex, of formats that need no closer look. */
const MAGIC: [FileFormat, string][] = [
  ["executable", "7f454c46"],
  ["executable", "4d5a"],
  ["executable", "feedface"],
  ["executable", "feedfacf"],
  ["executable", "cefaedfe"],
  ["executable", "cffaedfe"],
  ["executable", "cafebabe"],
  ["executable", "bebafeca"],
  ["executable", "0061736d"],
  ["compressed", "1f8b"],
  ["compressed", "28b52ffd"],
  ["compressed", "fd377a585a00"],
  ["compressed", "5d0000"],
  ["compressed", "425a68"],
  ["compressed", "04224d18"],
  ["compressed", "7801"],
  ["compressed", "785e"],
  ["compressed", "789c"],
  ["compressed", "78da"],
];

const startsWith = (head: Buffer, hex: string) => head.toString("hex", 0, hex.length / 2) === hex;

/** With a member first, or with nothing but the end. */
const isZip = ({ head }: Sample) => startsWith(head, "504b0304") || startsWith(head, "504b0506");

/** HDF5 may begin at 0, 512, 1024, 2048 and so on. */
function findHdf5(head: Buffer): number | undefined {
  for (let at = 0; at < head.length; at = at === 0 ? 512 : at * 2) {
    if (head.subarray(at, at + HDF5.length).equals(HDF5)) return at;
  }
  return undefined;
}

function isGguf(head: Buffer): boolean {
  const version = head.length >= 24 && head.toString("latin1", 0, 4) === "GGUF" ? head.readUInt32LE(4) : 0;
  return version >= 1 && version <= 3;
}

/** What it is by its own structure, leaving aside what else it could be taken for. */
function tellBinary(sample: Sample): FileFormat | undefined {
  const { head } = sample;
  if (isSafetensors(sample)) return "safetensors";
  if (isGguf(head)) return "gguf";
  if (isZip(sample)) return tellZip(sample);
  const npy = tellNpy(head);
  if (npy !== undefined) return npy;
  if (findHdf5(head) === 0) return "hdf5";
  const magic = MAGIC.find(([, hex]) => startsWith(head, hex));
  if (magic !== undefined) return magic[0];
  if (head.toString("latin1", 257, 262) === "ustar") return "tar";
  return tellMessage(sample);
}

/** Tells the format of a file of which the sample is. */
export function tellFormat(sample: Sample, name: string): FileFormat {
  const { head, size } = sample;
  if (size === 0) return "empty";
  const binary = tellBinary(sample);
  const pickle = tellPickle(head, size);
  if (binary === undefined) {
    if (pickle !== "none") return endsAsZip(sample) ? "polyglot" : "pickle";
    if (findHdf5(head) !== undefined || endsAsZip(sample)) return "polyglot";
    return tellText(sample, name) ?? "unknown";
  }
  // Python's zipfile goes by the end of a file, its unpickler by the beginning, HDF5 by either of many places.
  const isOther = (endsAsZip(sample) && !isZip(sample)) || (findHdf5(head) ?? 0) > 0 || pickle === "calls";
  return isOther && binary !== "executable" ? "polyglot" : binary;
}
