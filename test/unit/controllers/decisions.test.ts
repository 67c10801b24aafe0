// Small decisions of the controllers, by tables.
import { generateKeyPairSync } from "node:crypto";
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { needsNudge, type Owner } from "../../../src/controllers/nudge/decide.ts";
import { readRefusal } from "../../../src/controllers/refusals/decide.ts";
import { findDamage } from "../../../src/controllers/gate-check/decide.ts";
import { resolveSigner } from "../../../src/domain/signers.ts";
import { listValidatingPolicies } from "../../../src/gate/policies/index.ts";
import { toObjects } from "../../../src/gate/policies/policy.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const owner = (image: string, spec: object = {}, status: object = {}): Owner => ({
  metadata: { name: "x" },
  spec: { template: { spec: { containers: [{ image }] } }, ...spec },
  status,
});

test.each<[string, string, Owner, boolean]>([
  ["a ReplicaSet without pods", "ReplicaSet", owner(`r/x@${DIGEST}`, { replicas: 2 }), true],
  ["a ReplicaSet that has its pods", "ReplicaSet", owner(`r/x@${DIGEST}`, { replicas: 2 }, { replicas: 2 }), false],
  ["a ReplicaSet scaled to zero", "ReplicaSet", owner(`r/x@${DIGEST}`, { replicas: 0 }), false],
  ["one of another digest", "ReplicaSet", owner(`r/x@sha256:${"b".repeat(64)}`), false],
  ["one with a tag that may be pinned", "ReplicaSet", owner("r/x:v5"), true],
  ["a waiting Job", "Job", owner(`r/x@${DIGEST}`), true],
  ["a suspended Job", "Job", owner(`r/x@${DIGEST}`, { suspend: true }), false],
  ["a finished Job", "Job", owner(`r/x@${DIGEST}`, {}, { conditions: [{ type: "Complete", status: "True" }] }), false],
  [
    "a DaemonSet that lacks pods",
    "DaemonSet",
    owner(`r/x@${DIGEST}`, {}, { desiredNumberScheduled: 2, currentNumberScheduled: 1 }),
    true,
  ],
  ["a DaemonSet without a status", "DaemonSet", owner(`r/x@${DIGEST}`), true],
  [
    "a DaemonSet that has its pods",
    "DaemonSet",
    owner(`r/x@${DIGEST}`, {}, { desiredNumberScheduled: 2, currentNumberScheduled: 2 }),
    false,
  ],
  [
    "an image volume",
    "StatefulSet",
    { metadata: { name: "x" }, spec: { template: { spec: { volumes: [{ image: { reference: `r/m@${DIGEST}` } }] } } } },
    true,
  ],
])("nudged: %s", (_, kind, it, expected) => {
  expect(needsNudge(kind, it, new Set([DIGEST]))).toBe(expected);
});

test.each<[string, string, string | undefined]>([
  [
    "a refusal of ours",
    `Error creating: pods "x" is forbidden: ValidatingAdmissionPolicy 'vouchsafe-pods' with binding 'vouchsafe-pods-enforce' denied request: ApprovalMissing: release v5 lacks approval`,
    "ApprovalMissing",
  ],
  [
    "no Warrant yet",
    "pods \"x\" is forbidden: ValidatingAdmissionPolicy 'vouchsafe-pods' with binding 'b' denied request: no params found",
    "WarrantMissing",
  ],
  ["somebody else's refusal", 'pods "x" is forbidden: exceeded quota', undefined],
  ["somebody else's policy", "ValidatingAdmissionPolicy 'other' denied request: ImageUnknown: x", undefined],
])("an Event of %s", (_, message, code) => {
  expect(readRefusal(message)?.code).toBe(code);
});

describe("the gate check", () => {
  const operator = { namespace: "vouchsafe-system", serviceAccount: "vouchsafe" };
  type Standing = { kind: string; metadata: { name: string }; spec: Record<string, unknown> };
  const installed = () =>
    structuredClone(listValidatingPolicies(operator).flatMap((policy) => toObjects(policy, operator))) as Standing[];

  test("is content with what was installed, defaults added", () => {
    const standing = installed().map((object) => ({ ...object, spec: { matchPolicy: "Equivalent", ...object.spec } }));
    expect(findDamage(operator, standing)).toEqual([]);
  });

  test("sees a missing binding and a changed text", () => {
    const standing = installed().filter(({ metadata }) => metadata.name !== "vouchsafe-pods-enforce");
    const policy = standing.find(({ metadata }) => metadata.name === "vouchsafe-guard-warrants");
    if (policy !== undefined) policy.spec.validations = [{ expression: "true" }];
    expect(findDamage(operator, standing)).toEqual([
      "ValidatingAdmissionPolicyBinding/vouchsafe-pods-enforce",
      "ValidatingAdmissionPolicy/vouchsafe-guard-warrants",
    ]);
  });
});

describe("trust roots", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const pin = (text: string) => createHash("sha256").update(text).digest("hex");
  const small = generateKeyPairSync("rsa", { modulusLength: 1024 })
    .publicKey.export({ type: "spki", format: "pem" })
    .toString();
  const odd = generateKeyPairSync("ec", { namedCurve: "secp256k1" })
    .publicKey.export({ type: "spki", format: "pem" })
    .toString();
  const secret = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const fromMap = (sha256: string) => ({ name: "s", publicKey: { configMap: "c", key: "k", sha256 } });

  test.each<[string, Parameters<typeof resolveSigner>[0], string | undefined, string]>([
    ["a key inline", { name: "s", publicKey: { pem } }, undefined, "key"],
    ["a pinned key in a ConfigMap", fromMap(pin(pem)), pem, "key"],
    ["a ConfigMap that is not there", fromMap(pin(pem)), undefined, "TrustRootMissing"],
    ["a ConfigMap that somebody changed", fromMap(pin(pem)), `${pem}\n`, "TrustRootMismatch"],
    ["no key at all", { name: "s", publicKey: { pem: "hello" } }, undefined, "TrustRootMalformed"],
    ["a cut-off key", { name: "s", publicKey: { pem: pem.slice(0, 80) } }, undefined, "TrustRootMalformed"],
    ["a private key", { name: "s", publicKey: { pem: secret } }, undefined, "TrustRootMalformed"],
    ["a short RSA key", { name: "s", publicKey: { pem: small } }, undefined, "TrustRootMalformed"],
    ["an unusual curve", { name: "s", publicKey: { pem: odd } }, undefined, "TrustRootMalformed"],
  ])("%s", (_, signer, value, expected) => {
    const resolved = resolveSigner(signer, "standard", {
      readConfigMap: () => value,
      publicGoodRoot: "",
      findRootFault: () => undefined,
    });
    expect(resolved.outcome === "usable" ? resolved.anchor.by : resolved.finding.code).toBe(expected);
  });
});
