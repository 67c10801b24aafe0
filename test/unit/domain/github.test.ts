// Whose reviews count: a table worked by hand around one pull request that carol wrote and alice may approve.
import { describe, expect, test } from "vitest";
import type { GitOrigin, PolicyGitHub } from "../../../src/api/github.ts";
import type { Approval } from "../../../src/api/approval.ts";
import {
  type Account,
  type CommitFact,
  decideReviewApprovals,
  replaceDeliverers,
  type Evidence,
  type ReviewCase,
  type ReviewFact,
} from "../../../src/domain/github.ts";

const NOW = Date.parse("2026-11-24T00:00:00Z");
const DIGEST = `v1:sha256:${"1".repeat(64)}`;
const OTHER = `v1:sha256:${"2".repeat(64)}`;
const HEAD = "a".repeat(40);

const ALICE = { login: "alice-gh", id: 1 };
const BOB = { login: "bob-gh", id: 2 };
const CAROL = { login: "carol-gh", id: 3 };
const STRANGER = { login: "stranger", id: 9 };
const WEB_FLOW = { login: "web-flow", id: 19_864_447 };

const policy: PolicyGitHub = {
  people: [
    { ...ALICE, username: "oidc:alice", roles: ["validator", "risk-owner"] },
    { ...BOB, username: "oidc:bob", roles: ["validator"] },
    { ...CAROL, username: "oidc:carol", roles: ["validator"] },
  ],
  reviewDays: 90,
};

let lastId = 0;
const review = (account: Account, rest: Partial<ReviewFact> = {}): ReviewFact => {
  lastId += 1;
  return {
    id: lastId,
    account,
    state: "APPROVED",
    commit: HEAD,
    submittedAt: `2026-11-20T00:00:${String(lastId % 60).padStart(2, "0")}Z`,
    url: "https://github.test/r",
    ...rest,
  };
};

const commit = (...authors: CommitFact["authors"]): CommitFact => ({ sha: HEAD, isVerified: true, authors });
const written = (...commits: CommitFact[]) => ({ isComplete: true, commits, openers: [CAROL] });

interface Case {
  reviews?: ReviewFact[];
  target?: ReviewCase["facts"]["target"];
  system?: ReviewCase["facts"]["system"];
  approvals?: ReviewCase["approvals"];
  roles?: Record<string, number>;
  noPull?: true;
  now?: number;
}

const decide = ({ reviews = [review(ALICE)], target, system, approvals = [], roles, noPull, now = NOW }: Case) =>
  decideReviewApprovals({
    facts: {
      repository: "acme/deploy",
      commit: "c".repeat(40),
      ...(noPull === true ? {} : { pull: { number: 7, head: HEAD, reviews } }),
      target: target ?? written(commit(CAROL, CAROL)),
      system: system ?? written(commit(CAROL, WEB_FLOW)),
    },
    policy,
    target: { kind: "ModelRelease", name: "v6", digest: DIGEST, roles: roles ?? { validator: 30 } },
    approvals,
    now,
  });

const whoCounts = (given: Case) => decide(given).approvals.map(({ username, role }) => `${username} as ${role}`);

const earlier = (
  evidence: Partial<Evidence>,
  digest = DIGEST,
  name = "an-approval",
): ReviewCase["approvals"][number] => ({
  apiVersion: "vouchsafe.dev/v1alpha1",
  kind: "Approval",
  metadata: { name },
  spec: {
    target: { kind: "ModelRelease", name: "v6", digest },
    role: "validator",
    decision: "approve",
    reason: "x",
    source: "Kubernetes",
    approver: { username: "oidc:alice" },
    review: {
      repository: "acme/deploy",
      pullRequest: 7,
      review: 1,
      login: "alice-gh",
      account: 1,
      commit: HEAD,
      submittedAt: "2026-11-20T00:00:00Z",
      url: "https://github.test/r",
      ...evidence,
    },
  } as Approval["spec"] & { review: Evidence },
});

describe("a review counts", () => {
  test.each<[string, Case, string[]]>([
    ["of an entitled person", {}, ["oidc:alice as validator"]],
    [
      "in every wanted role",
      { roles: { validator: 30, "risk-owner": 30 } },
      ["oidc:alice as risk-owner", "oidc:alice as validator"],
    ],
    ["of two people", { reviews: [review(ALICE), review(BOB)] }, ["oidc:alice as validator", "oidc:bob as validator"]],
    [
      "given again after a request for changes",
      { reviews: [review(ALICE, { state: "CHANGES_REQUESTED", submittedAt: "2026-11-19T00:00:00Z" }), review(ALICE)] },
      ["oidc:alice as validator"],
    ],
    [
      "under a login in other letters",
      { reviews: [review({ login: "Alice-GH", id: 1 })] },
      ["oidc:alice as validator"],
    ],
  ])("%s", (_, given, expected) => {
    expect(whoCounts(given).toSorted()).toEqual(expected);
  });
});

