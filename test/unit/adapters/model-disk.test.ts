// A model on a disk that somebody else may write to, and a signature file that nobody vouches for yet.
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type FileStamp, isSameFile, listFiles, toStamp } from "../../../src/adapters/model-signing/enumerate.ts";
import { hashFile } from "../../../src/adapters/model-signing/hash-file.ts";
import { signModel } from "../../../src/adapters/model-signing/sign-model.ts";
import type { ModelTrust } from "../../../src/adapters/model-signing/verify-model.ts";
import { judgeModel, signWithKey, toResources, toStatement, writeModel } from "../../harness/models.ts";
import { eventually } from "../../harness/wait.ts";

const FILES = { "a.bin": "first", "b/c.bin": "second", "d.bin": "third" };
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const trust: ModelTrust = { method: "key", key: publicKey };
const SIGNATURE = signWithKey(toStatement(toResources(FILES)), privateKey);
const SHARDS = signWithKey(
  toStatement(toResources({ "a.bin:0:5": "first", "b/c.bin:0:5": "secon", "b/c.bin:5:6": "d", "d.bin:0:5": "third" }), {
    method: "shards",
    hash_type: "sha256",
    allow_symlinks: false,
    shard_size: 5,
  }),
  privateKey,
);

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "disk-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe("a model that is a link", () => {
  test.each(["", "/", "//", "/.", "/./"])("named with %o at its end is refused", async (tail) => {
    const model = await writeModel(FILES);
    const link = join(dir, `link-${tail.length}${tail.includes(".")}`);
    symlinkSync(model, link);
    expect(await judgeModel({ model: `${model}${tail}`, signature: SIGNATURE, trust })).toMatchObject({
      verdict: "verified",
    });
    expect(await judgeModel({ model: `${link}${tail}`, signature: SIGNATURE, trust })).toMatchObject({
      verdict: "refused",
      code: "ModelUnfit",
      why: "the model is a symbolic link",
    });
    await expect(
      signModel({ model: `${link}${tail}`, key: privateKey, chain: [], ignored: [] }, () => {}),
    ).rejects.toThrow("the model is a symbolic link");
    await rm(model, { recursive: true });
  });
});

/** The clock of the file system goes in steps: until it has gone on, a change may look like none. */
async function settle(model: string): Promise<void> {
  const newest = Math.max(...Object.keys(FILES).map((name) => statSync(join(model, name)).ctimeMs));
  const probe = join(dir, "probe");
  await eventually("the file system's clock to go on", () => {
    writeFileSync(probe, "x");
    return statSync(probe).ctimeMs > newest ? true : undefined;
  });
}

