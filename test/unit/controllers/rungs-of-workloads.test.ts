// How far the rungs that concern workloads and Jobs are, for every state that they may meet: tables worked by hand.
import { describe, expect, test } from "vitest";
import type { Step } from "../../../src/api/reaction.ts";
import { compare, did, look, type RungTable, say, toIncident, toJob, toPod, toWorkload } from "./contained.ts";

const tell = (step: Step, table: RungTable) =>
  test.each(table)("%s", (_, change, rows) => {
    const { seen, expected } = compare(step, change, rows);
    expect(seen).toEqual(expected);
  });

describe("refuse", () => {
  const known = (result: string) => toIncident({}, { actions: [did("refuse", result, { observed: "proven" })] });
  tell(say("refuse"), [
    [
      "workloads are held first",
      { workloads: [toWorkload({}, { entry: undefined })], isHeldByWarrant: false },
      [["Pods", "due", ["hold"], /being held/]],
    ],
    [
      "Jobs too",
      { jobs: [toJob("CronJob", "nightly", { entry: undefined })], isHeldByWarrant: false },
      [["Pods", "due", ["hold"], /being held/]],
    ],
    [
      "what is not in breach is not held",
      { workloads: [toWorkload({}, { entry: undefined, isInBreach: false })] },
      [["Pods", "due", ["proveRefusal"], /proven/]],
    ],
    [
      "then the Warrant has to refuse it",
      { workloads: [toWorkload()], isHeldByWarrant: false },
      [["Pods", "waiting", [], /does not refuse it yet/]],
    ],
    [
      "then it is proven on a workload",
      { workloads: [toWorkload()] },
      [["Pods", "due", ["proveRefusal"], /being proven/]],
    ],
    ["where none is there, that is said", {}, [["Pods", "done", [], /no workload was there to prove it on/]]],
    [
      "where no digest is refused by itself, that is said",
      { workloads: [toWorkload()], refusedDigest: undefined },
      [["Pods", "done", [], /no digest of it is refused by itself/]],
    ],
    [
      "what is proven stays proven",
      { workloads: [toWorkload()], incident: known("Done") },
      [["Pods", "done", [], /^proven$/]],
    ],
    [
      "but not while the Warrant lost it",
      { workloads: [toWorkload()], incident: known("Done"), isHeldByWarrant: false },
      [["Pods", "waiting", [], /does not refuse it yet/]],
    ],
    [
      "a breach that is not about digests is not refused by them",
      { isByDigest: false, workloads: [toWorkload()] },
      [["Pods", "unsupported", [], /digests are vouched for/]],
    ],
  ]);

  test("what merely ran out is held by nothing", () => {
    const seen = look(say("refuse"), { steps: [say("refuse")], workloads: [toWorkload({}, { entry: undefined })] });
    expect(seen).toMatchObject([{ at: "done", acts: [] }]);
  });
});

describe("throttle", () => {
  const lowered = { kind: "Deployment" as const, name: "gate", uid: "u", hold: "Held" as const, replicas: 3 };
  const throttled = (result: string) =>
    toIncident({}, { actions: [did("throttle", result, { target: "Deployment/gate" })] });
  const full = toIncident(
    {},
    { workloads: Array.from({ length: 64 }, (_, n) => ({ kind: "Job", name: `j${n}`, uid: "u", hold: "Held" })) },
  );
  tell(say("throttle"), [
    [
      "is not begun where it could not be remembered",
      { workloads: [toWorkload({}, { entry: undefined })], incident: full },
      [["Deployment/gate", "unsupported", [], /64 workloads and no more/]],
    ],
    ["says where nothing is there to throttle", {}, [["Pods", "unsupported", [], /no workload runs it/]]],
    [
      "a Deployment is lowered to one",
      { workloads: [toWorkload()] },
      [["Deployment/gate", "due", ["throttle"], /3 replicas are being lowered to 1/]],
    ],
    [
      "a StatefulSet too",
      { workloads: [toWorkload({ kind: "StatefulSet" })] },
      [["StatefulSet/gate", "due", ["throttle"], /lowered/]],
    ],
    [
      "a DaemonSet cannot be",
      { workloads: [toWorkload({ kind: "DaemonSet" })] },
      [["DaemonSet/gate", "unsupported", [], /as many pods as nodes/]],
    ],
    [
      "nor what an autoscaler owns",
      { workloads: [toWorkload({}, { autoscaler: "hpa" })] },
      [["Deployment/gate", "unsupported", [], /HorizontalPodAutoscaler hpa owns/]],
    ],
    [
      "what is at the floor stays",
      { workloads: [toWorkload({ replicas: 1 })] },
      [["Deployment/gate", "done", [], /not above the floor/]],
    ],
    [
      "and what stands still",
      { workloads: [toWorkload({ replicas: 0 })] },
      [["Deployment/gate", "done", [], /not above the floor/]],
    ],
    [
      "what is not in breach stays",
      { workloads: [toWorkload({}, { isInBreach: false })] },
      [["Deployment/gate", "done", [], /3 replicas/]],
    ],
    [
      "once lowered it is done",
      { workloads: [toWorkload({ replicas: 1 }, { entry: lowered })], incident: throttled("Started") },
      [["Deployment/gate", "done", [], /1 replicas?, 3 before/]],
    ],
    [
      "written down and not yet lowered, it is due",
      { workloads: [toWorkload({}, { entry: lowered })], incident: throttled("Started") },
      [["Deployment/gate", "due", ["throttle"], /lowered/]],
    ],
    [
      "raised again by somebody else it is left to them",
      { workloads: [toWorkload({ replicas: 2 }, { entry: lowered })], incident: throttled("Done") },
      [["Deployment/gate", "failed", [], /raised to 2 replicas again/]],
    ],
    [
      "and stays so",
      { workloads: [toWorkload({ replicas: 2 }, { entry: lowered })], incident: throttled("Failed") },
      [["Deployment/gate", "failed", [], /raised/]],
    ],
    [
      "given back after the breach, it was raised by nobody else",
      { workloads: [toWorkload({}, { entry: lowered, isInBreach: false })], incident: throttled("Done") },
      [["Deployment/gate", "done", [], /3 replicas/]],
    ],
    [
      "each for itself",
      { workloads: [toWorkload({ name: "a" }), toWorkload({ kind: "DaemonSet", name: "b" })] },
      [
        ["Deployment/a", "due", ["throttle"], /lowered/],
        ["DaemonSet/b", "unsupported", [], /nodes/],
      ],
    ],
  ]);

  test.each([
    [0, 3, 0],
    [2, 3, 2],
  ])("floor %s of %s", (floor, replicas, expected) => {
    const [seen] = look(say("throttle", { floor }), { workloads: [toWorkload({ replicas })] });
    expect(seen?.observed).toBe(`${replicas} replicas are being lowered to ${expected}`);
  });
});

