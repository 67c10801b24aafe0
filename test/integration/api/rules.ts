// For every CEL rule of the CRDs: an object that breaks it, or a change that does.
import type { VALID } from "./valid.ts";

type Spec = Record<string, unknown>;

export interface RuleCase {
  kind: keyof typeof VALID;
  message: string;
  /** Makes a bad spec of the valid one. For transition rules the valid one is stored first. */
  spec: (valid: Spec) => Spec;
  isTransition?: true;
  /** What is stored first, where it is not the valid spec as it stands. */
  before?: (valid: Spec) => Spec;
  name?: string;
}

const peer = (value: object) => (spec: Spec) => ({
  ...spec,
  dataFlows: { egress: [{ name: "x", ports: [1], to: value }] },
});
const tier = (change: object) => (spec: Spec) => ({ ...spec, tiers: [{ ...(spec.tiers as object[])[0], ...change }] });
const signer = (publicKey: object) => (spec: Spec) => ({ ...spec, signers: [{ name: "pipeline", publicKey }] });
const PINNED = { configMap: "c", key: "k", sha256: "a".repeat(64) };
const keyless = (identity: object) => (spec: Spec) => ({
  ...spec,
  signers: [{ name: "pipeline", sigstore: { issuer: "https://accounts.acme.example", identity } }],
});
const reaction = (...steps: object[]) => tier({ onBreach: [{ for: ["DigestRevoked"], steps }] });
const REVIEWED = { cause: "x", action: "y", check: { due: "2027-01-01", result: "z" } };
const without = (key: string) => (spec: Spec) => ({
  ...spec,
  state: "Closed",
  review: Object.fromEntries(Object.entries(REVIEWED).filter(([name]) => name !== key)),
});
const close = (spec: Spec) => ({ ...spec, state: "Closed", review: REVIEWED });
const lift = (reason: string) => (spec: Spec) => ({ ...spec, resumed: { authority: "oncall", reason } });
const LONG = "a".repeat(64);
const TOO_LONG = "the name must fit a label value: 63 characters at most";
const PEER = "name either a cidr, or a namespace and/or pods";
const NEVER = "a revocation is never changed: create another one";
const STOP_NEVER = "a Stop is never changed, only lifted: vouchsafe resume";
const STOP_LIFTED = "a Stop that was lifted stays lifted: create another one";
const INCIDENT_KEEPS = "an incident keeps its system, its breach and the moment it was noticed";
const INCIDENT_CLOSES =
  "an incident closes only with cause, action and the result of a check: vouchsafe incident review";
const INCIDENT_CLOSED = "the record of a closed incident is never changed: open another one";
const FLOOR = "floor belongs to throttle alone";
const TAKEN_BACK = "only throttle, quarantine and leaveServices can be taken back after a time";

