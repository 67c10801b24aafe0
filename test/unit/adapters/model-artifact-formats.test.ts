// What a file is, told by its content: samples by the tools that make such files, and innocent names that do not help.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fetchModel } from "../../../examples/silero/fetch.ts";
import { tellPickle } from "../../../src/adapters/model-artifact/formats/pickle.ts";
import { createSniffer } from "../../../src/adapters/model-artifact/formats/sniffer.ts";
import { tellFormat } from "../../../src/adapters/model-artifact/formats/tell-format.ts";
import { FILE_FORMATS } from "../../../src/api/file-formats.ts";
import { run, TAR_END, tarFile, tarFiles, withFolder } from "../../harness/packs.ts";

const folder = fileURLToPath(new URL("../../vectors/formats/", import.meta.url));
const read = (name: string) => readFileSync(join(folder, name));
const tell = (content: Buffer | string, name = "file") => {
  const bytes = Buffer.from(content);
  return tellFormat({ head: bytes, tail: bytes, size: bytes.length }, name);
};

const EXPECTED: Record<string, string> = {
  "data-0.pickle": "pickle",
  "data-1.pickle": "pickle",
  "data-2.pickle": "pickle",
  "data-3.pickle": "pickle",
  "data-4.pickle": "pickle",
  "data-5.pickle": "pickle",
  "calls-0.pickle": "pickle",
  "calls-1.pickle": "pickle",
  "calls-2.pickle": "pickle",
  "calls-3.pickle": "pickle",
  "calls-4.pickle": "pickle",
  "calls-5.pickle": "pickle",
  "floats.npy": "npy",
  "objects.npy": "pickle",
  "fields.npy": "pickle",
  "floats.npz": "npz",
  "floats-packed.npz": "npz",
  "objects.npz": "pickle",
  "objects-packed.npz": "pickle",
  "plain.joblib": "pickle",
  "packed.joblib": "compressed",
  "tensors.safetensors": "safetensors",
  "tensors.gguf": "gguf",
  "weights.h5": "hdf5",
  "userblock.h5": "polyglot",
  "relu.onnx": "onnx",
  "tokenizer.model": "sentencepiece",
  "weights.pt": "pytorch",
  "hidden.zip": "pickle",
  "hidden-packed.zip": "pickle",
  "plain.zip": "zip",
  "model.keras": "keras",
  "make.py": "script",
  "README.md": "text",
};

