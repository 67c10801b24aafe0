// An artifact holds exactly the model that was signed, however it is packed; whatever is changed in it is refused.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { packAll } from "../../../examples/silero/artifacts.ts";
import { hashLayer } from "../../../src/adapters/model-artifact/hash-layer.ts";
import type { LayerContents } from "../../../src/adapters/model-artifact/layer.ts";
import { type ArtifactCase, matchArtifact } from "../../../src/adapters/model-artifact/match-artifact.ts";
import { parseSignature } from "../../../src/adapters/model-signing/envelope.ts";
import type { ModelManifest } from "../../../src/adapters/model-signing/manifest.ts";
import { parseManifest } from "../../../src/adapters/model-signing/statement.ts";
import {
  type Files,
  type Form,
  type PackedArtifact,
  type PackedLayer,
  type Packing,
  packArtifact,
  packLayer,
  rawLayer,
  sha256,
  signFiles,
  signWith,
  TAR_END,
  tarFile,
  tarFiles,
  tarHeader,
} from "../../harness/packs.ts";

const FILES: Files = { "w.bin": "weights", "sub/card.txt": "card", "sub/deep/config.json": "{}" };
const SIGNED = signFiles(FILES);

const rawLayers = (files: Files) => Object.entries(files).map(([path, content]) => rawLayer(path, content));

/** How it came out: the paths that are signed, or why it is refused. */
async function judge(artifact: PackedArtifact, signed: ModelManifest, how: Partial<ArtifactCase> = {}) {
  const match = await matchArtifact({ manifest: artifact.manifest, open: artifact.open, signed, ...how });
  return match.outcome === "matches" ? match.signed.map(({ path }) => path).toSorted() : `${match.code}: ${match.why}`;
}

const PATHS = Object.keys(FILES).toSorted();

describe("raw layers of a ModelPack", () => {
  test("match without a byte of them being read", async () => {
    const artifact = packArtifact("ModelPack", rawLayers(FILES));
    expect(await judge(artifact, SIGNED)).toEqual(PATHS);
    expect(artifact.opened, "blobs that were opened").toEqual([]);
  });

  test("are read where formats are asked for, and only then known", async () => {
    const artifact = packArtifact("ModelPack", rawLayers(FILES));
    const unread = await matchArtifact({ ...artifact, signed: SIGNED });
    expect(unread).toMatchObject({ signed: [{ format: "unread" }, { format: "unread" }, { format: "unread" }] });
    const read = await matchArtifact({ ...artifact, signed: SIGNED, readsAll: true });
    const formats = read.outcome === "matches" ? read.signed.map(({ path, format }) => `${path} ${format}`) : [];
    expect(formats.toSorted()).toEqual(["sub/card.txt text", "sub/deep/config.json json", "w.bin text"]);
  });

  test("a layer that names no file", async () => {
    for (const path of ["", ".", "./w.bin", "/w.bin", "../w.bin", "a//b", "w.bin/"]) {
      const artifact = packArtifact("ModelPack", [rawLayer(path, "weights")]);
      expect(await judge(artifact, signFiles({ "w.bin": "weights" })), JSON.stringify(path)).toMatch(/^ModelUnfit/);
    }
    const { annotations: _, ...bare } = rawLayer("w.bin", "weights");
    expect(await judge(packArtifact("ModelPack", [bare]), signFiles({ "w.bin": "weights" }))).toMatch(/names no file/);
  });
});

const FORMS: [Form, Packing][] = [
  ["ModelPack", "tar"],
  ["ModelPack", "tar+gzip"],
  ["ModelPack", "tar+zstd"],
  ["ModelKit", "tar"],
  ["ModelKit", "tar+gzip"],
  ["Image", "tar"],
  ["Image", "tar+gzip"],
  ["Image", "tar+zstd"],
];

/** A tar as it lies in an artifact of the form: an image has its model in a folder. */
const tarIn = (form: Form, files: Files) =>
  tarFiles(
    form === "Image" ? Object.fromEntries(Object.entries(files).map(([at, one]) => [`models/${at}`, one])) : files,
  );

