/** Formats of a model's files, as their content tells them. */

/** Every format that is told. */
export const FILE_FORMATS = [
  /** Tensors and nothing else. */
  "safetensors",
  "gguf",
  "onnx",
  /** Arrays of NumPy without objects; a zip of such. */
  "npy",
  "npz",
  /** HDF5, as Keras and others use it; it may carry code of Keras' own making. */
  "hdf5",
  /** A zip as Keras 3 writes it. */
  "keras",
  /** saved_model.pb of TensorFlow: a graph, which may read and write files. */
  "savedmodel",
  "sentencepiece",
  /** Loading it calls what it names: pickle of any protocol, joblib, arrays of objects. */
  "pickle",
  /** A zip with a pickle in it, as PyTorch writes it. */
  "pytorch",
  "zip",
  "tar",
  /** Packed as a whole, so that nothing is told of what is in it. */
  "compressed",
  /** Machine code: ELF, PE, Mach-O, WebAssembly, Java. */
  "executable",
  "script",
  "json",
  "text",
  "empty",
  /** Two things at once, depending on the reader. */
  "polyglot",
  "unknown",
] as const;

export type FileFormat = (typeof FILE_FORMATS)[number];
