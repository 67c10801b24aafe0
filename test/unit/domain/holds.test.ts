// What open Incidents and Stops hold back, and what the Warrant makes of it.
import { describe, expect, test } from "vitest";
import { AIPolicy } from "../../../src/api/ai-policy.ts";
import { AISystem } from "../../../src/api/ai-system.ts";
import { Incident, type IncidentWorkload } from "../../../src/api/incident.ts";
import { Stop } from "../../../src/api/stop.ts";
import type { BreachKind } from "../../../src/api/reaction.ts";
import { decideNamespace } from "../../../src/controllers/governance/decide.ts";
import type { NamespaceFacts, Read } from "../../../src/domain/facts.ts";
import { gatherHolds } from "../../../src/domain/holds.ts";
import {
  make,
  MODEL,
  MODEL6,
  NOW,
  POLICY_SPEC,
  revoke,
  SERVER,
  SYSTEM_SPEC,
  toBareFacts,
  toOpenFacts,
  toRelease,
  TRUSTED,
  valid,
} from "./voice.ts";

const HELD: IncidentWorkload = { kind: "Deployment", name: "gate", uid: "u", hold: "Held" };

const incident = (name: string, spec: object = {}, status: object = { workloads: [HELD] }): Read<Incident> =>
  valid(
    make<Incident>(
      Incident,
      name,
      {
        system: "gate",
        type: "breach",
        breach: "DigestRevoked",
        severity: "major",
        summary: "v6 drops callers",
        digests: [MODEL6],
        detectedAt: "2026-11-24T11:00:00Z",
        ...spec,
      },
      { status },
    ),
  );
const stopped = (name: string, spec: object = {}): Read<Stop> =>
  valid(
    make<Stop>(Stop, name, {
      system: "gate",
      authority: "oncall",
      reason: "callers complain",
      by: { username: "olga", uid: "u-olga", groups: [] },
      ...spec,
    }),
  );
const holdsOf = (incidents: Read<Incident>[], stops: Read<Stop>[] = []) =>
  gatherHolds(toBareFacts({ incidents, stops }));
const act = (rung: string, result: string) => ({
  rung,
  target: "Pods",
  startedAt: "2026-11-24T11:00:00Z",
  result,
  observed: "x",
});

describe("digests and workloads", () => {
  test.each<[string, Read<Incident>[], string[], [string, string][]]>([
    ["an open Incident holds them", [incident("i")], [MODEL6], [["Deployment/gate", "i"]]],
    [
      "a closed one releases them",
      [
        incident("i", {
          state: "Closed",
          review: { cause: "x", action: "x", check: { due: "2026-12-01", result: "x" } },
        }),
      ],
      [],
      [],
    ],
    ["a released workload is not held", [incident("i", {}, { workloads: [{ ...HELD, hold: "Released" }] })], [], []],
    ["what holds no workload holds no digest", [incident("i", {}, {})], [], []],
    ["one that cannot be read holds nothing", [{ outcome: "invalid", metadata: { name: "i" }, why: "x" }], [], []],
    [
      "some workloads of it",
      [incident("i", {}, { workloads: [HELD, { ...HELD, name: "old", hold: "Released" }] })],
      [MODEL6],
      [["Deployment/gate", "i"]],
    ],
    [
      "two of them, the first one named",
      [incident("a"), incident("b", { digests: [MODEL, MODEL6] }, { workloads: [HELD, { ...HELD, kind: "CronJob" }] })],
      [MODEL6, MODEL],
      [
        ["Deployment/gate", "a"],
        ["CronJob/gate", "b"],
      ],
    ],
  ])("%s", (_, incidents, digests, workloads) => {
    const holds = holdsOf(incidents);
    expect([...holds.digests.keys()]).toEqual(digests);
    expect([...holds.workloads]).toEqual(workloads);
    expect([...holds.systems]).toEqual([]);
  });

  test("the reason names the Incident and what happened", () => {
    const finding = holdsOf([incident("i")]).digests.get(MODEL6);
    expect(finding).toMatchObject({ code: "HeldBack", text: expect.stringMatching(/incident i: v6 drops callers/) });
  });
});