describe.each(FORMS)("%s with a layer of %s", (form, packing) => {
  const pack = (files: Files) => packArtifact(form, [packLayer(form, packing, tarIn(form, files))]);

  test("matches", async () => {
    expect(await judge(pack(FILES), SIGNED)).toEqual(PATHS);
  });

  test.each<[string, Files]>([
    ["one byte changed", { ...FILES, "w.bin": "weightz" }],
    ["a file more", { ...FILES, "loader.py": "x" }],
    ["an empty file more", { ...FILES, "sub/__init__.py": "" }],
    ["a file less", { "w.bin": "weights", "sub/card.txt": "card" }],
    ["a file renamed", { "W.bin": "weights", "sub/card.txt": "card", "sub/deep/config.json": "{}" }],
    ["a file moved", { "w.bin": "weights", "card.txt": "card", "sub/deep/config.json": "{}" }],
    ["two files exchanged", { ...FILES, "w.bin": "card", "sub/card.txt": "weights" }],
  ])("%s", async (_, files) => {
    expect(await judge(pack(files), SIGNED)).toMatch(/^ModelMismatch/);
  });
});

describe("a folder beside a model that has nothing at its top", () => {
  const DEEP = { "sub/w.bin": "weights" };
  test.each<[Form, Packing]>([
    ["Image", "tar"],
    ["ModelPack", "tar"],
    ["ModelKit", "tar+gzip"],
  ])("%s: a file in it that was not signed is refused", async (form, packing) => {
    const pack = (files: Files) => packArtifact(form, [packLayer(form, packing, tarIn(form, files))]);
    expect(await judge(pack(DEEP), signFiles(DEEP))).toEqual(["sub/w.bin"]);
    expect(await judge(pack({ ...DEEP, "other/run.py": "x" }), signFiles(DEEP))).toContain("was not signed");
  });
});

describe("a later layer of an image", () => {
  const folder = (name: string) => tarHeader({ name, type: "5" });
  const layer = (...entries: Buffer[]) => packLayer("Image", "tar", Buffer.concat([...entries, TAR_END]));

  test("that names a folder anew takes nothing from it", async () => {
    const anew = layer(folder("models/"), folder("models/sub/"));
    const fine = layer(folder("models/sub/"), tarFile("models/sub/w.bin", "weights"));
    const deep = signFiles({ "sub/w.bin": "weights" });
    expect(await judge(packArtifact("Image", [fine, anew]), deep)).toEqual(["sub/w.bin"]);
    const more = layer(tarFile("models/sub/w.bin", "weights"), tarFile("models/sub/run.py", "x"));
    expect(await judge(packArtifact("Image", [more, anew]), deep)).toContain("sub/run.py is there and was not signed");
  });

  test("puts a folder in the place of a file, and a file in that of a folder", async () => {
    const below = layer(folder("models/"), tarFile("models/w.bin", "weights"), tarFile("models/sub", "x"));
    const nested = signFiles({ "w.bin": "weights", "sub/card.txt": "card" });
    const above = layer(folder("models/sub/"), tarFile("models/sub/card.txt", "card"));
    expect(await judge(packArtifact("Image", [below, above]), nested)).toEqual(["sub/card.txt", "w.bin"]);
    const back = layer(tarFile("models/sub", "x"));
    expect(await judge(packArtifact("Image", [below, above, back]), nested)).toContain("not");
    expect(
      await judge(packArtifact("Image", [below, above, back]), signFiles({ "w.bin": "weights", sub: "x" })),
    ).toEqual(["sub", "w.bin"]);
  });
});

test("a ModelPack of several raw and packed layers, a directory among them", async () => {
  const layers: PackedLayer[] = [
    rawLayer("w.bin", "weights"),
    {
      ...packLayer("ModelPack", "tar+zstd", tarFiles({ "sub/card.txt": "card", "sub/deep/config.json": "{}" })),
      annotations: { "org.cncf.model.filepath": "sub" },
    },
  ];
  const artifact = packArtifact("ModelPack", layers);
  expect(await judge(artifact, SIGNED)).toEqual(PATHS);
  expect(artifact.opened).toEqual([artifact.manifest.layers[1]?.digest]);
});

test("a tar that holds something else than its layer says", async () => {
  const tar = tarFiles({ "sub/card.txt": "card", "w.bin": "weights" });
  for (const [path, outcome] of [
    [".", "matches"],
    ["sub", "is to hold sub and holds w.bin"],
    ["su", "is to hold su"],
    ["../sub", "no path within a model"],
  ] as const) {
    const layer = { ...packLayer("ModelPack", "tar", tar), annotations: { "org.cncf.model.filepath": path } };
    const found = await judge(
      packArtifact("ModelPack", [layer]),
      signFiles({ "sub/card.txt": "card", "w.bin": "weights" }),
    );
    if (outcome === "matches") expect(found).toEqual(["sub/card.txt", "w.bin"]);
    else expect(found).toContain(outcome);
  }
});

