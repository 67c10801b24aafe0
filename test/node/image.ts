// Container images from nothing, deterministic: one uncompressed layer. The same artifact goes to a registry, under
// the same digest, and into an archive that containerd imports.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Artifact, type Blob, digestOf } from "../../examples/silero/pack.ts";

/** A file of an image or archive. */
export interface TarFile {
  path: string;
  bytes: Buffer;
  /** Permission bits; 0644 where it is left out. */
  mode?: number;
}

const BLOCK = 512;
const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, "0")}\0`;

function toHeader({ path, bytes, mode = 0o644 }: TarFile): Buffer {
  const header = Buffer.alloc(BLOCK);
  const put = (text: string, offset: number) => header.write(text, offset, "latin1");
  if (Buffer.byteLength(path) > 100) throw new Error(`${path} is too long for a plain tar header`);
  put(path, 0);
  put(octal(mode, 8), 100);
  put(octal(0, 8), 108);
  put(octal(0, 8), 116);
  put(octal(bytes.length, 12), 124);
  put(octal(0, 12), 136);
  put("        0", 148);
  put("ustar\x0000", 257);
  put(
    `${octal(
      header.reduce((sum, byte) => sum + byte, 0),
      7,
    )} `,
    148,
  );
  return header;
}

/** A POSIX tar archive without times and owners. */
export function toTar(files: readonly TarFile[]): Buffer {
  const parts = files.flatMap((file) => {
    const padding = Buffer.alloc((BLOCK - (file.bytes.length % BLOCK)) % BLOCK);
    return [toHeader(file), file.bytes, padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";
const toJson = (value: unknown) => Buffer.from(JSON.stringify(value));
const toBlob = (mediaType: string, bytes: Buffer): Blob => ({ mediaType, bytes, digest: digestOf(bytes) });
const describe = ({ mediaType, digest, bytes }: Blob) => ({ mediaType, digest, size: bytes.length });
/** Go's name for this machine's architecture. */
const ARCHITECTURE = { x64: "amd64", arm64: "arm64" }[process.arch as "x64" | "arm64"];

/** What an image holds and how it starts. */
export interface ImageContent {
  files: readonly TarFile[];
  entrypoint?: string[];
  command?: string[];
  user?: string;
  labels?: Record<string, string>;
}

/** A container image with the files in one layer. */
export function buildImage({ files, entrypoint, command, user, labels }: ImageContent): Artifact {
  const layer = toBlob("application/vnd.oci.image.layer.v1.tar", toTar(files));
  const config = toBlob(
    "application/vnd.oci.image.config.v1+json",
    toJson({
      architecture: ARCHITECTURE,
      os: "linux",
      config: { Entrypoint: entrypoint, Cmd: command, User: user, Labels: labels },
      rootfs: { type: "layers", diff_ids: [layer.digest] },
    }),
  );
  const manifest = toJson({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: describe(config),
    layers: [describe(layer)],
  });
  return { digest: digestOf(manifest), manifest, mediaType: MANIFEST, blobs: [config, layer] };
}

/** The probe as an image, from the last folder of PATH; without arguments it pauses. `version` makes another digest. */
export function buildProbeImage(path: string, version: string): Artifact {
  const bytes = readFileSync(join(path.split(":").at(-1) ?? "", "probe"));
  return buildImage({
    files: [{ path: "probe", bytes, mode: 0o755 }],
    entrypoint: ["/probe"],
    command: ["pause"],
    user: "65532:65532",
    labels: { "org.opencontainers.image.version": version },
  });
}

/** An OCI layout as a tar archive, for `ctr images import`: each artifact under the name that pods use. */
export function toLayout(images: ReadonlyMap<string, Artifact>): Buffer {
  const blobs = new Map<string, Buffer>();
  for (const { digest, manifest, blobs: parts } of images.values()) {
    blobs.set(digest, manifest);
    for (const part of parts) blobs.set(part.digest, part.bytes);
  }
  const manifests = [...images].map(([name, { digest, mediaType, manifest }]) => ({
    mediaType,
    digest,
    size: manifest.length,
    annotations: { "io.containerd.image.name": name },
  }));
  return toTar([
    { path: "oci-layout", bytes: toJson({ imageLayoutVersion: "1.0.0" }) },
    { path: "index.json", bytes: toJson({ schemaVersion: 2, mediaType: INDEX, manifests }) },
    ...[...blobs].map(([digest, bytes]) => ({ path: `blobs/${digest.replace(":", "/")}`, bytes })),
  ]);
}
