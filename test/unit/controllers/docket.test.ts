// Whether what runs is what an Incident is about, with the Warrant that the operator would compile.
import { describe, expect, test } from "vitest";
import { isTemplateConcerned, judgePodOf, openDocket } from "../../../src/controllers/containment/docket.ts";
import type { NamespaceFacts } from "../../../src/domain/facts.ts";
import { MODEL, NAMESPACE, NOW, revoke } from "../domain/voice.ts";
import { after, indexOf, stop, toPod, V6, warrantOf, without } from "../gate/breach-scene.ts";
import { toIncident } from "./contained.ts";

const open = (facts: NamespaceFacts, spec: object) =>
  openDocket({
    incident: toIncident(spec),
    namespace: NAMESPACE,
    warrant: warrantOf(facts),
    index: indexOf(facts),
    widened: new Set(),
    now: NOW,
  });

const BY_RELEASE = { revocations: [revoke("r", { release: "v5" })] };
const BY_DIGEST = { revocations: [revoke("r", { digests: [MODEL] })] };
const OF_V5 = { release: "v5", breach: "ReleaseRevoked" };
const OF_STOP = { release: undefined, breach: "SystemStopped", order: "halt" };
const both = { isConcerned: true, isInBreach: true };

describe("whether a pod of v5 is what the Incident is about", () => {
  test.each<[string, Partial<NamespaceFacts>, object, object]>([
    ["v5 is revoked", BY_RELEASE, OF_V5, both],
    ["v5 is revoked, and its system is stopped too", { ...BY_RELEASE, stops: stop() }, OF_V5, both],
    [
      "a digest of v5 is revoked, and its system is stopped too",
      { ...BY_DIGEST, stops: stop() },
      { release: "v5", breach: "DigestRevoked" },
      both,
    ],
    ["the Stop's own Incident", { ...BY_RELEASE, stops: stop() }, OF_STOP, both],
    ["the Stop is resumed", BY_RELEASE, OF_STOP, { isConcerned: false, isInBreach: true }],
    [
      "v6 was revoked, the workload went back to v5, and the system is stopped",
      { stops: stop() },
      {},
      { isConcerned: false, isInBreach: true },
    ],
    [
      "v5 lost its approval, and its system is stopped too",
      { ...without(after({}), "mr-v5"), stops: stop() },
      { release: "v5", breach: "ApprovalWithdrawn" },
      both,
    ],
    [
      "v5 is approved again, and its system is stopped",
      { stops: stop() },
      { release: "v5", breach: "ApprovalWithdrawn" },
      { isConcerned: false, isInBreach: true },
    ],
    ["nothing is wrong any more", {}, OF_V5, { isConcerned: false, isInBreach: false }],
  ])("%s", (_, change, spec, expected) => {
    const docket = open(after(change), spec);
    expect(judgePodOf(docket, toPod())).toEqual(expected);
    const { isConcerned } = judgePodOf(docket, toPod());
    expect(isTemplateConcerned(docket, "gate", toPod().images), "its template, as its pods").toBe(isConcerned);
  });

  test("a pod of another release is not, also under a Stop", () => {
    const docket = open(after({ ...BY_RELEASE, stops: stop() }), OF_V5);
    expect(judgePodOf(docket, toPod(V6)).isConcerned).toBe(false);
  });
});
