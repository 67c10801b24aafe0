/**
 * Reads an OCI registry. Everything that is read by digest is hashed and compared; everything is bounded; what is
 * parsed is checked. A tag is read only to find signatures, never to find what is signed.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { RegistryError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { ImageReference } from "./reference.ts";
import { type StreamLimits, streamBlob } from "./stream-blob.ts";
import { parseDocument } from "./strict-json.ts";

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
  manifests: z.array(descriptor).max(1000),
});

export type Descriptor = z.output<typeof descriptor>;
export type Manifest = z.output<typeof manifest>;
export type Index = z.output<typeof index>;

/** What a digest or tag of a repository stands for. */
export type Content =
  | { type: "manifest"; digest: string; bytes: Buffer; manifest: Manifest }
  | { type: "index"; digest: string; bytes: Buffer; index: Index };

export interface Registry {
  /** Content by digest, checked against it. */
  readByDigest(ref: ImageReference): Promise<Content>;
  /** Content of a tag; undefined where there is none. */
  readTag(ref: ImageReference, tag: string): Promise<Content | undefined>;
  /** A small blob, checked against its digest and size. */
  readBlob(ref: ImageReference, blob: Descriptor): Promise<Buffer>;
  /**
   * A blob of any size, piece by piece: never more than its size. That its digest is another is thrown after the last
   * piece, so whoever reads believes nothing before the end.
   */
  streamBlob(ref: ImageReference, blob: Descriptor): AsyncIterable<Buffer>;
  /** Manifests that name `ref` as their subject: by the referrers API, else by the fallback tag. */
  listReferrers(ref: ImageReference): Promise<Descriptor[]>;
}

/** The distribution specification lets registries bound manifests at 4 MiB. */
const MAX_MANIFEST = 4 * 1024 * 1024;
const MAX_BLOB = 4 * 1024 * 1024;
const MAX_PAGES = 10;
const MAX_REFERRERS = 1000;

const MANIFEST_TYPES = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];
const ACCEPT = MANIFEST_TYPES.join(", ");

const hash = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

function parseContent(bytes: Buffer, what: string): Content {
  const json = parseDocument(bytes, what);
  const asManifest = manifest.safeParse(json);
  const asIndex = index.safeParse(json);
  // Something that can be read as both would be one thing to us and another to a runtime.
  if (asManifest.success && asIndex.success)
    throw new RegistryError("Malformed", `${what} is manifest and index at once`);
  if (asManifest.success) return { type: "manifest", digest: hash(bytes), bytes, manifest: asManifest.data };
  if (asIndex.success) return { type: "index", digest: hash(bytes), bytes, index: asIndex.data };
  throw new RegistryError("Malformed", `${what} is neither manifest nor index`);
}

/** Makes a reader over an exchange. */
export function createRegistry(exchange: Exchange, limits?: StreamLimits): Registry {
  const get = ({ host, repository }: ImageReference, rest: string, maxBytes: number, accept?: string) =>
    exchange.get({ host, repository, rest, maxBytes, ...(accept === undefined ? {} : { accept }) });

  const readTag = async (ref: ImageReference, tag: string): Promise<Content | undefined> => {
    try {
      const { body } = await get(ref, `manifests/${tag}`, MAX_MANIFEST, ACCEPT);
      return parseContent(body, `the manifest of tag ${tag}`);
    } catch (error) {
      if (error instanceof RegistryError && error.code === "NotFound") return undefined;
      throw error;
    }
  };

  const listFallback = async (ref: ImageReference): Promise<Descriptor[]> => {
    const content = await readTag(ref, ref.digest.replace(":", "-"));
    if (content === undefined) return [];
    if (content.type !== "index") throw new RegistryError("Malformed", "the fallback tag of referrers is no index");
    return content.index.manifests;
  };

  const listPages = async (ref: ImageReference): Promise<Descriptor[]> => {
    const found: Descriptor[] = [];
    let path: string | undefined = `referrers/${ref.digest}`;
    for (let page = 0; path !== undefined; page += 1) {
      const { body, headers } = await get(ref, path, MAX_MANIFEST, "application/vnd.oci.image.index.v1+json");
      const parsed = index.safeParse(parseDocument(body, "the list of referrers"));
      if (!parsed.success) throw new RegistryError("Malformed", "the list of referrers is no index");
      found.push(...parsed.data.manifests);
      path = findNext(headers.link, ref);
      if (found.length > MAX_REFERRERS || (path !== undefined && page + 1 >= MAX_PAGES)) {
        throw new RegistryError("TooLarge", `${ref.digest} has more than ${MAX_REFERRERS} referrers`);
      }
    }
    return found;
  };

  return {
    readTag,
    readByDigest: async (ref) => {
      const { body } = await get(ref, `manifests/${ref.digest}`, MAX_MANIFEST, ACCEPT);
      if (hash(body) !== ref.digest) {
        throw new RegistryError("DigestMismatch", `${ref.host} answers with other content than ${ref.digest}`);
      }
      return parseContent(body, `the manifest ${ref.digest}`);
    },
    readBlob: async (ref, blob) => {
      if (blob.size > MAX_BLOB) throw new RegistryError("TooLarge", `blob ${blob.digest} has ${blob.size} bytes`);
      const { body } = await get(ref, `blobs/${blob.digest}`, blob.size);
      if (body.length !== blob.size || hash(body) !== blob.digest) {
        throw new RegistryError("DigestMismatch", `${ref.host} answers with other content than ${blob.digest}`);
      }
      return body;
    },
    streamBlob: ({ host, repository }, blob) =>
      streamBlob(
        { host, open: (from) => exchange.open({ host, repository, rest: `blobs/${blob.digest}`, from }) },
        blob,
        limits,
      ),
    listReferrers: async (ref) => {
      try {
        return await listPages(ref);
      } catch (error) {
        if (error instanceof RegistryError && error.code === "NotFound") return listFallback(ref);
        throw error;
      }
    },
  };
}

/** The next page of the same list; a link that leads anywhere else is an error. */
function findNext(link: string | undefined, ref: ImageReference): string | undefined {
  const target = /<([^>]+)>\s*;\s*rel="?next"?/.exec(link ?? "")?.[1];
  if (target === undefined) return undefined;
  const base = `/v2/${ref.repository}/`;
  const url = new URL(target, `https://${ref.host}${base}referrers/${ref.digest}`);
  if (url.host !== ref.host || !url.pathname.startsWith(`${base}referrers/`)) {
    throw new RegistryError("Malformed", "the next page of referrers leads elsewhere");
  }
  return `${url.pathname.slice(base.length)}${url.search}`;
}
