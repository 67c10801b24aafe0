// How far the rungs that concern pods are, for every state that they may meet: tables worked by hand.
import { describe, expect, test } from "vitest";
import type { Step } from "../../../src/api/reaction.ts";
import {
  compare,
  FROZEN,
  type RungTable,
  say,
  toIncident,
  toJob,
  toMirror,
  toPod,
  toQuarantined,
  toUnserved,
  toWorkload,
} from "./contained.ts";

const tell = (step: Step, table: RungTable) =>
  test.each(table)("%s", (_, change, rows) => {
    const { seen, expected } = compare(step, change, rows);
    expect(seen).toEqual(expected);
  });

describe("quarantine", () => {
  tell(say("quarantine"), [
    [
      "loose pods are taken out",
      { pods: [toPod("a"), toQuarantined("b")] },
      [["Pods", "due", ["quarantine"], /1 pod being taken out/]],
    ],
    ["also those that only left the Services", { pods: [toUnserved("a")] }, [["Pods", "due", ["quarantine"], /1 pod/]]],
    [
      "then it is done, and does not claim what was not probed",
      { pods: [toQuarantined("a"), toQuarantined("b")] },
      [["Pods", "done", [], /2 pods in no selector; .*enforcement .* is not probed/]],
    ],
    ["where none is left it is done", {}, [["Pods", "done", [], /no pod is left/]]],
    [
      "a pod that ends already is left alone",
      { pods: [toPod("a", { isEnding: true })] },
      [["Pods", "done", [], /no pod is left/]],
    ],
    [
      "what is not in breach is left alone",
      { pods: [toPod("a", {}, { isInBreach: false })] },
      [["Pods", "done", [], /no pod is left/]],
    ],
    [
      "a mirror pod cannot be",
      { pods: [toMirror("m"), toQuarantined("b")] },
      [["Pods", "unsupported", [], /1 mirror pod: the node makes their labels anew/]],
    ],
    [
      "but keeps no other pod from it",
      { pods: [toMirror("m"), toPod("b")] },
      [["Pods", "due", ["quarantine"], /1 pod/]],
    ],
    [
      "a policy that lets them out all the same is a failure",
      { pods: [toQuarantined("a")], leaks: ["allow-all"] },
      [["Pods", "failed", [], /NetworkPolicy allow-all allows/]],
    ],
    [
      "where no pod is left, no policy lets one out",
      { leaks: ["allow-all"] },
      [["Pods", "done", [], /no pod is left/]],
    ],
  ]);
});

describe("leaveServices", () => {
  tell(say("leaveServices"), [
    [
      "served pods are taken out",
      { pods: [toPod("a"), toPod("b", {}, { isServed: false })] },
      [["Pods", "due", ["leaveServices"], /1 pod being taken out of Services/]],
    ],
    [
      "then EndpointSlices have to follow",
      { pods: [toUnserved("a", { isServed: true })] },
      [["Pods", "waiting", [], /1 pod still named/]],
    ],
    [
      "but not for pods that end: on a dead node they never do",
      { pods: [toPod("a", { isEnding: true })] },
      [["Pods", "done", [], /no EndpointSlice names/]],
    ],
    [
      "then it is done",
      { pods: [toUnserved("a"), toQuarantined("b")] },
      [["Pods", "done", [], /no EndpointSlice names/]],
    ],
    [
      "what is not in breach serves on",
      { pods: [toPod("a", {}, { isInBreach: false })] },
      [["Pods", "done", [], /no EndpointSlice/]],
    ],
    [
      "a mirror pod cannot be, and holds up nothing",
      { pods: [toMirror("m")] },
      [["Pods", "unsupported", [], /1 mirror pod/]],
    ],
    [
      "but keeps no other pod from it",
      { pods: [toMirror("m"), toPod("a")] },
      [["Pods", "due", ["leaveServices"], /1 pod/]],
    ],
    [
      "nor hides one that is still named",
      { pods: [toMirror("m"), toUnserved("a", { isServed: true })] },
      [["Pods", "waiting", [], /1 pod still named/]],
    ],
    [
      "one that no Service names is none",
      { pods: [toMirror("m", { isServed: false })] },
      [["Pods", "done", [], /no EndpointSlice/]],
    ],
  ]);
});

describe("freeze", () => {
  tell(say("freeze"), [
    ["is due once", { pods: [toPod("a")] }, [["Pods", "due", ["freeze"], /being frozen/]]],
    [
      "and again for a pod that turns up later",
      { pods: [toPod("late")], incident: toIncident({}, { frozen: FROZEN }) },
      [["Pods", "due", ["freeze"], /being frozen/]],
    ],
    [
      "but not without end",
      {
        pods: [toPod("late")],
        incident: toIncident(
          {},
          {
            frozen: ["pods", "pods-2", "pods-3", "pods-4", "pods-5", "pods-6"].map((what) => ({ ...FROZEN[0], what })),
          },
        ),
      },
      [["Pods", "done", [], /6 records frozen/]],
    ],
    [
      "then done, and tells what is there",
      { incident: toIncident({}, { frozen: FROZEN }) },
      [["Pods", "done", [], /1 record frozen: pods/]],
    ],
  ]);
});

describe("sever", () => {
  tell(say("sever"), [
    [
      "every pod in breach is ended",
      { pods: [toPod("a"), toQuarantined("b")] },
      [["Pods", "due", ["end"], /2 pods being ended/]],
    ],
    [
      "those that end are waited for by nobody",
      { pods: [toPod("a", { isEnding: true })] },
      [["Pods", "done", [], /no pod of it runs, 1 ending/]],
    ],
    [
      "those that are vouched for run on",
      { pods: [toPod("a", {}, { isInBreach: false })] },
      [["Pods", "done", [], /no pod of it runs$/]],
    ],
    [
      "a mirror pod is out of reach, and that is said",
      { pods: [toMirror("m")] },
      [["Pods", "done", [], /1 mirror pod on its node is out of reach/]],
    ],
  ]);
});

describe("stop", () => {
  tell(say("stop"), [
    [
      "pods end and Jobs are suspended",
      { pods: [toPod("a")], jobs: [toJob("Job", "batch")], workloads: [toWorkload()] },
      [
        ["Job/batch", "due", ["suspend"], /suspended/],
        ["Pods", "due", ["end"], /1 pod being ended/],
      ],
    ],
    [
      "then new ones are refused",
      { workloads: [toWorkload()] },
      [["Pods", "done", [], /no pod of it runs; new ones are refused/]],
    ],
    ["without a workload nothing makes them", {}, [["Pods", "done", [], /no pod of it runs$/]]],
    [
      "replicas are not touched",
      { workloads: [toWorkload()], pods: [toPod("a", { isEnding: true })] },
      [["Pods", "done", [], /1 ending/]],
    ],
  ]);
});
