// What GitHub knows of a release and of the system that it belongs to: reviews of the commit that holds both as they
// are now, and everybody who ever wrote them. Facts from a real history; nothing is decided here.
import { createHash } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { readReviews, type ReviewTarget } from "../../../../src/adapters/github/read-reviews.ts";
import type { FakeGitHub } from "../../../harness/github.ts";
import { connect, PATH, startScene, stopAll, WHERE } from "./scene.ts";

afterEach(stopAll);

const RELEASE = `${PATH}/release.yaml`;
const SYSTEM = `${PATH}/system.yaml`;

const toYaml = (kind: string, name: string, purpose: string, namespace = "voice") =>
  `apiVersion: vouchsafe.dev/v1alpha1
kind: ${kind}
metadata: { name: ${name}${namespace === "" ? "" : `, namespace: ${namespace}`} }
spec: { purpose: ${purpose} }   # for the example
`;
const digestOf = (release: string, system: string) => createHash("sha256").update(`${release}|${system}`).digest("hex");
const purposeOf = (spec: unknown) => (spec as { purpose: string }).purpose;

const toTarget = (release: string, system: string): ReviewTarget => ({
  kind: "ModelRelease",
  namespace: "voice",
  name: "voice-v6",
  system: "voice",
  digest: digestOf(release, system),
  toForm: (_, spec) => purposeOf(spec),
  toDigest: (spec, systemSpec) => digestOf(purposeOf(spec), purposeOf(systemSpec)),
});

async function read(fake: FakeGitHub, target = toTarget("talk", "assist")) {
  const github = await connect(fake, { access: "read" });
  try {
    return await readReviews(github, WHERE, target);
  } finally {
    await github.close();
    expect(fake.offences, "every exchange fits GitHub's description").toEqual([]);
  }
}

async function readFacts(fake: FakeGitHub, target = toTarget("talk", "assist")) {
  const reading = await read(fake, target);
  if (reading.outcome !== "read") throw new Error(`expected facts, got ${JSON.stringify(reading)}`);
  return reading.facts;
}

/** Alice's system, and Bob's pull request with the release. */
async function startRelease(draft: { release?: string; file?: string } = {}) {
  const fake = await startScene();
  const { repository } = fake;
  repository.push("main", { files: { [SYSTEM]: toYaml("AISystem", "voice", "assist") }, by: "alice" });
  const text = draft.release ?? toYaml("ModelRelease", "voice-v6", "talk");
  const pull = repository.open([{ files: { [draft.file ?? RELEASE]: text }, by: "bob" }], { by: "bob" });
  return { fake, repository, pull };
}

const loginsOf = (commits: readonly { authors: readonly ({ login: string } | undefined)[] }[]) => [
  ...new Set(commits.flatMap(({ authors }) => authors.map((one) => one?.login ?? "?"))),
];

