// Puts signatures beside an artifact as registries hold them: as referrers, and in layers of cosign's old tags.
import { type Artifact, digestOf, packImage, packModel } from "../../examples/silero/pack.ts";
import { DSSE_ENVELOPE, SIMPLE_SIGNING } from "../../src/adapters/signatures/candidate.ts";
import type { Content } from "./case.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
export const BUNDLE_V03 = "application/vnd.dev.sigstore.bundle.v0.3+json";
const EMPTY = Buffer.from("{}");

/** The files that model signatures are over. */
export const FILES = [
  { path: "model.onnx", bytes: Buffer.from("weights"), kind: "weight" as const },
  { path: "card.md", bytes: Buffer.from("card"), kind: "doc" as const },
];
export const MODEL: Artifact = packModel("voice", "v5", FILES);
/** The model, whose manifest says a second time what its layers are, in names that a runtime takes for the same. */
export function shadow(name: string): Artifact {
  const { layers } = JSON.parse(
    packModel("voice", "v5", [
      { ...FILES[0], path: "evil.onnx", bytes: Buffer.from("evil") },
    ] as typeof FILES).manifest.toString(),
  ) as { layers: object };
  const text = MODEL.manifest.toString().replace(/}$/, `,${JSON.stringify(name)}:${JSON.stringify(layers)}}`);
  const manifest = Buffer.from(text);
  return { ...MODEL, manifest, digest: digestOf(manifest) };
}

export const OTHER: Artifact = packImage("v6", "other", "other");

export interface Packed {
  digest: string;
  manifest: Buffer;
  blobs: Buffer[];
}

export interface Layer {
  bytes: Buffer | string;
  mediaType: string;
  annotations?: Record<string, string>;
}

const describe = (bytes: Buffer, mediaType: string) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });

function pack(more: object, config: { bytes: Buffer; mediaType: string }, layers: readonly Layer[]): Packed {
  const contents = layers.map(({ bytes }) => Buffer.from(bytes));
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      ...more,
      config: describe(config.bytes, config.mediaType),
      layers: layers.map(({ mediaType, annotations }, at) => ({
        ...describe(contents[at] ?? EMPTY, mediaType),
        ...(annotations === undefined ? {} : { annotations }),
      })),
    }),
  );
  return { digest: digestOf(manifest), manifest, blobs: [config.bytes, ...contents] };
}

export interface ReferrerWish {
  artifactType?: string;
  layers?: Layer[];
  /** Undefined where it names none. */
  subject?: Artifact | undefined;
  annotations?: Record<string, string>;
}

/** A bundle as cosign 3 attaches it. */
export function packReferrer(bundle: string, wish: ReferrerWish = {}): Packed {
  const subject = "subject" in wish ? wish.subject : MODEL;
  return pack(
    {
      artifactType: wish.artifactType ?? BUNDLE_V03,
      ...(subject === undefined ? {} : { subject: describe(subject.manifest, subject.mediaType) }),
      ...(wish.annotations === undefined ? {} : { annotations: wish.annotations }),
    },
    { bytes: EMPTY, mediaType: "application/vnd.oci.empty.v1+json" },
    wish.layers ?? [{ bytes: bundle, mediaType: BUNDLE_V03 }],
  );
}

/** One signature of the old form: what is signed, or an envelope, and annotations. */
export interface LegacyLayer {
  bytes: string;
  annotations: Record<string, string>;
  mediaType?: string;
}

const LEGACY = { sig: SIMPLE_SIGNING, att: DSSE_ENVELOPE } as const;

/** An image as cosign 2 puts it under a tag. */
function packLegacy(suffix: keyof typeof LEGACY, layers: readonly LegacyLayer[]): Packed {
  const config = Buffer.from(
    JSON.stringify({
      architecture: "",
      created: "0001-01-01T00:00:00Z",
      history: layers.map(() => ({ created: "0001-01-01T00:00:00Z" })),
      os: "",
      rootfs: { type: "layers", diff_ids: layers.map(({ bytes }) => digestOf(Buffer.from(bytes))) },
      config: {},
    }),
  );
  return pack(
    {},
    { bytes: config, mediaType: "application/vnd.oci.image.config.v1+json" },
    layers.map(({ bytes, annotations, mediaType = LEGACY[suffix] }) => ({ bytes, annotations, mediaType })),
  );
}

/** What lies beside the model. `referrers`: by the API; `listed`: in the index of the fallback tag. */
export interface Beside {
  /** What it lies beside, where that is not the model. */
  subject?: Artifact;
  referrers?: Packed[];
  listed?: Packed[];
  sig?: LegacyLayer[];
  att?: LegacyLayer[];
}

const toText = (bytes: Buffer) =>
  Buffer.from(bytes.toString("utf8")).equals(bytes) ? bytes.toString("utf8") : `base64:${bytes.toString("base64")}`;

function packIndex(listed: readonly Packed[]): Packed {
  const manifests = listed.map(({ manifest }) => ({ ...describe(manifest, MANIFEST), artifactType: BUNDLE_V03 }));
  const index = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests };
  const manifest = Buffer.from(JSON.stringify(index));
  return { digest: digestOf(manifest), manifest, blobs: [] };
}

/** The repository. */
export function store({ subject = MODEL, referrers, listed, sig, att }: Beside): Content {
  const tag = subject.digest.replace(":", "-");
  const tagged: [string, Packed][] = [
    ...(listed === undefined ? [] : [[tag, packIndex(listed)] as [string, Packed]]),
    ...(sig === undefined ? [] : [[`${tag}.sig`, packLegacy("sig", sig)] as [string, Packed]]),
    ...(att === undefined ? [] : [[`${tag}.att`, packLegacy("att", att)] as [string, Packed]]),
  ];
  const all = [...(referrers ?? []), ...(listed ?? []), ...tagged.map(([, packed]) => packed)];
  return {
    subject: subject.digest,
    manifests: Object.fromEntries([
      [subject.digest, toText(subject.manifest)],
      ...all.map(({ digest, manifest }) => [digest, toText(manifest)] as const),
    ]),
    blobs: Object.fromEntries(all.flatMap(({ blobs }) => blobs).map((bytes) => [digestOf(bytes), toText(bytes)])),
    tags: Object.fromEntries(tagged.map(([name, { digest }]) => [name, digest])),
    ...(listed === undefined ? { referrers: (referrers ?? []).map(({ digest }) => digest) } : {}),
  };
}
