// What is decided on one Incident: the next acts, what waits, what ends by itself, and what is remembered.
import { describe, expect, test } from "vitest";
import { Incident } from "../../../src/api/incident.ts";
import { MODEL, MODEL6 } from "../domain/voice.ts";
import {
  decide,
  DETECTED,
  did,
  FROZEN,
  LOOKED,
  MINUTE,
  say,
  toIncident,
  toJob,
  toMirror,
  toPod,
  toQuarantined,
  toUnserved,
  toWorkload,
} from "./contained.ts";

const HELD = { kind: "Deployment" as const, name: "gate", uid: "uid-gate", hold: "Held" as const };
/** A Deployment that is back on v5 with all its pods ready. */
const toRestored = (entry: object = {}, change: object = {}) =>
  toWorkload({ model: MODEL, ...change }, { isInBreach: false, ready: 3, entry: { ...HELD, ...entry } });
const conditionOf = (decision: ReturnType<typeof decide>, type: string) =>
  decision.status.conditions.find((one) => one.type === type);

describe("the ladder is climbed rung by rung", () => {
  const [refused, quarantined, left, frozen] = [
    did("refuse"),
    did("quarantine"),
    did("leaveServices"),
    { frozen: FROZEN },
  ];
  const after = (...actions: object[]) => toIncident({}, { actions, workloads: [HELD] });
  const workloads = [toWorkload()];
  test.each<[string, Parameters<typeof decide>[0], string[]]>([
    [
      "first the workload is held",
      { workloads: [toWorkload({}, { entry: undefined })], pods: [toPod("a")], isHeldByWarrant: false },
      ["hold"],
    ],
    ["nothing else until the Warrant refuses it", { workloads, pods: [toPod("a")], isHeldByWarrant: false }, []],
    ["nor before the refusal is proven", { workloads, pods: [toPod("a")] }, ["proveRefusal"]],
    ["then pods leave every selector", { workloads, pods: [toPod("a")], incident: after(refused) }, ["quarantine"]],
    [
      "then EndpointSlices are waited for",
      { workloads, pods: [toQuarantined("a", {}, { isServed: true })], incident: after(refused, quarantined) },
      [],
    ],
    [
      "then evidence is frozen",
      { workloads, pods: [toQuarantined("a")], incident: after(refused, quarantined, left) },
      ["freeze"],
    ],
    [
      "then pods end",
      {
        workloads,
        pods: [toQuarantined("a")],
        incident: toIncident({}, { actions: [refused], workloads: [HELD], ...frozen }),
      },
      ["end"],
    ],
    [
      "then the workload goes back",
      { workloads, incident: toIncident({}, { actions: [refused], workloads: [HELD], ...frozen }) },
      ["rollBack"],
    ],
  ])("%s", (_, change, names) => {
    expect(decide(change).names).toEqual(names);
  });

  test.each<[string, string, string[]]>([
    ["for a while", "2026-11-25T12:00:00.000Z", []],
    ["and no longer: evidence and quarantine do not wait for ever", "2020-01-01T00:00:00.000Z", ["quarantine"]],
  ])("what comes after the refusal waits for it %s", (_, startedAt, names) => {
    const incident = after({ ...did("refuse", "Started"), startedAt });
    const { names: found } = decide({ workloads, pods: [toPod("a")], incident, isHeldByWarrant: false });
    expect(found).toEqual(names);
  });

  test("but nothing goes back that the API server does not refuse yet", () => {
    const actions = [{ ...did("refuse", "Started"), startedAt: "2020-01-01T00:00:00.000Z" }];
    const incident = toIncident({}, { actions, workloads: [HELD], ...frozen });
    const decision = decide({ workloads, incident, isHeldByWarrant: false });
    expect(decision.names).toEqual([]);
    expect(decision.results).toContain("rollBack Deployment/gate Started");
  });

  test("what a policy orders is done in its order", () => {
    const steps = [say("leaveServices"), say("throttle"), say("freeze")];
    expect(decide({ steps, pods: [toPod("a")], workloads }).names).toEqual(["leaveServices"]);
    expect(decide({ steps, pods: [toUnserved("a")], workloads }).names).toEqual(["throttle"]);
    const lowered = [toWorkload({ replicas: 1 }, { entry: { ...HELD, replicas: 3 } })];
    expect(decide({ steps, pods: [toUnserved("a")], workloads: lowered }).names).toEqual(["freeze"]);
  });

  test("a mirror pod behind a Service stops none of it", () => {
    const incident = toIncident({}, { actions: [refused], workloads: [HELD], ...frozen });
    const { names, results } = decide({ workloads, pods: [toMirror("m")], incident });
    expect(names).toEqual(["rollBack"]);
    expect(results).toContain("leaveServices Pods NotSupported");
  });

  test("nothing vouched is left: it stops, and says so", () => {
    const stuck = [toWorkload({}, { choice: { choice: "stop", why: "nothing vouched is left: v5 is revoked" } })];
    const incident = toIncident({}, { actions: [refused], workloads: [HELD], ...frozen });
    const decision = decide({ workloads: stuck, incident, jobs: [toJob("CronJob", "nightly", { isSuspended: true })] });
    expect(decision.results.slice(-4)).toEqual([
      "rollBack CronJob/nightly Done",
      "rollBack Deployment/gate Failed",
      "stop CronJob/nightly Done",
      "stop Pods Done",
    ]);
    expect(conditionOf(decision, "Restored")).toMatchObject({
      status: "False",
      reason: "Stopped",
      message: expect.stringMatching(/nothing vouched is left/),
    });
    expect(conditionOf(decision, "Contained")).toMatchObject({ status: "True", reason: "NothingRuns" });
  });

  test("a rung that has to be done again takes nothing off the record", () => {
    const actions = [refused, quarantined, did("freeze"), did("stop")];
    const steps = [say("refuse"), say("quarantine"), say("freeze"), say("stop")];
    const { status, results } = decide({
      steps,
      pods: [toPod("new")],
      incident: toIncident({}, { actions, workloads: [HELD], ...frozen }),
    });
    expect(results).toEqual(["refuse Pods Done", "quarantine Pods Started", "freeze Pods Done", "stop Pods Done"]);
    expect(status.actions?.at(-1)).toEqual(actions[3]);
  });
});