describe("reviews", () => {
  test.each(["squash", "merge", "rebase"] as const)("of a pull request that was merged by %s", async (method) => {
    const { fake, repository, pull } = await startRelease();
    repository.review(pull, "erin", "COMMENTED");
    const approved = repository.review(pull, "carol");
    repository.review(pull, "dave", "CHANGES_REQUESTED");
    repository.merge(pull, method);
    repository.push("main", { files: { "README.md": "later\n" } });
    const facts = await readFacts(fake);
    expect(facts.pull).toMatchObject({ number: pull.number, head: pull.headSha });
    expect(facts.pull?.reviews.map(({ account, state }) => `${account.login} ${state}`)).toEqual([
      "carol APPROVED",
      "dave CHANGES_REQUESTED",
    ]);
    expect(facts.pull?.reviews[0]).toEqual({
      id: approved.id,
      account: { login: "carol", id: repository.accountOf("carol").id },
      state: "APPROVED",
      commit: pull.headSha,
      submittedAt: approved.submittedAt,
      url: `https://github.test/acme/deploy/pull/1#pullrequestreview-${approved.id}`,
    });
    expect(loginsOf(facts.target.commits)).toContain("bob");
    expect(loginsOf(facts.system.commits)).toEqual(["alice"]);
    expect(facts.system.isComplete && facts.target.isComplete).toBe(true);
    expect(facts.target.openers.map((one) => one?.login)).toEqual(["bob"]);
  });

  test("of a commit before the last are told as such", async () => {
    const { fake, repository, pull } = await startRelease();
    const [first] = repository.listPullCommits(pull);
    repository.review(pull, "carol", "APPROVED", first?.parents[0]);
    repository.merge(pull);
    expect((await readFacts(fake)).pull?.reviews[0]?.commit).toBe(first?.parents[0]);
  });

  test("are all read, however many", async () => {
    const { fake, repository, pull } = await startRelease();
    for (let n = 0; n < 130; n += 1) repository.review(pull, `reviewer-${n}`);
    repository.merge(pull);
    expect((await readFacts(fake)).pull?.reviews).toHaveLength(130);
  });

  test("more than the bounds are an error, not half of them", async () => {
    const { fake, repository, pull } = await startRelease();
    for (let n = 0; n < 500; n += 1) repository.review(pull, "carol");
    repository.merge(pull);
    expect(await read(fake)).toMatchObject({ outcome: "failed", failure: { code: "Invalid" } });
  });
});

describe("no reviews", () => {
  test.each<[string, (scene: Awaited<ReturnType<typeof startRelease>>) => void]>([
    ["before it is merged", () => {}],
    [
      "once Git holds other content",
      ({ repository, pull }) => {
        repository.merge(pull);
        repository.push("main", { files: { [RELEASE]: toYaml("ModelRelease", "voice-v6", "sing") } });
      },
    ],
    [
      "once the AISystem is another",
      ({ repository, pull }) => {
        repository.merge(pull);
        repository.push("main", { files: { [SYSTEM]: toYaml("AISystem", "voice", "spy") } });
      },
    ],
    [
      "where two files hold it",
      ({ repository, pull }) => {
        repository.merge(pull);
        repository.push("main", { files: { [`${PATH}/copy.yaml`]: toYaml("ModelRelease", "voice-v6", "talk") } });
      },
    ],
    [
      "where one file holds it once and another twice",
      ({ repository, pull }) => {
        repository.merge(pull);
        const twice = [1, 2].map(() => toYaml("ModelRelease", "voice-v6", "talk")).join("---\n");
        repository.push("main", { files: { [`${PATH}/copies.yaml`]: twice } });
      },
    ],
    [
      "where a file beside it that names it does not parse",
      ({ repository, pull }) => {
        repository.merge(pull);
        repository.push("main", { files: { [`${PATH}/odd.yaml`]: "voice-v6: [" } });
      },
    ],
    [
      "where it is another namespace's",
      ({ repository, pull }) => {
        repository.merge(pull);
        repository.push("main", { files: { [RELEASE]: toYaml("ModelRelease", "voice-v6", "talk", "other") } });
      },
    ],
  ])("%s", async (_, prepare) => {
    const scene = await startRelease();
    scene.repository.review(scene.pull, "carol");
    prepare(scene);
    expect(await read(scene.fake)).toEqual({ outcome: "absent", head: scene.repository.headOf("main") });
  });

  test("for an AISystem that reviewers did not see", async () => {
    const { fake, repository, pull } = await startRelease();
    repository.review(pull, "carol");
    repository.merge(pull);
    repository.push("main", { files: { [SYSTEM]: toYaml("AISystem", "voice", "spy") }, by: "mallory" });
    const facts = await readFacts(fake, toTarget("talk", "spy"));
    expect(facts.pull, "the reviewed commit holds another AISystem").toBeUndefined();
    expect(loginsOf(facts.system.commits)).toEqual(["mallory", "alice"]);
  });

  test("for what was pushed without a pull request", async () => {
    const { fake, repository } = await startRelease();
    repository.push("main", { files: { [RELEASE]: toYaml("ModelRelease", "voice-v6", "talk") }, by: "bob" });
    const facts = await readFacts(fake);
    expect(facts.pull).toBeUndefined();
    expect(loginsOf(facts.target.commits)).toEqual(["bob"]);
  });
});

