// Statements that say something else than they seem to.
import { createHash } from "node:crypto";
import { BY_KEY, toBundle, toEnvelope } from "../../bundles.ts";
import type { Signatory } from "../../keys.ts";
import { OTHER, packReferrer, shadow } from "../../pack.ts";
import { signStatement } from "../../sigstore.ts";
import {
  EVALUATION,
  SIGN,
  stateEvaluated,
  stateFiles,
  type Statement,
  STATEMENT_V01,
  stateSigned,
} from "../../statements.ts";
import { ARTIFACT, ATTESTATION, ATTESTED, INVALID, NOTHING, OLD_ARTIFACT } from "../facts.ts";
import { attached, attestationLayer, type Bent, bundleOf, envelopeOf } from "./parts.ts";

/** Statements that say something else than they seem to. */
export function listStatements(by: Signatory): Bent[] {
  const evaluated = stateEvaluated();
  const [subject] = evaluated.subject;
  const elsewhere = stateEvaluated(OTHER.digest).subject;
  const twoSubjects = (statement: Statement) => ({ ...statement, subject: [...elsewhere, ...statement.subject] });
  const upper = (statement: Statement) => ({
    ...statement,
    subject: statement.subject.map(({ digest }) => ({ digest: { sha256: (digest.sha256 ?? "").toUpperCase() } })),
  });
  const sha512 = createHash("sha512").update("something else").digest("hex");
  const contradicting = { ...evaluated, subject: [{ ...subject, digest: { ...subject?.digest, sha512 } }] };
  const duplicated = JSON.stringify(stateSigned(OTHER.digest)).replace(
    /}$/,
    `,"subject":${JSON.stringify(stateSigned().subject)}}`,
  );
  const other = { ...evaluated, predicateType: "https://acme.example/other/v1" };
  return [
    {
      name: "attestation of another type",
      bent: "predicateType",
      rule: "an attestation counts as what it states",
      beside: attached(bundleOf(by, other)),
      fact: { ...ATTESTATION, predicateType: other.predicateType },
      question: ATTESTED,
    },
    {
      name: ".att whose annotation lies",
      bent: "the annotation says another predicateType than the statement",
      rule: "the signed statement decides",
      beside: { att: [attestationLayer(envelopeOf(by, other))] },
      fact: { ...ATTESTATION, form: "cosign-legacy", predicateType: other.predicateType },
      question: ATTESTED,
    },
    {
      name: "attestation whose annotation lies",
      bent: "the annotation says another predicateType than the statement",
      rule: "the signed statement decides",
      beside: attached(bundleOf(by, other), { annotations: { "dev.sigstore.bundle.predicateType": EVALUATION } }),
      fact: { ...ATTESTATION, predicateType: other.predicateType },
      question: ATTESTED,
    },
    {
      name: "attestation alone",
      bent: "an attestation, and the artifact's signature is asked for",
      rule: "to attest is not to sign",
      beside: attached(bundleOf(by, evaluated)),
      fact: ATTESTATION,
      differs: "any-statement",
    },
    {
      name: ".att with cosign's own type",
      bent: "a signature's statement under the tag of attestations",
      rule: "the signed statement decides, not where it lies",
      beside: { att: [attestationLayer(envelopeOf(by, stateSigned()), SIGN)] },
      fact: OLD_ARTIFACT,
      question: { about: "attestation", predicateType: SIGN },
    },
    {
      name: "bundle with several subjects",
      bent: "another image is a subject too",
      rule: "cosign's own statement is about one image",
      beside: attached(bundleOf(by, twoSubjects(stateSigned()))),
      ...INVALID,
      differs: "several-subjects",
    },
    {
      name: "attestation with several subjects",
      bent: "another image is a subject too",
      rule: "in-toto: it is about each of them",
      beside: attached(bundleOf(by, twoSubjects(evaluated))),
      fact: ATTESTATION,
      question: ATTESTED,
    },
    {
      name: "attestation with a second digest",
      bent: "a sha512 that is not the artifact's beside its sha256",
      rule: "in-toto DigestSet: any accepted algorithm matches",
      beside: attached(bundleOf(by, contradicting)),
      fact: ATTESTATION,
      question: ATTESTED,
    },
    {
      name: "bundle with a statement v0.1",
      bent: "_type",
      rule: "in-toto v0.1 says the same",
      beside: attached(bundleOf(by, { ...stateSigned(), _type: STATEMENT_V01 })),
      fact: ARTIFACT,
    },
    {
      name: "attestation with a statement v0.1",
      bent: "_type",
      rule: "in-toto v0.1 says the same",
      beside: attached(bundleOf(by, { ...evaluated, _type: STATEMENT_V01 })),
      fact: ATTESTATION,
      question: ATTESTED,
    },
    {
      name: "OMS with a statement v0.1",
      bent: "_type",
      rule: "OMS v1.0 §6.1.3: exactly v1",
      beside: attached(bundleOf(by, { ...stateFiles(), _type: STATEMENT_V01 })),
      ...INVALID,
      question: NOTHING,
    },
    {
      name: "bundle with a statement of no type",
      bent: "_type",
      rule: "no in-toto statement",
      beside: attached(bundleOf(by, { ...stateSigned(), _type: "https://in-toto.io/Statement/v2" })),
      ...INVALID,
      differs: "unknown-statement",
    },
    {
      name: "bundle with a digest in capitals",
      bent: "the subject's digest in upper case",
      rule: "in-toto: lower-case hex",
      beside: attached(bundleOf(by, upper(stateSigned()))),
      ...INVALID,
    },
    {
      name: "statement with subject twice",
      bent: "subject twice, the second one the artifact",
      rule: "RFC 8259 §4: names have to be unique, else readers differ",
      beside: attached(toBundle({ dsseEnvelope: toEnvelope(duplicated, [signStatement(by, duplicated)]) }, BY_KEY)),
      ...INVALID,
    },
  ];
}

/** Models whose manifest shows other files to a container runtime, which reads names in any case (Go's encoding/json). */
export function listShadows(by: Signatory): Bent[] {
  return ["Layers", "layerſ"].map((name) => {
    const subject = shadow(name);
    return {
      name: `OMS of a manifest with ${name}`,
      bent: `other layers under ${name}, which a runtime takes for layers`,
      rule: "the files that run are those that are signed",
      beside: { subject, referrers: [packReferrer(bundleOf(by, stateFiles()), { subject })] },
      problems: ["RegistryFailed"],
      question: NOTHING,
    };
  });
}
