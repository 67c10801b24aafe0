/** Keeps the beginning and the end of a file as its bytes come by. */
import { HEAD_BYTES, TAIL_BYTES } from "./sample.ts";
import type { FileFormat } from "../../../api/file-formats.ts";
import { tellFormat } from "./tell-format.ts";

export interface Sniffer {
  add(chunk: Buffer): void;
  finish(name: string): FileFormat;
}

/** Makes a sniffer for one file; it keeps some 8 MiB at most. */
export function createSniffer(): Sniffer {
  const head: Buffer[] = [];
  let headBytes = 0;
  const tail: Buffer[] = [];
  let tailBytes = 0;
  let size = 0;
  return {
    add: (chunk) => {
      size += chunk.length;
      if (headBytes < HEAD_BYTES) {
        const part = chunk.subarray(0, HEAD_BYTES - headBytes);
        head.push(part);
        headBytes += part.length;
      }
      tail.push(chunk);
      tailBytes += chunk.length;
      for (let [first] = tail; first !== undefined && tailBytes - first.length >= TAIL_BYTES; [first] = tail) {
        tail.shift();
        tailBytes -= first.length;
      }
    },
    finish: (name) =>
      tellFormat({ head: Buffer.concat(head), tail: Buffer.concat(tail).subarray(-TAIL_BYTES), size }, name),
  };
}
