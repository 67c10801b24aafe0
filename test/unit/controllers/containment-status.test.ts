// What is given back when a breach is over, and what the status of an Incident tells people.
import { describe, expect, test } from "vitest";
import { listFinished } from "../../../src/controllers/containment/decide.ts";
import { MODEL } from "../domain/voice.ts";
import {
  decide,
  did,
  FROZEN,
  LOOKED,
  say,
  toFacts,
  toIncident,
  toJob,
  toMirror,
  toPod,
  toQuarantined,
  toWorkload,
} from "./contained.ts";

const HELD = { kind: "Deployment" as const, name: "gate", uid: "uid-gate", hold: "Held" as const };
/** A Deployment that is back on v5 with all its pods ready. */
const toRestored = (entry: object = {}, change: object = {}) =>
  toWorkload({ model: MODEL, ...change }, { isInBreach: false, ready: 3, entry: { ...HELD, ...entry } });
const conditionOf = (decision: ReturnType<typeof decide>, type: string) =>
  decision.status.conditions.find((one) => one.type === type);

describe("once the breach is over", () => {
  test("labels, replicas and Jobs are given back", () => {
    const pods = [
      toQuarantined("a", {}, { isInBreach: false }),
      toQuarantined("b", { isEnding: true }, { isInBreach: false }),
      toPod("c", {}, { isInBreach: false }),
    ];
    const suspended = {
      kind: "Job" as const,
      name: "batch",
      uid: "uid-batch",
      hold: "Held" as const,
      suspended: "ByUs" as const,
    };
    const { suspended: _, ...byOthers } = suspended;
    const jobs = [
      toJob("Job", "batch", { isInBreach: false, isSuspended: true, entry: suspended }),
      toJob("Job", "theirs", { isInBreach: false, isSuspended: true, entry: { ...byOthers, name: "theirs" } }),
    ];
    const { acts } = decide({ steps: [], pods, jobs, workloads: [toRestored({ replicas: 3 }, { replicas: 1 })] });
    expect(acts).toMatchObject([
      { act: "giveBack", pods: [{ facts: { metadata: { name: "a" } } }] },
      { act: "suspend", job: { name: "batch" }, isSuspended: false },
      { act: "throttle", replicas: 3 },
    ]);
  });

  test("it is not restored before its replicas are given back, though as many pods are ready as there were", () => {
    const decision = decide({ steps: [], workloads: [toRestored({ replicas: 3 }, { replicas: 1 })] });
    expect(conditionOf(decision, "Restored")?.status).toBe("False");
    const after = decide({ steps: [], workloads: [toRestored({ replicas: 3 })] });
    expect(conditionOf(after, "Restored")?.status).toBe("True");
  });

  test("and then its owners may do as they like", () => {
    const suspended = {
      kind: "Job" as const,
      name: "batch",
      uid: "uid-batch",
      hold: "Held" as const,
      suspended: "ByUs" as const,
    };
    const workloads = [{ ...HELD, replicas: 3 }, suspended];
    const { names, status } = decide({
      steps: [],
      incident: toIncident({}, { workloads }),
      workloads: [toRestored({ replicas: 3 })],
      jobs: [toJob("Job", "batch", { isInBreach: false, entry: suspended })],
    });
    expect(names).toEqual([]);
    expect(status.workloads).toEqual([HELD, { kind: "Job", name: "batch", uid: "uid-batch", hold: "Held" }]);
  });

  test("a closed Incident releases what it held and does nothing more", () => {
    const closed = toIncident(
      { state: "Closed" },
      { workloads: [{ ...HELD, replicas: 3 }], actions: [did("refuse")], frozen: FROZEN },
    );
    const { names, status, comeBackMs, results } = decide({
      incident: closed,
      pods: [toPod("a")],
      workloads: [toWorkload()],
    });
    expect(names).toEqual([]);
    expect(comeBackMs).toBeUndefined();
    expect(status.workloads).toEqual([{ ...HELD, hold: "Released", replicas: 3 }]);
    expect(results).toEqual(["refuse Pods Done"]);
    expect(status.conditions.find(({ type }) => type === "Closed")?.status).toBe("True");
  });

  test("what is wrong for another reason now stays as it is", () => {
    const entry = { kind: "Job" as const, name: "batch", uid: "uid-batch", hold: "Held" as const };
    const { names } = decide({
      steps: [],
      workloads: [
        toWorkload({ replicas: 1 }, { isInBreach: false, isVouched: false, entry: { ...HELD, replicas: 3 } }),
      ],
      jobs: [
        toJob("Job", "batch", {
          isInBreach: false,
          isVouched: false,
          isSuspended: true,
          entry: { ...entry, suspended: "ByUs" },
        }),
      ],
    });
    expect(names).toEqual([]);
  });

  test("a workload that was made anew under the same name does not get the replicas of the old one", () => {
    const entry = { ...HELD, uid: "another", replicas: 3 };
    const { names } = decide({ steps: [], workloads: [toWorkload({ replicas: 1 }, { isInBreach: false, entry })] });
    expect(names).toEqual([]);
  });

  test("a closed Incident still sets free what it contains, once that is vouched for again", () => {
    const { names } = decide({
      incident: toIncident({ state: "Closed" }),
      pods: [toQuarantined("a", {}, { isInBreach: false }), toQuarantined("b")],
      jobs: [toJob("Job", "batch", { isInBreach: false })],
    });
    expect(names).toEqual(["giveBack"]);
  });
});

