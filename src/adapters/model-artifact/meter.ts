/** Counts how far the layers of an artifact are read, together with the thread that reads one. */

/** What is done of what there is to do. */
export interface Share {
  done: number;
  all: number;
}

/** How far it is: layers, and their bytes as they are packed. */
export interface Progress {
  layers: Share;
  bytes: Share;
}

export interface Meter {
  /** Where the thread counts the bytes that it took of the layer it is at. */
  counter: SharedArrayBuffer;
  /** Takes the sizes of all layers that have to be read. Another way of hashing them begins anew. */
  begin(sizes: readonly number[]): void;
  /** A layer of that size is done. */
  finish(size: number): void;
  /** Undefined where nothing has to be read. */
  read(): Progress | undefined;
}

const toCells = (counter: SharedArrayBuffer) => new BigUint64Array(counter);

/** Adds bytes to a meter's counter, from any thread. */
export function addBytes(counter: SharedArrayBuffer, bytes: number): void {
  Atomics.add(toCells(counter), 0, BigInt(bytes));
}

/** Makes a meter. */
export function createMeter(): Meter {
  const counter = new SharedArrayBuffer(BigUint64Array.BYTES_PER_ELEMENT);
  const cells = toCells(counter);
  const layers = { done: 0, all: 0 };
  const bytes = { done: 0, all: 0 };
  const reset = () => void Atomics.store(cells, 0, 0n);
  return {
    counter,
    begin: (sizes) => {
      Object.assign(layers, { done: 0, all: sizes.length });
      Object.assign(bytes, { done: 0, all: sizes.reduce((sum, size) => sum + size, 0) });
      reset();
    },
    finish: (size) => {
      layers.done += 1;
      bytes.done += size;
      reset();
    },
    read: () => {
      if (layers.all === 0) return undefined;
      const sofar = bytes.done + Number(Atomics.load(cells, 0));
      return { layers: { ...layers }, bytes: { done: Math.min(sofar, bytes.all), all: bytes.all } };
    },
  };
}