test("every sample is told", () => {
  expect(readdirSync(folder).toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
});

test.each(Object.entries(EXPECTED))("%s is %s", (name, expected) => {
  expect(tell(read(name), name)).toBe(expected);
});

const NAMES = ["model.safetensors", "config.json", "README.md", "x"];

test("no name makes anything better: what is no text is told the same under any name", () => {
  for (const [sample, expected] of Object.entries(EXPECTED)) {
    if (expected === "text" || expected === "script") continue;
    for (const name of NAMES) expect(tell(read(sample), name), `${sample} named ${name}`).toBe(expected);
  }
});

test("the real ONNX models of the example", async () => {
  for (const generation of ["legacy", "v5", "v6"] as const)
    expect(tell(await fetchModel(generation)), generation).toBe("onnx");
}, 120_000);

describe("pickles", () => {
  const python = (code: string) => run("python3", ["-c", `import pickle, sys, os\n${code}`]);

  test.each([
    ["protocol 0 by hand, of os.system", "cos\nsystem\n(S'true'\ntR."],
    ["the same with text behind it", "cos\nsystem\n(S'true'\ntR.\nHello, this is a readme."],
    ["the same without an end, since the call comes first", "cos\nsystem\n(S'true'\ntR and so on"],
    ["by INST", "(S'true'\nios\nsystem\n."],
    ["by OBJ", "(cos\nsystem\nS'true'\no."],
    ["none but a value", "I42\n."],
    ["an empty list", "]."],
    ["lines that end as Windows has them", "cos\r\nsystem\r\n(S'true'\r\ntR."],
  ])("%s", (_, text) => {
    expect(tell(text, "README.md")).toBe("pickle");
  });

  test("Python loads the ones by hand that end", () => {
    expect(python(`print(pickle.loads(b"cos\\nsystem\\n(S'true'\\ntR."))`).toString().trim()).toBe("0");
    expect(python(`print(pickle.loads(b"(S'true'\\nios\\nsystem\\n."))`).toString().trim()).toBe("0");
    expect(python(`print(pickle.loads(b"(cos\\nsystem\\nS'true'\\no."))`).toString().trim()).toBe("0");
  });

  test("what Python's unpickler loads of any protocol is never told to be something else", () => {
    // Python makes the values, so that the expectation does not rest on the table here.
    const script = `
import json, random
r = random.Random(7)
def value(depth):
    kinds = [lambda: r.randrange(-2**80, 2**80), lambda: r.random(), lambda: "é" * r.randrange(300), lambda: None,
             lambda: r.random() < .5, lambda: bytes(r.randrange(256) for _ in range(r.randrange(300))), lambda: r.randrange(256),
             lambda: bytearray(b"x" * r.randrange(9)), lambda: frozenset(range(r.randrange(4))), lambda: set(range(r.randrange(4)))]
    if depth > 0:
        kinds += [lambda: [value(depth - 1) for _ in range(r.randrange(5))],
                  lambda: tuple(value(depth - 1) for _ in range(r.randrange(5))),
                  lambda: {str(i): value(depth - 1) for i in range(r.randrange(5))}] * 3
    return r.choice(kinds)()
print(json.dumps([pickle.dumps(value(4), protocol=p).hex() for p in range(6) for _ in range(200)]))
`;
    const samples = JSON.parse(python(script).toString()) as string[];
    expect(samples).toHaveLength(1200);
    const missed = samples.filter((hex) => tell(Buffer.from(hex, "hex")) !== "pickle");
    expect(missed).toEqual([]);
  });

  const CALL = "cos\nsystem\n(S'true'\ntR.";
  const HIDDEN: [string, string][] = [
    ["a POP takes a mark", `(0${CALL}`],
    ["a number in base 16, as C reads it", `I0x1\n0${CALL}`],
    ["a number with blanks and underscores", `I 1_0 \n0${CALL}`],
    ["a long number in base 8", `L0o7L\n0${CALL}`],
    ["a float with blanks", `F 1_0.5 \n0${CALL}`],
    ["a line of 70 000 characters", `V${"x".repeat(70_000)}\n0${CALL}`],
    ["a line beyond what is looked at", `V${"x".repeat(5 * 2 ** 20)}\n0${CALL}`],
    ["a blank before the number of PUT", `I1\np 7\n0${CALL}`],
    ["a blank before the number of GET", `I1\np0\n0g 0\n0${CALL}`],
    ["a carriage return in a string", `S'a\rb'\n0${CALL}`],
    ["an INST whose last line does not end", "(S'true'\nios\nsystemx"],
  ];
  test.each(HIDDEN)("hidden: %s", (_, text) => {
    const bytes = Buffer.from(text);
    const sample = { head: bytes.subarray(0, 4 * 2 ** 20), tail: bytes.subarray(-4 * 2 ** 20), size: bytes.length };
    expect(tellFormat(sample, "README.md")).toBe("pickle");
  });

  /** Of which texts one of Python's two unpicklers calls something of a known module, without doing so. */
  function listCalls(texts: readonly string[]): boolean[] {
    const script = `
import io, json
calls = 0
class Thing:
    def __new__(cls, *a, **k):
        global calls; calls += 1
        return object.__new__(cls)
    def __setstate__(self, state):
        global calls; calls += 1
def find(module, name):
    if module not in ("os", "posix", "builtins"): raise ImportError(module)
    if not name.isidentifier(): raise AttributeError(name)
    return Thing
class InC(pickle.Unpickler):
    def find_class(self, module, name): return find(module, name)
class InPython(pickle._Unpickler):
    def find_class(self, module, name): return find(module, name)
def does_call(text):
    global calls
    calls = 0
    for unpickler in (InC, InPython):
        try: unpickler(io.BytesIO(text.encode())).load()
        except Exception: pass
    return calls > 0
sys.stdout.write(json.dumps([does_call(text) for text in json.load(sys.stdin)]))
`;
    const input = Buffer.from(JSON.stringify(texts));
    return JSON.parse(
      run("python3", ["-W", "ignore", "-c", `import pickle, sys\n${script}`], { input }).toString(),
    ) as boolean[];
  }

  test("Python's unpicklers call something of those that are hidden", () => {
    expect(listCalls(HIDDEN.map(([, text]) => text))).toEqual(HIDDEN.map(() => true));
  });

  test("no text of which Python's unpicklers call something is told to be text", () => {
    const pick = (characters: string) => fc.constantFrom(...characters.split(""));
    const number = fc.stringMatching(/^[ \t\f\r]{0,2}[+-]?(0[xXoObB]?)?[0-7_]{1,3}[ \t\r]?$/);
    const text = fc.string({ unit: pick("ab '\"\\\r\t\u00e9.(0"), maxLength: 5 });
    const name = fc.constantFrom("os\nsystem\n", "builtins\neval\n", "posix\nsystem\n", "os\r\nsystem\r\n", "a b\nc\n");
    const piece = fc.oneof(
      pick("((()]}N02100tldeasuRbo.\x97\u0081\u0085"),
      fc.tuple(pick("ILpg"), number).map(([code, line]) => `${code}${line}\n`),
      fc.tuple(number, text).map(([whole, rest]) => `F${whole}${rest}\n`),
      text.map((inner) => `S'${inner}'\n`),
      text.map((inner) => `S ${JSON.stringify(inner)} \n`),
      text.map((line) => `V${line}\n`),
      name.map((lines) => `c${lines}`),
      name.map((lines) => `i${lines}`),
      text.map((bytes) => `U${String.fromCharCode(Buffer.byteLength(bytes))}${bytes}`),
      fc.constantFrom("K\u00c3", "K\u00e9", "M\u00e9", "J\u00e9\u00e9", "q\u00e9", "h\u00e9"),
    );
    const end = fc.constantFrom(
      "",
      CALL,
      "cos\nsystem\n(S'x'\ntR",
      "(S'x'\nios\nsystem\n",
      "(S'x'\nios\nsystemx",
      "(cos\nsystem\nS'x'\no",
      "cos\nsystem\n)\u0081",
    );
    const texts = fc.sample(
      fc.tuple(fc.array(piece, { maxLength: 5 }), end).map(([pieces, last]) => pieces.join("") + last),
      { numRuns: 20_000, seed: 5 },
    );
    const calls = listCalls(texts);
    const hidden = texts.filter((_, at) => calls[at]);
    expect(hidden.length, "texts that call something").toBeGreaterThan(2000);
    expect(hidden.filter((one) => ["text", "json", "script"].includes(tell(one)))).toEqual([]);
    expect(hidden.filter((one) => tellPickle(Buffer.from(one), Buffer.byteLength(one)) === "none")).toEqual([]);
  }, 60_000);

  /** Holds control characters. */
  const ODD = new Set(["test/vectors/model-digests.json"]);

  test("ordinary text, code and settings are none: all of this repository's", () => {
    const top = fileURLToPath(new URL("../../../", import.meta.url));
    const paths = run("git", ["ls-files", "-z", "*.md", "*.ts", "*.json", "*.yaml"], { cwd: top })
      .toString()
      .split("\0")
      .filter((path) => path !== "" && !ODD.has(path) && existsSync(join(top, path)));
    expect(paths.length, "files").toBeGreaterThan(200);
    const texts = paths.map((path) => readFileSync(join(top, path)));
    const told = texts.map((text, at) => `${tell(text, paths[at])} ${paths[at]}`);
    expect(told.filter((one) => !/^(text|json|script|empty) /.test(one))).toEqual([]);
    const words = texts.flatMap((text) => text.toString().match(/[a-z]{2,}/gi) ?? []);
    const vocabularies = Array.from({ length: 2000 }, (_, at) => words.slice(at * 40, at * 40 + 300).join("\n"));
    const alarms = vocabularies.filter((one) => !["text", "script"].includes(tell(one, "vocab.txt")));
    // Words in lines may by chance be a pickle as far as they go; such a list is rather refused than run.
    expect(alarms.length, "false alarms among 2000 lists of words").toBeLessThan(20);
  });

  test("lists of words are none: those of a text that stays as it is", () => {
    const license = readFileSync(new URL("../../../LICENSE", import.meta.url), "utf8");
    const words = license.match(/[a-z]{2,}/gi) ?? [];
    expect(words.length, "words").toBeGreaterThan(1500);
    const vocabularies = words.map((_, at) => words.slice(at, at + 300).join("\n"));
    expect(vocabularies.filter((one) => !["text", "script"].includes(tell(one, "vocab.txt")))).toEqual([]);
  });

  test("one that goes on beyond what is looked at", () => {
    const head = Buffer.concat([
      Buffer.from("\x80\x04\x8e", "latin1"),
      Buffer.from([0, 0, 0, 0x7f, 0, 0, 0, 0]),
      Buffer.alloc(100),
    ]);
    expect(tellPickle(head, 2 ** 31)).not.toBe("none");
    expect(tellPickle(head, 200)).toBe("none");
  });

  test.each([
    ["prose", "This is a model card.\nIt was trained on speech.\n"],
    ["a vocabulary", "cat\ndog\nbird\nfish\n"],
    ["numbers", "1\n2\n3\n"],
    ["an empty object", "{}"],
    ["a licence", readFileSync(fileURLToPath(new URL("../../../LICENSE", import.meta.url)), "utf8")],
  ])("%s is none", (_, text) => {
    expect(["text", "json"]).toContain(tell(text, "file"));
  });
});

describe("machine code and scripts", () => {
  const hex = (text: string) => Buffer.concat([Buffer.from(text, "hex"), Buffer.alloc(600)]);
  test.each([
    ["PE", hex("4d5a9000")],
    ["Mach-O", hex("cffaedfe")],
    ["Mach-O for several machines", hex("cafebabe")],
    ["WebAssembly", hex("0061736d01000000")],
    ["ELF: the node that runs this", readFileSync(process.execPath).subarray(0, 4 * 2 ** 20)],
  ])("%s", (_, bytes) => {
    expect(tell(bytes, "weights.bin")).toBe("executable");
  });

  test.each([
    ["#!/bin/sh\necho", "run"],
    ["print(1)\n", "modeling.py"],
    ["import os\nos.system('true')\n", "notes.txt"],
    ["{}", "hook.js"],
  ])("%j named %s is a script", (text, name) => {
    expect(tell(text, name)).toBe("script");
  });
});

describe("two things at once", () => {
  const zip = read("weights.pt");
  test.each([
    ["safetensors with a zip behind", Buffer.concat([read("tensors.safetensors"), zip])],
    ["GGUF with a zip behind", Buffer.concat([read("tensors.gguf"), zip])],
    ["text with a zip behind", Buffer.concat([Buffer.from("# readme\n"), zip])],
    ["HDF5 with a zip behind", Buffer.concat([read("weights.h5"), zip])],
    ["text with an HDF5 at 512", Buffer.concat([Buffer.from("x".repeat(512)), read("weights.h5")])],
  ])("%s", (_, bytes) => {
    expect(["polyglot", "unknown"]).toContain(tell(bytes));
  });

  test("what Python opens as a zip with something before and behind it", () => {
    const bytes = Buffer.concat([read("tensors.safetensors"), zip, Buffer.from("behind it")]);
    const names = run(
      "python3",
      ["-c", "import sys, io, zipfile\nprint(zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())).namelist()[0])"],
      { input: bytes },
    );
    expect(names.toString().trim()).toBe("weights/data.pkl");
    expect(tell(bytes)).toBe("polyglot");
    expect(tell(Buffer.concat([Buffer.from("# readme\n"), zip, Buffer.from("behind it")]))).toBe("polyglot");
  });

  test("a zip whose comment holds another end", () => {
    const other = Buffer.from(read("plain.zip"));
    const comment = zip.subarray(-22);
    other.writeUInt16LE(comment.length + 1, other.length - 2);
    expect(tell(Buffer.concat([other, comment, Buffer.from("x")]))).toBe("unknown");
  });

  test("a tar whose first name is a pickle", () => {
    const bytes = Buffer.concat([tarFile("cos\nsystem\n(S'true'\ntR.", "weights"), TAR_END]);
    expect(tell(Buffer.concat([tarFile("w.bin", "weights"), TAR_END]))).toBe("tar");
    expect(tell(bytes)).toBe("polyglot");
  });

  test("a zip in which one name comes twice", () => {
    const bytes = withFolder({}, (cwd) =>
      run(
        "python3",
        [
          "-W",
          "ignore",
          "-c",
          `import sys, zipfile\nz = zipfile.ZipFile("a.zip", "w")\nz.writestr("a", "1")\nz.writestr("a", "2")\nz.close()\nsys.stdout.buffer.write(open("a.zip", "rb").read())`,
        ],
        { cwd },
      ),
    );
    expect(tell(bytes)).toBe("polyglot");
  });
});

describe("zips that make much of little", () => {
  interface Member {
    name: string;
    content: Buffer;
    method: 0 | 8;
    /** Where it is said to lie; where it does, if left out. */
    at?: number;
  }

  /** A zip by hand (APPNOTE 4.3): local headers with content, the directory, its end. */
  function packZip(members: readonly Member[]): Buffer {
    const locals: Buffer[] = [];
    const directory: Buffer[] = [];
    let offset = 0;
    for (const { name, content, method, at } of members) {
      const local = Buffer.alloc(30);
      local.writeUInt32LE(0x04034b50, 0);
      local.writeUInt16LE(method, 8);
      local.writeUInt32LE(content.length, 18);
      local.writeUInt32LE(2 ** 20, 22);
      local.writeUInt16LE(name.length, 26);
      const central = Buffer.alloc(46);
      central.writeUInt32LE(0x02014b50, 0);
      central.writeUInt16LE(method, 10);
      central.writeUInt32LE(content.length, 20);
      central.writeUInt32LE(method === 0 ? content.length : 2 ** 20, 24);
      central.writeUInt16LE(name.length, 28);
      central.writeUInt32LE(at ?? offset, 42);
      directory.push(central, Buffer.from(name));
      if (at !== undefined) continue;
      locals.push(local, Buffer.from(name), content);
      offset += 30 + name.length + content.length;
    }
    const bytes = directory.reduce((sum, part) => sum + part.length, 0);
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(members.length, 8);
    end.writeUInt16LE(members.length, 10);
    end.writeUInt32LE(bytes, 12);
    end.writeUInt32LE(offset, 16);
    return Buffer.concat([...locals, ...directory, end]);
  }

  /** What it is told, and how many seconds of a core and bytes of memory that took. */
  function measure(bytes: Buffer) {
    const cpu = process.cpuUsage();
    const memory = process.memoryUsage().rss;
    const told = tell(bytes);
    const { user, system } = process.cpuUsage(cpu);
    return { told, seconds: (user + system) / 1e6, bytes: process.memoryUsage().rss - memory };
  }

  const zeros = deflateRawSync(Buffer.alloc(4 * 2 ** 20));
  const npyOf = (bytes: Buffer) => {
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (65536,), }".padEnd(117);
    return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00\x76\x00", "latin1"), Buffer.from(`${header}\n`), bytes]);
  };

  test("the zip by hand is one, to Python and here", () => {
    const bytes = packZip([{ name: "a", content: Buffer.from("text"), method: 0 }]);
    const script = "import sys, io, zipfile\nprint(zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())).namelist())";
    expect(run("python3", ["-c", script], { input: bytes }).toString().trim()).toBe("['a']");
    expect(tell(bytes)).toBe("zip");
  });

  test("one content under thousands of names", () => {
    const names = Array.from({ length: 15_000 }, (_, at) => ({
      name: `n${at}`,
      content: zeros,
      method: 8 as const,
      at: 0,
    }));
    const { told, ...cost } = measure(packZip([{ name: "n", content: zeros, method: 8 }, ...names]));
    expect(told).toBe("polyglot");
    expect(cost.seconds, "seconds of a core").toBeLessThan(2);
    expect(cost.bytes, "bytes of memory").toBeLessThan(100 * 2 ** 20);
  });

  test("two that share a part, and one that reaches into the directory", () => {
    const two = packZip([
      { name: "a", content: Buffer.alloc(100), method: 0 },
      { name: "b", content: Buffer.alloc(100), method: 0, at: 60 },
    ]);
    expect(tell(two)).toBe("polyglot");
    const long = packZip([{ name: "a", content: Buffer.alloc(100), method: 0 }]);
    long.writeUInt32LE(101, long.indexOf("PK\x01\x02") + 20);
    expect(tell(long)).toBe("polyglot");
  });

  test("a bomb in each of hundreds of members", () => {
    const members = Array.from({ length: 400 }, (_, at) => ({
      name: `n${at}.npy`,
      content: zeros,
      method: 8 as const,
    }));
    const { told, ...cost } = measure(packZip(members));
    expect(told).toBe("zip");
    expect(cost.seconds, "seconds of a core").toBeLessThan(2);
    expect(cost.bytes, "bytes of memory").toBeLessThan(150 * 2 ** 20);
  });

  test("more is unpacked than the bound: no list takes for arrays what was not seen", () => {
    const array = { content: deflateRawSync(npyOf(Buffer.alloc(262_144))), method: 8 as const };
    const arrays = (count: number) =>
      packZip(Array.from({ length: count }, (_, at) => ({ name: `n${at}.npy`, ...array })));
    expect(tell(arrays(100))).toBe("npz");
    expect(tell(arrays(5000))).toBe("zip");
  });

  test("more members than are looked at", () => {
    const many = (count: number) =>
      packZip(
        Array.from({ length: count }, (_, at) => ({
          name: `n${at}`,
          content: npyOf(Buffer.alloc(0)),
          method: 0 as const,
        })),
      );
    expect(tell(many(20_000))).toBe("npz");
    expect(tell(many(20_001))).toBe("unknown");
  });
});

