/**
 * OpenSSF Model Signing v1.0: what the signed manifest says, and whether a ModelPack holds exactly those files.
 * Weights are never read: the digest of a raw layer is the digest of its file.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { isSoundName } from "../model-signing/names.ts";
import type { Manifest } from "../registry/registry.ts";
import type { Statement } from "./bundle.ts";

const FILE_PATH = "org.cncf.model.filepath";
const MODEL_LAYER = /^application\/vnd\.cncf\.model\.[a-z.]+\.v1\.(raw|tar|tar\+gzip|tar\+zstd)$/;

const predicate = z.object({
  serialization: z.object({
    method: z.enum(["files", "shards"]),
    hash_type: z.string(),
    allow_symlinks: z.boolean(),
    shard_size: z.number().int().optional(),
    ignore_paths: z.array(z.string()).optional(),
  }),
  resources: z
    .array(z.object({ name: z.string().min(1), digest: z.string().regex(/^[0-9a-f]+$/), algorithm: z.string() }))
    .min(1)
    .max(10_000),
});

/** Whether the model is the signed one. */
export type ModelMatch = { outcome: "matches"; files: number } | { outcome: "differs"; why: string };

const differs = (why: string): ModelMatch => ({ outcome: "differs", why });

/** The signed files with their SHA-256, or why the signature cannot be matched. */
function readFiles(statement: Statement): Map<string, string> | string {
  const parsed = predicate.safeParse(statement.predicate);
  if (!parsed.success) return "its predicate is not that of model signing v1.0";
  const { serialization, resources } = parsed.data;
  if (serialization.method !== "files") return "it lists shards, which a registry's digests cannot be matched with";
  if (serialization.hash_type !== "sha256") {
    return `it lists ${serialization.hash_type} digests, which a registry's digests cannot be matched with`;
  }
  const files = new Map<string, string>();
  const root = createHash("sha256");
  for (const { name, digest, algorithm } of resources) {
    if (algorithm !== "sha256" || digest.length !== 64) return `the digest of ${name} is no SHA-256`;
    if (!isSoundName(name)) return `${JSON.stringify(name)} is no path within a model`;
    if (files.has(name)) return `${name} is listed twice`;
    files.set(name, digest);
    root.update(digest, "hex");
  }
  const [subject, ...more] = statement.subject;
  if (more.length > 0 || subject?.digest.sha256 !== root.digest("hex"))
    return "its root digest is not that of its files";
  return files;
}

/** Whether the manifest's layers are exactly the signed files. */
export function matchModel(statement: Statement, manifest: Manifest): ModelMatch {
  const files = readFiles(statement);
  if (typeof files === "string") return differs(files);
  const seen = new Set<string>();
  for (const layer of manifest.layers) {
    const packing = MODEL_LAYER.exec(layer.mediaType)?.[1];
    const path = layer.annotations?.[FILE_PATH];
    if (packing === undefined) return differs(`layer ${layer.digest} is no part of a model`);
    if (path === undefined) return differs(`layer ${layer.digest} names no file`);
    if (packing !== "raw") return differs(`${path} is packed as ${packing}; only raw layers can be matched unread`);
    const signed = files.get(path);
    if (signed === undefined) return differs(`${path} is not among the signed files`);
    if (`sha256:${signed}` !== layer.digest)
      return differs(`${path} is signed as sha256:${signed} and packed as ${layer.digest}`);
    if (seen.has(path)) return differs(`${path} is packed twice`);
    seen.add(path);
  }
  const missing = [...files.keys()].find((name) => !seen.has(name));
  return missing === undefined
    ? { outcome: "matches", files: files.size }
    : differs(`${missing} is signed and not packed`);
}
