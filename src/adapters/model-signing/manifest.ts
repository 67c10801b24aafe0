/**
 * What a statement of OpenSSF Model Signing v1.0 says of a model: its files or shards with their digests. The root digest
 * is always computed anew, in the order in which the resources are listed.
 */
import { createHash } from "node:crypto";
import * as z from "zod";
import { STATEMENT_V1 } from "../in-toto.ts";
import { broken, showName } from "./refusal.ts";
import { demandSoundNames, demandWholeFiles, parseShard, type Resource } from "./resources.ts";

export const PREDICATE_TYPE = "https://model_signing/signature/v1.0";

/** The hashes of the algorithm registry. The reference implementation writes `blake2b` and calls it `blake2`. */
export type ModelHash = "sha256" | "blake2b" | "blake3";
const LABELS: Record<string, ModelHash> = { sha256: "sha256", blake2b: "blake2b", blake2: "blake2b", blake3: "blake3" };
const HEX_LENGTH: Record<ModelHash, number> = { sha256: 64, blake2b: 128, blake3: 64 };

export interface ModelManifest {
  format: "v1.0" | "v0.2";
  /** SHA-256 of a subject of the statement, in hex. With v1.0 there is one: the digest over those of all resources. */
  subject: string;
  hash: ModelHash;
  resources: readonly Resource[];
  /** Size of a shard in bytes; undefined where whole files are listed. */
  shardSize: number | undefined;
  /** Paths that the signer left out, as recorded. */
  ignored: readonly string[];
}

/** More than a signature file of 32 MiB has room for, with names of some length. */
export const MAX_RESOURCES = 200_000;

const statement = z.object({
  _type: z.literal(STATEMENT_V1),
  subject: z.array(z.object({ name: z.string().min(1), digest: z.object({ sha256: z.string() }) })).length(1),
  predicateType: z.literal(PREDICATE_TYPE),
  predicate: z.object({
    serialization: z.object({
      method: z.enum(["files", "shards"]),
      hash_type: z.string(),
      allow_symlinks: z.boolean(),
      shard_size: z.int().min(1).optional(),
      ignore_paths: z.array(z.string()).max(10_000).optional(),
    }),
    resources: z
      .array(z.object({ name: z.string().min(1), digest: z.string().regex(/^[0-9a-f]+$/), algorithm: z.string() }))
      .min(1)
      .max(MAX_RESOURCES),
  }),
});

/** A path that leaves nothing of a model. */
const isWhole = (path: string) => path.split("/").every((part) => part === "" || part === ".") && !path.startsWith("/");

/** Reads the statement that an envelope carries. Throws a ModelRefusal. */
export function toManifest(json: unknown): ModelManifest {
  let parsed: z.output<typeof statement>;
  try {
    parsed = statement.parse(json);
  } catch {
    throw broken("its payload is no statement of model signing v1.0");
  }
  const { serialization, resources: listed } = parsed.predicate;
  const hash = Object.hasOwn(LABELS, serialization.hash_type) ? LABELS[serialization.hash_type] : undefined;
  if (hash === undefined)
    throw broken(`hash ${showName(serialization.hash_type)} is not supported: sha256, blake2b or blake3`);
  const ignored = serialization.ignore_paths ?? [];
  if (ignored.some(isWhole)) throw broken("it leaves out the whole model");
  const isSharded = serialization.method === "shards";
  if (isSharded !== (serialization.shard_size !== undefined))
    throw broken("shard_size belongs to shards, and to nothing else");
  const seen = new Set<string>();
  const root = createHash("sha256");
  const resources = listed.map(({ name: label, digest, algorithm }): Resource => {
    // The reference implementation tells the size of a shard twice.
    const plain = algorithm.replace(`-sharded-${serialization.shard_size}`, "");
    const isOfHash = Object.hasOwn(LABELS, plain) && LABELS[plain] === hash;
    if (!isOfHash || digest.length !== HEX_LENGTH[hash]) throw broken(`the digest of ${showName(label)} is no ${hash}`);
    const { name, part } = isSharded ? parseShard(label) : { name: label, part: undefined };
    if (seen.has(label)) throw broken(`${showName(label)} is listed twice`);
    seen.add(label);
    root.update(digest, "hex");
    return { name, part, digest };
  });
  demandSoundNames(resources);
  const rootDigest = root.digest("hex");
  if (parsed.subject[0]?.digest.sha256 !== rootDigest) throw broken("its root digest is not that of what it lists");
  if (serialization.shard_size !== undefined) demandWholeFiles(resources, serialization.shard_size);
  return {
    format: "v1.0",
    subject: rootDigest,
    hash,
    resources,
    shardSize: serialization.shard_size,
    ignored,
  };
}

/** The statement over files that were hashed with SHA-256, as bytes to be signed. */
export function writeStatement(
  model: string,
  files: readonly { name: string; digest: string }[],
  ignored: readonly string[],
): Buffer {
  const root = createHash("sha256");
  for (const { digest } of files) root.update(digest, "hex");
  return Buffer.from(
    JSON.stringify({
      _type: STATEMENT_V1,
      subject: [{ name: model, digest: { sha256: root.digest("hex") } }],
      predicateType: PREDICATE_TYPE,
      predicate: {
        serialization: {
          method: "files",
          hash_type: "sha256",
          allow_symlinks: false,
          ...(ignored.length === 0 ? {} : { ignore_paths: ignored }),
        },
        resources: files.map(({ name, digest }) => ({ name, digest, algorithm: "sha256" })),
      },
    }),
  );
}
