// Pushes artifacts to a registry by the OCI distribution API, and keeps the fallback tag where it has no referrers API.
import type { Artifact } from "./pack.ts";

export interface Target {
  /** Such as http://127.0.0.1:5000. */
  origin: string;
  repository: string;
  /** Value of the Authorization header. */
  authorization?: string;
}

async function send(target: Target, method: string, path: string, content?: [Buffer, string]): Promise<Response> {
  const [body, type] = content ?? [];
  const headers: Record<string, string> = {};
  if (type !== undefined) headers["content-type"] = type;
  if (target.authorization !== undefined) headers.authorization = target.authorization;
  const url = new URL(path, `${target.origin}/v2/${target.repository}/`);
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body: new Uint8Array(body) }) });
  if (!response.ok) throw new Error(`${method} ${url.href}: HTTP ${response.status} ${await response.text()}`);
  return response;
}

async function pushBlob(target: Target, digest: string, bytes: Buffer): Promise<void> {
  const started = await send(target, "POST", "blobs/uploads/");
  const location = new URL(started.headers.get("location") ?? "", target.origin);
  location.searchParams.set("digest", digest);
  await send(target, "PUT", location.href, [bytes, "application/octet-stream"]);
}

/** Pushes the artifact under its digest and, where given, a tag. */
export async function pushArtifact(target: Target, artifact: Artifact, tag?: string): Promise<void> {
  for (const { digest, bytes } of artifact.blobs) await pushBlob(target, digest, bytes);
  for (const reference of tag === undefined ? [artifact.digest] : [artifact.digest, tag]) {
    await send(target, "PUT", `manifests/${reference}`, [artifact.manifest, artifact.mediaType]);
  }
}

/** Lists referrers under the fallback tag, for registries without the referrers API. */
export async function pushFallbackIndex(
  target: Target,
  subject: Artifact,
  referrers: readonly Artifact[],
): Promise<void> {
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const manifests = referrers.map(({ digest, manifest, mediaType: type }) => ({
    mediaType: type,
    digest,
    size: manifest.length,
  }));
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  await send(target, "PUT", `manifests/${subject.digest.replace(":", "-")}`, [index, mediaType]);
}
