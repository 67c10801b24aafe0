// What this product makes of a case, with the registry's content in memory and all of the code that reads a registry.
import { RegistryError } from "../../src/adapters/registry/errors.ts";
import { createRegistry } from "../../src/adapters/registry/registry.ts";
import { collectSignatures, type Collected } from "../../src/adapters/signatures/collect.ts";
import { judgeCandidates } from "../../src/adapters/signatures/judge-candidates.ts";
import { type Case, type Content, type Fact, NOW, resolveSigners, toBytes, type Trust } from "./case.ts";

const BUNDLE_MANIFEST = "application/vnd.oci.image.manifest.v1+json";

/** The list that a registry with the referrers API gives (OCI distribution 1.1). */
export function listReferrers({ manifests, referrers = [] }: Content): object {
  const describe = (digest: string) => {
    const bytes = toBytes(manifests[digest] ?? "");
    const { artifactType, config } = JSON.parse(bytes.toString()) as Record<string, string> & {
      config?: { mediaType: string };
    };
    return {
      mediaType: BUNDLE_MANIFEST,
      digest,
      size: bytes.length,
      artifactType: artifactType ?? config?.mediaType,
    };
  };
  return { schemaVersion: 2, manifests: referrers.map(describe) };
}

function findStored(path: string, content: Content): Buffer | undefined {
  const [, kind = "", name = ""] = /\/(manifests|blobs|referrers)\/([^/?]+)$/.exec(path) ?? [];
  if (kind === "referrers")
    return content.referrers === undefined ? undefined : Buffer.from(JSON.stringify(listReferrers(content)));
  const found = kind === "blobs" ? content.blobs[name] : content.manifests[content.tags[name] ?? name];
  return found === undefined ? undefined : toBytes(found);
}

/** Everything that is found. */
export const collectCase = (
  { content, signers }: Pick<Case, "content" | "signers">,
  trust: Trust,
): Promise<Collected> =>
  collectSignatures(
    { host: "registry.example", repository: "models/voice", digest: content.subject },
    {
      registry: createRegistry({
        get: ({ rest }) => {
          const body = findStored(`/${rest}`, content);
          return body === undefined
            ? Promise.reject(new RegistryError("NotFound", `${rest} is not there`))
            : Promise.resolve({ headers: {}, body });
        },
        open: ({ rest }) => Promise.reject(new RegistryError("NotFound", `${rest} is never read`)),
        close: () => Promise.resolve(),
      }),
      judge: judgeCandidates,
      signers: resolveSigners(signers, trust),
      model: { format: undefined, path: undefined, readsFormats: false },
      now: NOW,
    },
  );

/** The facts in the corpus' words. */
export const toFacts = ({ signatures }: Collected): Fact[] =>
  signatures.map(({ signer, over, form, identity, predicateType, files }) => ({
    signer,
    over,
    form,
    ...(identity === undefined ? {} : { identity }),
    ...(predicateType === undefined ? {} : { predicateType }),
    ...(files === undefined ? {} : { files }),
  }));