const rewrite = (path: string) => {
  const { atime, mtime } = statSync(path);
  writeFileSync(path, "evil!");
  utimesSync(path, atime, mtime);
};
/** What happens when the first file, `a.bin`, is hashed: the others were listed and not read. */
const MEANWHILE: [string, (model: string) => void, string][] = [
  ["a file that was hashed is written to, with its old date", (model) => rewrite(join(model, "a.bin")), "a.bin"],
  ["a file that was hashed grows", (model) => appendFileSync(join(model, "a.bin"), "more"), "a.bin"],
  ["a file that was hashed goes", (model) => rmSync(join(model, "a.bin")), "a.bin"],
  ["a file comes", (model) => writeFileSync(join(model, "b/new.bin"), ""), "b/new.bin"],
  ["a file that is still to be hashed goes", (model) => rmSync(join(model, "d.bin")), "d.bin"],
  [
    "another file with the same bytes takes the place of one",
    (model) => {
      copyFileSync(join(model, "d.bin"), join(dir, "copy"));
      renameSync(join(dir, "copy"), join(model, "d.bin"));
    },
    "d.bin",
  ],
  [
    "a link to it takes the place of a file",
    (model) => {
      renameSync(join(model, "d.bin"), join(dir, "moved"));
      symlinkSync(join(dir, "moved"), join(model, "d.bin"));
    },
    "d.bin",
  ],
  [
    "a pipe takes the place of a file",
    (model) => {
      rmSync(join(model, "d.bin"));
      execFileSync("mkfifo", [join(model, "d.bin")]);
    },
    "d.bin",
  ],
  [
    "a file takes the place of a folder",
    (model) => {
      rmSync(join(model, "b"), { recursive: true });
      writeFileSync(join(model, "b"), FILES["b/c.bin"]);
    },
    "b/c.bin",
  ],
  [
    "a folder with the same files takes the place of one",
    (model) => {
      renameSync(join(model, "b"), join(model, "..", "b-before"));
      mkdirSync(join(model, "b"));
      writeFileSync(join(model, "b/c.bin"), FILES["b/c.bin"]);
      rmSync(join(model, "..", "b-before"), { recursive: true });
    },
    "b/c.bin",
  ],
];
describe.each([
  ["files", SIGNATURE],
  ["shards", SHARDS],
])("while %s are hashed", (_, signature) => {
  test("nothing happens: it is verified", async () => {
    const model = await writeModel(FILES);
    expect(await judgeModel({ model, signature, trust })).toMatchObject({ verdict: "verified" });
    await rm(model, { recursive: true });
  });

  test.each(MEANWHILE)("%s: it is refused", async (_what, act, name) => {
    const model = await writeModel(FILES);
    await settle(model);
    let calls = 0;
    const watch = () => {
      calls += 1;
      if (calls === 1) act(model);
    };
    const verdict = await judgeModel({ model, signature, trust }, watch);
    expect(verdict).toMatchObject({ verdict: "refused", code: "ModelUnfit" });
    expect(verdict).toMatchObject({ why: `${name} changed while the model was read` });
    await rm(model, { recursive: true });
  });
});

test.each([
  ["the file itself", 1],
  ["one that was hashed before", 3],
])("%s changes while a file is signed: nothing is signed", async (_, when) => {
  const model = await writeModel(FILES);
  await settle(model);
  let calls = 0;
  const watch = () => {
    calls += 1;
    if (calls === when) rewrite(join(model, "a.bin"));
  };
  await expect(signModel({ model, key: privateKey, chain: [], ignored: [] }, watch)).rejects.toThrow(
    "a.bin changed while the model was read",
  );
  await rm(model, { recursive: true });
});

describe("what is known again by its stamp", () => {
  const STAMP: FileStamp = { dev: 1n, ino: 2n, size: 3n, mtimeNs: 4n, ctimeNs: 5n };
  test("is the same file where all of the stamp is the same", () => {
    expect(isSameFile(STAMP, { ...STAMP })).toBe(true);
  });

  test.each(Object.keys(STAMP))("is another one where %s alone is another", (part) => {
    const other = { ...STAMP, [part]: 9n };
    expect([isSameFile(STAMP, other), isSameFile(other, STAMP)]).toEqual([false, false]);
  });
});

describe("what can neither be signed nor verified, though unsigned files are tolerated and it is one:", () => {
  test.each<[string, (model: string) => unknown, string]>([
    // Its two bytes above ASCII are no UTF-8: two such names would look alike.
    [
      "a name that is no text",
      (model) => writeFileSync(Buffer.concat([Buffer.from(`${model}/`), Buffer.from([0x77, 0xff, 0xfe])]), ""),
      `"w\ufffd\ufffd" is no name that can be signed`,
    ],
    [
      "a name with a backslash, which is a folder elsewhere",
      (model) => writeFileSync(join(model, String.raw`b\c.bin`), ""),
      String.raw`b\c.bin is no name that can be signed`,
    ],
    ["a pipe", (model) => execFileSync("mkfifo", [join(model, "b/pipe")]), "b/pipe is neither a file nor a folder"],
  ])("%s", async (_, put, why) => {
    const model = await writeModel(FILES);
    put(model);
    expect(await judgeModel({ model, signature: SIGNATURE, trust, toleratesUnsigned: true })).toEqual({
      verdict: "refused",
      code: "ModelUnfit",
      why,
    });
    await expect(signModel({ model, key: privateKey, chain: [], ignored: [] }, () => {})).rejects.toThrow(why);
    await rm(model, { recursive: true });
  });
});

