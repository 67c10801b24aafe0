// Packs files as real tools do, and describes the artifacts they make.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import type { Artifact } from "../../examples/silero/pack.ts";
import type { OpenLayer } from "../../src/adapters/model-artifact/hash-layer.ts";
import { type ModelManifest, writeStatement } from "../../src/adapters/model-signing/manifest.ts";
import { parseManifest } from "../../src/adapters/model-signing/statement.ts";
import type { Manifest } from "../../src/adapters/registry/registry.ts";

/** Content by path. */
export type Files = Record<string, Buffer | string>;

export const sha256 = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");

/** Runs `work` in a new folder that holds `files`. */
export function withFolder<T>(files: Files, work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "vouchsafe-pack-"));
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const MAX_OUTPUT = 512 * 1024 * 1024;

/** What a command of this machine writes. */
export const run = (command: string, args: readonly string[], options: { cwd?: string; input?: Buffer } = {}): Buffer =>
  execFileSync(command, args, { maxBuffer: MAX_OUTPUT, stdio: ["pipe", "pipe", "inherit"], ...options });

/** The formats that GNU tar writes and that are read here. */
export const TAR_FORMATS = ["gnu", "posix", "ustar"] as const;

/** A tar of files, by GNU tar. */
export const tarFiles = (files: Files, format: (typeof TAR_FORMATS)[number] = "posix"): Buffer =>
  withFolder(files, (folder) => run("tar", [`--format=${format}`, "-cf", "-", "-C", folder, "."]));

export const gzip = (bytes: Buffer): Buffer => run("gzip", ["-c"], { input: bytes });
const HAS_ZSTD = spawnSync("zstd", ["--version"]).status === 0;
/** By zstd itself, and by Node where the machine has none. */
export const zstd = (bytes: Buffer): Buffer =>
  HAS_ZSTD ? run("zstd", ["-q", "-c"], { input: bytes }) : zstdCompressSync(bytes);

export interface PackedLayer {
  mediaType: string;
  bytes: Buffer;
  annotations?: Record<string, string>;
}

const TYPES = {
  ModelPack: { config: "application/vnd.cncf.model.config.v1+json", layer: "application/vnd.cncf.model.weight.v1." },
  ModelKit: {
    config: "application/vnd.kitops.modelkit.config.v1+json",
    layer: "application/vnd.kitops.modelkit.model.v1.",
  },
  Image: { config: "application/vnd.oci.image.config.v1+json", layer: "application/vnd.oci.image.layer.v1." },
};
export type Form = keyof typeof TYPES;
export type Packing = "tar" | "tar+gzip" | "tar+zstd";

/** A layer of a form, packed from a tar. */
export function packLayer(form: Form, packing: Packing, tar: Buffer, kind = TYPES[form].layer): PackedLayer {
  const pack = { tar: (bytes: Buffer) => bytes, "tar+gzip": gzip, "tar+zstd": zstd }[packing];
  return { mediaType: `${kind}${packing}`, bytes: pack(tar) };
}

/** A raw layer of a ModelPack. */
export const rawLayer = (path: string, content: Buffer | string): PackedLayer => ({
  mediaType: "application/vnd.cncf.model.weight.v1.raw",
  bytes: Buffer.from(content),
  annotations: { "org.cncf.model.filepath": path },
});

export interface PackedArtifact {
  manifest: Manifest;
  open: OpenLayer;
  /** Digests of the blobs that were opened, in order. */
  opened: string[];
}

/** An artifact whose blobs lie in memory; a blob ends with an error where it is not what its digest says. */
export function packArtifact(form: Form, layers: readonly PackedLayer[], config: unknown = {}): PackedArtifact {
  const configBytes = Buffer.from(JSON.stringify(config));
  const blobs = new Map<string, Buffer>();
  const describe = (mediaType: string, bytes: Buffer, annotations?: Record<string, string>) => {
    const digest = `sha256:${sha256(bytes)}`;
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length, ...(annotations === undefined ? {} : { annotations }) };
  };
  const opened: string[] = [];
  return {
    manifest: {
      config: describe(TYPES[form].config, configBytes),
      layers: layers.map(({ mediaType, bytes, annotations }) => describe(mediaType, bytes, annotations)),
    },
    open: ({ digest }) => {
      opened.push(digest);
      return openBytes(blobs.get(digest) ?? Buffer.alloc(0), digest);
    },
    opened,
  };
}