describe("no path comes twice, and no file is a folder", () => {
  const signed = signFiles({ "w.bin": "weights" });
  const tar = (...parts: Buffer[]) => packLayer("ModelPack", "tar", Buffer.concat([...parts, TAR_END]));
  test.each([
    ["in two raw layers, the same", [rawLayer("w.bin", "weights"), rawLayer("w.bin", "weights")]],
    ["in two raw layers", [rawLayer("w.bin", "weights"), rawLayer("w.bin", "other")]],
    ["in a raw and a packed layer", [rawLayer("w.bin", "weights"), tar(tarFile("w.bin", "weights"))]],
    ["a file below a file", [rawLayer("w.bin", "weights"), rawLayer("w.bin/x", "x")]],
    ["a folder in the place of a file", [rawLayer("w.bin", "weights"), tar(tarHeader({ name: "w.bin/", type: "5" }))]],
    ["a folder below a file", [rawLayer("w.bin", "weights"), tar(tarHeader({ name: "w.bin/d/", type: "5" }))]],
  ])("%s", async (_, layers) => {
    expect(await judge(packArtifact("ModelPack", layers), signed)).toMatch(/^ModelUnfit/);
  });

  test("folders may come as often as they like", async () => {
    const folder = () => tarHeader({ name: "d/", type: "5" });
    const artifact = packArtifact("ModelPack", [
      tar(folder(), folder(), tarFile("d/x", "x")),
      tar(folder(), tarFile("d/y", "y")),
    ]);
    expect(await judge(artifact, signFiles({ "d/x": "x", "d/y": "y" }))).toEqual(["d/x", "d/y"]);
  });

  test("a file that is called as if it were a folder is another thing than the folder", async () => {
    const artifact = packArtifact("ModelPack", [tar(tarHeader({ name: "d/", type: "5" }), tarFile("folder:d", "x"))]);
    expect(await judge(artifact, signFiles({ "folder:d": "x" }))).toEqual(["folder:d"]);
  });
});

test("a real model with its real signature, packed every way; one bit of a weight is told", async () => {
  const bytes = readFileSync(
    fileURLToPath(new URL("../../../examples/silero/signatures/model-v5.oms.json", import.meta.url)),
  );
  const signed = parseManifest(parseSignature(bytes).payload, false);
  const { "models/silero-vad:v5": model, "models/silero-vad:tampered": tampered } = await packAll();
  const toFiles = ({ manifest, blobs }: typeof model): Files => {
    const { layers } = JSON.parse(manifest.toString("utf8")) as PackedArtifact["manifest"];
    return Object.fromEntries(
      layers.map(({ digest, annotations }) => [
        annotations?.["org.cncf.model.filepath"] ?? "",
        blobs.find((blob) => blob.digest === digest)?.bytes ?? "",
      ]),
    );
  };
  for (const [form, packing] of FORMS) {
    const pack = (files: Files) => packArtifact(form, [packLayer(form, packing, tarIn(form, files))]);
    const match = await matchArtifact({ ...pack(toFiles(model)), signed });
    const formats =
      match.outcome === "matches" ? match.signed.map(({ path, format }) => `${path} ${format}`) : [match.why];
    expect(formats.toSorted(), `${form} ${packing}`).toEqual(["MODEL_CARD.txt text", "silero_vad.onnx onnx"]);
    expect(await judge(pack(toFiles(tampered)), signed)).toContain("silero_vad.onnx is not what was signed");
  }
}, 120_000);

