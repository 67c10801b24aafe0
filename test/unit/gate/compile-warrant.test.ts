// What a Warrant holds at most: whatever a namespace lists, the API server takes the result, and what was cut is refused.
import { describe, expect, test } from "vitest";
import { AISystem } from "../../../src/api/ai-system.ts";
import { Incident } from "../../../src/api/incident.ts";
import { ModelRelease } from "../../../src/api/model-release.ts";
import { MAX_WARRANT_BYTES, Warrant, type WarrantSpec } from "../../../src/api/warrant.ts";
import { decideNamespace } from "../../../src/controllers/governance/decide.ts";
import type { NamespaceFacts, Read } from "../../../src/domain/facts.ts";
import { judgeImage } from "../../../src/gate/judge-pod.ts";
import { toObjectSchema } from "../../../src/crd/definition.ts";
import type { SchemaNode } from "../../../src/crd/structural.ts";
import { make, MODEL, NOW, revoke, SYSTEM_SPEC, toBareFacts, valid } from "../domain/voice.ts";
import { policy, SIDECAR, toFacts } from "./breach-scene.ts";

const toDigest = (number: number) => `sha256:${number.toString(16).padStart(64, "0")}`;
const list = <T>(count: number, of: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => of(index));
/** A name of as many characters as a label has at most. */
const long = (index: number) => `s${String(index).padStart(62, "0")}`;

const compile = (facts: NamespaceFacts) => {
  const { warrants, overflow } = decideNamespace(facts, NOW);
  return { spec: warrants.get("enforce") ?? { notYet: "Warn" as const }, overflow };
};

