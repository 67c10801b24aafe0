// Serves cases from a real registry: with the referrers API where the case has it, else without.
import { pushArtifact } from "../../../examples/silero/push.ts";
import type { Artifact } from "../../../examples/silero/pack.ts";
import { type Content, toBytes } from "../../corpus/case.ts";
import { findControlPlaneBinary } from "../../harness/binary.ts";
import { startRegistry } from "../../harness/registry.ts";

const INDEX = "application/vnd.oci.image.index.v1+json";

function toArtifact(digest: string, text: string, blobs: Artifact["blobs"]): Artifact {
  const manifest = toBytes(text);
  const { mediaType = "" } = JSON.parse(manifest.toString()) as { mediaType?: string };
  return { digest, manifest, mediaType, blobs };
}

export interface Server {
  /** Puts a case in, and gives the image's name. */
  serve(content: Content, repository: string): Promise<string>;
  /** host:port of the registries, with the referrers API and without. */
  hosts: readonly string[];
  stop(): Promise<void>;
}

export async function startServer(): Promise<Server> {
  const binary = await findControlPlaneBinary();
  const [full, bare] = await Promise.all([startRegistry(binary), startRegistry(binary, { referrers: false })]);
  return {
    hosts: [full.host, bare.host],
    serve: async (content, repository) => {
      const { host } = content.referrers === undefined ? bare : full;
      const target = { origin: `http://${host}`, repository };
      const blobs = Object.entries(content.blobs).map(([digest, text]) => ({
        digest,
        mediaType: "",
        bytes: toBytes(text),
      }));
      const artifacts = Object.entries(content.manifests).map(([digest, text]) => toArtifact(digest, text, blobs));
      // An index has to come after what it lists.
      for (const artifact of artifacts.toSorted(
        (a, b) => Number(a.mediaType === INDEX) - Number(b.mediaType === INDEX),
      )) {
        const tags = Object.entries(content.tags).filter(([, digest]) => digest === artifact.digest);
        await pushArtifact(target, artifact, tags[0]?.[0]);
      }
      return `${host}/${repository}@${content.subject}`;
    },
    stop: async () => {
      await Promise.all([full.stop(), bare.stop()]);
    },
  };
}