describe("other hashes and shards", () => {
  const content = Buffer.from("0123456789abcdef0123456789abcdef01234567");
  const b2 = (bytes: Buffer | string) => createHash("blake2b512").update(bytes).digest("hex");
  const shard = (name: string, start: number, end: number, hash = sha256) => ({
    name: `${name}:${start}:${end}`,
    digest: hash(content.subarray(start, end)),
  });
  const SHARDS = { method: "shards" as const, hash_type: "sha256", shard_size: 16 };
  const sharded = signWith([shard("a:b.bin", 0, 16), shard("a:b.bin", 16, 32), shard("a:b.bin", 32, 40)], SHARDS);

  test("BLAKE2b of whole files: raw layers are read for it", async () => {
    const artifact = packArtifact("ModelPack", rawLayers(FILES));
    const resources = Object.entries(FILES).map(([name, bytes]) => ({ name, digest: b2(bytes) }));
    const signed = signWith(resources, { method: "files", hash_type: "blake2b" });
    expect(await judge(artifact, signed)).toEqual(PATHS);
    expect(artifact.opened).toHaveLength(3);
    expect(await judge(packArtifact("ModelPack", rawLayers({ ...FILES, "w.bin": "weightz" })), signed)).toMatch(
      /w.bin is not what was signed/,
    );
  });

  test.each(["raw", "tar+gzip"])("shards in a %s layer, of a file with a colon in its name", async (packing) => {
    const pack = (bytes: Buffer) =>
      packArtifact("ModelPack", [
        packing === "raw"
          ? rawLayer("a:b.bin", bytes)
          : packLayer("ModelPack", "tar+gzip", tarFiles({ "a:b.bin": bytes })),
      ]);
    expect(await judge(pack(content), sharded)).toEqual(["a:b.bin"]);
    for (const at of [0, 15, 16, 31, 32, 39]) {
      const other = Buffer.from(content);
      other[at] = 0;
      expect(await judge(pack(other), sharded), `byte ${at}`).toContain("is not what was signed");
    }
    expect(await judge(pack(content.subarray(0, 39)), sharded)).toContain("not as long");
    expect(await judge(pack(content.subarray(0, 32)), sharded)).toContain("not as long");
    expect(await judge(pack(Buffer.concat([content, Buffer.from("x")])), sharded)).toContain("not as long");
  });

  test("an empty file has no shard: it is told of and not refused; any other is", async () => {
    const layers = [rawLayer("a:b.bin", content), rawLayer("empty", "")];
    const match = await matchArtifact({ ...packArtifact("ModelPack", layers), signed: sharded });
    expect(match).toMatchObject({ outcome: "matches", unsigned: [{ path: "empty" }] });
    expect(await judge(packArtifact("ModelPack", [...layers, rawLayer("x", "x")]), sharded)).toContain("not signed");
    const packed = packLayer("ModelPack", "tar+gzip", tarFiles({ x: "x" }));
    expect(await judge(packArtifact("ModelPack", [...layers, packed]), sharded)).toContain("not signed");
  });

  const SIGNATURES = ["sha256-files", "sha256-shards", "blake2-files", "blake2-shards", "blake3-files"];
  test.each(SIGNATURES)("what model_signing signed as %s, packed every way", async (name) => {
    const at = (path: string) => fileURLToPath(new URL(`../../vectors/model-signing/${path}`, import.meta.url));
    const signed = parseManifest(parseSignature(readFileSync(at(`${name}.sig`))).payload, false);
    const paths = ["weights.bin", "sub/config.toml", "a/x", "a-b/x", "empty", ".hidden"];
    const files = Object.fromEntries(paths.map((path) => [path, readFileSync(at(`model/${path}`))]));
    const artifacts = [
      packArtifact("ModelPack", rawLayers(files)),
      ...FORMS.map(([form, packing]) => packArtifact(form, [packLayer(form, packing, tarIn(form, files))])),
    ];
    const matches = await Promise.all(artifacts.map((artifact) => matchArtifact({ ...artifact, signed })));
    expect(matches.map(({ outcome }) => outcome)).toEqual(matches.map(() => "matches"));
    const digests = new Set(matches.map((match) => (match.outcome === "matches" ? match.modelDigest : "none")));
    expect(digests.size, "digests of the one model").toBe(1);
  });
});

describe("what the signer left out", () => {
  const signed = signFiles({ "w.bin": "weights" }, ["notes", "sub/log.txt"]);
  const extra = (path: string) => packArtifact("ModelPack", rawLayers({ "w.bin": "weights", [path]: "x" }));

  test.each([
    "notes",
    "notes/a",
    "notes/a/b",
    "sub/log.txt",
    ".git/config",
    ".gitignore",
    ".github/x",
    ".gitattributes",
  ])("%s may be there and is told of", async (path) => {
    const match = await matchArtifact({ ...extra(path), signed });
    expect(match).toMatchObject({ outcome: "matches", ignored: [{ path }], signed: [{ path: "w.bin" }] });
  });

  test.each(["notes.txt", "a/notes", "sub/log.txt.bak", "sub/other", "sub/.git/config", ".gitmodules", "Notes"])(
    "%s may not: nothing is a pattern, and those of Git count at the top alone",
    async (path) => {
      expect(await judge(extra(path), signed)).toContain(`${path} is there and was not signed`);
    },
  );

  test("a file that was signed and left out", async () => {
    const both = signFiles({ "w.bin": "weights", "notes/a": "x" }, ["notes"]);
    expect(await judge(extra("notes/a"), both)).toContain("was signed, and left out");
  });
});

