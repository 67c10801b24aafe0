// Publishes the example to a registry: artifacts, and the committed signatures beside them.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type ArtifactName, packAll } from "./artifacts.ts";
import { type Artifact, packBundle, packLegacySignature } from "./pack.ts";
import { pushArtifact, pushFallbackIndex, type Target } from "./push.ts";

const readSignature = (file: string) => readFile(fileURLToPath(new URL(`signatures/${file}`, import.meta.url)));

/** The bundles that each artifact carries, by file under signatures/. */
const BUNDLES: Partial<Record<ArtifactName, string[]>> = {
  "models/silero-vad:v5": ["model-v5.oms.json", "model-v5.cosign.json"],
  "models/silero-vad:v6": ["model-v6.oms.json"],
  "models/silero-vad:stranger": ["model-stranger.oms.json", "model-stranger.cosign.json"],
  "models/silero-vad:tampered": ["model-v5.oms.json", "model-v5.cosign.json"],
  "voice-gate:v5": ["server-v5.cosign.json"],
  "voice-gate:v6": ["server-v6.cosign.json"],
};

/** Legacy signatures: payload and signature. */
const LEGACY: Partial<Record<ArtifactName, string>> = { "models/silero-vad:v6": "model-v6.legacy" };

export interface Published {
  /** `host/repository:tag@sha256:…` of each artifact. */
  images: Record<ArtifactName, string>;
}

export interface PublishOptions {
  authorization?: string;
  /** Whether the registry serves the referrers API; without it the fallback tag is written. */
  referrers?: boolean;
}

async function pushSignatures(
  target: Target,
  name: ArtifactName,
  subject: Artifact,
  referrersApi: boolean,
): Promise<void> {
  const bundles = await Promise.all((BUNDLES[name] ?? []).map(readSignature));
  const referrers = bundles.map((bundle) => packBundle(bundle, subject));
  for (const referrer of referrers) await pushArtifact(target, referrer);
  if (!referrersApi && referrers.length > 0) await pushFallbackIndex(target, subject, referrers);
  const legacy = LEGACY[name];
  if (legacy === undefined) return;
  const [payload, signature] = await Promise.all([
    readSignature(`${legacy}.payload.json`),
    readSignature(`${legacy}.txt`),
  ]);
  const artifact = packLegacySignature(payload, signature.toString("utf8").trim());
  await pushArtifact(target, artifact, `${subject.digest.replace(":", "-")}.sig`);
}

/** Publishes everything to `host` (host:port, without TLS). */
export async function publishSilero(host: string, options: PublishOptions = {}): Promise<Published> {
  const artifacts = await packAll();
  const images: Partial<Record<ArtifactName, string>> = {};
  for (const [name, artifact] of Object.entries(artifacts) as [ArtifactName, Artifact][]) {
    const [repository = "", tag = ""] = name.split(":");
    const { authorization } = options;
    const target = { origin: `http://${host}`, repository, ...(authorization === undefined ? {} : { authorization }) };
    await pushArtifact(target, artifact, tag);
    await pushSignatures(target, name, artifact, options.referrers ?? true);
    images[name] = `${host}/${name}@${artifact.digest}`;
  }
  return { images: images as Published["images"] };
}