export const RULES: RuleCase[] = [
  { kind: "AISystem", message: TOO_LONG, name: LONG, spec: (spec) => spec },
  { kind: "AIPolicy", message: TOO_LONG, name: LONG, spec: (spec) => spec },
  ...["a..b", "a//b", "a/", "a.lock"].map(
    (branch): RuleCase => ({
      kind: "AISystem",
      message: "branch must be a name that Git allows",
      spec: (spec) => ({ ...spec, github: { repository: "acme/deploy", branch } }),
    }),
  ),
  {
    kind: "AISystem",
    message: "path must not contain . or .. as a folder",
    spec: (spec) => ({ ...spec, github: { repository: "acme/deploy", path: "apps/../secrets" } }),
  },
  { kind: "AISystem", message: PEER, spec: peer({}) },
  { kind: "AISystem", message: PEER, spec: peer({ cidr: "10.0.0.0/8", namespace: "x" }) },
  ...["a b", "-a", "A.example/x", "a..b/x", "a/b/c", `${"a".repeat(254)}/x`, "a".repeat(64)].map(
    (key): RuleCase => ({
      kind: "AISystem",
      message: "pods must name labels as Kubernetes takes them",
      spec: peer({ pods: { [key]: "x" } }),
    }),
  ),
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
  ...[{}, { format: "Image" }, { format: "ModelPack" }].map(
    (format): RuleCase => ({
      kind: "ModelRelease",
      message: "modelPath belongs to formats ModelKit and Modelcar",
      spec: (spec) => ({
        ...spec,
        artifacts: [{ ...(spec.artifacts as object[])[0], ...format, modelPath: "models" }],
      }),
    }),
  ),
  ...[{}, { publicKey: { pem: "x" }, x509: { roots: PINNED } }].map(
    (given): RuleCase => ({
      kind: "AIPolicy",
      message: "give exactly one of publicKey, sigstore and x509",
      spec: (spec) => ({ ...spec, signers: [{ name: "pipeline", ...given }] }),
    }),
  ),
  ...[{}, { exact: "a", pattern: "a" }].map(
    (identity): RuleCase => ({
      kind: "AIPolicy",
      message: "give the identity either as exact or as pattern",
      spec: keyless(identity),
    }),
  ),
  ...["(", "a**", "(?=x)", "[a"].map(
    (pattern): RuleCase => ({
      kind: "AIPolicy",
      message: "the pattern is no regular expression (RE2)",
      spec: keyless({ pattern }),
    }),
  ),
  ...[{ over: "attestation" }, { over: "artifact", predicateType: "https://slsa.dev/provenance/v1" }].map(
    (demand): RuleCase => ({
      kind: "AIPolicy",
      message: "set predicateType exactly when over is attestation",
      spec: tier({ signatures: [{ ...demand, anyOf: ["pipeline"] }] }),
    }),
  ),
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
    message: "set review exactly when source is GitHub, and not to withdraw",
    spec: (spec) => ({ ...spec, source: "GitHub" }),
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
  { kind: "AIPolicy", message: FLOOR, spec: reaction({ do: "stop", floor: 1 }) },
  { kind: "AIPolicy", message: TAKEN_BACK, spec: reaction({ do: "sever", for: "1h" }) },
  { kind: "AIPolicy", message: TAKEN_BACK, spec: reaction({ do: "throttle", for: "1h" }, { do: "stop", for: "1h" }) },
  { kind: "AIPolicy", message: "name each rung once", spec: reaction({ do: "refuse" }, { do: "refuse", after: "1h" }) },
  ...[
    { system: "other" },
    { authority: "other" },
    { reason: "other" },
    { by: { username: "other" } },
    { by: { username: "alice", uid: "u" } },
    { by: undefined },
  ].map((change): RuleCase => {
    return { kind: "Stop", message: STOP_NEVER, isTransition: true, spec: (spec) => ({ ...spec, ...change }) };
  }),
  { kind: "Stop", message: STOP_LIFTED, isTransition: true, before: lift("calm"), spec: (spec) => spec },
  { kind: "Stop", message: STOP_LIFTED, isTransition: true, before: lift("calm"), spec: lift("other") },
  ...[
    { system: "other" },
    { system: undefined },
    { detectedAt: "2026-11-25T00:00:00Z" },
    { breach: "ReleaseRevoked" },
    { breach: undefined },
  ].map((change): RuleCase => {
    const before = (spec: Spec) => ({ ...spec, breach: "DigestRevoked" });
    return {
      kind: "Incident",
      message: INCIDENT_KEEPS,
      isTransition: true,
      before,
      spec: (spec) => ({ ...before(spec), ...change }),
    };
  }),
  {
    kind: "Incident",
    message: INCIDENT_KEEPS,
    isTransition: true,
    spec: (spec) => ({ ...spec, breach: "DigestRevoked" }),
  },
  { kind: "Incident", message: INCIDENT_CLOSES, spec: (spec) => ({ ...spec, state: "Closed" }) },
  { kind: "Incident", message: INCIDENT_CLOSES, spec: without("cause") },
  { kind: "Incident", message: INCIDENT_CLOSES, spec: without("action") },
  { kind: "Incident", message: INCIDENT_CLOSES, spec: without("check") },
  {
    kind: "Incident",
    message: INCIDENT_CLOSES,
    spec: (spec) => ({ ...spec, state: "Closed", review: { ...REVIEWED, check: { due: "2027-01-01" } } }),
  },
  {
    kind: "Incident",
    message: "a closed incident stays closed",
    isTransition: true,
    before: close,
    spec: (spec) => ({ ...close(spec), state: "Open" }),
  },
  ...[
    { review: { ...REVIEWED, cause: "other" } },
    { summary: "Nothing happened." },
    { severity: "critical" },
    { go: [{ rung: "sever", authority: "oncall" }] },
  ].map((change): RuleCase => {
    return {
      kind: "Incident",
      message: INCIDENT_CLOSED,
      isTransition: true,
      before: close,
      spec: (spec) => ({ ...close(spec), ...change }),
    };
  }),
];