describe("a ModelKit", () => {
  const kit = (kind: string, files: Files) =>
    packLayer("ModelKit", "tar+gzip", tarFiles(files), `application/vnd.kitops.modelkit.${kind}.v1.`);
  const model = kit("model", { "model/w.bin": "weights" });
  const signed = signFiles({ "model/w.bin": "weights" });

  test.each(["modelpart", "code", "model"])("files of a %s layer have to be signed", async (kind) => {
    expect(await judge(packArtifact("ModelKit", [model, kit(kind, { "x/y": "x" })]), signed)).toContain("not signed");
  });

  test.each(["dataset", "docs"])(
    "files of a %s layer may lie unsigned, apart from the model, and are told of",
    async (kind) => {
      const artifact = packArtifact("ModelKit", [model, kit(kind, { "apart/y": "x", "README.md": "x" })]);
      const match = await matchArtifact({ ...artifact, signed });
      expect(match).toMatchObject({ outcome: "matches", signed: [{ path: "model/w.bin" }] });
      const unsigned = match.outcome === "matches" ? match.unsigned.map(({ path }) => path).toSorted() : [];
      expect(unsigned).toEqual(["README.md", "apart/y"]);
    },
  );

  test.each(["model/extra.py", "model/deep/extra.py"])(
    "not where a loader of the model would find them: %s",
    async (path) => {
      expect(await judge(packArtifact("ModelKit", [model, kit("docs", { [path]: "x" })]), signed)).toContain(
        "not signed",
      );
    },
  );

  test("with a signed file at the top everything has to be signed", async () => {
    const artifact = packArtifact("ModelKit", [kit("model", { "w.bin": "weights" }), kit("docs", { "apart/y": "x" })]);
    expect(await judge(artifact, signFiles({ "w.bin": "weights" }))).toContain("apart/y is there and was not signed");
  });

  test("documentation that was signed has to be what was signed", async () => {
    const both = signFiles({ "model/w.bin": "weights", "docs/y": "x" });
    expect(await judge(packArtifact("ModelKit", [model, kit("docs", { "docs/y": "x" })]), both)).toHaveLength(2);
    expect(await judge(packArtifact("ModelKit", [model, kit("docs", { "docs/y": "z" })]), both)).toContain(
      "is not what",
    );
    expect(await judge(packArtifact("ModelKit", [model]), both)).toContain("was signed and is not there");
  });

  test("of a folder of it, as the caller says; code elsewhere is refused", async () => {
    const inner = signFiles({ "w.bin": "weights" });
    const docs = kit("docs", { "README.md": "x" });
    expect(await judge(packArtifact("ModelKit", [model, docs]), inner, { root: "model" })).toEqual(["w.bin"]);
    const code = packArtifact("ModelKit", [model, kit("code", { "run.py": "x" })]);
    expect(await judge(code, inner, { root: "model" })).toContain("run.py lies outside model");
  });

  test.each([
    "application/vnd.kitops.modelkit.prompt.v1.tar",
    "application/vnd.kitops.modelkit.model.v2.tar",
    "application/vnd.kitops.modelkit.model.v1.tar+zstd",
    "application/vnd.oci.image.layer.v1.tar",
    "text/plain",
  ])("a layer of type %s is of no known kind", async (mediaType) => {
    const artifact = packArtifact("ModelKit", [model, { mediaType, bytes: tarFiles({ x: "x" }) }]);
    expect(await judge(artifact, signed)).toMatch(/^ModelUnfit.*of no kind/);
  });

  const digest = `sha256:${sha256(model.bytes)}`;
  test.each<[string, unknown, string]>([
    ["as kit writes it", { manifestVersion: "1.0.0", model: { path: "model", digest, parts: null } }, "matches"],
    ["without layers in it", { model: { path: "model" } }, "which layer holds what"],
    [
      "with another layer in it",
      { docs: [{ path: "d", digest: `sha256:${"0".repeat(64)}` }] },
      "which layer holds what",
    ],
    ["with a part of another kit", { model: { path: "registry/base:v1", digest } }, "that of another ModelKit"],
    ["the same by digest", { model: { path: `registry/base@${digest}` } }, "that of another ModelKit"],
    ["that is no Kitfile", [], "no Kitfile"],
  ])("its config %s", async (_, config, outcome) => {
    const found = await judge(packArtifact("ModelKit", [model], config), signed);
    if (outcome === "matches") expect(found).toEqual(["model/w.bin"]);
    else expect(found).toContain(outcome);
  });
});

