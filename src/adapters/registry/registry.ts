/**
 * Reads an OCI registry. Everything that is read by digest is hashed and compared; everything is bounded; what is
 * parsed is checked. A tag is read only to find signatures, never to find what is signed.
 */
import {
  ACCEPT_CONTENT,
  ACCEPT_INDEX,
  type Content,
  type Descriptor,
  digestOf,
  MAX_LISTED,
  parseContent,
  parseReferrers,
} from "./documents.ts";
import { RegistryError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { type ImageReference, isTag } from "./reference.ts";
import { type StreamLimits, streamBlob } from "./stream-blob.ts";

export type { Content, Descriptor, Manifest } from "./documents.ts";

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
export const MAX_MANIFEST = 4 * 1024 * 1024;
export const MAX_BLOB = 4 * 1024 * 1024;
export const MAX_PAGES = 10;
const MAX_QUERY = 2048;

const isNotFound = (error: unknown) => error instanceof RegistryError && error.code === "NotFound";

/** Makes a reader over an exchange. */
export function createRegistry(exchange: Exchange, limits?: StreamLimits): Registry {
  const get = ({ host, repository }: ImageReference, rest: string, maxBytes: number, accept?: string) =>
    exchange.get({ host, repository, rest, maxBytes, ...(accept === undefined ? {} : { accept }) });

  const readTag = async (ref: ImageReference, tag: string): Promise<Content | undefined> => {
    if (!isTag(tag)) throw new RegistryError("Malformed", "that is no tag");
    try {
      const { body, headers } = await get(ref, `manifests/${tag}`, MAX_MANIFEST, ACCEPT_CONTENT);
      return parseContent(body, `the manifest of tag ${tag}`, headers["content-type"]);
    } catch (error) {
      if (isNotFound(error)) return undefined;
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
    const seen = new Set<string>();
    let query: string | undefined = "";
    while (query !== undefined) {
      if (seen.has(query)) throw new RegistryError("Malformed", "the pages of referrers go in a circle");
      seen.add(query);
      const { body, headers } = await get(ref, `referrers/${ref.digest}${query}`, MAX_MANIFEST, ACCEPT_INDEX);
      found.push(...parseReferrers(body));
      query = findNext(headers.link, ref);
      if (found.length > MAX_LISTED || (query !== undefined && seen.size >= MAX_PAGES)) {
        throw new RegistryError("TooLarge", `${ref.digest} has more than ${MAX_LISTED} referrers`);
      }
    }
    return found;
  };

  return {
    readTag,
    readByDigest: async (ref) => {
      const { body, headers } = await get(ref, `manifests/${ref.digest}`, MAX_MANIFEST, ACCEPT_CONTENT);
      if (digestOf(body) !== ref.digest) {
        throw new RegistryError("DigestMismatch", `${ref.host} answers with other content than ${ref.digest}`);
      }
      return parseContent(body, `the manifest ${ref.digest}`, headers["content-type"]);
    },
    readBlob: async (ref, blob) => {
      if (blob.size > MAX_BLOB) throw new RegistryError("TooLarge", `blob ${blob.digest} has ${blob.size} bytes`);
      const { body } = await get(ref, `blobs/${blob.digest}`, blob.size);
      if (body.length !== blob.size || digestOf(body) !== blob.digest) {
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
        if (isNotFound(error)) return listFallback(ref);
        throw error;
      }
    },
  };
}

/** The query of the next page of the same list; a link that leads anywhere else is an error. */
function findNext(link: string | undefined, ref: ImageReference): string | undefined {
  const target = /<([^<>]{1,4096})>\s{0,8};\s{0,8}rel="?next"?/.exec(link ?? "")?.[1];
  if (target === undefined) return undefined;
  const own = new URL(`https://${ref.host}/v2/${ref.repository}/referrers/${ref.digest}`);
  const url = URL.parse(target, own.href);
  const isOwn = url?.host === own.host && url.pathname.replace(/%3a/i, ":") === own.pathname;
  if (url === null || !isOwn || url.search.length > MAX_QUERY) {
    throw new RegistryError("Malformed", "the next page of referrers leads elsewhere");
  }
  return url.search;
}