describe("systems", () => {
  // Pods of these breaches are vouched for by digest, so that only the whole system can be kept out.
  test.each<[BreachKind, string, string | undefined]>([
    ["FenceWidened", "Started", "SystemContained"],
    ["FenceWidened", "Done", "SystemContained"],
    ["MirrorPod", "Done", "SystemContained"],
    ["FenceWidened", "Waiting", undefined],
    ["FenceWidened", "Failed", undefined],
    ["DigestRevoked", "Done", undefined],
    ["SystemStopped", "Done", undefined],
  ])("%s with stop %s", (breach, result, expected) => {
    expect(holdsOf([incident("i", { breach }, { actions: [act("stop", result)] })]).systems.get("gate")?.code).toBe(
      expected,
    );
  });

  test("no other rung closes one, and no closed Incident does", () => {
    const freezing = incident(
      "i",
      { breach: "FenceWidened" },
      { actions: [act("freeze", "Done"), act("sever", "Done")] },
    );
    const closed = incident("j", { breach: "FenceWidened", state: "Closed" }, { actions: [act("stop", "Done")] });
    expect(holdsOf([freezing, closed]).systems.size).toBe(0);
  });

  test("a Stop closes one until it is lifted, and says who and why", () => {
    const text = holdsOf([], [stopped("s")]).systems.get("gate")?.text;
    expect(text).toMatch(/SystemStopped: AISystem gate was stopped by olga: callers complain/);
    expect(holdsOf([], [stopped("s", { resumed: { authority: "oncall", reason: "mended" } })]).systems.size).toBe(0);
  });

  test("a Stop without a name names its authority", () => {
    expect(holdsOf([], [stopped("s", { by: undefined })]).systems.get("gate")?.text).toMatch(
      /by the authority oncall: /,
    );
  });

  test("a Stop dominates an Incident, and of two Stops the order of reading decides nothing", () => {
    const both = [stopped("b", { reason: "second" }), stopped("a", { reason: "first" })];
    const open = [incident("i", { breach: "FenceWidened" }, { actions: [act("stop", "Done")] })];
    const texts = [both, both.toReversed()].map((stops) => holdsOf(open, stops).systems.get("gate"));
    expect(texts[0]).toEqual(texts[1]);
    expect(texts[0]?.code).toBe("SystemStopped");
  });
});