describe("an image", () => {
  const tar = (...parts: Buffer[]) => packLayer("Image", "tar+gzip", Buffer.concat([...parts, TAR_END]));
  const signed = signFiles({ "w.bin": "weights" });
  const weights = tarFile("models/w.bin", "weights");
  const folder = (name: string) => tarHeader({ name: `${name}/`, type: "5" });
  const link = (name: string, to: string, type = "2") => tarHeader({ name, type, link: to });

  test.each<[string, PackedLayer[]]>([
    ["the image's own files are not compared", [tar(tarFile("bin/sh", "x"), link("bin/ash", "sh"), weights)]],
    [
      "devices, fifos and hard links of its own",
      [tar(link("d", "", "3"), link("f", "", "6"), tarFile("a", ""), link("b", "a", "1"), weights)],
    ],
    ["a file is put over another", [tar(tarFile("models/w.bin", "old")), tar(weights)]],
    ["a whiteout takes a file away", [tar(weights, tarFile("models/x", "x")), tar(tarFile("models/.wh.x", ""))]],
    ["a whiteout takes a folder away", [tar(weights, tarFile("models/d/e/x", "x")), tar(tarFile("models/.wh.d", ""))]],
    [
      "an opaque folder",
      [tar(tarFile("models/d/x", "x")), tar(weights, folder("models/d"), tarFile("models/d/.wh..wh..opq", ""))],
    ],
    ["the model's folder is opaque", [tar(tarFile("models/x", "x")), tar(tarFile("models/.wh..wh..opq", ""), weights)]],
    ["the model's folder is taken away", [tar(tarFile("models/x", "x")), tar(tarFile(".wh.models", "")), tar(weights)]],
    ["everything is opaque", [tar(tarFile("models/x", "x")), tar(weights, tarFile(".wh..wh..opq", ""))]],
    ["a file in the place of a folder", [tar(tarFile("models/w.bin/x", "x")), tar(weights)]],
    ["a whiteout of what is not there", [tar(weights), tar(tarFile("models/.wh.y", ""))]],
    [
      "whiteouts elsewhere",
      [tar(weights, tarFile("etc/x", "")), tar(tarFile("etc/.wh.x", ""), tarFile("etc/.wh..wh..opq", ""))],
    ],
    [
      "the order within a layer does not matter",
      [tar(tarFile("models/x", "x")), tar(weights, tarFile("models/.wh.x", ""))],
    ],
  ])("%s", async (_, layers) => {
    expect(await judge(packArtifact("Image", layers), signed)).toEqual(["w.bin"]);
  });

  test.each<[string, PackedLayer[], string]>([
    [
      "a file that a later layer changes",
      [tar(weights), tar(tarFile("models/w.bin", "weightz"))],
      "not what was signed",
    ],
    ["a file that a later layer brings", [tar(weights), tar(tarFile("models/x", "x"))], "not signed"],
    ["a file that a later layer takes away", [tar(weights), tar(tarFile("models/.wh.w.bin", ""))], "is not there"],
    ["a folder that a later layer empties", [tar(weights), tar(tarFile("models/.wh..wh..opq", ""))], "is not there"],
    [
      "a whiteout does not reach its own layer",
      [tar(tarFile("models/x", "x")), tar(tarFile("models/.wh.y", ""), weights)],
      "not signed",
    ],
    [
      "a later layer brings back",
      [tar(weights, tarFile("models/x", "x")), tar(tarFile("models/.wh.x", "")), tar(tarFile("models/x", "x"))],
      "not signed",
    ],
    [
      "a layer that brings and takes away",
      [tar(weights), tar(tarFile("models/x", "x"), tarFile("models/.wh.x", ""))],
      "takes",
    ],
    ["a folder over a file", [tar(weights), tar(folder("models/w.bin"))], "is not there"],
    ["a file below a file", [tar(weights), tar(tarFile("models/w.bin/x", "x"))], "below the file"],
    ["a symbolic link in the model", [tar(weights, link("models/l", "w.bin"))], "neither a file nor a folder"],
    ["a hard link in the model", [tar(weights, link("models/l", "models/w.bin", "1"))], "neither a file nor a folder"],
    ["a device in the model", [tar(weights, link("models/l", "", "3"))], "neither a file nor a folder"],
    [
      "a link in the model that a later layer takes away",
      [tar(weights, link("models/l", "x")), tar(tarFile("models/.wh.l", ""))],
      "neither a file nor a folder",
    ],
    [
      "the model's folder is a link",
      [tar(tarFile("evil/w.bin", "x")), tar(weights), tar(link("models", "evil"))],
      "where the model's folder belongs",
    ],
    ["the model's folder is a file", [tar(tarFile("models", "x"))], "where the model's folder belongs"],
    [
      "a file below a link that leads to the model",
      [tar(weights, link("alias", "models"), tarFile("alias/x", "x"))],
      "below the symbolic link",
    ],
    [
      "the same in two layers",
      [tar(weights, link("alias", "/models")), tar(tarFile("alias/x", "x"))],
      "below the symbolic link",
    ],
    [
      "a whiteout below such a link",
      [tar(weights, link("alias", "models")), tar(tarFile("alias/.wh.w.bin", ""))],
      "below the symbolic link",
    ],
    [
      "a hard link of the model's files",
      [tar(weights, link("alias", "models/w.bin", "1"))],
      "hard link into the model",
    ],
    ["the same by a longer way", [tar(weights, link("alias", "x/../models/w.bin", "1"))], "hard link into the model"],
    ["the same from the root", [tar(weights, link("alias", "/models/w.bin", "1"))], "hard link into the model"],
    ["something like a whiteout", [tar(weights, tarFile("models/.wh..wh.plnk", ""))], "no whiteout"],
    ["a whiteout of nothing", [tar(weights, tarFile("models/.wh.", ""))], "no whiteout"],
    ["a whiteout with content", [tar(weights, tarFile("models/.wh.x", "x"))], "no whiteout"],
    ["a file in a whiteout", [tar(weights, tarFile("models/.wh.d/x", "x"))], "lies in a whiteout"],
    ["no model at all", [tar(tarFile("bin/sh", "x"))], "is not there"],
    ["a name that differs in case", [tar(tarFile("Models/w.bin", "weights"))], "is not there"],
  ])("%s", async (_, layers, why) => {
    expect(await judge(packArtifact("Image", layers), signed)).toContain(why);
  });

  test("the model lies where the caller says", async () => {
    const artifact = packArtifact("Image", [tar(tarFile("opt/m/w.bin", "weights"), tarFile("opt/x", "x"))]);
    expect(await judge(artifact, signed, { root: "opt/m" })).toEqual(["w.bin"]);
    expect(await judge(artifact, signed, { root: "opt" })).toContain("w.bin was signed and is not there");
    const above = packArtifact("Image", [
      tar(tarFile("opt/m/x", "x")),
      tar(tarFile(".wh.opt", ""), tarFile("opt2", "")),
    ]);
    expect(await judge(above, signed, { root: "opt/m" })).toContain("is not there");
    const linked = packArtifact("Image", [tar(tarFile("opt/m/w.bin", "weights")), tar(link("opt", "evil"))]);
    expect(await judge(linked, signed, { root: "opt/m" })).toContain("where the model's folder belongs");
    for (const root of ["/opt", "..", "opt/../opt", "opt/"])
      expect(await judge(artifact, signed, { root }), root).toContain("no folder of an artifact");
  });

  test("the whole image", async () => {
    expect(await judge(packArtifact("Image", [tar(tarFile("w.bin", "weights"))]), signed, { root: "" })).toEqual([
      "w.bin",
    ]);
  });
});

