// What a breach is about: its digests and release, what is put together, and what does not belong to it.
import { describe, expect, test } from "vitest";
import { AISystem } from "../../../src/api/ai-system.ts";
import { Incident } from "../../../src/api/incident.ts";
import type { ModelRelease } from "../../../src/api/model-release.ts";
import { RiskAssessment } from "../../../src/api/risk-assessment.ts";
import type { BreachKind } from "../../../src/api/reaction.ts";
import { findRelabelling } from "../../../src/controllers/governance/decide.ts";
import { listValid, type NamespaceFacts } from "../../../src/domain/facts.ts";
import {
  findBreaches,
  findRelease,
  isSameBreach,
  listGoverned,
  type ReleaseIndex,
  type RunningPod,
} from "../../../src/gate/find-breaches.ts";
import {
  ASSESSMENT_SPEC,
  make,
  MODEL,
  MODEL6,
  NAMESPACE,
  NOW,
  revoke,
  SERVER,
  SYSTEM_SPEC,
  toOpenFacts,
  toRelease,
  TRUSTED,
  UNTIL,
  valid,
} from "../domain/voice.ts";
import {
  after,
  INDEX,
  indexOf,
  policy,
  see,
  SIDECAR,
  STRANGE,
  stop,
  system,
  toFacts,
  toPod,
  unsigned,
  V6,
  warrantOf,
  without,
} from "./breach-scene.ts";

describe("an Incident that holds digests back does not end its own breach", () => {
  const held = (breach: BreachKind, digests: string[]) => [
    valid(
      make<Incident>(
        Incident,
        "i",
        {
          system: "gate",
          release: "v6",
          type: "breach",
          breach,
          severity: "major",
          summary: "x",
          digests,
          detectedAt: "2026-11-24T11:00:00Z",
        },
        { status: { workloads: [{ kind: "Deployment", name: "gate", uid: "u", hold: "Held" }] } },
      ),
    ),
  ];
  const strange = toPod({ images: [`r.example/x@${STRANGE}`] });

  test.each<[BreachKind, NamespaceFacts, RunningPod, string[], number]>([
    ["ApprovalWithdrawn", without(toFacts(), "mr-v6"), toPod(V6), [MODEL6], NOW],
    ["ApprovalExpired", toFacts(), toPod(V6), [SERVER, MODEL6], Date.parse("2027-01-19T00:00:00Z")],
    ["SignatureLost", toFacts({ releases: unsigned() }), toPod(), [MODEL, SERVER], NOW],
    ["SystemRetired", toFacts({ systems: system({ lifecycle: "retired" }) }), toPod(V6), [SERVER, MODEL6], NOW],
    ["ImageUnvouched", toFacts(), strange, [STRANGE], NOW],
  ])("%s", (...[kind, facts, pod, digests, now]) => {
    const before = see(facts, pod, now);
    expect(before).toMatchObject({ kind, digests });
    const holding = { ...facts, incidents: held(kind, digests) };
    expect(warrantOf(holding, now).images?.[digests[0] ?? ""]?.refused?.code).toBe("HeldBack");
    expect(see(holding, pod, now)).toEqual(before);
  });

  test("and once somebody vouches again it is over", () => {
    expect(see(toFacts({ incidents: held("ApprovalWithdrawn", [MODEL6]) }), toPod(V6))).toBeUndefined();
  });
});

describe("images that may run beside any model", () => {
  const facts = toFacts({ modes: policy({ supportingImages: [`r.example/proxy@${SIDECAR}`] }) });
  const beside = { images: [...V6.images, `r.example/proxy@${SIDECAR}`] };

  test("are no breach", () => {
    expect(see(facts, toPod(beside))).toBeUndefined();
    expect(see(facts, toPod({ images: [`r.example/proxy@${SIDECAR}`], system: "" }))).toBeUndefined();
  });

  test.each<[string, Partial<NamespaceFacts>, Partial<RunningPod>]>([
    ["a Stop", { stops: stop() }, {}],
    ["a mirror pod", {}, { isMirror: true }],
    ["a revoked release", { revocations: [revoke("r", { release: "v6" })] }, {}],
    ["a retired system", { systems: system({ lifecycle: "retired" }) }, {}],
  ])("are never held back because of %s", (_, change, pod) => {
    const seen = see({ ...facts, ...change }, toPod({ ...beside, ...pod }));
    expect(seen?.digests).toContain(MODEL6);
    expect(seen?.digests).not.toContain(SIDECAR);
  });
});