describe("what waits", () => {
  test("for its time", () => {
    const { names, results, comeBackMs } = decide({
      steps: [say("freeze"), say("sever", { after: "5m" })],
      pods: [toPod("a")],
      incident: toIncident({}, { frozen: FROZEN }),
    });
    expect(names).toEqual([]);
    expect(results).toEqual(["freeze Pods Done", "sever Pods Waiting"]);
    expect(comeBackMs).toBe(5 * MINUTE - 2000 + 1);
  });

  test("for a person, told how to let it go on", () => {
    const change = { steps: [say("freeze"), say("stop", { authority: "Person" })], pods: [toPod("a")] };
    const { names, status } = decide({ ...change, incident: toIncident({}, { frozen: FROZEN }) });
    expect(names).toEqual([]);
    expect(status.actions?.at(-1)).toMatchObject({
      result: "Waiting",
      observed: expect.stringMatching(/vouchsafe incident go inc stop$/),
    });
    const go = [{ rung: "stop", authority: "oncall" }];
    expect(decide({ ...change, incident: toIncident({ go }, { frozen: FROZEN }) }).names).toEqual(["end"]);
  });

  test("takes none of the rungs after it", () => {
    const steps = [say("refuse", { after: "5m" }), say("freeze")];
    expect(decide({ steps, pods: [toPod("a")] }).names).toEqual([]);
  });
});

describe("what stands for a time", () => {
  const late = LOOKED + 31 * MINUTE;
  const timed = (rung: "throttle" | "quarantine" | "leaveServices") => [say(rung, { for: "30m" })];
  const once = (rung: "throttle" | "quarantine" | "leaveServices", rest: object = {}, status: object = {}) =>
    toIncident({}, { actions: [did(rung, "Done", rest)], ...status });

  test("stands until then", () => {
    const { names, comeBackMs } = decide({
      steps: timed("quarantine"),
      pods: [toQuarantined("a")],
      incident: once("quarantine"),
      now: LOOKED,
    });
    expect(names).toEqual([]);
    expect(comeBackMs).toBe(30 * MINUTE - 1000 + 1);
  });

  test.each(["quarantine", "leaveServices"] as const)(
    "pods in %s are not let loose again: they end, once they are frozen",
    (rung) => {
      const change = { steps: timed(rung), pods: [toQuarantined("a"), toMirror("m", { isServed: false })], now: late };
      expect(decide({ ...change, incident: once(rung) }).names).toEqual(["freeze"]);
      const { acts } = decide({ ...change, incident: once(rung, {}, { frozen: FROZEN }) });
      expect(acts).toMatchObject([{ act: "end", pods: [{ facts: { metadata: { name: "a" } } }] }]);
    },
  );

  test("replicas come back, once, and are not lowered again", () => {
    const steps = timed("throttle");
    const target = { target: "Deployment/gate" };
    const daemons = toWorkload({ kind: "DaemonSet", name: "a" });
    const first = decide({
      steps,
      workloads: [daemons, toWorkload({ replicas: 1 }, { entry: { ...HELD, replicas: 3 } })],
      incident: toIncident(
        {},
        {
          workloads: [{ ...HELD, replicas: 3 }],
          actions: [did("throttle", "NotSupported", { target: "DaemonSet/a" }), did("throttle", "Done", target)],
        },
      ),
      now: late,
    });
    expect(first.acts).toMatchObject([{ act: "throttle", replicas: 3 }]);
    expect(first.results).toContain("throttle Deployment/gate TakenBack");
    const incident = { ...toIncident(), status: { ...first.status, conditions: [] } };
    const second = decide({
      steps,
      workloads: [daemons, toWorkload({}, { entry: first.status.workloads?.[0] })],
      incident,
      now: late + MINUTE,
    });
    expect(second.names).toEqual([]);
    expect(second.results).toContain("throttle Deployment/gate TakenBack");
    // From now on its owners may lower it.
    expect(second.status.workloads?.[0]).not.toHaveProperty("replicas");
  });

  test("what people set meanwhile stays, also where it is less than before", () => {
    const entry = { ...HELD, replicas: 3 };
    const incident = toIncident(
      {},
      { workloads: [entry], actions: [did("throttle", "Done", { target: "Deployment/gate" })] },
    );
    for (const replicas of [0, 2]) {
      const seen = decide({
        steps: timed("throttle"),
        workloads: [toWorkload({ replicas }, { entry })],
        incident,
        now: late,
      });
      expect(seen.names, `${replicas} of 3, lowered to 1`).toEqual([]);
    }
  });

  test("and is not taken again", () => {
    const first = decide({ steps: timed("quarantine"), incident: once("quarantine"), now: late });
    expect(first.results).toEqual(["quarantine Pods TakenBack"]);
    const incident = { ...toIncident(), status: { ...first.status, conditions: [] } };
    expect(decide({ steps: timed("quarantine"), incident, now: late + MINUTE }).results).toEqual([
      "quarantine Pods TakenBack",
    ]);
  });
});

