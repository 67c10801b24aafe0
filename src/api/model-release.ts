/** ModelRelease: one immutable version of a system's model, its artifacts by digest and what is known about them. */
import * as z from "zod";
import { countedApproval } from "./approval-count.ts";
import {
  approvalDigest,
  asAtomicList,
  asSet,
  conditions,
  contentDigest,
  keyedBy,
  label,
  objectName,
  prose,
  sentence,
  timestamp,
  withRules,
} from "./fields.ts";
import { FILE_FORMATS } from "./file-formats.ts";
import { gitOrigin } from "./github.ts";
import { AGE_COLUMN, MESSAGE_COLUMN, readyColumn, REASON_COLUMN } from "./columns.ts";
import { defineKind, type ObjectOf } from "./kind.ts";

/** How artifacts are packed. */
export const ARTIFACT_FORMATS = ["ModelPack", "ModelKit", "Modelcar", "Image"] as const;

const artifact = z.object({
  name: label().describe("Name of the artifact within the release, such as model or server."),
  image: z
    .string()
    .max(512)
    .regex(/^[^@\s]+@sha256:[a-f0-9]{64}$/)
    .describe(
      "OCI reference with a digest. A tag before the digest pins that tag: pods that name the tag run this digest.",
    ),
  format: z
    .enum(ARTIFACT_FORMATS)
    .default("Image")
    .describe(
      "ModelPack or ModelKit for a model that is packed as an OCI artifact, Modelcar for one in a container image, Image for an image without a model.",
    ),
  modelPath: z
    .string()
    .min(1)
    .max(512)
    .regex(/^[^/\s][^\r\n]*$/)
    .optional()
    .describe("The folder of a Modelcar (models where it is left out) or ModelKit (all of it) that is the model."),
});

const evaluation = z.object({
  name: label().describe("Name of the evaluation."),
  metric: sentence(128).describe("What was measured."),
  value: sentence(64).describe("The result, with its unit."),
  threshold: sentence(64).optional().describe("The limit that was set before the measurement."),
});

const spec = withRules(
  z.object({
    system: label().describe("Name of the AISystem in this namespace."),
    version: sentence(64).describe("The version for people."),
    artifacts: withRules(
      keyedBy(z.array(artifact).min(1).max(16), "name"),
      {
        rule: "self.all(a, self.exists_one(b, b.image == a.image))",
        message: "list each image once",
      },
      {
        rule: "self.all(a, !has(a.modelPath) || (has(a.format) && a.format in ['ModelKit', 'Modelcar']))",
        message: "modelPath belongs to formats ModelKit and Modelcar",
      },
    ).describe("Everything that runs or is mounted, each by digest."),
    evaluations: keyedBy(z.array(evaluation).max(32), "name").optional().describe("Measurements made before release."),
    data: asAtomicList(z.array(sentence(256)).max(32))
      .optional()
      .describe("Data the model was made from."),
    limitations: asAtomicList(z.array(prose(512)).max(32))
      .optional()
      .describe("What the model is not good for."),
    knownRisks: asAtomicList(z.array(prose(512)).max(32))
      .optional()
      .describe("Risks known at release."),
    rollback: withRules(
      z.object({
        to: z
          .enum(["newestVouched", "release", "none"])
          .describe("newestVouched: the newest release that may still run; release: the one named; none: stop."),
        release: objectName().optional().describe("The release to go back to, with to: release."),
      }),
      {
        rule: "has(self.release) == (self.to == 'release')",
        message: "set release exactly when to is release",
      },
    )
      .optional()
      .describe("Where to go when this release has to be withdrawn; newestVouched where it is left out."),
  }),
  { rule: "self == oldSelf", message: "a release is immutable: publish a new ModelRelease instead" },
).describe("What the pipeline declares; immutable.");

const signature = z.object({
  signer: label().describe("The signer's name in the policy."),
  signerDigest: contentDigest().describe(
    "Digest over what the signer is trusted by: of a key, SHA-256 of its SubjectPublicKeyInfo.",
  ),
  keyDigest: contentDigest().describe("SHA-256 of the SubjectPublicKeyInfo of the key that signed."),
  identity: z.string().min(1).max(2048).optional().describe("The name in the certificate; none where it was a key."),
  issuer: z.string().min(1).max(2048).optional().describe("Who vouched for the name."),
  notAfter: timestamp()
    .optional()
    .describe("When the certificates or revocation lists that it rests on run out; never where it is left out."),
  over: z
    .enum(["artifact", "model", "attestation"])
    .describe(
      "artifact: the OCI manifest; model: the model's files (OMS); attestation: a statement about the artifact.",
    ),
  predicateType: z.string().min(1).max(1024).optional().describe("What an attestation states (in-toto)."),
  form: z.enum(["cosign-bundle", "cosign-legacy", "oms"]).describe("The form of the signature."),
  files: z.int().min(0).optional().describe("How many files an OMS signature covers."),
});

