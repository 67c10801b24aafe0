// The containment ladder: what comes first, what waits and for whom, and what the policy may say.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AIPolicy } from "../../../src/api/ai-policy.ts";
import { BREACHES, type BreachKind, type Reaction, type Rung, RUNGS, type Step } from "../../../src/api/reaction.ts";
import { DEFAULT_STEPS, findEnd, findSteps, judgeDue } from "../../../src/domain/ladder.ts";
import { POLICY_SPEC } from "./voice.ts";

const MINUTE = 60_000;
const DETECTED = "2026-11-25T12:00:00Z";
const AT = Date.parse(DETECTED);
/** What ends pods or replaces them, and so destroys evidence. */
const DESTROYING: Rung[] = ["throttle", "sever", "rollBack", "stop"];

const say = (rung: Rung, rest: Partial<Step> = {}): Step => ({ do: rung, authority: "Standing", ...rest });
const react = (kind: BreachKind, ...steps: Step[]): Reaction[] => [{ for: [kind], steps }];
const names = (steps: readonly Step[]) => steps.map((step) => step.do);
const ladder = (...rungs: Rung[]) =>
  names(findSteps("DigestRevoked", react("DigestRevoked", ...rungs.map((one) => say(one)))));

/** A ladder as the schema admits it: each rung at most once. */
const anySteps = fc.subarray([...RUNGS]).chain((rungs) =>
  fc.shuffledSubarray(rungs, { minLength: rungs.length }).chain((order) =>
    fc.tuple(
      ...order.map((rung) =>
        fc.record({
          do: fc.constant(rung),
          authority: fc.constantFrom("Standing" as const, "Person" as const),
          after: fc.constantFrom(undefined, "5m", "2h"),
        }),
      ),
    ),
  ),
);
const toStep = ({ after, ...step }: { do: Rung; authority: "Standing" | "Person"; after: string | undefined }): Step =>
  after === undefined ? step : { ...step, after };

describe("evidence is frozen before anything destroys it", () => {
  test.each(BREACHES)("by default, on %s", (kind) => {
    const order = names(DEFAULT_STEPS[kind]);
    const destroys = order.findIndex((rung) => DESTROYING.includes(rung));
    if (destroys >= 0) expect(order.slice(0, destroys)).toContain("freeze");
    expect(new Set(order).size).toBe(order.length);
  });

  test.each<[string, Rung[], Rung[]]>([
    ["where the policy names no freeze", ["sever"], ["freeze", "sever"]],
    ["before a rollback", ["refuse", "rollBack"], ["refuse", "freeze", "rollBack"]],
    ["before pods are made fewer", ["refuse", "throttle"], ["refuse", "freeze", "throttle"]],
    ["before a stop", ["quarantine", "stop"], ["quarantine", "freeze", "stop"]],
    ["where it names it too late", ["refuse", "sever", "freeze"], ["refuse", "freeze", "sever"]],
    ["before the first of several", ["rollBack", "sever", "freeze", "stop"], ["freeze", "rollBack", "sever", "stop"]],
    ["and where it is right it stays", ["freeze", "quarantine", "sever"], ["freeze", "quarantine", "sever"]],
    [
      "but is not added where nothing is destroyed",
      ["refuse", "quarantine", "leaveServices"],
      ["refuse", "quarantine", "leaveServices"],
    ],
    ["nor where nothing at all is ordered", [], []],
  ])("%s", (_, ordered, expected) => {
    expect(ladder(...ordered)).toEqual(expected);
  });

  test("whatever a policy orders; the other rungs keep their order, their time and their authority", () => {
    fc.assert(
      fc.property(anySteps, (drafts) => {
        const ordered = drafts.map(toStep);
        const found = findSteps("MirrorPod", react("MirrorPod", ...ordered));
        const destroys = found.findIndex((step) => DESTROYING.includes(step.do));
        const freeze = found.findIndex((step) => step.do === "freeze");
        if (destroys >= 0) expect(freeze, "freeze comes before the first rung that destroys").toBeGreaterThanOrEqual(0);
        if (destroys >= 0) expect(freeze).toBeLessThan(destroys);
        const others = (steps: readonly Step[]) => steps.filter((step) => step.do !== "freeze");
        expect(others(found)).toEqual(others(ordered));
        expect(new Set(names(found)).size).toBe(found.length);
      }),
    );
  });

  test("and one that had to be moved forward waits for nobody", () => {
    const late = [say("sever"), say("freeze", { authority: "Person", after: "2h" })];
    expect(findSteps("DigestRevoked", react("DigestRevoked", ...late))).toEqual([say("freeze"), say("sever")]);
  });
});

