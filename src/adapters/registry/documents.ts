/** Manifests and indexes: what is read of them, and that nobody can read one as the other. */
import { createHash } from "node:crypto";
import * as z from "zod";
import { RegistryError } from "./errors.ts";
import { foldName, parseDocument } from "./strict-json.ts";

const digest = z.string().regex(/^sha256:[a-f0-9]{64}$/);
const descriptor = z.object({
  mediaType: z.string().max(255),
  digest,
  size: z.number().int().min(0),
  artifactType: z.string().max(255).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
const manifest = z.object({
  mediaType: z.string().max(255).optional(),
  artifactType: z.string().max(255).optional(),
  config: descriptor,
  layers: z.array(descriptor).max(10_000),
  subject: descriptor.optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
const index = z.object({
  mediaType: z.string().max(255).optional(),
  manifests: z.array(descriptor),
});

export type Descriptor = z.output<typeof descriptor>;
export type Manifest = z.output<typeof manifest>;
export type Index = z.output<typeof index>;

/** What a digest or tag of a repository stands for. */
export type Content =
  | { type: "manifest"; digest: string; bytes: Buffer; manifest: Manifest }
  | { type: "index"; digest: string; bytes: Buffer; index: Index };

const MANIFEST_TYPES = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];
const INDEX_TYPES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];
/** Most manifests that an index may list. */
export const MAX_LISTED = 1000;

/** What manifests and indexes are asked for as. */
export const ACCEPT_CONTENT = [...MANIFEST_TYPES, ...INDEX_TYPES].join(", ");
export const ACCEPT_INDEX = "application/vnd.oci.image.index.v1+json";

/** The digest of bytes, as registries write it. */
export const digestOf = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** Members that only one of the two has; a document with members of both is one thing to us and another to a runtime. */
const MEMBERS = { manifest: ["config", "layers"], index: ["manifests"] };

/** Which of the two a document is by its members, whatever their values; undefined where that is not plain. */
function findType(json: unknown): "manifest" | "index" | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  const names = new Set(Object.keys(json).map(foldName));
  const isManifest = MEMBERS.manifest.some((name) => names.has(name));
  const isIndex = MEMBERS.index.some((name) => names.has(name));
  if (isManifest === isIndex) return undefined;
  return isManifest ? "manifest" : "index";
}

/** Whether a media type says that it is the other one. */
function contradicts(type: "manifest" | "index", mediaType: string | undefined): boolean {
  const bare = (mediaType ?? "").replace(/;.*$/, "").trim().toLowerCase();
  return (type === "manifest" ? INDEX_TYPES : MANIFEST_TYPES).includes(bare);
}

/** Reads a manifest or an index; `contentType` is what the registry calls it. */
export function parseContent(bytes: Buffer, what: string, contentType?: string): Content {
  const json = parseDocument(bytes, what);
  const type = findType(json);
  if (type === undefined) throw new RegistryError("Malformed", `${what} is not plainly a manifest or an index`);
  const parsed = type === "manifest" ? manifest.safeParse(json) : index.safeParse(json);
  if (!parsed.success) throw new RegistryError("Malformed", `${what} is no valid ${type}`);
  if (contradicts(type, parsed.data.mediaType) || contradicts(type, contentType)) {
    throw new RegistryError("Malformed", `${what} is of one kind and calls itself another`);
  }
  if ("layers" in parsed.data) return { type: "manifest", digest: digestOf(bytes), bytes, manifest: parsed.data };
  return { type: "index", digest: digestOf(bytes), bytes, index: demandListable(parsed.data, what) };
}

function demandListable(found: Index, what: string): Index {
  if (found.manifests.length <= MAX_LISTED) return found;
  throw new RegistryError("TooLarge", `${what} lists more than ${MAX_LISTED} manifests`);
}

/** Reads a page of referrers. */
export function parseReferrers(bytes: Buffer): Descriptor[] {
  const what = "the list of referrers";
  const parsed = index.safeParse(parseDocument(bytes, what));
  if (!parsed.success) throw new RegistryError("Malformed", `${what} is no index`);
  return demandListable(parsed.data, what).manifests;
}
