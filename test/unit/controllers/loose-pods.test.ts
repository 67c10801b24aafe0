// Which pods are in quarantine and which are loose: a label alone hides nothing that runs.
import { describe, expect, test } from "vitest";
import { Incident } from "../../../src/api/incident.ts";
import { listLoose } from "../../../src/controllers/breaches/observe.ts";
import { toPodFacts, type RawPod } from "../../../src/controllers/workloads.ts";
import { createWorld } from "../../../src/controllers/world.ts";
import { make, NAMESPACE } from "../domain/voice.ts";

const QUARANTINE = "vouchsafe.dev/quarantine";
const BEFORE = "vouchsafe.dev/labels-before";
const MIRROR = { "kubernetes.io/config.mirror": "x" };
const OWN = { app: "gate", "vouchsafe.dev/system": "gate" };
const MARKED = { ...OWN, [QUARANTINE]: "inc" };

const toRaw = (
  labels: Record<string, string>,
  annotations: Record<string, string> = {},
  rest: object = {},
): RawPod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "gate-1", namespace: NAMESPACE, labels, annotations, ...rest },
  status: { phase: "Running" },
});

test.each<[string, RawPod, string | undefined, Record<string, string>]>([
  ["a pod like any other", toRaw(OWN), undefined, OWN],
  ["one that was contained", toRaw({ [QUARANTINE]: "inc" }, { [BEFORE]: JSON.stringify(OWN) }), "inc", OWN],
  ["one whose former labels cannot be read", toRaw(MARKED, { [BEFORE]: "{" }), "inc", OWN],
  ["one whose former labels are not remembered", toRaw(MARKED), "inc", OWN],
  ["one whose former labels hold the mark", toRaw(MARKED, { [BEFORE]: JSON.stringify(MARKED) }), "inc", OWN],
  ["a mirror pod whose file has the mark", toRaw(MARKED, MIRROR), undefined, OWN],
  ["and one that tells of former labels too", toRaw(MARKED, { ...MIRROR, [BEFORE]: "{}" }), undefined, OWN],
])("what is known of %s", (_, raw, quarantinedBy, labelsBefore) => {
  expect(toPodFacts(raw)).toMatchObject({ quarantinedBy, system: "gate" });
  expect(toPodFacts(raw).labelsBefore).toEqual(labelsBefore);
});

describe("a pod that bears the mark of an Incident", () => {
  const spec = {
    system: "gate",
    type: "breach",
    breach: "ReleaseRevoked",
    severity: "major",
    summary: "x",
    detectedAt: "2026-11-24T11:00:00Z",
  };
  test.each<[string, object | undefined, RawPod, boolean]>([
    ["that is open is contained", spec, toRaw(MARKED), false],
    ["that was closed is loose", { ...spec, state: "Closed" }, toRaw(MARKED), true],
    ["that was deleted is loose", undefined, toRaw(MARKED), true],
    ["that cannot be read is loose", { summary: 1 }, toRaw(MARKED), true],
    [
      "that people wrote of something else is loose",
      { ...spec, type: "concern", breach: undefined },
      toRaw(MARKED),
      true,
    ],
    ["is loose where it is a mirror pod", spec, toRaw(MARKED, MIRROR), true],
    ["is not where it is ending", undefined, toRaw(MARKED, {}, { deletionTimestamp: "2026-11-24T11:00:00Z" }), false],
  ])("%s", (_, incident, raw, isLoose) => {
    const world = createWorld();
    world.pods.take({ type: "Apply", object: raw });
    if (incident !== undefined) {
      const object = { ...make<Incident>(Incident, "inc", spec), spec: incident };
      world.incidents.take({ type: "Apply", object: structuredClone(object) });
    }
    expect(listLoose(world, NAMESPACE)).toHaveLength(isLoose ? 1 : 0);
  });
});