describe("rollBack", () => {
  const back = (rest: object, change: object = {}) =>
    toWorkload({ model: "sha256:x", ...change }, { isInBreach: false, release: "v5", ...rest });
  tell(say("rollBack"), [
    [
      "a Deployment goes back",
      { workloads: [toWorkload()] },
      [["Deployment/gate", "due", ["rollBack"], /going back to release v5/]],
    ],
    [
      "a StatefulSet and a DaemonSet too",
      { workloads: [toWorkload({ kind: "StatefulSet" }), toWorkload({ kind: "DaemonSet" })] },
      [
        ["StatefulSet/gate", "due", ["rollBack"], /v5/],
        ["DaemonSet/gate", "due", ["rollBack"], /v5/],
      ],
    ],
    [
      "a paused one too",
      { workloads: [toWorkload({ paused: true })] },
      [["Deployment/gate", "due", ["rollBack"], /v5/]],
    ],
    [
      "one that stands still too",
      { workloads: [toWorkload({ replicas: 0 })] },
      [["Deployment/gate", "due", ["rollBack"], /v5/]],
    ],
    [
      "where nothing vouched is left it says so",
      { workloads: [toWorkload({}, { choice: { choice: "stop", why: "nothing vouched is left: x" } })] },
      [["Deployment/gate", "failed", [], /so it is stopped: nothing vouched is left: x/]],
    ],
    [
      "then pods are checked, not statuses",
      { workloads: [back({ ready: 2 })] },
      [["Deployment/gate", "waiting", [], /back on release v5: 2 of 3 pods ready$/]],
    ],
    [
      "a pause is named",
      { workloads: [back({ ready: 0 }, { paused: true })] },
      [["Deployment/gate", "waiting", [], /paused: kubectl rollout resume/]],
    ],
    [
      "a quota is named",
      { workloads: [back({ ready: 0, trouble: "exceeded quota" })] },
      [["Deployment/gate", "waiting", [], /exceeded quota/]],
    ],
    [
      "until all are ready",
      { workloads: [back({ ready: 3 })] },
      [["Deployment/gate", "done", [], /release v5: 3 of 3 pods ready/]],
    ],
    [
      "whatever brought it back",
      { workloads: [back({ ready: 3, release: undefined })] },
      [["Deployment/gate", "done", [], /what it runs: 3 of 3/]],
    ],
    [
      "Jobs cannot go back, so they are suspended",
      { jobs: [toJob("Job", "batch"), toJob("CronJob", "nightly")] },
      [
        ["Job/batch", "due", ["suspend"], /suspended/],
        ["CronJob/nightly", "due", ["suspend"], /suspended/],
      ],
    ],
    [
      "once they are, it is done",
      { jobs: [toJob("Job", "batch", { isSuspended: true })] },
      [["Job/batch", "done", [], /suspended/]],
    ],
    [
      "those that are vouched for run on",
      { jobs: [toJob("Job", "batch", { isInBreach: false })] },
      [["Job/batch", "done", [], /not in breach/]],
    ],
    [
      "with no workload there is nothing to go back",
      { pods: [toPod("a")] },
      [["Pods", "unsupported", [], /no workload that could be rolled back/]],
    ],
  ]);

  test("a refusal of the API server is remembered, not tried again without end", () => {
    const entry = { kind: "Deployment" as const, name: "gate", uid: "u", hold: "Held" as const, snapshot: "lkg-v5" };
    const incident = toIncident(
      {},
      {
        actions: [did("rollBack", "Failed", { target: "Deployment/gate", observed: "something changes the template" })],
      },
    );
    expect(look(say("rollBack"), { incident, workloads: [toWorkload({}, { entry })] })).toMatchObject([
      { at: "failed", acts: [], observed: expect.stringMatching(/something changes the template/) },
    ]);
    // Another state may fare better.
    const other = { ...entry, snapshot: "lkg-v4" };
    expect(look(say("rollBack"), { incident, workloads: [toWorkload({}, { entry: other })] })).toMatchObject([
      { at: "due" },
    ]);
  });
});
