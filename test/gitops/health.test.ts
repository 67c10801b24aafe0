// The health scripts that the chart ships, judged by Argo CD's own code: its settings manager, its Lua, and no more of
// Lua's libraries than its application-controller opens.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { KINDS } from "../../src/api/index.ts";
import { FINDINGS } from "../../src/domain/findings.ts";
import { judgeHealth } from "./harness/health.ts";
import { readTools } from "./harness/tools.ts";

const tools = readTools();
const isMissing = typeof tools === "string";
const lack = isMissing ? ` (it needs ${tools})` : "";
const judge = (objects: readonly object[], configMap?: string) =>
  isMissing ? Promise.resolve([]) : judgeHealth(tools.argocd, objects, configMap);

interface Parts {
  generation?: number;
  spec?: object;
  conditions?: object[];
}

const make = (kind: string, { generation = 2, spec = {}, conditions }: Parts = {}) => ({
  apiVersion: "vouchsafe.dev/v1alpha1",
  kind,
  metadata: { name: "x", namespace: "voice", generation },
  spec,
  ...(conditions === undefined ? {} : { status: { conditions } }),
});

const is = (type: string, status: string, reason: string, observedGeneration = 2) => ({
  type,
  status,
  reason,
  message: `${type} is ${status}`,
  observedGeneration,
  lastTransitionTime: "2026-11-25T10:00:00Z",
});

const READY_KINDS = ["AISystem", "RiskAssessment", "ModelRelease"];

/** What people see in Argo CD, by hand from docs/argocd.md. */
const TABLE: [what: string, object: object, health: string][] = [
  ...READY_KINDS.flatMap((kind): [string, object, string][] => [
    [`${kind}, new`, make(kind), "Progressing"],
    [`${kind}, ready`, make(kind, { conditions: [is("Ready", "True", "MayRun")] }), "Healthy"],
    [
      `${kind}, edited since`,
      make(kind, { generation: 3, conditions: [is("Ready", "True", "MayRun")] }),
      "Progressing",
    ],
    [`${kind}, waits for people`, make(kind, { conditions: [is("Ready", "False", "ApprovalMissing")] }), "Suspended"],
    [`${kind}, revoked`, make(kind, { conditions: [is("Ready", "False", "DigestRevoked")] }), "Degraded"],
    [
      `${kind}, only other conditions`,
      make(kind, { conditions: [is("Verified", "False", "VerificationPending")] }),
      "Progressing",
    ],
  ]),
  [
    "AISystem, stopped by people",
    make("AISystem", { conditions: [is("Ready", "False", "SystemStopped")] }),
    "Suspended",
  ],
  [
    "AISystem, contained by an Incident",
    make("AISystem", { conditions: [is("Ready", "False", "SystemContained")] }),
    "Degraded",
  ],
  ["AIPolicy, new", make("AIPolicy"), "Progressing"],
  ["AIPolicy, usable", make("AIPolicy", { conditions: [is("Ready", "True", "Usable")] }), "Healthy"],
  ["AIPolicy, edited since", make("AIPolicy", { conditions: [is("Ready", "True", "Usable", 1)] }), "Progressing"],
  [
    "AIPolicy, a key is missing",
    make("AIPolicy", { conditions: [is("Ready", "False", "TrustRootMissing")] }),
    "Degraded",
  ],
  ["Approval, new", make("Approval", { spec: { decision: "approve" } }), "Progressing"],
  [
    "Approval, counts",
    make("Approval", { spec: { decision: "approve" }, conditions: [is("Counted", "True", "Counts")] }),
    "Healthy",
  ],
  [
    "Approval, of other content",
    make("Approval", { spec: { decision: "accept" }, conditions: [is("Counted", "False", "DoesNotCount")] }),
    "Suspended",
  ],
  [
    "Approval, a rejection",
    make("Approval", { spec: { decision: "reject" }, conditions: [is("Counted", "False", "DoesNotCount")] }),
    "Healthy",
  ],
  ["Approval, a withdrawal", make("Approval", { spec: { decision: "withdraw" } }), "Healthy"],
  ["Revocation, new", make("Revocation", { spec: { release: "v6" } }), "Progressing"],
  ["Revocation, in force", make("Revocation", { conditions: [is("InForce", "True", "Refused")] }), "Healthy"],
  ["Revocation, not in force", make("Revocation", { conditions: [is("InForce", "False", "Failed")] }), "Degraded"],
  ["ClusterRevocation", make("ClusterRevocation", { spec: { signer: "pipeline" } }), "Healthy"],
  ["Stop, in force", make("Stop", { spec: { system: "voice-gate", reason: "It insults callers." } }), "Suspended"],
  ["Stop, lifted", make("Stop", { spec: { reason: "x", resumed: { reason: "It is mended." } } }), "Healthy"],
  ["Warrant", make("Warrant", { spec: { policy: "standard" } }), "Healthy"],
  ["Incident, new breach", make("Incident", { spec: { type: "breach", state: "Open" } }), "Progressing"],
  [
    "Incident, not contained",
    make("Incident", {
      spec: { type: "breach", state: "Open" },
      conditions: [is("Contained", "False", "InProgress"), is("Restored", "False", "NotOrdered")],
    }),
    "Degraded",
  ],
  [
    "Incident, contained, rollback under way",
    make("Incident", {
      spec: { type: "breach", state: "Open" },
      conditions: [is("Contained", "True", "Quarantined"), is("Restored", "False", "InProgress")],
    }),
    "Degraded",
  ],
  [
    "Incident, restored, not reviewed",
    make("Incident", {
      spec: { type: "breach", state: "Open" },
      conditions: [is("Contained", "True", "NothingRuns"), is("Restored", "True", "VouchedPodsReady")],
    }),
    "Suspended",
  ],
  [
    "Incident, nothing to restore",
    make("Incident", {
      spec: { type: "breach", state: "Open" },
      conditions: [is("Contained", "True", "NothingRuns"), is("Restored", "Unknown", "NoWorkload")],
    }),
    "Suspended",
  ],
  ["Incident, a concern", make("Incident", { spec: { type: "concern", state: "Open" } }), "Suspended"],
  [
    "Incident, closed",
    make("Incident", {
      spec: { type: "breach", state: "Closed" },
      conditions: [is("Contained", "True", "NothingRuns"), is("Restored", "False", "Stopped")],
    }),
    "Healthy",
  ],
];