describe("what nearly fits", () => {
  const whole = read("tensors.safetensors");
  test.each([
    ["safetensors with one byte more", Buffer.concat([whole, Buffer.alloc(1)])],
    ["safetensors with one byte less", whole.subarray(0, -1)],
    ["safetensors whose header is no JSON", Buffer.from(whole.toString("latin1").replace("{", "["), "latin1")],
    ["GGUF of a version that is not", Buffer.from("GGUF\x09\0\0\0".padEnd(64, "\0"), "latin1")],
    ["an ONNX that is cut off", read("relu.onnx").subarray(0, 40)],
    ["a NumPy array whose header is cut off", read("floats.npy").subarray(0, 40)],
    ["a zip without its directory", read("plain.zip").subarray(0, 40)],
    ["zeros", Buffer.alloc(1000)],
    ["text with a zero byte", Buffer.from("text\0text")],
    ["text that is no UTF-8", Buffer.from([0x61, 0xff, 0xfe])],
  ])("%s is not told", (_, bytes) => {
    expect(tell(bytes)).toBe("unknown");
  });

  test("TensorFlow's graph by its own outline", () => {
    // saved_model.proto by hand: schema version 1, then one graph of 4 bytes that begins with what TensorFlow says of itself.
    expect(tell(Buffer.from([0x08, 0x01, 0x12, 0x04, 0x0a, 0x02, 0x0a, 0x00]), "saved_model.pb")).toBe("savedmodel");
    expect(tell(Buffer.from([0x08, 0x01, 0x12, 0x05, 0x0a, 0x02, 0x0a, 0x00]), "saved_model.pb")).toBe("unknown");
  });

  test("a tar, what is packed as a whole, nothing", () => {
    expect(tell(tarFiles({ x: "x" }))).toBe("tar");
    expect(tell(gzipSync("x"))).toBe("compressed");
    expect(tell(zstdCompressSync("x"))).toBe("compressed");
    expect(tell("")).toBe("empty");
  });
});

