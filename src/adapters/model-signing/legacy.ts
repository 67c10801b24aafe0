/**
 * Signatures of the reference implementation's version 0.2: each file is a subject of the statement, always by its SHA-256,
 * and what was signed with a key or certificate is DSSE's encoding gone wrong. Read where people ask for it.
 */
import { type KeyObject, verify } from "node:crypto";
import * as z from "zod";
import { IN_TOTO_TYPE, STATEMENT_V1 } from "../in-toto.ts";
import { findHash } from "./elliptic.ts";
import { MAX_RESOURCES, type ModelManifest } from "./manifest.ts";
import { broken, showName } from "./refusal.ts";
import { demandSoundNames } from "./resources.ts";

export const LEGACY_PREDICATE_TYPE = "https://model_signing/Digests/v0.1";

const statement = z.object({
  _type: z.literal(STATEMENT_V1),
  subject: z
    .array(
      z.object({
        name: z.string().min(1),
        digest: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
        // It wrote other hashes under the name of SHA-256, and said so here.
        annotations: z.object({ actual_hash_algorithm: z.enum(["sha256", "file-sha256"]) }).optional(),
      }),
    )
    .min(1)
    .max(MAX_RESOURCES),
  predicateType: z.literal(LEGACY_PREDICATE_TYPE),
});

/** Reads a statement of version 0.2. Throws a ModelRefusal. */
export function toLegacyManifest(json: unknown): ModelManifest {
  const parsed = statement.safeParse(json);
  if (!parsed.success) throw broken("its payload is no statement of model_signing 0.2 over files by their SHA-256");
  const seen = new Set<string>();
  const resources = parsed.data.subject.map(({ name, digest: { sha256: digest } }) => {
    if (seen.has(name)) throw broken(`${showName(name)} is listed twice`);
    seen.add(name);
    return { name, part: undefined, digest };
  });
  demandSoundNames(resources);
  return {
    format: "v0.2",
    // There is no digest of the whole: each file is a subject, and the first of them will do.
    subject: resources[0]?.digest ?? "",
    hash: "sha256",
    resources,
    shardSize: undefined,
    ignored: [],
  };
}

/** A byte as Python shows it within `b'…'`. */
function showByte(byte: number): string {
  switch (byte) {
    case 0x09:
      return "\\t";
    case 0x0a:
      return "\\n";
    case 0x0d:
      return "\\r";
    case 0x27:
      return "\\'";
    case 0x5c:
      return "\\\\";
    default:
      return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
}
const SHOWN = Array.from({ length: 256 }, (_, byte) => Buffer.from(showByte(byte)));

/**
 * What version 0.2 signed: the payload as Python shows bytes, instead of the bytes. It holds double quotes, as JSON does,
 * so that Python takes single ones around it.
 */
export function toLegacyPae(payload: Buffer): Buffer {
  const length = payload.reduce((sum, byte) => sum + (SHOWN[byte]?.length ?? 0), 0);
  const shown = Buffer.alloc(length);
  let at = 0;
  for (const byte of payload) {
    for (const code of SHOWN[byte] ?? []) {
      shown[at] = code;
      at += 1;
    }
  }
  const head = `DSSEV1 ${Buffer.byteLength(IN_TOTO_TYPE)} ${IN_TOTO_TYPE} ${payload.length} b'`;
  return Buffer.concat([Buffer.from(head), shown, Buffer.from("'")]);
}

/** Whether `signature` is one of version 0.2 by the key: with SHA-256 on every curve. */
export function isLegacySignedBy(key: KeyObject, payload: Buffer, signature: Buffer): boolean {
  findHash(key);
  try {
    return verify("sha256", toLegacyPae(payload), key, signature);
  } catch {
    return false;
  }
}
