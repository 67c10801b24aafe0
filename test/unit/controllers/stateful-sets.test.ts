// What keeps a StatefulSet from going back, and what is done about it: a table worked by hand.
import { expect, test } from "vitest";
import { compare, LOOKED, look, type RungTable, say, toFacts, toPod, toQuarantined, toWorkload } from "./contained.ts";

const before = toWorkload({ kind: "StatefulSet" });
const after = toWorkload({ kind: "StatefulSet", model: "sha256:5" }, { isInBreach: false, ready: 1, release: "v5" });
const TARGET = "StatefulSet/gate";

const TABLE: RungTable = [
  [
    "contained pods give their names back first",
    { workloads: [before], pods: [toQuarantined("gate-0"), toPod("gate-1")] },
    [[TARGET, "due", ["end"], /^1 pod in its way being ended$/]],
  ],
  [
    "those that end are waited for",
    { workloads: [before], pods: [toQuarantined("gate-0", { isEnding: true })] },
    [[TARGET, "waiting", [], /^1 pod in its way, ending$/]],
  ],
  [
    "but not for good",
    { workloads: [before], pods: [toQuarantined("gate-0", { isEnding: true })], now: LOOKED + 60_000 },
    [[TARGET, "due", ["rollBack"], /going back to release v5/]],
  ],
  [
    "pods that serve are left to the StatefulSet",
    { workloads: [before], pods: [toPod("gate-0"), toPod("gate-1", { isReady: false })] },
    [[TARGET, "due", ["rollBack"], /going back to release v5/]],
  ],
  [
    "pods of others are in nobody's way",
    { workloads: [before], pods: [toQuarantined("gate-x-0"), toQuarantined("gate")] },
    [[TARGET, "due", ["rollBack"], /going back to release v5/]],
  ],
  [
    "afterwards a pod that is not ready is not waited for",
    { workloads: [after], pods: [toPod("gate-2", { isReady: false })] },
    [[TARGET, "due", ["end"], /^1 pod in its way being ended$/]],
  ],
  [
    "one that is ready is replaced in turn",
    { workloads: [after], pods: [toPod("gate-1")] },
    [[TARGET, "waiting", [], /^back on release v5: 1 of 3 pods ready$/]],
  ],
];

test.each(TABLE)("%s", (_, change, rows) => {
  const { seen, expected } = compare(say("rollBack"), change, rows);
  expect(seen).toEqual(expected);
});

test("a Deployment has no such names", () => {
  const [seen] = look(say("rollBack"), { workloads: [toWorkload()], pods: [toQuarantined("gate-0")] });
  expect(seen?.acts).toEqual(["rollBack"]);
});

test("a partition that keeps pods on the old revision is told of", () => {
  const facts = { ...after.facts, partition: 2 };
  const [seen] = look(say("rollBack"), toFacts({ workloads: [{ ...after, facts }] }));
  expect(seen?.observed).toContain("set spec.updateStrategy.rollingUpdate.partition of 2 to 0");
});