describe("what the policy says", () => {
  test("goes before the default, and nothing means nothing", () => {
    expect(findSteps("DigestRevoked", react("DigestRevoked"))).toEqual([]);
  });

  test("counts only for the breaches that it names", () => {
    expect(findSteps("DigestRevoked", react("MirrorPod", say("freeze")))).toEqual(DEFAULT_STEPS.DigestRevoked);
    expect(findSteps("DigestRevoked", undefined)).toEqual(DEFAULT_STEPS.DigestRevoked);
  });

  test("counts by its first entry that names the breach", () => {
    const twice = [...react("MirrorPod", say("refuse")), ...react("MirrorPod", say("freeze"))];
    expect(names(findSteps("MirrorPod", twice))).toEqual(["refuse"]);
  });

  test("is read from the tier with its authority, its times and its floor", () => {
    const [tier] = POLICY_SPEC.tiers;
    const onBreach = [
      {
        for: ["ApprovalExpired"],
        steps: [
          { do: "throttle", floor: 2, for: "30m" },
          { do: "stop", after: "72h", authority: "Person" },
        ],
      },
    ];
    const policy = AIPolicy.spec.parse({ ...POLICY_SPEC, tiers: [{ ...tier, onBreach }] });
    expect(findSteps("ApprovalExpired", policy.tiers[0]?.onBreach)).toEqual([
      say("freeze"),
      say("throttle", { floor: 2, for: "30m" }),
      say("stop", { after: "72h", authority: "Person" }),
    ]);
  });
});

describe("by default", () => {
  // What people or machines withdrew goes back to what is vouched; what ran out is refused anew and left running.
  test.each<[BreachKind, Rung | undefined]>([
    ["DigestRevoked", "rollBack"],
    ["ReleaseRevoked", "rollBack"],
    ["SignerRevoked", "rollBack"],
    ["ApprovalWithdrawn", "rollBack"],
    ["SystemStopped", "stop"],
    ["ApprovalExpired", undefined],
    ["AssessmentExpired", undefined],
    ["AssessmentStale", undefined],
    ["RiskAboveTolerance", undefined],
    ["SignatureLost", undefined],
    ["SystemRetired", undefined],
    ["ImageUnvouched", undefined],
    ["MirrorPod", undefined],
    ["FenceWidened", undefined],
    ["GovernanceChanged", undefined],
  ])("%s ends in %s", (kind, last) => {
    expect(names(DEFAULT_STEPS[kind]).findLast((rung) => DESTROYING.includes(rung))).toBe(last);
  });

  test("what is withdrawn is refused first and cut off before it ends", () => {
    expect(names(DEFAULT_STEPS.ReleaseRevoked)).toEqual([
      "refuse",
      "quarantine",
      "leaveServices",
      "freeze",
      "sever",
      "rollBack",
    ]);
  });
});

describe("when a step is due", () => {
  test.each<[string, Step, Rung[], number, ReturnType<typeof judgeDue>]>([
    ["at once", say("stop"), [], AT, { due: "now" }],
    ["not before its time", say("stop", { after: "5m" }), [], AT, { due: "later", at: AT + 5 * MINUTE }],
    [
      "a millisecond early",
      say("stop", { after: "5m" }),
      [],
      AT + 5 * MINUTE - 1,
      { due: "later", at: AT + 5 * MINUTE },
    ],
    ["at its time", say("stop", { after: "5m" }), [], AT + 5 * MINUTE, { due: "now" }],
    ["in hours too", say("stop", { after: "72h" }), [], AT, { due: "later", at: AT + 72 * 60 * MINUTE }],
    ["not without a person", say("stop", { authority: "Person" }), [], AT, { due: "person" }],
    ["with the go of another rung", say("stop", { authority: "Person" }), ["sever"], AT, { due: "person" }],
    ["with a go", say("stop", { authority: "Person" }), ["stop"], AT, { due: "now" }],
    [
      "a go does not shorten the time",
      say("stop", { authority: "Person", after: "5m" }),
      ["stop"],
      AT,
      { due: "later", at: AT + 5 * MINUTE },
    ],
  ])("%s", (...[, step, go, now, expected]) => {
    expect(judgeDue(step, DETECTED, go, now)).toEqual(expected);
  });

  test("a moment that cannot be read holds nothing back", () => {
    expect(judgeDue(say("stop", { after: "5m" }), "yesterday", [], AT)).toEqual({ due: "now" });
  });
});

test.each<[string, Step, string | undefined, number | undefined]>([
  ["a rung without an end stands", say("quarantine"), DETECTED, undefined],
  ["its time runs from when it was done", say("quarantine", { for: "30m" }), DETECTED, AT + 30 * MINUTE],
  ["and not before that", say("quarantine", { for: "30m" }), undefined, undefined],
])("the end of a rung: %s", (_, step, doneAt, expected) => {
  expect(findEnd(step, doneAt)).toBe(expected);
});