test("an artifact that says two things of itself, or is of no known kind", async () => {
  const artifact = packArtifact("ModelPack", rawLayers(FILES));
  const config = { ...artifact.manifest.config, mediaType: "application/vnd.oci.image.config.v1+json" };
  const artifactType = "application/vnd.cncf.model.manifest.v1+json";
  const bent = (manifest: object) => judge({ ...artifact, manifest: { ...artifact.manifest, ...manifest } }, SIGNED);
  expect(await bent({ artifactType })).toEqual(PATHS);
  expect(await bent({ artifactType, config })).toContain("by its config none");
  expect(await bent({ config })).toContain("of no kind that an image has");
  expect(await bent({ config: { ...config, mediaType: "application/vnd.oci.empty.v1+json" } })).toContain(
    "it is no ModelPack",
  );
  expect(await bent({ layers: [] })).toContain("no layers");
});

describe("layers that are done are not done again", () => {
  const layers = [
    packLayer("ModelPack", "tar+gzip", tarFiles({ "w.bin": "weights" })),
    packLayer("ModelPack", "tar+zstd", tarFiles({ "sub/card.txt": "card", "sub/deep/config.json": "{}" })),
  ];
  /** A store as it would lie on disk: what goes in comes out as a copy. */
  const createStore = () => {
    const kept = new Map<string, string>();
    return {
      kept,
      get: async (key: string) => {
        const text = kept.get(key);
        return text === undefined ? undefined : (JSON.parse(text) as LayerContents);
      },
      put: async (key: string, contents: LayerContents) => {
        expect(structuredClone(contents), "plain data").toEqual(contents);
        kept.set(key, JSON.stringify(contents));
      },
    };
  };

  test("after a failure in the middle", async () => {
    const store = createStore();
    const artifact = packArtifact("ModelPack", layers);
    const second = artifact.manifest.layers[1]?.digest;
    const failing = {
      ...artifact,
      open: (layer: { digest: string; size: number }) => {
        if (layer.digest === second) throw new Error("the registry hung up");
        return artifact.open(layer);
      },
    };
    await expect(judge(failing, SIGNED, { store })).rejects.toThrow("the registry hung up");
    artifact.opened.length = 0;
    expect(await judge(artifact, SIGNED, { store })).toEqual(PATHS);
    expect(artifact.opened).toEqual([second]);
    artifact.opened.length = 0;
    expect(await judge(artifact, SIGNED, { store })).toEqual(PATHS);
    expect(artifact.opened).toEqual([]);
  });

  test("what was found for another hash, root or bound is not taken", async () => {
    const store = createStore();
    const artifact = packArtifact("ModelPack", layers);
    await judge(artifact, SIGNED, { store });
    const b2 = (bytes: Buffer | string) => createHash("blake2b512").update(bytes).digest("hex");
    const other = signWith(
      Object.entries(FILES).map(([name, bytes]) => ({ name, digest: b2(bytes) })),
      { method: "files", hash_type: "blake2b" },
    );
    expect(await judge(artifact, other, { store })).toEqual(PATHS);
    expect(store.kept.size).toBe(4);
    const image = packArtifact("Image", [packLayer("Image", "tar", tarFiles({ "a/w.bin": "1", "b/w.bin": "2" }))]);
    expect(await judge(image, signFiles({ "w.bin": "1" }), { store, root: "a" })).toEqual(["w.bin"]);
    expect(await judge(image, signFiles({ "w.bin": "2" }), { store, root: "b" })).toEqual(["w.bin"]);
  });

  test("a layer that comes twice is read once", async () => {
    const same = packLayer("Image", "tar", tarFiles({ "models/w.bin": "weights" }));
    const artifact = packArtifact("Image", [same, same]);
    expect(await judge(artifact, signFiles({ "w.bin": "weights" }))).toEqual(["w.bin"]);
    expect(artifact.opened).toHaveLength(1);
  });

  test("a refused layer is not kept", async () => {
    const store = createStore();
    const tar = Buffer.concat([tarFile("/w", "x"), TAR_END]);
    expect(await judge(packArtifact("ModelPack", [packLayer("ModelPack", "tar", tar)]), SIGNED, { store })).toContain(
      "absolute",
    );
    expect(store.kept.size).toBe(0);
  });

  test("another place may hash: what it is given and gives is plain data", async () => {
    const artifact = packArtifact("ModelPack", layers);
    const hash: NonNullable<ArtifactCase["hash"]> = async (task) =>
      structuredClone(await hashLayer(structuredClone(task), artifact.open));
    const never = () => {
      throw new Error("nothing is opened here");
    };
    expect(await judge({ ...artifact, open: never }, SIGNED, { hash })).toEqual(PATHS);
  });
});