test("a sniffer tells of a large file what its beginning and end say, in chunks of any size", () => {
  const large = Buffer.concat([Buffer.from("["), Buffer.alloc(9 * 2 ** 20, "1,"), Buffer.from("1]")]);
  const sniff = (bytes: Buffer, chunk: number) => {
    const sniffer = createSniffer();
    for (let at = 0; at < bytes.length; at += chunk) sniffer.add(bytes.subarray(at, at + chunk));
    return sniffer.finish("x");
  };
  for (const chunk of [4093, 65_536, 2 ** 24]) {
    expect(sniff(large, chunk), `chunks of ${chunk}`).toBe("json");
    expect(sniff(Buffer.concat([large, read("plain.zip")]), chunk), `chunks of ${chunk}`).toBe("polyglot");
  }
});

test("anything is told in one of the formats, and nothing throws", () => {
  const beginnings = Object.keys(EXPECTED).map((name) => read(name));
  fc.assert(
    fc.property(
      fc.constantFrom(...beginnings),
      fc.nat(400),
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(200),
      (beginning, cut, noise, from) => {
        const bytes = Buffer.concat([beginning.subarray(0, cut), noise, beginning.subarray(from)]);
        expect(FILE_FORMATS).toContain(tell(bytes));
      },
    ),
    { numRuns: 2000 },
  );
});