describe("where it lies", () => {
  test.each<[string, string, string]>([
    [
      "among other documents",
      RELEASE,
      `kind: Service\n---\n${toYaml("ModelRelease", "voice-v6", "talk")}---\nkind: x\n`,
    ],
    ["without a namespace", RELEASE, toYaml("ModelRelease", "voice-v6", "talk", "")],
    [
      "as JSON",
      `${PATH}/release.json`,
      '{"apiVersion":"vouchsafe.dev/v1alpha1","kind":"ModelRelease","metadata":{"name":"voice-v6"},"spec":{"purpose":"talk"}}',
    ],
    ["deeper down", `${PATH}/releases/v6/release.yml`, toYaml("ModelRelease", "voice-v6", "talk")],
  ])("%s", async (_, file, release) => {
    const { fake, repository, pull } = await startRelease({ file, release });
    repository.review(pull, "carol");
    repository.merge(pull);
    expect((await readFacts(fake)).pull?.reviews).toHaveLength(1);
  });

  test.each([
    ["of another group", toYaml("ModelRelease", "voice-v6", "talk").replace("vouchsafe.dev", "vouchsafe.example")],
    [
      "with a bomb of aliases",
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n---\n${toYaml("ModelRelease", "voice-v6", "talk")}`,
    ],
    ["twice in one file", [1, 2].map(() => toYaml("ModelRelease", "voice-v6", "talk")).join("---\n")],
  ])("a document %s is none", async (_, release) => {
    const { fake, repository, pull } = await startRelease({ release });
    repository.merge(pull);
    expect(await read(fake)).toMatchObject({ outcome: "absent" });
  });
});

describe("who wrote it", () => {
  const authorsOf = async (fake: FakeGitHub) => (await readFacts(fake)).system;

  test("everybody since its first line, in pull requests too; what left it alone does not count", async () => {
    const { fake, repository, pull } = await startRelease();
    repository.merge(pull);
    repository.push("main", {
      files: { [SYSTEM]: `${toYaml("AISystem", "voice", "assist")}# a note\n` },
      by: "mallory",
    });
    repository.merge(
      repository.open(
        [
          { files: { [SYSTEM]: toYaml("AISystem", "voice", "help") }, by: "dave" },
          {
            files: { [SYSTEM]: toYaml("AISystem", "voice", "assist") },
            by: "erin",
            message: "x\n\nCo-authored-by: F <77+frank@users.noreply.github.com>",
          },
        ],
        { by: "grace" },
      ),
      "merge",
    );
    const { commits, openers, isComplete } = await authorsOf(fake);
    expect(new Set(loginsOf(commits))).toEqual(new Set(["alice", "dave", "erin", "frank"]));
    expect(new Set(openers.map((one) => one?.login))).toEqual(new Set(["grace"]));
    expect(isComplete).toBe(true);
  });

  test("those too whom a squashed commit does not name any more", async () => {
    const { fake, repository, pull } = await startRelease();
    repository.merge(pull);
    const commits = [
      { files: { [SYSTEM]: toYaml("AISystem", "voice", "help") }, by: "dave" },
      { files: { [SYSTEM]: toYaml("AISystem", "voice", "assist more") }, by: "erin" },
    ];
    repository.merge(repository.open(commits, { by: "erin" }), "squash", "without trailers");
    const { commits: facts } = (await readFacts(fake, toTarget("talk", "assist more"))).system;
    expect(loginsOf(facts)).toContain("dave");
  });

  test("somebody unknown where an address belongs to no account, or a co-author's does not", async () => {
    const { fake, repository, pull } = await startRelease();
    repository.merge(pull);
    const files = { [SYSTEM]: toYaml("AISystem", "voice", "help") };
    repository.push("main", { files, isUnlinked: true });
    repository.push("main", {
      files: { [SYSTEM]: toYaml("AISystem", "voice", "assist") },
      message: "x\n\nCo-authored-by: G <g@example.org>",
    });
    const { commits } = await authorsOf(fake);
    expect(commits.flatMap(({ authors }) => authors).filter((one) => one === undefined).length).toBeGreaterThanOrEqual(
      3,
    );
  });

  test("an unsigned commit is told", async () => {
    const { fake, repository, pull } = await startRelease();
    repository.merge(pull);
    repository.push("main", {
      files: { [SYSTEM]: toYaml("AISystem", "voice", "help") },
      by: "dave",
      isVerified: false,
    });
    const facts = await readFacts(fake, toTarget("talk", "help"));
    expect(facts.system.commits.map(({ isVerified }) => isVerified)).toEqual([false, true]);
  });

  test.each<[string, (repository: FakeGitHub["repository"]) => void]>([
    [
      "it came from another file",
      (repository) =>
        void repository.push("main", {
          files: { [SYSTEM]: undefined, [`${PATH}/moved.yaml`]: toYaml("AISystem", "voice", "assist") },
          by: "mallory",
        }),
    ],
    [
      "it came from another file, beside one that does not parse",
      (repository) => {
        repository.push("main", { files: { [`${PATH}/odd.yaml`]: "voice: [" } });
        repository.push("main", {
          files: { [SYSTEM]: undefined, [`${PATH}/moved.yaml`]: toYaml("AISystem", "voice", "assist") },
          by: "mallory",
        });
        repository.push("main", { files: { [`${PATH}/odd.yaml`]: undefined } });
      },
    ],
    [
      "its file changed more often than is read",
      (repository) => {
        const text = toYaml("AISystem", "voice", "assist");
        for (let n = 0; n < 100; n += 1) repository.push("main", { files: { [SYSTEM]: `${text}# ${n}\n` } });
      },
    ],
    [
      "it did not parse in between",
      (repository) => {
        repository.push("main", { files: { [SYSTEM]: "voice: [" } });
        repository.push("main", { files: { [SYSTEM]: toYaml("AISystem", "voice", "assist") }, by: "mallory" });
      },
    ],
    [
      "it changed too often",
      (repository) => {
        for (let n = 0; n < 21; n += 1)
          repository.push("main", { files: { [SYSTEM]: toYaml("AISystem", "voice", `v${n}`) } });
        repository.push("main", { files: { [SYSTEM]: toYaml("AISystem", "voice", "assist") }, by: "mallory" });
      },
    ],
  ])(
    "is not known whole where %s",
    async (_, change) => {
      const { fake, repository, pull } = await startRelease();
      repository.merge(pull);
      change(repository);
      expect((await authorsOf(fake)).isComplete).toBe(false);
    },
    60_000,
  );
});

test("a second look reads only what can change while Git stays the same", async () => {
  const { fake, repository, pull } = await startRelease();
  repository.review(pull, "carol");
  repository.merge(pull);
  const github = await connect(fake, { access: "read" });
  const target = toTarget("talk", "assist");
  const first = await readReviews(github, WHERE, target);
  if (first.outcome !== "read") throw new Error("expected facts");
  const before = fake.asked.length;
  repository.review(pull, "dave");
  const second = await readReviews(github, WHERE, target, first);
  expect(fake.asked.length - before, "one look at the branch, one at the reviews").toBe(2);
  expect(second.outcome === "read" && second.facts.pull?.reviews.map(({ account }) => account.login)).toEqual([
    "carol",
    "dave",
  ]);
  repository.push("main", { files: { [RELEASE]: undefined } });
  expect(await readReviews(github, WHERE, target, first)).toMatchObject({ outcome: "absent" });
  await github.close();
});

test("GitHub is down: an outcome, not an exception", async () => {
  const { fake } = await startRelease();
  fake.setFault(() => ({ kind: "answer", status: 503 }));
  expect(await read(fake)).toMatchObject({ outcome: "failed", failure: { code: "Unavailable" } });
});
