// What is worth going back to: which states are recorded, what they need, and which records are too many.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { WarrantSpec } from "../../../src/api/warrant.ts";
import { listConfigMaps, listObsolete, shouldRecord } from "../../../src/controllers/snapshots/decide.ts";
import { type RawWorkload, toWorkloadFacts } from "../../../src/controllers/workloads.ts";
import type { Snapshot } from "../../../src/domain/rollback.ts";
import { MODEL, MODEL6, NO_DEMANDS, NOW, SERVER, UNTIL } from "../domain/voice.ts";

const grants = (release: string) => [{ system: "gate", release, artifact: "x", notAfter: UNTIL }];
const WARRANT: WarrantSpec = {
  notYet: "Warn",
  images: {
    [MODEL]: { grants: grants("v5") },
    [SERVER]: { grants: grants("v5") },
    [MODEL6]: { refused: { code: "DigestRevoked", text: "x" } },
  },
  systems: {
    gate: { gate: "Open", ...NO_DEMANDS },
  },
};

/** A Deployment whose two pods are up to date and available. */
const toRaw = (
  change: { kind?: string; model?: string; system?: string; metadata?: object; status?: object } = {},
): RawWorkload => ({
  apiVersion: "apps/v1",
  kind: change.kind ?? "Deployment",
  metadata: { name: "gate", namespace: "voice", generation: 3, ...change.metadata },
  spec: {
    replicas: 2,
    template: {
      metadata: { labels: change.system === "" ? {} : { "vouchsafe.dev/system": change.system ?? "gate" } },
      spec: {
        containers: [{ name: "server", image: `r.example/s@${SERVER}` }],
        volumes: [{ name: "model", image: { reference: `r.example/m@${change.model ?? MODEL}` } }],
      },
    },
  },
  status: { observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2, ...change.status },
});

describe("a workload is recorded", () => {
  const daemons = { desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3 };
  test.each<[string, RawWorkload, boolean]>([
    ["where all its pods are up to date and available", toRaw(), true],
    ["and not in the middle of a rollout", toRaw({ status: { updatedReplicas: 1 } }), false],
    ["nor with a pod of the last one left", toRaw({ status: { replicas: 3 } }), false],
    ["nor with a pod that is not available", toRaw({ status: { availableReplicas: 1 } }), false],
    ["nor before its controller saw the spec", toRaw({ status: { observedGeneration: 2 } }), false],
    [
      "nor scaled to zero, which shows nothing",
      {
        ...toRaw({ status: { replicas: 0, updatedReplicas: 0, availableReplicas: 0 } }),
        spec: { ...toRaw().spec, replicas: 0 },
      },
      false,
    ],
    ["nor while it is deleted", toRaw({ metadata: { deletionTimestamp: "2026-11-24T11:00:00Z" } }), false],
    ["nor without a system", toRaw({ system: "" }), false],
    ["nor of a system that is unknown", toRaw({ system: "other" }), false],
    ["nor with a model that is not vouched for", toRaw({ model: MODEL6 }), false],
    ["a StatefulSet too", toRaw({ kind: "StatefulSet" }), true],
    ["a DaemonSet too", toRaw({ kind: "DaemonSet", status: daemons }), true],
    [
      "but not while a node lacks its pod",
      toRaw({ kind: "DaemonSet", status: { ...daemons, numberAvailable: 2 } }),
      false,
    ],
  ])("%s", (_, raw, expected) => {
    expect(shouldRecord(toWorkloadFacts(raw), WARRANT, NOW)).toBe(expected);
  });

  test("and not once its grant is over", () => {
    expect(shouldRecord(toWorkloadFacts(toRaw()), WARRANT, Date.parse(UNTIL))).toBe(false);
  });
});

test.each<[string, object, string[]]>([
  ["none", { containers: [{ name: "a" }] }, []],
  ["of a volume", { volumes: [{ name: "v", configMap: { name: "tuning" } }] }, ["tuning"]],
  [
    "of a projected volume",
    { volumes: [{ name: "v", projected: { sources: [{ configMap: { name: "p" } }, { secret: {} }] } }] },
    ["p"],
  ],
  [
    "of a container's variables",
    { containers: [{ env: [{ valueFrom: { configMapKeyRef: { name: "e", key: "k" } } }, { value: "x" }] }] },
    ["e"],
  ],
  [
    "of all variables of an init container",
    { initContainers: [{ envFrom: [{ configMapRef: { name: "i" } }, { secretRef: {} }] }] },
    ["i"],
  ],
  ["an optional one is none", { volumes: [{ name: "v", configMap: { name: "o", optional: true } }] }, []],
  [
    "one that is optional here and needed there",
    {
      volumes: [{ configMap: { name: "o", optional: true } }],
      containers: [{ envFrom: [{ configMapRef: { name: "o" } }] }],
    },
    ["o"],
  ],
  [
    "sorted, each once",
    { volumes: [{ configMap: { name: "z" } }, { configMap: { name: "a" } }, { configMap: { name: "z" } }] },
    ["a", "z"],
  ],
])("the ConfigMaps that a template cannot do without: %s", (_, spec, expected) => {
  expect(listConfigMaps({ spec } as Parameters<typeof listConfigMaps>[0])).toEqual(expected);
});

describe("records that are too many", () => {
  const snap = (release: string, index: number): Snapshot => ({
    name: `lkg-${String(index).padStart(2, "0")}`,
    release,
    images: [],
    template: {},
    configMaps: {},
    recordedAt: new Date(NOW + index * 60_000).toISOString(),
  });
  const toSnaps = (releases: string[]) => releases.map(snap);

  test("ten stay", () => {
    expect(listObsolete(toSnaps(Array.from({ length: 10 }, () => "v5")))).toEqual([]);
  });

  test("of one release the oldest go", () => {
    expect(listObsolete(toSnaps(Array.from({ length: 12 }, () => "v5"))).toSorted()).toEqual(["lkg-00", "lkg-01"]);
  });

  test("the only record of an older release stays before a further one of a newer", () => {
    const releases = ["v3", "v4", ...Array.from({ length: 10 }, () => "v5")];
    expect(listObsolete(toSnaps(releases)).toSorted()).toEqual(["lkg-02", "lkg-03"]);
  });

  test("whatever was recorded: ten stay, the newest of all is among them, and no release is lost while there is room", () => {
    const releases = fc.array(fc.constantFrom("v1", "v2", "v3", "v4", "v5"), { maxLength: 25 });
    fc.assert(
      fc.property(releases, (names) => {
        const snaps = toSnaps(names);
        const gone = new Set(listObsolete(snaps));
        const kept = snaps.filter(({ name }) => !gone.has(name));
        expect(kept).toHaveLength(Math.min(10, snaps.length));
        expect(new Set(kept.map(({ release }) => release))).toEqual(new Set(names));
        const newest = snaps.at(-1);
        if (newest !== undefined) expect(kept).toContain(newest);
      }),
    );
  });
});
