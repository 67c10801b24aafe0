// A case of the corpus: what a registry holds, whom a policy trusts, and what has to come of it. Plain data.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Signer } from "../../src/api/signer.ts";
import type { NamedSigner } from "../../src/domain/trust.ts";
import { findRootFault } from "../../src/adapters/sigstore/trusted-root.ts";
import { resolveSigner } from "../../src/domain/signers.ts";
import type { Difference } from "./differences.ts";

/** What lies in a repository. Texts, or `base64:` and bytes that are none. */
export interface Content {
  /** Digest of what is asked about. */
  subject: string;
  manifests: Record<string, string>;
  blobs: Record<string, string>;
  tags: Record<string, string>;
  /** Digests that the referrers API lists; a registry without it where it is left out. */
  referrers?: string[];
}

/** A signature that has to be believed. */
export interface Fact {
  signer: string;
  over: "artifact" | "model" | "attestation";
  form: "cosign-bundle" | "cosign-legacy" | "oms";
  identity?: string;
  predicateType?: string;
  files?: number;
}

export type ProblemCode = "SignatureInvalid" | "SignerUnknown" | "ModelMismatch" | "RegistryFailed";

/** What cosign is asked: whether the artifact is signed, or whether such a statement is made; nothing that it could answer. */
export type Question = { about: "artifact" } | { about: "attestation"; predicateType: string } | { about: "nothing" };

export interface Case {
  name: string;
  /** What is bent, in a few words. */
  bent: string;
  /** The rule that decides. */
  rule: string;
  content: Content;
  signers: Signer[];
  facts: Fact[];
  problems: ProblemCode[];
  /** How many different signers stand behind the artifact, where the case is about counting. */
  signersThatCount?: number;
  question: Question;
  /** The hash that cosign has to be told, where it is not SHA-256. */
  hash?: "sha384" | "sha512";
  /** Whether cosign is told to look at RFC 3161 timestamps. */
  timestamps?: true;
  /** Why cosign's verdict is another one. */
  differs?: Difference;
}

/** What the ConfigMaps of the operator's namespace hold: texts by their SHA-256. */
export type Trust = Record<string, string>;

export interface Corpus {
  cases: Case[];
  trust: Trust;
}

/** When all certificates of the corpus are judged, but for those of a Sigstore: their log says when. */
export const NOW = Date.parse("2026-11-15T12:00:00Z");

const FOLDER = fileURLToPath(new URL("cases/", import.meta.url));
export const TRUST_FILE = `${FOLDER}trust.json`;
export const toCaseFile = (group: string) => `${FOLDER}${group}.json`;

/** Reads the committed corpus. */
export function readCorpus(): Corpus {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".json") && `${FOLDER}${file}` !== TRUST_FILE);
  const cases = files.flatMap((file) => JSON.parse(readFileSync(`${FOLDER}${file}`, "utf8")) as Case[]);
  return { cases, trust: JSON.parse(readFileSync(TRUST_FILE, "utf8")) as Trust };
}

/** The signers as a policy resolves them. */
export function resolveSigners(signers: readonly Signer[], trust: Trust): NamedSigner[] {
  return signers.map((signer) => {
    const resolved = resolveSigner(signer, "corpus", {
      readConfigMap: (_, key) => trust[key],
      publicGoodRoot: "",
      findRootFault,
    });
    if (resolved.outcome !== "usable") throw new Error(`${signer.name}: ${resolved.finding.text}`);
    return { signer: signer.name, digest: resolved.digest, anchor: resolved.anchor };
  });
}

export const toBytes = (stored: string): Buffer =>
  stored.startsWith("base64:") ? Buffer.from(stored.slice(7), "base64") : Buffer.from(stored);
