// One small valid spec of each kind.
const DIGEST = `sha256:${"a".repeat(64)}`;
const rating = { likelihood: "possible", consequence: "minor" };
const row = ["low", "low", "low", "medium", "high"];

export const VALID = {
  AISystem: {
    owner: { team: "speech", contact: "speech@acme.example" },
    accountable: "Head",
    purpose: "Detects speech.",
    role: "deployer",
    lifecycle: "production",
    impact: { safety: "minor", rights: "minor", privacy: "minor", fairness: "minor", security: "minor" },
    oversight: { stopAuthority: ["oncall"] },
  },
  RiskAssessment: {
    system: "gate",
    scenarios: [{ id: "one", description: "x", inherent: rating, treatment: { option: "accept" }, residual: rating }],
    impactAssessment: { individuals: "x", groups: "x", society: "x" },
    assessedOn: "2026-11-01",
    reviewBy: "2027-05-01",
  },
  ModelRelease: { system: "gate", version: "v5", artifacts: [{ name: "model", image: `r.example/m@${DIGEST}` }] },
  AIPolicy: {
    signers: [{ name: "pipeline", publicKey: { pem: "x" } }],
    risk: {
      matrix: { rare: row, unlikely: row, possible: row, likely: row, almostCertain: row },
      appetite: "low",
      tolerance: "medium",
    },
    tiers: [
      {
        name: "all",
        when: { impactAtMost: "severe" },
        signatures: [{ over: "artifact", anyOf: ["pipeline"] }],
        assessment: { maxAgeDays: 180 },
      },
    ],
  },
  Approval: {
    target: { kind: "ModelRelease", name: "v5", digest: `v1:${DIGEST}` },
    role: "validator",
    decision: "approve",
    until: "2027-01-01T00:00:00Z",
    reason: "fine",
    approver: { username: "alice" },
  },
  Revocation: { digests: [DIGEST], reason: "drops callers" },
  ClusterRevocation: { signer: "pipeline", reason: "key lost" },
  Stop: { system: "gate", authority: "oncall", reason: "drops callers", by: { username: "alice" } },
  Warrant: {},
  Incident: {
    system: "gate",
    type: "drill",
    severity: "minor",
    summary: "A drill.",
    detectedAt: "2026-11-24T00:00:00Z",
  },
};