describe("what an Incident can say", () => {
  test.each<[string, RunningPod, string | undefined]>([
    ["a label that no system can have", toPod({ system: "Not_A.System", images: [`x@${STRANGE}`] }), undefined],
    ["an unknown system", toPod({ system: "other", images: [`x@${STRANGE}`] }), "other"],
    ["a mirror pod with a bent label", toPod({ system: "Not_A.System", isMirror: true }), undefined],
  ])("names a system only where it can be one: %s", (_, pod, expected) => {
    expect(see(toFacts(), pod)?.system).toBe(expected);
  });

  test("names digests only where they are some", () => {
    const bent = toPod({ images: ["x@sha256:short", `y@${STRANGE}`, "z:latest", `w@sha512:${"a".repeat(128)}`] });
    expect(see(toFacts(), bent)?.digests).toEqual([STRANGE]);
  });
});

test.each<[string, string[], string[], string | undefined]>([
  ["the one that lists most of the images", [MODEL6, SERVER], [], "v6"],
  ["of two that list it, the revoked one", [SERVER], ["v6"], "v6"],
  ["of two that list it, the first by name", [SERVER], [], "v5"],
  ["though another one is revoked", [MODEL, SERVER], ["v6"], "v5"],
  ["none", [STRANGE], [], undefined],
])("the release of a pod: %s", (_, digests, revoked, expected) => {
  const images = digests.map((digest) => `r.example/x@${digest}`);
  expect(findRelease(images, { ...INDEX, revoked: new Set(revoked) })).toBe(expected);
});

describe("a release that somebody else publishes of the same images", () => {
  const images = [MODEL6, SERVER, SIDECAR].map((digest) => `r.example/x@${digest}`);
  const index = (decoy: string, lists: readonly string[], change: Partial<ReleaseIndex> = {}): ReleaseIndex => ({
    ...INDEX,
    releasesOf: new Map(
      [MODEL6, SERVER, SIDECAR].map((digest) => [
        digest,
        [...(lists.includes(digest) ? [decoy] : []), ...(INDEX.releasesOf.get(digest) ?? [])].toSorted(),
      ]),
    ),
    systemOf: new Map([...INDEX.systemOf, [decoy, "other"]]),
    ...change,
  });
  test.each<[string, ReleaseIndex]>([
    ["and of what runs beside any model", index("a-decoy", [MODEL6, SERVER, SIDECAR])],
    ["and of nothing but the server and what runs beside any model", index("a-decoy", [SERVER, SIDECAR])],
    ["for its own system", index("a-decoy", [MODEL6, SERVER])],
    ["for its own system, and revokes", index("a-decoy", [MODEL6, SERVER], { revoked: new Set(["a-decoy"]) })],
    [
      "for the same system, and that nobody approved",
      index("a-decoy", [MODEL6, SERVER], { systemOf: new Map([["a-decoy", "gate"], ...INDEX.systemOf]) }),
    ],
  ])("takes no pod from its own: %s", (_, about) => {
    const governed = listGoverned(images, { supporting: [SIDECAR] });
    expect(findRelease(governed, about, "gate")).toBe("v6");
    const facts = toFacts({ modes: policy({ supportingImages: [`r.example/x@${SIDECAR}`] }) });
    const fallen = { ...facts, revocations: [revoke("r", { digests: [MODEL6] })] };
    expect(see(fallen, toPod({ images }), NOW, about)?.release).toBe("v6");
  });

  test("governs all images where there is no Warrant", () => {
    expect(listGoverned(images, undefined)).toEqual(images);
  });
});