const problem = z.object({
  code: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Z][A-Za-z0-9]*$/)
    .describe("Code of the finding, see docs/findings.md."),
  text: sentence().describe("What was found, for people."),
});

const model = z.object({
  digest: z
    .string()
    .max(80)
    .regex(/^model:v1:sha256:[a-f0-9]{64}$/)
    .describe("The model's own digest, whatever it is packed in (docs/model-artifacts.md)."),
  formats: asSet(z.array(z.enum([...FILE_FORMATS, "unread"])).max(32)).describe(
    "What its files are, by their content; unread where no policy asks.",
  ),
});

const verifiedArtifact = z.object({
  name: label().describe("The artifact of spec."),
  digest: contentDigest().describe("Its digest."),
  closure: asSet(z.array(contentDigest()).max(256)).describe("Digests of the index, manifests and configs beneath it."),
  signatures: asAtomicList(z.array(signature).max(64)).describe("Signatures that were verified."),
  model: model.optional().describe("The signed model that it holds."),
  problems: asAtomicList(z.array(problem).max(16)).optional().describe("What could not be verified, and why."),
  trust: contentDigest().describe("Digest over the signers it was verified against."),
  verifiedAt: timestamp().describe("When."),
});

const share = (of: string) =>
  z
    .object({
      done: z.int().min(0).describe("How many are read."),
      all: z.int().min(0).describe("How many there are to read."),
    })
    .describe(of);

const reading = z.object({
  name: label().describe("The artifact of spec."),
  digest: contentDigest().describe("Its digest."),
  layers: share("Layers that are read for what is in them."),
  bytes: share("Their bytes, as they are packed."),
});

const status = z
  .object({
    observedGeneration: z.int().min(0).optional().describe("The generation this status was decided for."),
    digest: approvalDigest().optional().describe("What an Approval has to name to approve this release as it stands."),
    approved: z
      .object({
        digest: approvalDigest().describe("The content that was approved last."),
        until: timestamp().describe("Until when."),
      })
      .optional()
      .describe("What was approved last."),
    notAfter: timestamp()
      .optional()
      .describe(
        "When pods of the release stop being admitted: end of approval plus grace, or the first certificate or revocation list of its signatures that runs out.",
      ),
    editedAt: timestamp().optional().describe("When what the approval rests on was first seen to differ from it."),
    artifacts: keyedBy(z.array(verifiedArtifact).max(16), "name").optional().describe("What verification found."),
    reading: keyedBy(z.array(reading).max(16), "name")
      .optional()
      .describe("How far verification is with what takes more than a moment, in steps of ten seconds."),
    approvals: keyedBy(z.array(countedApproval).max(64), "name").optional().describe("The approvals considered."),
    origin: gitOrigin().optional().describe("Who wrote it, as far as Git knows; only where reviews count."),
    conditions: conditions(),
  })
  .describe("What the operator observed.");

export const ModelRelease = defineKind({
  kind: "ModelRelease",
  plural: "modelreleases",
  singular: "modelrelease",
  shortNames: ["mr"],
  namespaced: true,
  description:
    "One immutable version of a system's model: its artifacts by digest, what was measured, what it is not good for, and where to go back to. It may run once its signatures are verified and the people the policy asks for have approved the digest in status.",
  spec,
  status,
  columns: [
    { name: "System", type: "string", jsonPath: ".spec.system", description: "The AISystem" },
    { name: "Version", type: "string", jsonPath: ".spec.version", description: "The version for people" },
    {
      name: "Verified",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Verified")].status',
      description: "Whether all demanded signatures were verified",
    },
    {
      name: "Approved",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Approved")].status',
      description: "Whether the demanded people approved",
    },
    readyColumn("Whether pods of the release are admitted"),
    REASON_COLUMN,
    { name: "Not-After", type: "string", jsonPath: ".status.notAfter", description: "End of admission", priority: 1 },
    { name: "Digest", type: "string", jsonPath: ".status.digest", description: "What to approve", priority: 1 },
    MESSAGE_COLUMN,
    AGE_COLUMN,
  ],
  rules: [
    {
      rule: "self.spec == oldSelf.spec",
      message: "a release is immutable: publish a new ModelRelease instead",
    },
  ],
});
export type ModelRelease = ObjectOf<typeof ModelRelease>;
export type ReleaseArtifact = z.output<typeof artifact>;
/** What verification found for one artifact. */
export type VerifiedArtifact = z.output<typeof verifiedArtifact>;
/** How far verification is with one artifact. */
export type ArtifactReading = z.output<typeof reading>;
/** One verified signature. */
export type VerifiedSignature = z.output<typeof signature>;