describe("what is remembered of a workload", () => {
  test("its replicas and its Jobs' suspension, also where nothing is held", () => {
    const steps = [say("throttle"), say("freeze"), say("stop")];
    const throttled = decide({ steps, workloads: [toWorkload({}, { entry: undefined })] });
    expect(throttled.status.workloads).toEqual([{ ...HELD, hold: "Released", replicas: 3 }]);
    const jobs = [toJob("CronJob", "nightly", { entry: undefined })];
    const stopped = decide({ steps: steps.slice(1), jobs, incident: toIncident({}, { frozen: FROZEN }) });
    expect(stopped.status.workloads).toEqual([
      { kind: "CronJob", name: "nightly", uid: "uid-nightly", hold: "Released", suspended: "ByUs" },
    ]);
  });

  test("the replicas of before, whatever was lowered since", () => {
    const entry = { ...HELD, replicas: 5 };
    const incident = toIncident({}, { workloads: [entry] });
    const { names, status } = decide({ steps: [say("throttle")], workloads: [toWorkload({}, { entry })], incident });
    expect(names).toEqual(["throttle"]);
    expect(status.workloads).toEqual([entry]);
  });

  test("where it went back to, and what took the place of what", () => {
    const steps = [say("freeze"), say("rollBack")];
    const going = decide({
      steps,
      workloads: [toWorkload()],
      incident: toIncident({}, { workloads: [HELD], frozen: FROZEN }),
    });
    expect(going.status.workloads).toEqual([{ ...HELD, snapshot: "lkg-v5", swaps: { [MODEL6]: MODEL } }]);
    const incident = { ...toIncident(), status: { ...going.status, conditions: [] } };
    const back = decide({ steps, workloads: [toRestored()], incident });
    expect(back.status.workloads).toEqual([{ ...HELD, snapshot: "lkg-v5", swaps: { [MODEL6]: MODEL }, to: "v5" }]);
  });

  test("what its owners moved on was not rolled back", () => {
    const { status } = decide({ workloads: [toRestored()], incident: toIncident({}, { workloads: [HELD] }) });
    expect(status.workloads).toEqual([HELD]);
  });

  test("no more than a status holds, and the API server takes it", () => {
    const workloads = Array.from({ length: 90 }, (_, index) =>
      toWorkload({ name: `a-rather-long-name-of-a-workload-${index}` }, { entry: undefined }),
    );
    const held = decide({ workloads, isHeldByWarrant: false });
    expect(held.status.workloads).toHaveLength(64);
    const entries = new Map(held.status.workloads?.map((one) => [one.name, one]));
    const named = workloads.map((one) => ({ ...one, entry: entries.get(one.facts.metadata.name) }));
    const incident = toIncident({}, { workloads: held.status.workloads, actions: [did("refuse")], frozen: FROZEN });
    expect(decide({ workloads: named, incident }).acts).toHaveLength(90);
    const restored = named.map((one) => ({ ...one, isInBreach: false, ready: 3, release: "v5" }));
    for (const decision of [held, decide({ workloads: named, incident }), decide({ workloads: restored, incident })]) {
      const conditions = decision.status.conditions.map((one) => ({ ...one, lastTransitionTime: DETECTED }));
      expect(Incident.status.safeParse({ ...decision.status, conditions }).error?.message).toBeUndefined();
    }
  });
});