describe("images that another system may run too", () => {
  // v5 of gate and d1 of desk are the same two images; neither of them is a model that falls with its release.
  const artifacts = [MODEL, SERVER].map((digest, i) => ({
    name: ["model", "server"][i],
    image: `r.example/x@${digest}`,
    format: "Image",
  }));
  const toShared = (name: string, of: string, status: object = {}) => {
    const release = toRelease(name, MODEL);
    const spec = { ...release.spec, system: of, artifacts };
    return valid({ ...release, spec, status: { ...release.status, ...status } } as ModelRelease);
  };
  const systems = ["desk", "gate"].map((name) => valid(make<AISystem>(AISystem, name, SYSTEM_SPEC)));
  const assessments = ["desk", "gate"].map((name) =>
    valid(make<RiskAssessment>(RiskAssessment, name, { ...ASSESSMENT_SPEC, system: name })),
  );
  const releases = [toShared("d1", "desk"), toShared("v5", "gate")];
  const fences = new Map(["desk", "gate"].map((name) => [name, { outcome: "whole" as const }]));
  const shared = toOpenFacts({ systems, assessments, releases, fences });
  const about: ReleaseIndex = {
    ...INDEX,
    releasesOf: new Map([MODEL, SERVER].map((digest) => [digest, ["d1", "v5"]])),
    systemOf: new Map([
      ["d1", "desk"],
      ["v5", "gate"],
    ]),
    approved: new Set(["d1", "v5"]),
  };
  const approved = listValid(shared.approvals).find(({ metadata }) => metadata.name === "mr-v5")?.spec.target.digest;
  const decoys = Array.from({ length: 40 }, (_, i) => toShared(`a${i}`, "gate"));

  test.each<[BreachKind | undefined, string, NamespaceFacts]>([
    [undefined, "both may run", shared],
    ["ReleaseRevoked", "its release was revoked", { ...shared, revocations: [revoke("r", { release: "v5" })] }],
    ["ApprovalWithdrawn", "its approval was withdrawn", without(shared, "mr-v5")],
    [
      "ApprovalWithdrawn",
      "its approval was withdrawn, and others list the images",
      {
        ...without(shared, "mr-v5"),
        releases: [
          toShared("d1", "desk"),
          ...decoys,
          toShared("v5", "gate", { approved: { digest: approved, until: UNTIL } }),
        ],
      },
    ],
    [
      "ImageUnvouched",
      "its release was never looked at",
      { ...shared, releases: [toShared("d1", "desk"), toShared("v5", "gate", { artifacts: undefined })] },
    ],
  ])("are %s: %s", (kind, _, facts) => {
    const images = artifacts.map(({ image }) => image);
    const index = { ...about, revoked: indexOf(facts).revoked };
    expect(warrantOf(facts).images?.[MODEL]?.grants?.map(({ system: of }) => of)).toContain("desk");
    expect(see(facts, toPod({ images }), NOW, index)?.kind).toBe(kind);
    expect(see(facts, toPod({ images, system: "desk" }), NOW, index)).toBeUndefined();
  });
});

describe("breaches of a namespace", () => {
  const find = (facts: NamespaceFacts, pods: RunningPod[]) =>
    findBreaches(pods, warrantOf(facts), indexOf(facts), { now: NOW, namespace: NAMESPACE });
  const facts = after({ revocations: [revoke("r", { release: "v6" })] });
  const pods = [
    toPod({ name: "c", ...V6 }),
    toPod({ name: "b" }),
    toPod({ name: "a", images: [`r.example/m:v6@${MODEL6}`] }),
    toPod({ name: "e", images: [`x@${STRANGE}`] }),
    toPod({ name: "d", isMirror: true, ...V6 }),
  ];

  test("are one per kind, system and release, with all digests and pods sorted; vouched pods are in none", () => {
    const seen = find(facts, pods).map(({ kind, release, digests, pods: names }) => ({
      kind,
      release,
      digests,
      names,
    }));
    expect(seen).toEqual([
      { kind: "ReleaseRevoked", release: "v6", digests: [MODEL6], names: ["a", "c"] },
      { kind: "MirrorPod", release: "v6", digests: [SERVER, MODEL6], names: ["d"] },
      { kind: "ImageUnvouched", release: undefined, digests: [STRANGE], names: ["e"] },
    ]);
  });

  test("do not depend on the order in which pods were read", () => {
    expect(find(facts, pods.toReversed())).toEqual(find(facts, pods));
  });

  test("belong to the Incident of the same kind, system, release and order alone", () => {
    const [one] = find(facts, pods);
    if (one === undefined) throw new Error("a breach was expected");
    const spec = { breach: one.kind, system: one.system, release: one.release, order: one.order };
    expect(isSameBreach(one, spec)).toBe(true);
    for (const change of [{ breach: "DigestRevoked" as const }, { system: "x" }, { release: "v5" }, { order: "o" }]) {
      expect(isSameBreach(one, { ...spec, ...change }), JSON.stringify(change)).toBe(false);
    }
  });
});

describe("governing labels that changed behind the product's back", () => {
  const standing = new Map([["enforce", { policy: "standard", notYet: "Warn" as const }]]);
  const lax = new Map([["enforce" as const, { ...TRUSTED, name: "lax" }]]);
  test.each<[string, Partial<NamespaceFacts>, RegExp | undefined]>([
    ["the label is gone", { warrants: standing, modes: new Map() }, /named AIPolicy standard and now names none/],
    ["it names another policy", { warrants: standing, modes: lax }, /named AIPolicy standard and now names lax/],
    ["it names the same policy", { warrants: standing }, undefined],
    ["the namespace was not governed before", { modes: lax }, undefined],
    ["no system is there that could be harmed", { warrants: standing, modes: new Map(), systems: [] }, undefined],
  ])("%s", (_, change, why) => {
    const found = findRelabelling(after(change));
    expect(found?.kind).toBe(why === undefined ? undefined : "GovernanceChanged");
    if (why !== undefined) expect(found?.why.text).toMatch(why);
  });
});