test("the root of a disk is a folder like others", async () => {
  const ignored = readdirSync("/");
  for (const model of ["/", "//", "/."]) {
    await expect(listFiles({ model, ignored })).rejects.toThrow("it has no files");
  }
});

describe("what cannot be read is no refusal:", () => {
  test("a model that is not there", async () => {
    const model = join(dir, "none");
    await expect(judgeModel({ model, signature: SIGNATURE, trust })).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("a file that cannot be opened, which did not change", async () => {
    const file = {
      name: "w",
      path: join(dir, "w".repeat(300)),
      size: 1,
      stamp: toStamp(statSync(dir, { bigint: true })),
    };
    // Longer than a file system takes it (NAME_MAX).
    await expect(hashFile(file, "sha256", undefined, () => {})).rejects.toMatchObject({ code: "ENAMETOOLONG" });
  });
});

test.each([
  ["files", SIGNATURE],
  ["shards", SHARDS],
])("whoever waits is told of every byte of %s until all are read", async (_, signature) => {
  const model = await writeModel(FILES);
  const told: number[][] = [];
  await judgeModel({ model, signature, trust }, (...progress) => told.push(progress));
  // first, second (of shards: secon, d), third
  const read = signature === SHARDS ? [5, 10, 11, 16] : [5, 11, 16];
  expect(told).toEqual(read.map((bytes) => [bytes, 16]));
  await rm(model, { recursive: true });
});

describe("a signature file that nobody vouches for", () => {
  const MIB = 1024 * 1024;
  const wrap = (payload: string) => {
    const bundle = JSON.parse(signWithKey({}, privateKey).toString("utf8")) as { dsseEnvelope: { payload: string } };
    bundle.dsseEnvelope.payload = Buffer.from(payload).toString("base64");
    return Buffer.from(JSON.stringify(bundle));
  };
  // JSON.parse alone takes 2 to 9 seconds and up to 2 GB for each of these.
  const NESTED = "[".repeat(20 * MIB);
  const OBJECTS = `[${"[{}],".repeat(4 * MIB)}0]`;
  const MEMBERS = `{${Array.from({ length: 2 * MIB }, (_, at) => `"${at}":0`).join(",")}}`;
  test.each([
    ["lists in lists", NESTED],
    ["objects in lists", OBJECTS],
    ["many members", MEMBERS],
  ])("with %s, as a whole or in its payload, is refused without being parsed", async (_, text) => {
    const model = await writeModel(FILES);
    for (const signature of [Buffer.from(text), wrap(text)]) {
      const parse = vi.spyOn(JSON, "parse");
      const verdict = await judgeModel({ model, signature, trust });
      const parsed = parse.mock.calls.map(([one]) => one);
      parse.mockRestore();
      expect(verdict).toMatchObject({ verdict: "refused", code: "SignatureBroken" });
      expect(parsed.includes(text), "whether it was parsed").toBe(false);
    }
    await rm(model, { recursive: true });
  });

  test("with brackets and commas in names is read", async () => {
    const name = `${"[{,".repeat(60)}.bin`;
    const files = Object.fromEntries(Array.from({ length: 6000 }, (_, at) => [`${at}${name}`, "x"]));
    const signature = signWithKey(toStatement(toResources(files)), privateKey);
    const model = await writeModel({ [`0${name}`]: "x" });
    expect(await judgeModel({ model, signature, trust })).toMatchObject({ code: "ModelMismatch" });
    await rm(model, { recursive: true });
  });
});