describe("in the Warrant", () => {
  const v5AndV6 = [valid(toRelease("v5", MODEL)), valid(toRelease("v6", MODEL6, "v6"))];
  const warrantOf = (facts: NamespaceFacts) => {
    const warrant = decideNamespace(facts, NOW).warrants.get("enforce");
    return { warrant, entry: (digest: string) => warrant?.images?.[digest] };
  };
  /** v5 is approved; v6 was too, until its Approval was withdrawn. */
  const withdrawn = (change: Partial<NamespaceFacts> = {}) => {
    const open = toOpenFacts({ releases: v5AndV6, ...change });
    return { ...open, approvals: open.approvals.filter(({ metadata }) => metadata.name !== "mr-v6") };
  };

  test("a held digest is refused where tools write it too, and its workload is named", () => {
    const { warrant, entry } = warrantOf(withdrawn({ incidents: [incident("i", { breach: "ApprovalWithdrawn" })] }));
    expect(entry(MODEL6)?.refused?.code).toBe("HeldBack");
    expect(warrant?.held).toEqual({ "Deployment/gate": "i" });
  });

  test("without an Incident it is merely not allowed yet", () => {
    const { warrant, entry } = warrantOf(withdrawn());
    expect(entry(MODEL6)).toMatchObject({ pending: { code: "ApprovalMissing" } });
    expect(entry(MODEL6)?.refused).toBeUndefined();
    expect(warrant).not.toHaveProperty("held");
  });

  test("what somebody vouches for is not held back: neither v5's server nor v6 once it is approved again", () => {
    const held = [incident("i", { digests: [MODEL6, SERVER] })];
    expect(warrantOf(withdrawn({ incidents: held })).entry(SERVER)?.grants).toHaveLength(1);
    expect(warrantOf(toOpenFacts({ releases: v5AndV6, incidents: held })).entry(MODEL6)?.grants).toHaveLength(1);
  });

  test("a digest that no release lists is held back too", () => {
    const digest = `sha256:${"9".repeat(64)}`;
    const { entry } = warrantOf(
      toOpenFacts({ incidents: [incident("i", { breach: "ImageUnvouched", digests: [digest] })] }),
    );
    expect(entry(digest)?.refused?.code).toBe("HeldBack");
  });

  test("a supporting image is never held back, not even one that became so later", () => {
    const digest = `sha256:${"9".repeat(64)}`;
    const spec = AIPolicy.spec.parse({ ...POLICY_SPEC, supportingImages: [`r.example/proxy@${digest}`] });
    const facts = toOpenFacts({
      modes: new Map([["enforce", { ...TRUSTED, spec }]]),
      incidents: [incident("i", { breach: "ImageUnvouched", digests: [digest] })],
    });
    const { warrant, entry } = warrantOf(facts);
    expect(entry(digest)?.refused).toBeUndefined();
    expect(warrant?.supporting).toEqual([digest]);
  });

  test("what is revoked stays refused as such", () => {
    const { entry } = warrantOf(
      withdrawn({ incidents: [incident("i")], revocations: [revoke("r", { digests: [MODEL6] })] }),
    );
    expect(entry(MODEL6)?.refused?.code).toBe("DigestRevoked");
  });

  test("a closed Incident gives back what it held; what was revoked stays refused", () => {
    const closed = [incident("i", { state: "Closed" })];
    const { warrant, entry } = warrantOf(withdrawn({ incidents: closed }));
    expect(entry(MODEL6)?.refused).toBeUndefined();
    expect(warrant).not.toHaveProperty("held");
    const revoked = withdrawn({ incidents: closed, revocations: [revoke("r", { digests: [MODEL6] })] });
    expect(warrantOf(revoked).entry(MODEL6)?.refused?.code).toBe("DigestRevoked");
  });

  test("a stopped system's gate is closed and its images are not granted", () => {
    const { warrant, entry } = warrantOf(toOpenFacts({ stops: [stopped("s")] }));
    expect(warrant?.systems?.gate).toMatchObject({ gate: "Closed", why: { code: "SystemStopped" } });
    expect(entry(MODEL)?.grants).toBeUndefined();
  });

  test("who may stop is there, sorted, with the gate open or closed", () => {
    const oversight = { stopAuthority: ["safety", "oncall"] };
    const systems = [valid(make<AISystem>(AISystem, "gate", { ...SYSTEM_SPEC, oversight }))];
    expect(warrantOf(toOpenFacts({ systems })).warrant?.systems?.gate?.stopAuthority).toEqual(["oncall", "safety"]);
    const untiered = [
      valid(
        make<AISystem>(AISystem, "gate", {
          ...SYSTEM_SPEC,
          oversight,
          impact: { ...SYSTEM_SPEC.impact, safety: "severe" },
        }),
      ),
    ];
    expect(warrantOf(toOpenFacts({ systems: untiered })).warrant?.systems?.gate).toMatchObject({
      gate: "Closed",
      stopAuthority: ["oncall", "safety"],
    });
  });

  test("a policy that cannot be used holds back all the same", () => {
    const modes = new Map([["enforce" as const, { outcome: "missing" as const, name: "x" }]]);
    const { warrant, entry } = warrantOf(withdrawn({ modes, approvals: [], incidents: [incident("i")] }));
    expect(entry(MODEL6)?.refused?.code).toBe("HeldBack");
    expect(warrant?.held).toEqual({ "Deployment/gate": "i" });
  });
});
