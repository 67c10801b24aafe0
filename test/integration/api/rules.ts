// For every CEL rule of the CRDs: an object that breaks it, or a change that does.
import type { VALID } from "./valid.ts";

type Spec = Record<string, unknown>;

export interface RuleCase {
  kind: keyof typeof VALID;
  message: string;
  /** Makes a bad spec of the valid one. For transition rules the valid one is stored first. */
  spec: (valid: Spec) => Spec;
  isTransition?: true;
  name?: string;
}

const peer = (value: object) => (spec: Spec) => ({
  ...spec,
  dataFlows: { egress: [{ name: "x", ports: [1], to: value }] },
});
const tier = (change: object) => (spec: Spec) => ({ ...spec, tiers: [{ ...(spec.tiers as object[])[0], ...change }] });
const signer = (publicKey: object) => (spec: Spec) => ({ ...spec, signers: [{ name: "pipeline", publicKey }] });
const LONG = "a".repeat(64);
const TOO_LONG = "the name must fit a label value: 63 characters at most";
const PEER = "name either a cidr, or a namespace and/or pods";
const NEVER = "a revocation is never changed: create another one";

export const RULES: RuleCase[] = [
  { kind: "AISystem", message: TOO_LONG, name: LONG, spec: (spec) => spec },
  { kind: "AIPolicy", message: TOO_LONG, name: LONG, spec: (spec) => spec },
  { kind: "AISystem", message: PEER, spec: peer({}) },
  { kind: "AISystem", message: PEER, spec: peer({ cidr: "10.0.0.0/8", namespace: "x" }) },
  {
    kind: "RiskAssessment",
    message: "an assessment stays with its system: make a new RiskAssessment for another one",
    isTransition: true,
    spec: (spec) => ({ ...spec, system: "other" }),
  },
  {
    kind: "RiskAssessment",
    message: "a residual risk other than the inherent one needs at least one measure",
    spec: (spec) => ({
      ...spec,
      scenarios: [
        {
          ...(spec.scenarios as object[])[0],
          treatment: { option: "mitigate", measures: [] },
          residual: { likelihood: "rare", consequence: "minor" },
        },
      ],
    }),
  },
  {
    kind: "ModelRelease",
    message: "a release is immutable: publish a new ModelRelease instead",
    isTransition: true,
    spec: (spec) => ({ ...spec, version: "v6" }),
  },
  {
    kind: "ModelRelease",
    message: "list each image once",
    spec: (spec) => ({ ...spec, artifacts: ["a", "b"].map((name) => ({ name, image: `x@sha256:${"a".repeat(64)}` })) }),
  },
  {
    kind: "ModelRelease",
    message: "set release exactly when to is release",
    spec: (spec) => ({ ...spec, rollback: { to: "release" } }),
  },
  {
    kind: "ModelRelease",
    message: "set release exactly when to is release",
    spec: (spec) => ({ ...spec, rollback: { to: "none", release: "v4" } }),
  },
  { kind: "AIPolicy", message: "give the key either as pem or as configMap, key and sha256", spec: signer({}) },
  {
    kind: "AIPolicy",
    message: "give the key either as pem or as configMap, key and sha256",
    spec: signer({ pem: "x", configMap: "c", key: "k", sha256: "a".repeat(64) }),
  },
  {
    kind: "AIPolicy",
    message: "a configMap needs key and sha256 beside it",
    spec: signer({ configMap: "c", key: "k" }),
  },
  {
    kind: "AIPolicy",
    message: "count cannot exceed the number of signers in anyOf",
    spec: tier({ signatures: [{ over: "artifact", anyOf: ["pipeline"], count: 2 }] }),
  },
  {
    kind: "AIPolicy",
    message: "every name in signatures.anyOf must be one of spec.signers",
    spec: tier({ signatures: [{ over: "artifact", anyOf: ["stranger"] }] }),
  },
  {
    kind: "Approval",
    message: "set withdraws exactly when decision is withdraw",
    spec: (spec) => ({ ...spec, decision: "withdraw" }),
  },
  {
    kind: "Approval",
    message: "set withdraws exactly when decision is withdraw",
    spec: (spec) => ({ ...spec, withdraws: { name: "a", uid: "u" } }),
  },
  {
    kind: "Approval",
    message: "to approve or accept, set until: the day the decision ends",
    spec: (spec) => Object.fromEntries(Object.entries(spec).filter(([key]) => key !== "until")),
  },
  {
    kind: "Approval",
    message: "a ModelRelease is approved, a RiskAssessment is accepted",
    spec: (spec) => ({ ...spec, target: { ...(spec.target as object), kind: "RiskAssessment" } }),
  },
  {
    kind: "Approval",
    message: "a RiskAssessment is accepted, a ModelRelease is approved",
    spec: (spec) => ({ ...spec, decision: "accept" }),
  },
  {
    kind: "Approval",
    message: "an Approval is never changed: withdraw it and create a new one",
    isTransition: true,
    spec: (spec) => ({ ...spec, reason: "other" }),
  },
  { kind: "Revocation", message: "name digests, a release, or both", spec: () => ({ reason: "x" }) },
  { kind: "Revocation", message: NEVER, isTransition: true, spec: (spec) => ({ ...spec, reason: "other" }) },
  { kind: "ClusterRevocation", message: "name digests, a signer, or both", spec: () => ({ reason: "x" }) },
  { kind: "ClusterRevocation", message: NEVER, isTransition: true, spec: (spec) => ({ ...spec, reason: "other" }) },
  {
    kind: "Warrant",
    message: "a Warrant is named enforce, warn, audit or approvals",
    name: "other",
    spec: (spec) => spec,
  },
  {
    kind: "Incident",
    message: "an incident keeps its system and the moment it was noticed",
    isTransition: true,
    spec: (spec) => ({ ...spec, system: "other" }),
  },
];
