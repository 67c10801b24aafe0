// Containment as a whole: decided again and again on a world that does what it is told, until nothing is left to do.
import fc from "fast-check";
import { expect, test } from "vitest";
import { MODEL, MODEL6 } from "../domain/voice.ts";
import { say } from "./contained.ts";
import { ContainedWorld, type Start } from "./contained-world.ts";

const kind = fc.constantFrom("Deployment" as const, "StatefulSet" as const, "DaemonSet" as const);
const workload = fc.record({
  kind,
  model: fc.constantFrom(MODEL6, MODEL6, MODEL),
  replicas: fc.nat(4),
  canGoBack: fc.boolean(),
  isAutoscaled: fc.boolean(),
});
const pod = fc.record({
  model: fc.constantFrom(MODEL6, MODEL6, MODEL),
  isMirror: fc.boolean(),
  isEnding: fc.boolean(),
  isReady: fc.boolean(),
});
const job = fc.record({
  kind: fc.constantFrom("Job" as const, "CronJob" as const),
  model: fc.constantFrom(MODEL6, MODEL),
  isSuspended: fc.boolean(),
});
const rung = fc.constantFrom(
  "refuse",
  "throttle",
  "quarantine",
  "leaveServices",
  "freeze",
  "sever",
  "rollBack",
  "stop",
);
const step = fc.record({
  do: rung,
  after: fc.constantFrom(undefined, undefined, "1m", "2h"),
  for: fc.constantFrom(undefined, undefined, "5m", "1h"),
  authority: fc.constantFrom("Standing" as const, "Standing" as const, "Person" as const),
  floor: fc.constantFrom(undefined, 0, 2),
});
const ladder = fc.option(
  fc.uniqueArray(step, { selector: (one) => one.do, maxLength: 6 }).map((steps) =>
    steps.map(({ do: name, authority, ...rest }) =>
      say(name, {
        authority,
        ...(rest.after === undefined ? {} : { after: rest.after }),
        ...(rest.for !== undefined && ["throttle", "quarantine", "leaveServices"].includes(name)
          ? { for: rest.for }
          : {}),
        ...(rest.floor !== undefined && name === "throttle" ? { floor: rest.floor } : {}),
      }),
    ),
  ),
  { nil: undefined },
);
const start: fc.Arbitrary<Start> = fc.record({
  workloads: fc.array(workload, { maxLength: 3 }),
  pods: fc.array(pod, { maxLength: 4 }),
  jobs: fc.array(job, { maxLength: 2 }),
  ladder,
  breach: fc.constantFrom("ReleaseRevoked" as const, "ReleaseRevoked" as const, "FenceWidened" as const),
  /** How many of its acts the operator came to before it was killed, round by round. */
  kills: fc.array(fc.nat(3), { maxLength: 3 }),
});

const ROUNDS = 30;

test("from any state it comes to rest, and decides the same each time", () => {
  fc.assert(
    fc.property(start, (drawn) => {
      const world = new ContainedWorld(drawn);
      world.run(ROUNDS);
      expect(world.rounds, `it is at rest after ${ROUNDS} rounds: ${world.tell()}`).toBeLessThan(ROUNDS);
      const { status } = world.incident;
      // As the world is now, there is nothing to do, and nothing else to say.
      expect(world.round()).toEqual({ acts: [], isNew: false });
      expect(world.incident.status).toEqual(status);
    }),
    { numRuns: 120 },
  );
});

test("no pod ends before the evidence is frozen, and no pod is touched that is not in breach", () => {
  fc.assert(
    fc.property(start, (drawn) => {
      const world = new ContainedWorld(drawn);
      world.run(ROUNDS);
      for (const one of world.touched) {
        expect(one.isMirror, `${one.act} of a mirror pod`).toBe(false);
        expect(one.isInBreach, `${one.act} of a pod that is ${one.isInBreach ? "" : "not "}in breach`).toBe(
          one.act !== "giveBack",
        );
        if (one.act === "end") expect(one.isFrozen, "frozen before it ends").toBe(true);
      }
    }),
    { numRuns: 120 },
  );
});

test("by default nothing in breach is left but what is out of reach, and replicas are as they were", () => {
  fc.assert(
    fc.property(start, (drawn) => {
      const world = new ContainedWorld({ ...drawn, ladder: undefined, breach: "ReleaseRevoked" });
      world.run(ROUNDS);
      expect(world.pods.filter((one) => one.model === MODEL6 && !one.isMirror)).toEqual([]);
      for (const one of world.workloads) {
        expect(one.replicas).toBe(one.before.replicas);
        expect(one.model === MODEL || !one.canGoBack, "it went back where it could").toBe(true);
      }
      expect(world.jobs.every((one) => one.model === MODEL || one.isSuspended)).toBe(true);
      expect(world.jobs.every((one) => one.model === MODEL6 || one.isSuspended === one.before.isSuspended)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test("when the breach is over in the middle of it, all that still runs is given back", () => {
  fc.assert(
    fc.property(start, fc.nat(12), (drawn, rounds) => {
      const world = new ContainedWorld({
        ...drawn,
        workloads: drawn.workloads.map((one) => ({ ...one, isAutoscaled: false })),
      });
      world.run(rounds);
      world.isOver = true;
      world.rounds = 0;
      world.run(ROUNDS);
      expect(world.rounds, world.tell()).toBeLessThan(ROUNDS);
      for (const one of world.pods) {
        expect(one.labels, `labels of ${one.name}`).toEqual(one.before.labels);
        expect(one.quarantinedBy).toBeUndefined();
      }
      for (const one of world.workloads) expect(one.replicas, `replicas: ${world.tell()}`).toBe(one.before.replicas);
      for (const one of world.jobs) expect(one.isSuspended, "suspension").toBe(one.before.isSuspended);
    }),
    { numRuns: 120 },
  );
});

test("an operator that is killed anywhere comes to the same end as one that is not", () => {
  const settle = (drawn: Start) => {
    const world = new ContainedWorld(drawn);
    world.run(ROUNDS * 2);
    return world.describeEnd();
  };
  fc.assert(
    fc.property(start, (drawn) => {
      const standing = drawn.ladder?.map((one) => say(one.do, one.floor === undefined ? {} : { floor: one.floor }));
      const calm = { ...drawn, ladder: standing };
      expect(settle(calm)).toEqual(settle({ ...calm, kills: [] }));
    }),
    { numRuns: 100 },
  );
});
