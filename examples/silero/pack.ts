// Packs files as OCI artifacts, deterministically: no times, no compression, canonical JSON, sorted files.
import { createHash } from "node:crypto";

export interface Blob {
  digest: string;
  mediaType: string;
  bytes: Buffer;
}

export interface Artifact {
  digest: string;
  manifest: Buffer;
  mediaType: string;
  blobs: Blob[];
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

export const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

const toBlob = (mediaType: string, bytes: Buffer): Blob => ({ mediaType, bytes, digest: digestOf(bytes) });
const toJson = (value: unknown) => Buffer.from(JSON.stringify(value));

const describe = ({ mediaType, digest, bytes }: Blob, annotations?: Record<string, string>) => ({
  mediaType,
  digest,
  size: bytes.length,
  ...(annotations === undefined ? {} : { annotations }),
});

function toArtifact(manifest: object, blobs: Blob[]): Artifact {
  const bytes = toJson({ schemaVersion: 2, mediaType: MANIFEST, ...manifest });
  return { digest: digestOf(bytes), manifest: bytes, mediaType: MANIFEST, blobs };
}

/** A file of a model. */
export interface ModelFile {
  path: string;
  bytes: Buffer;
  kind: "weight" | "doc";
}

/** A model as ModelPack (CNCF model-spec): one raw layer per file, its path in an annotation. */
export function packModel(name: string, version: string, files: readonly ModelFile[]): Artifact {
  const layers = files
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map((file) => ({ path: file.path, blob: toBlob(`application/vnd.cncf.model.${file.kind}.v1.raw`, file.bytes) }));
  const config = toBlob(
    "application/vnd.cncf.model.config.v1+json",
    toJson({
      descriptor: { name, version, licenses: ["MIT"] },
      modelfs: { type: "layers", diffIds: layers.map(({ blob }) => blob.digest) },
      config: { format: "onnx" },
    }),
  );
  return toArtifact(
    {
      artifactType: "application/vnd.cncf.model.manifest.v1+json",
      config: describe(config),
      layers: layers.map(({ path, blob }) => describe(blob, { "org.cncf.model.filepath": path })),
    },
    [config, ...layers.map(({ blob }) => blob)],
  );
}

/** One file as a POSIX tar archive without times or owners. */
function toTar(path: string, bytes: Buffer): Buffer {
  const header = Buffer.alloc(512);
  const put = (text: string, offset: number) => header.write(text, offset, "latin1");
  put(path, 0);
  put("0000644\0", 100);
  put("0000000\0", 108);
  put("0000000\0", 116);
  put(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124);
  put("00000000000\0", 136);
  put("        ", 148);
  put("0", 156);
  put("ustar\0", 257);
  put("00", 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const padding = Buffer.alloc((512 - (bytes.length % 512)) % 512);
  return Buffer.concat([header, bytes, padding, Buffer.alloc(1024)]);
}

/** A container image with one file. */
export function packImage(version: string, path: string, text: string): Artifact {
  const layer = toBlob("application/vnd.oci.image.layer.v1.tar", toTar(path, Buffer.from(text)));
  const config = toBlob(
    "application/vnd.oci.image.config.v1+json",
    toJson({
      architecture: "amd64",
      os: "linux",
      config: { Labels: { "org.opencontainers.image.version": version }, Entrypoint: [`/${path}`] },
      rootfs: { type: "layers", diff_ids: [layer.digest] },
    }),
  );
  return toArtifact({ config: describe(config), layers: [describe(layer)] }, [config, layer]);
}

const EMPTY = toBlob("application/vnd.oci.empty.v1+json", Buffer.from("{}"));
export const BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";

/** A Sigstore bundle as a referrer of `subject`, as cosign writes its own and as OMS signatures are attached. */
export function packBundle(bundle: Buffer, subject: Artifact): Artifact {
  const layer = toBlob(BUNDLE_TYPE, bundle);
  return toArtifact(
    {
      artifactType: BUNDLE_TYPE,
      config: describe(EMPTY),
      layers: [describe(layer)],
      subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.manifest.length },
    },
    [EMPTY, layer],
  );
}

/** A signature in cosign's legacy form: a layer per payload, the signature in an annotation. */
export function packLegacySignature(payload: Buffer, signature: string): Artifact {
  const layer = toBlob("application/vnd.dev.cosign.simplesigning.v1+json", payload);
  const config = toBlob(
    "application/vnd.oci.image.config.v1+json",
    toJson({ architecture: "", os: "", config: {}, rootfs: { type: "layers", diff_ids: [layer.digest] } }),
  );
  const layers = [describe(layer, { "dev.cosignproject.cosign/signature": signature })];
  return toArtifact({ config: describe(config), layers }, [config, layer]);
}
