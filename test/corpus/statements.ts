// What signatures are over: cosign's statements and payloads, attestations, manifests of models.
import { createHash } from "node:crypto";
import { toPae } from "../../src/adapters/in-toto.ts";
import { FILES, MODEL } from "./pack.ts";

export const IN_TOTO = "application/vnd.in-toto+json";
export const SIGN = "https://sigstore.dev/cosign/sign/v1";
export const EVALUATION = "https://acme.example/evaluation/v1";
const OMS = "https://model_signing/signature/v1.0";
export const STATEMENT_V1 = "https://in-toto.io/Statement/v1";
export const STATEMENT_V01 = "https://in-toto.io/Statement/v0.1";

export interface Statement {
  _type: string;
  subject: { name?: string; digest: Record<string, string> }[];
  predicateType: string;
  predicate: object;
}

const hexOf = (digest: string) => digest.replace("sha256:", "");

/** cosign's signature of an image, as a statement. */
export const stateSigned = (digest: string = MODEL.digest): Statement => ({
  _type: STATEMENT_V1,
  subject: [{ digest: { sha256: hexOf(digest) } }],
  predicateType: SIGN,
  predicate: {},
});

/** An attestation. */
export const stateEvaluated = (digest: string = MODEL.digest): Statement => ({
  _type: STATEMENT_V1,
  subject: [{ name: "registry.example/models/voice", digest: { sha256: hexOf(digest) } }],
  predicateType: EVALUATION,
  predicate: { passed: true },
});

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** An OMS manifest over the files of the model. */
export function stateFiles(files: readonly { path: string; bytes: Buffer }[] = FILES): Statement {
  const resources = files
    .map(({ path, bytes }) => ({ name: path, digest: sha256(bytes), algorithm: "sha256" }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const root = sha256(Buffer.concat(resources.map(({ digest }) => Buffer.from(digest, "hex"))));
  return {
    _type: STATEMENT_V1,
    subject: [{ name: "voice", digest: { sha256: root } }],
    predicateType: OMS,
    predicate: { serialization: { method: "files", hash_type: "sha256", allow_symlinks: false }, resources },
  };
}

/** The payload of cosign's old signatures. */
export const payloadOf = (digest: string = MODEL.digest, type = "cosign container image signature"): string =>
  JSON.stringify({
    critical: {
      identity: { "docker-reference": "registry.example/models/voice" },
      image: { "docker-manifest-digest": digest },
      type,
    },
    optional: null,
  });

/** What a signature over a DSSE envelope is over. */
export const toSigned = (payload: string, type = IN_TOTO): Buffer => toPae(type, Buffer.from(payload));