describe.skipIf(isMissing)(`the set of health scripts${lack}`, () => {
  test("give every state of every kind the health that people expect", async () => {
    const answers = await judge(TABLE.map(([, object]) => object));
    const seen = TABLE.map(([what], i) => `${what}: ${answers[i]?.error ?? answers[i]?.status ?? "no script"}`);
    expect(seen).toEqual(TABLE.map(([what, , health]) => `${what}: ${health}`));
    const silent = TABLE.filter((_, i) => (answers[i]?.message ?? "") === "").map(([what]) => what);
    expect(silent, "each says why").toEqual([]);
  });

  test("are there for every kind, and fail on none of the objects that lack fields", async () => {
    const kinds = KINDS.map(({ kind }) => kind);
    expect(kinds.filter((kind) => !TABLE.some(([what]) => what.split(",")[0] === kind))).toEqual([]);
    const bare = kinds.flatMap((kind) => {
      const header = { apiVersion: "vouchsafe.dev/v1alpha1", kind };
      return [
        header,
        { ...header, metadata: { name: "x" }, status: {} },
        { ...header, metadata: { name: "x" }, spec: { resumed: {} }, status: { conditions: [] } },
        { ...header, metadata: { name: "x" }, spec: null, status: null },
        ...["Ready", "Counted", "InForce", "Contained", "Restored"].map((type) => ({
          ...header,
          metadata: { name: "x", generation: 1 },
          status: { conditions: [{}, { type }, { type, status: "False" }] },
        })),
      ];
    });
    const answers = await judge(bare);
    const bad = bare.filter((_, i) => answers[i]?.found !== true || answers[i]?.status === "Unknown");
    expect(bad).toEqual([]);
    expect(answers.flatMap(({ error }) => error ?? [])).toEqual([]);
  });

  test("call a release Degraded for every finding that never ends, and for none that people can end", async () => {
    const codes = Object.entries(FINDINGS).filter(([, { standing }]) => standing === "never" || standing === "notYet");
    const answers = await judge(
      codes.map(([code]) => make("ModelRelease", { conditions: [is("Ready", "False", code)] })),
    );
    const seen = codes.map(([code], i) => `${code}: ${answers[i]?.status ?? ""}`);
    const expected = codes.map(
      ([code, { standing }]) =>
        `${code}: ${standing === "never" || code === "SystemContained" ? "Degraded" : "Suspended"}`,
    );
    expect(seen).toEqual(expected);
  });

  test("run without Lua's string library: the set-up can fail", async () => {
    const dir = await mkdtemp(join(tmpdir(), "health-"));
    try {
      const file = join(dir, "argocd-cm.yaml");
      const key = "resource.customizations.health.vouchsafe.dev_Warrant";
      const script = 'return { status = "Healthy", message = string.upper("x") }';
      await writeFile(file, JSON.stringify({ data: { [key]: script } }));
      const [answer] = await judge([make("Warrant")], file);
      expect(answer?.error).toContain("attempt to index a non-table object(nil) with key 'upper'");
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});
