// Every form of signature with every kind of key.
import type { Fact, Question } from "../../case.ts";
import type { Difference } from "../../differences.ts";
import { createSignatory, hashOf, type KeyKind, type Signatory, signBy } from "../../keys.ts";
import { type Beside, packReferrer } from "../../pack.ts";
import { payloadOf, stateEvaluated, stateFiles, stateSigned } from "../../statements.ts";
import { byKey, type Row } from "../../table.ts";
import { ARTIFACT, ATTESTATION, ATTESTED, FILES_SIGNED, NOTHING, OLD_ARTIFACT } from "../facts.ts";
import { attached, attestationLayer, bundleOf, envelopeOf, layerOf } from "./parts.ts";

interface Form {
  name: string;
  make(by: Signatory): Beside;
  fact: Omit<Fact, "signer">;
  question?: Question;
  differs?: Difference;
}

export const FORMS: Form[] = [
  {
    name: "legacy .sig",
    make: (by) => ({ sig: [layerOf(payloadOf(), signBy(by, Buffer.from(payloadOf())))] }),
    fact: OLD_ARTIFACT,
  },
  {
    name: "legacy .att",
    make: (by) => ({ att: [attestationLayer(envelopeOf(by, stateEvaluated()))] }),
    fact: { ...ATTESTATION, form: "cosign-legacy" },
    question: ATTESTED,
  },
  {
    name: "bundle v0.1",
    make: (by) => attached(bundleOf(by, stateSigned(), "v0.1")),
    fact: ARTIFACT,
    differs: "old-bundle",
  },
  {
    name: "bundle v0.2",
    make: (by) => attached(bundleOf(by, stateSigned(), "v0.2")),
    fact: ARTIFACT,
    differs: "old-bundle",
  },
  { name: "bundle v0.3", make: (by) => attached(bundleOf(by, stateSigned())), fact: ARTIFACT },
  {
    name: "bundle by fallback tag",
    make: (by) => ({ listed: [packReferrer(bundleOf(by, stateSigned()))] }),
    fact: ARTIFACT,
  },
  {
    name: "attestation",
    make: (by) => attached(bundleOf(by, stateEvaluated())),
    fact: ATTESTATION,
    question: ATTESTED,
  },
  { name: "OMS", make: (by) => attached(bundleOf(by, stateFiles())), fact: FILES_SIGNED, question: NOTHING },
];

const isForModels = (kind: KeyKind) => kind === "p256" || kind === "p384" || kind === "p521";

export function toGoodRow(form: Form, kind: KeyKind): Row {
  const by = createSignatory(kind);
  const isFit = form.name !== "OMS" || isForModels(kind);
  const hash = hashOf(kind);
  return {
    name: `key, ${form.name}, ${kind}`,
    bent: isFit ? "nothing" : "a kind of key that model signatures do not have",
    rule: isFit ? "a signature by the policy's key" : "OMS v1.0 §6.1.8: keys on P-256, P-384 and P-521 alone",
    beside: form.make(by),
    signers: [byKey("pipeline", by)],
    facts: isFit ? [{ signer: "pipeline", ...form.fact }] : [],
    problems: isFit ? [] : ["SignerUnknown"],
    ...(form.question === undefined ? {} : { question: form.question }),
    ...(hash === undefined ? {} : { hash }),
    ...(form.differs === undefined ? {} : { differs: form.differs }),
  };
}
