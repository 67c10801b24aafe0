/**
 * Mirrors of registries. Content by digest is taken from the first that has it, for its digest is compared whoever
 * sends it. Which signatures there are is asked of the registry itself: a mirror that lags would hide some.
 */
import { RegistryError } from "./errors.ts";
import type { ImageReference } from "./reference.ts";
import { isHost, isRepository, toAskedHost } from "./reference.ts";
import type { Registry } from "./registry.ts";

/** What the administrator says of one registry. */
export interface MirrorSettings {
  /** Host with port, as references write it. */
  registry: string;
  /** In order: hosts with port, with or without the beginning of a repository. */
  mirrors: readonly string[];
  /** Whether the registry itself is never asked; its mirrors then hold all that it holds. */
  only: boolean;
}

interface Mirror {
  host: string;
  /** Beginning of the repository, with its slash, or nothing. */
  prefix: string;
}

interface Sources {
  mirrors: Mirror[];
  only: boolean;
}

function parseMirror(text: string): Mirror {
  const slash = text.indexOf("/");
  const host = slash < 0 ? text : text.slice(0, slash);
  const prefix = slash < 0 ? "" : text.slice(slash + 1);
  if (!isHost(host) || (prefix !== "" && !isRepository(prefix)) || slash === text.length - 1) {
    throw new Error(`mirror ${JSON.stringify(text)} is not HOST[:PORT][/REPOSITORY]`);
  }
  return { host: toAskedHost(host), prefix: prefix === "" ? "" : `${prefix}/` };
}

function parseSettings(settings: readonly MirrorSettings[]): Map<string, Sources> {
  return new Map(
    settings.map(({ registry, mirrors, only }) => {
      if (!isHost(registry)) throw new Error(`registry ${JSON.stringify(registry)} of mirrors is not HOST[:PORT]`);
      return [toAskedHost(registry), { mirrors: mirrors.map(parseMirror), only }];
    }),
  );
}

/** Failures after which a mirror is not worth waiting for again. */
const isDown = (error: RegistryError) =>
  ["Unreachable", "NotTls", "Untrusted", "TimedOut", "RateLimited"].includes(error.code);

/** Makes the function that lets a registry read from mirrors where there are some. Throws where the settings are wrong. */
export function withMirrors(settings: readonly MirrorSettings[]): (registry: Registry) => Registry {
  const sources = parseSettings(settings);
  return (registry) => {
    const down = new Set<string>();

    const listRefs = (ref: ImageReference, purpose: "content" | "list"): ImageReference[] => {
      const { mirrors, only } = sources.get(ref.host) ?? { mirrors: [], only: false };
      if (purpose === "list" && !only) return [ref];
      const all = mirrors.map(({ host, prefix }) => ({ ...ref, host, repository: `${prefix}${ref.repository}` }));
      const up = all.filter(({ host }) => !down.has(host));
      if (!only) return [...up, ref];
      return up.length > 0 ? up : all;
    };

    /** Asks one after the other until one answers. What the last one throws is thrown. */
    const ask = async <T>(refs: readonly ImageReference[], read: (ref: ImageReference) => Promise<T>): Promise<T> => {
      let failure: unknown = new Error("no registry to ask");
      for (const ref of refs) {
        try {
          return await read(ref);
        } catch (error) {
          if (!(error instanceof RegistryError)) throw error;
          if (isDown(error)) down.add(ref.host);
          failure = error;
        }
      }
      throw failure;
    };

    return {
      readByDigest: (ref) => ask(listRefs(ref, "content"), (one) => registry.readByDigest(one)),
      readBlob: (ref, blob) => ask(listRefs(ref, "content"), (one) => registry.readBlob(one, blob)),
      readTag: (ref, tag) => ask(listRefs(ref, "list"), (one) => registry.readTag(one, tag)),
      listReferrers: (ref) => ask(listRefs(ref, "list"), (one) => registry.listReferrers(one)),
      streamBlob: async function* stream(ref, blob) {
        const { pieces, first } = await ask(listRefs(ref, "content"), async (one) => {
          const iterator = registry.streamBlob(one, blob)[Symbol.asyncIterator]();
          return { pieces: iterator, first: await iterator.next() };
        });
        // Once bytes were handed on there is no way back to another source.
        try {
          for (let next = first; next.done !== true; next = await pieces.next()) yield next.value;
        } finally {
          await pieces.return?.();
        }
      },
    };
  };
}