/** The bytes that etcd gets: the API server escapes three characters. */
const sizeOf = (spec: WarrantSpec) =>
  Buffer.byteLength(JSON.stringify(spec).replaceAll(/[<>&]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`));

/** Members of a map or list that are more than the CRD takes. */
function* listExcess(node: SchemaNode, value: unknown, path: string): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  const count = Object.keys(value).length;
  const most = node.maxProperties ?? node.maxItems ?? Infinity;
  if (count > most) yield `${path}: ${count}`;
  for (const [key, member] of Object.entries(value)) {
    const rest = typeof node.additionalProperties === "object" ? node.additionalProperties : node.items;
    const inner = node.properties?.[key] ?? rest;
    if (inner !== undefined) yield* listExcess(inner, member, `${path}.${key}`);
  }
}

function expectTaken(spec: WarrantSpec): void {
  expect(sizeOf(spec)).toBeLessThanOrEqual(MAX_WARRANT_BYTES);
  const node = toObjectSchema(Warrant).properties?.spec ?? {};
  expect([...listExcess(node, spec, "spec")]).toEqual([]);
  expect(Warrant.spec.safeParse(spec).error?.message).toBeUndefined();
}

const toSystems = (count: number, change: (index: number) => object = () => ({})): Read<AISystem>[] =>
  list(count, (index) =>
    valid(
      make<AISystem>(
        AISystem,
        long(index),
        { ...SYSTEM_SPEC, ...change(index) },
        { metadata: { creationTimestamp: new Date(NOW - index * 1000).toISOString() } },
      ),
    ),
  );
const holding = (count: number): Read<Incident>[] =>
  list(Math.ceil(count / 64), (part) =>
    valid(
      make<Incident>(
        Incident,
        `i${part}`,
        {
          type: "breach",
          breach: "MirrorPod",
          severity: "major",
          summary: "x",
          detectedAt: "2026-11-24T11:00:00Z",
        },
        {
          status: {
            workloads: list(Math.min(64, count - part * 64), (index) => ({
              kind: "Deployment",
              name: `w${part}-${index}-${"n".repeat(240)}`,
              uid: "u",
              hold: "Held",
            })),
          },
        },
      ),
    ),
  );
const tagged = (count: number): Read<ModelRelease>[] =>
  list(Math.ceil(count / 16), (part) =>
    valid(
      make<ModelRelease>(ModelRelease, `r${part}`, {
        system: "gate",
        version: "v",
        artifacts: list(16, (index) => ({ name: `a${index}`, image: `x:${part}-${index}@${toDigest(index)}` })),
      }),
    ),
  );
/** Revocations of `count` digests with reasons that are stored at six times their length. */
const revoking = (count: number) =>
  list(Math.ceil(count / 64), (part) =>
    revoke(`r${part}`, {
      digests: list(Math.min(64, count - part * 64), (index) => toDigest(part * 64 + index)),
      reason: "<&>".repeat(100),
    }),
  );
const speakers = { oversight: { stopAuthority: list(16, (index) => `${index}${"é".repeat(120)}`) } };

describe("the API server takes the Warrant of a namespace with", () => {
  test.each<[string, NamespaceFacts]>([
    ["more systems than it holds", toBareFacts({ systems: toSystems(1003) })],
    ["more held workloads than it holds", toBareFacts({ incidents: holding(1100) })],
    ["more tags than it holds", toBareFacts({ releases: tagged(2100) })],
    ["more revoked digests than it holds", toBareFacts({ revocations: revoking(2100) })],
    [
      "systems whose reasons are too large",
      toBareFacts({ systems: toSystems(1000, () => speakers), fences: new Map() }),
    ],
    [
      "too much of everything",
      toBareFacts({
        systems: toSystems(1100, () => speakers),
        incidents: holding(1100),
        releases: tagged(2100),
        revocations: revoking(2100),
        fences: new Map(),
      }),
    ],
    [
      "too much of everything and no usable policy",
      toBareFacts({
        modes: new Map([["enforce", { outcome: "missing", name: "standard" }]]),
        incidents: holding(1100),
        releases: tagged(2100),
        revocations: revoking(2100),
      }),
    ],
  ])("%s", (_, facts) => {
    const { spec } = compile(facts);
    expectTaken(spec);
    expect(compile(facts).spec, "the same facts give the same bytes").toEqual(spec);
  });
});

test("of too many systems the oldest stay; one that does not fit is unknown, and nothing else is refused", () => {
  const young = toSystems(1002).toReversed();
  const { spec, overflow } = compile(toFacts({ systems: [...toFacts().systems, ...young] }));
  expect(Object.keys(spec.systems ?? {})).toHaveLength(1000);
  expect(spec.systems?.gate?.gate).toBe("Open");
  // The higher its number, the older it is.
  expect(spec.systems?.[long(1001)]).toBeDefined();
  expect(spec.systems?.[long(0)]).toBeUndefined();
  expect(overflow).toEqual([]);
  expect(judgeImage(`x@${MODEL}`, spec)).toBeUndefined();
});

test("a Warrant that is full grants nothing, says so, and gives no reason for a closed gate", () => {
  const facts = toFacts();
  const full = compile({ ...facts, systems: [...facts.systems, ...toSystems(999, () => speakers)] });
  expect(full.overflow).toMatchObject([{ code: "WarrantFull" }]);
  expect(full.spec).toMatchObject({ pins: {}, images: {}, unknown: full.overflow[0]?.text });
  expect(Object.values(full.spec.systems ?? {}).filter(({ why }) => why !== undefined)).toEqual([]);
});

test("the refusal of a supporting image is never cut: without it the image would run", () => {
  const last = `sha256:${"f".repeat(64)}`;
  const facts = toBareFacts({
    modes: policy({ supportingImages: [`r.example/proxy@${SIDECAR}`] }),
    revocations: [...revoking(2100), revoke("z", { digests: [last] })],
  });
  expect(SIDECAR, "it comes after all the others").toBe(last);
  expect(judgeImage(`r.example/proxy@${SIDECAR}`, compile(facts).spec)?.code).toBe("DigestRevoked");
});
