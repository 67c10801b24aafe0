// Who counts as an approver: a table worked by hand, and properties against brute force.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Approval } from "../../../src/api/approval.ts";
import { type Count, countApprovals } from "../../../src/domain/approvals.ts";

const NOW = Date.parse("2026-11-24T00:00:00Z");
const DIGEST = `v1:sha256:${"1".repeat(64)}`;
const OTHER = `v1:sha256:${"2".repeat(64)}`;

interface Vote {
  by: string;
  role?: string;
  decision?: Approval["spec"]["decision"];
  digest?: string;
  until?: string;
  name?: string;
  withdraws?: string;
}

const toApproval = (
  {
    by,
    role = "validator",
    decision = "approve",
    digest = DIGEST,
    until = "2027-01-01T00:00:00Z",
    name,
    withdraws,
  }: Vote,
  index: number,
): Approval => ({
  apiVersion: "vouchsafe.dev/v1alpha1",
  kind: "Approval",
  metadata: { name: name ?? `a${index}`, uid: `uid-${name ?? `a${index}`}`, creationTimestamp: "2026-11-20T00:00:00Z" },
  spec: {
    target: { kind: "ModelRelease", name: "v5", digest },
    role,
    decision,
    ...(decision === "withdraw" || decision === "reject" ? {} : { until }),
    ...(withdraws === undefined ? {} : { withdraws: { name: withdraws, uid: `uid-${withdraws}` } }),
    reason: "x",
    approver: { username: by },
    source: "Kubernetes",
  },
});

const toCount = (votes: Vote[], rest: Partial<Count> = {}): Count => ({
  approvals: votes.map(toApproval),
  target: { kind: "ModelRelease", name: "v5", digest: DIGEST },
  demands: [{ of: "ModelRelease", role: "validator", count: 1 }],
  authors: { names: ["bob"], unknown: false },
  policy: {},
  notBefore: NOW,
  ...rest,
});

const two = [{ of: "ModelRelease" as const, role: "validator", count: 2 }];
const both = [
  { of: "ModelRelease" as const, role: "validator", count: 1 },
  { of: "ModelRelease" as const, role: "owner", count: 1 },
];
const unknown = { authors: { names: ["system:serviceaccount:argocd:argo"], unknown: true } };

const TABLE: [string, Vote[], Partial<Count>, "approved" | "lacking" | "rejected"][] = [
  ["nobody", [], {}, "lacking"],
  ["one person in the role", [{ by: "alice" }], {}, "approved"],
  ["the author", [{ by: "bob" }], {}, "lacking"],
  ["another role", [{ by: "alice", role: "cook" }], {}, "lacking"],
  ["other content", [{ by: "alice", digest: OTHER }], {}, "lacking"],
  ["an ended approval", [{ by: "alice", until: "2026-11-23T00:00:00Z" }], {}, "lacking"],
  ["no date that is one", [{ by: "alice", until: "tomorrow" }], {}, "lacking"],
  [
    "longer than the role may hold",
    [{ by: "alice" }],
    { demands: [{ of: "ModelRelease", role: "validator", count: 1, maxAgeDays: 2 }] },
    "lacking",
  ],
  ["one person twice where two are asked", [{ by: "alice" }, { by: "alice" }], { demands: two }, "lacking"],
  ["two people where two are asked", [{ by: "alice" }, { by: "carol" }], { demands: two }, "approved"],
  ["one person in two roles", [{ by: "alice" }, { by: "alice", role: "owner" }], { demands: both }, "lacking"],
  [
    "two people, one of them in both roles",
    [{ by: "alice" }, { by: "alice", role: "owner" }, { by: "carol" }],
    { demands: both },
    "approved",
  ],
  ["one person for an unknown author", [{ by: "alice" }], unknown, "lacking"],
  ["two people for an unknown author", [{ by: "alice" }, { by: "carol" }], unknown, "approved"],
  ["a denied approver", [{ by: "alice" }], { policy: { deniedApprovers: ["alice"] } }, "lacking"],
  ["a ServiceAccount", [{ by: "system:serviceaccount:x:ci" }], {}, "lacking"],
  [
    "a listed ServiceAccount",
    [{ by: "system:serviceaccount:x:ci" }],
    { policy: { approvingServiceAccounts: ["system:serviceaccount:x:ci"] } },
    "approved",
  ],
  [
    "a withdrawn approval",
    [
      { by: "alice", name: "a" },
      { by: "alice", decision: "withdraw", withdraws: "a" },
    ],
    {},
    "lacking",
  ],
  [
    "one withdrawn by another holder",
    [
      { by: "alice", name: "a" },
      { by: "carol", decision: "withdraw", withdraws: "a" },
    ],
    {},
    "lacking",
  ],
  [
    "one withdrawn in another role",
    [
      { by: "alice", name: "a" },
      { by: "carol", role: "owner", decision: "withdraw", withdraws: "a" },
    ],
    {},
    "approved",
  ],
  [
    "a withdrawal taken back changes nothing",
    [
      { by: "alice", name: "a" },
      { by: "alice", decision: "withdraw", withdraws: "a", name: "w" },
      { by: "alice", decision: "withdraw", withdraws: "w" },
    ],
    {},
    "lacking",
  ],
  ["a rejection beats approvals", [{ by: "alice" }, { by: "carol", decision: "reject" }], {}, "rejected"],
  [
    "a rejection taken back by who made it",
    [
      { by: "alice" },
      { by: "carol", decision: "reject", name: "r" },
      { by: "carol", decision: "withdraw", withdraws: "r" },
    ],
    {},
    "approved",
  ],
  [
    "a rejection taken back by somebody else",
    [
      { by: "alice" },
      { by: "carol", decision: "reject", name: "r" },
      { by: "alice", decision: "withdraw", withdraws: "r" },
    ],
    {},
    "rejected",
  ],
  [
    "a rejection of other content",
    [{ by: "alice" }, { by: "carol", decision: "reject", digest: OTHER }],
    {},
    "approved",
  ],
  ["nothing is asked for", [], { demands: [] }, "approved"],
];