describe("conditions", () => {
  const states: [string, Parameters<typeof decide>[0], string, string, string][] = [
    ["nothing runs", {}, "Contained", "True", "NothingRuns"],
    ["all that runs is cut off", { pods: [toQuarantined("a")] }, "Contained", "True", "Quarantined"],
    ["an ending pod is none", { pods: [toPod("a", { isEnding: true })] }, "Contained", "True", "NothingRuns"],
    ["one is still served", { pods: [toQuarantined("a", {}, { isServed: true })] }, "Contained", "False", "InProgress"],
    [
      "one is loose, though no Service names it",
      { pods: [toPod("a", {}, { isServed: false })] },
      "Contained",
      "False",
      "InProgress",
    ],
    ["one is loose", { pods: [toQuarantined("a"), toPod("b")] }, "Contained", "False", "InProgress"],
    ["a mirror pod is never cut off", { pods: [toMirror("m")] }, "Contained", "False", "InProgress"],
    [
      "the policy orders no more than refusing",
      { steps: [say("refuse"), say("freeze")], pods: [toPod("a")] },
      "Contained",
      "False",
      "NotOrdered",
    ],
    ["no workload is there", {}, "Restored", "Unknown", "NoWorkload"],
    ["all pods of all workloads are ready", { workloads: [toRestored()] }, "Restored", "True", "VouchedPodsReady"],
    [
      "one pod is not",
      {
        workloads: [{ ...toRestored(), ready: 2 }],
        incident: toIncident({}, { actions: [did("refuse")], frozen: FROZEN }),
      },
      "Restored",
      "False",
      "InProgress",
    ],
    [
      "no rollback is ordered",
      { steps: [say("refuse")], workloads: [toWorkload()] },
      "Restored",
      "False",
      "NotOrdered",
    ],
    ["it was stopped by order", { steps: [say("stop")], workloads: [toWorkload()] }, "Restored", "False", "Stopped"],
    ["nobody reviewed it", {}, "Reviewed", "False", "Incomplete"],
    ["it is open", {}, "Closed", "False", "Open"],
  ];
  test.each(states)("%s", (...[, change, type, status, reason]) => {
    expect(conditionOf(decide(change), type)).toMatchObject({ status, reason });
  });

  test("a review tells what it lacks until cause, action and check are there", () => {
    const review = (change: object) => conditionOf(decide({ incident: toIncident({ review: change }) }), "Reviewed");
    expect(review({ cause: "x" })?.message).toMatch(/lacks action, the result of a check:/);
    expect(review({ cause: "x", action: "x", check: { due: "2026-12-01" } })?.message).toMatch(
      /lacks the result of a check:/,
    );
    expect(review({ cause: "x", action: "x", check: { due: "2026-12-01", result: "x" } })?.status).toBe("True");
  });
});

describe("clocks", () => {
  test("stop once, when the step was first seen to be done", () => {
    const first = decide({ steps: [say("quarantine"), say("leaveServices")], pods: [toQuarantined("a")] });
    expect(first.status.timeline).toEqual({ quarantined: "2.00s", leftServices: "2.00s" });
    const incident = { ...toIncident(), status: { ...first.status, conditions: [] } };
    const later = decide({
      steps: [say("quarantine"), say("leaveServices"), say("freeze")],
      pods: [toPod("b")],
      incident,
      now: LOOKED + 5000,
    });
    expect(later.status.timeline).toEqual(first.status.timeline);
  });

  test("run on while a step is due, waits or failed", () => {
    expect(decide({ steps: [say("quarantine")], pods: [toPod("a")] }).status).not.toHaveProperty("timeline");
    expect(decide({ steps: [say("quarantine")], pods: [toQuarantined("a")], leaks: ["p"] }).status).not.toHaveProperty(
      "timeline",
    );
  });

  test("tell of a rollback once no template is in breach, of service once all pods are ready", () => {
    const incident = toIncident({}, { actions: [did("refuse")], frozen: FROZEN });
    const going = decide({ incident, workloads: [toRestored(), toWorkload({ name: "b" })] });
    expect(going.status.timeline).not.toHaveProperty("rolledBack");
    const back = decide({ incident, workloads: [{ ...toRestored(), ready: 1 }] });
    expect(back.status.timeline).toMatchObject({ rolledBack: "2.00s" });
    expect(back.status.timeline).not.toHaveProperty("restored");
    expect(decide({ incident, workloads: [toRestored()] }).status.timeline).toMatchObject({ restored: "2.00s" });
  });
});

test("only what is newly done, failed or out of reach is told to people", () => {
  const incident = toIncident({}, { actions: [did("refuse"), did("quarantine", "Started")] });
  const now = [
    did("refuse"),
    did("quarantine"),
    did("leaveServices", "NotSupported"),
    did("freeze", "Started"),
  ] as Parameters<typeof listFinished>[1];
  expect(listFinished(incident, now).map(({ rung }) => rung)).toEqual(["quarantine", "leaveServices"]);
});

test("the pods that were in breach when it was noticed stay named", () => {
  expect(decide({ pods: [toPod("b"), toPod("a")] }).status.pods).toEqual(["a", "b"]);
  expect(decide({ pods: [toPod("c")], incident: toIncident({}, { pods: ["a", "b"] }) }).status.pods).toEqual([
    "a",
    "b",
  ]);
  expect(toFacts().pods).toEqual([]);
});