describe("a review does not count", () => {
  const later = "2026-11-21T00:00:00Z";
  test.each<[string, Case]>([
    ["of somebody whom the policy does not name", { reviews: [review(STRANGER)] }],
    ["of a new owner of a known login", { reviews: [review({ login: "alice-gh", id: 77 })] }],
    ["of a known account under another login", { reviews: [review({ login: "alice-renamed", id: 1 })] }],
    ["of an account without number", { reviews: [review({ login: "alice-gh" })] }],
    ["in a role that is not wanted", { roles: { "safety-board": 30 } }],
    ["of an earlier commit", { reviews: [review(ALICE, { commit: "b".repeat(40) })] }],
    ["that was dismissed", { reviews: [review(ALICE, { state: "DISMISSED" })] }],
    [
      "that a request for changes followed",
      { reviews: [review(ALICE), review(ALICE, { state: "CHANGES_REQUESTED", submittedAt: later })] },
    ],
    [
      "that a dismissed one followed",
      { reviews: [review(ALICE), review(ALICE, { state: "DISMISSED", submittedAt: later })] },
    ],
    ["of who opened the pull request", { reviews: [review(CAROL)] }],
    ["of who wrote a commit of it", { target: written(commit(CAROL, CAROL), commit(ALICE, CAROL)) }],
    ["of who committed one", { target: written(commit(CAROL, ALICE)) }],
    ["of a co-author, known by name alone", { target: written(commit(CAROL, { login: "Alice-gh" })) }],
    ["of who wrote the AISystem", { system: written(commit(ALICE, WEB_FLOW)) }],
    ["where no pull request brought it", { noPull: true }],
    ["that is older than reviews hold", { now: Date.parse("2027-03-01T00:00:00Z"), roles: { validator: 3650 } }],
    ["that is older than the role allows", { now: Date.parse("2026-12-21T00:00:00Z") }],
    ["without a moment", { reviews: [review(ALICE, { submittedAt: "yesterday" })] }],
  ])("%s", (_, given) => {
    expect(whoCounts(given)).toEqual([]);
  });

  test("twice", () => {
    const [first] = decide({}).approvals;
    expect(first?.name).toMatch(/^github-\d+-[a-f0-9]{12}$/);
    const reviews = [review(ALICE, { id: first?.review.review ?? 0 })];
    const again = decide({ reviews, approvals: [earlier({ review: first?.review.review ?? 0 }, DIGEST, first?.name)] });
    expect(again.approvals).toEqual([]);
    expect(again.lapsed).toEqual([]);
  });

  test("for content other than that it once counted for: what changed around it was not reviewed", () => {
    const reviews = [review(ALICE, { id: 50 })];
    expect(whoCounts({ reviews, approvals: [earlier({ review: 50 }, OTHER)] })).toEqual([]);
  });
});

test("an Approval ends with the shorter of the role's and the policy's time, counted from the review", () => {
  const reviews = [review(ALICE, { submittedAt: "2026-11-20T00:00:00Z" })];
  expect(decide({ reviews }).approvals[0]?.until).toBe("2026-12-20T00:00:00Z");
  expect(decide({ reviews, roles: { validator: 3650 } }).approvals[0]?.until).toBe("2027-02-18T00:00:00Z");
});

describe("an earlier Approval lapses", () => {
  const kept = earlier({ review: 60 });
  test.each<[string, Case, string[]]>([
    [
      "when its review is dismissed",
      { reviews: [review(ALICE, { id: 60, state: "DISMISSED" })], approvals: [kept] },
      ["an-approval"],
    ],
    ["when its review is gone", { reviews: [], approvals: [kept] }, ["an-approval"]],
    ["not while it stands", { reviews: [review(ALICE, { id: 60 })], approvals: [kept] }, []],
    ["not for another pull request", { reviews: [], approvals: [earlier({ review: 60, pullRequest: 8 })] }, []],
    ["not for other content", { reviews: [], approvals: [earlier({ review: 60 }, OTHER)] }, []],
  ])("%s", (_, given, expected) => {
    expect(decide(given).lapsed.map(({ metadata }) => metadata.name)).toEqual(expected);
  });
});

describe("the authors are", () => {
  test.each<[string, Case, [string[], string]]>([
    ["known where every commit is signed and every account is somebody's", {}, [["oidc:carol"], "Known"]],
    ["known of several", { target: written(commit(CAROL, BOB)) }, [["oidc:bob", "oidc:carol"], "Known"]],
    ["unknown with a stranger among them", { target: written(commit(CAROL, STRANGER)) }, [["oidc:carol"], "Unknown"]],
    ["unknown with an address of nobody", { target: written(commit(CAROL, undefined)) }, [["oidc:carol"], "Unknown"]],
    [
      "unknown with an unsigned commit",
      { target: written({ ...commit(CAROL), isVerified: false }) },
      [["oidc:carol"], "Unknown"],
    ],
    [
      "unknown where the history is cut off",
      { system: { ...written(commit(CAROL)), isComplete: false } },
      [["oidc:carol"], "Unknown"],
    ],
    [
      "unknown without any commit",
      { system: { isComplete: true, commits: [], openers: [] } },
      [["oidc:carol"], "Unknown"],
    ],
  ])("%s", (_, given, [authors, authorship]) => {
    expect(decide(given)).toMatchObject({ authors, authorship });
  });
});

describe("who delivered gives way to who wrote", () => {
  const argo = "system:serviceaccount:argocd:controller";
  const origin: GitOrigin = {
    digest: DIGEST,
    repository: "acme/deploy",
    commit: HEAD,
    authors: ["oidc:carol"],
    authorship: "Known",
  };
  const deliverers = [argo];
  test.each<[string, string[], Partial<GitOrigin> | undefined, string[]]>([
    ["known authors", [argo], {}, ["oidc:carol"]],
    ["others who wrote it in the cluster stay", [argo, "oidc:bob"], {}, ["oidc:bob", "oidc:carol"]],
    ["not where Git does not know them all", [argo], { authorship: "Unknown" }, [argo]],
    ["not for other content", [argo], { digest: OTHER }, [argo]],
    ["not without a look at Git", [argo], undefined, [argo]],
    ["what nobody delivered has its own authors", ["oidc:bob"], {}, ["oidc:bob"]],
  ])("%s", (_, names, change, expected) => {
    const known = change === undefined ? undefined : { ...origin, ...change };
    expect(replaceDeliverers(names, known, { digest: DIGEST, deliverers })).toEqual(expected);
  });
});