/** The same as it is pushed to a registry. */
export function toArtifact(form: Form, layers: readonly PackedLayer[], config: unknown = {}): Artifact {
  const { manifest } = packArtifact(form, layers, config);
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...manifest }));
  const blobs = [Buffer.from(JSON.stringify(config)), ...layers.map((layer) => layer.bytes)];
  const described = [manifest.config, ...manifest.layers];
  return {
    digest: `sha256:${sha256(bytes)}`,
    manifest: bytes,
    mediaType,
    blobs: described.map((one, at) => ({ digest: one.digest, mediaType: one.mediaType, bytes: blobs[at] ?? bytes })),
  };
}

/** The bytes in chunks of an odd size. Its end throws where they are not those of the digest. */
export async function* openBytes(bytes: Buffer, digest: string, chunk = 65_521): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  if (`sha256:${sha256(bytes)}` !== digest) throw new Error("the blob is not what its digest says");
}

/** What a signature over files says. */
export function signFiles(files: Files, ignored: readonly string[] = []): ModelManifest {
  const listed = Object.entries(files).map(([name, content]) => ({ name, digest: sha256(content) }));
  return parseManifest(writeStatement("m", listed, ignored), false);
}

/** The statement of `model_signing` over shards or another hash, as its documentation has it. */
export function signWith(
  resources: readonly { name: string; digest: string }[],
  serialization: { method: "files" | "shards"; hash_type: string; shard_size?: number; ignore_paths?: string[] },
): ModelManifest {
  const root = createHash("sha256");
  for (const { digest } of resources) root.update(digest, "hex");
  return parseManifest(
    Buffer.from(
      JSON.stringify({
        _type: "https://in-toto.io/Statement/v1",
        subject: [{ name: "m", digest: { sha256: root.digest("hex") } }],
        predicateType: "https://model_signing/signature/v1.0",
        predicate: {
          serialization: { allow_symlinks: false, ...serialization },
          resources: resources.map((one) => ({ ...one, algorithm: serialization.hash_type })),
        },
      }),
    ),
    false,
  );
}

/** One header block of tar, with what is not given left empty; its checksum is right. */
export function tarHeader(fields: {
  name: string | Buffer;
  type?: string;
  size?: number | Buffer;
  link?: string;
  magic?: string;
}): Buffer {
  const block = Buffer.alloc(512);
  Buffer.from(fields.name).copy(block, 0, 0, 100);
  block.write("0000644\0" + "0000000\0" + "0000000\0", 100, "latin1");
  const size = fields.size ?? 0;
  if (typeof size === "number") block.write(`${size.toString(8).padStart(11, "0")}\0`, 124, "latin1");
  else size.copy(block, 124);
  block.write("00000000000\0", 136, "latin1");
  block.write(fields.type ?? "0", 156, "latin1");
  block.write(fields.link ?? "", 157, "utf8");
  block.write(fields.magic ?? "ustar\x0000", 257, "latin1");
  block.write("        ", 148, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** Content with what fills its last block. */
export const padded = (content: Buffer | string): Buffer =>
  Buffer.concat([Buffer.from(content), Buffer.alloc((512 - (Buffer.byteLength(content) % 512)) % 512)]);

/** A file's header and content. */
export const tarFile = (name: string, content: Buffer | string): Buffer =>
  Buffer.concat([tarHeader({ name, size: Buffer.byteLength(content) }), padded(content)]);

/** Two blocks of zeros. */
export const TAR_END = Buffer.alloc(1024);