test.each(TABLE)("%s", (_, votes, rest, expected) => {
  expect(countApprovals(toCount(votes, rest)).result.outcome).toBe(expected);
});

test("the end is the last moment at which enough votes hold", () => {
  const votes = [
    { by: "alice", until: "2027-01-01T00:00:00Z" },
    { by: "carol", until: "2027-03-01T00:00:00Z" },
    { by: "dave", until: "2027-02-01T00:00:00Z" },
  ];
  const { result } = countApprovals(toCount(votes, { demands: two }));
  expect(result).toEqual({ outcome: "approved", until: Date.parse("2027-02-01T00:00:00Z") });
});

describe("properties", () => {
  const vote = fc.record({
    by: fc.constantFrom("alice", "bob", "carol", "dave"),
    role: fc.constantFrom("validator", "owner"),
    digest: fc.constantFrom(DIGEST, OTHER),
  });
  const demands = fc.constantFrom(two, both);

  /** All ways to give each place another person, tried one by one. */
  const canFill = (places: string[], votes: Vote[], used: string[] = []): boolean => {
    const [place, ...rest] = places;
    if (place === undefined) return true;
    return votes.some(
      ({ by, role, digest }) =>
        by !== "bob" &&
        digest === DIGEST &&
        role === place &&
        !used.includes(by) &&
        canFill(rest, votes, [...used, by]),
    );
  };

  test("it is approved exactly where brute force finds enough different people", () => {
    fc.assert(
      fc.property(fc.array(vote, { maxLength: 6 }), demands, (votes, asked) => {
        const places = asked.flatMap(({ role, count }) => Array.from({ length: count }, () => role));
        const isApproved = countApprovals(toCount(votes, { demands: asked })).result.outcome === "approved";
        expect(isApproved).toBe(canFill(places, votes));
      }),
      { numRuns: 400 },
    );
  });

  test("a withdrawal, a denial, an author or an unknown author never opens anything", () => {
    fc.assert(
      fc.property(fc.array(vote, { maxLength: 6 }), fc.nat(5), (votes, index) => {
        const before = countApprovals(toCount(votes)).result.outcome;
        const withdrawal: Vote = { by: "alice", decision: "withdraw", withdraws: `a${index}`, name: "w" };
        const stricter = [
          toCount([...votes, withdrawal]),
          toCount(votes, { policy: { deniedApprovers: ["carol"] } }),
          toCount(votes, { authors: { names: ["bob", "dave"], unknown: false } }),
          toCount(votes, { authors: { names: ["bob"], unknown: true } }),
        ];
        for (const count of stricter) {
          if (before !== "approved") expect(countApprovals(count).result.outcome).not.toBe("approved");
        }
      }),
    );
  });
});
