// From a review on GitHub to an Approval with its evidence, over the real digests: what stands in Git has to be what
// stands in the cluster, and who approved has to be who the policy says.
import { afterEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { AISystem } from "../../../../src/api/ai-system.ts";
import { AIPolicy } from "../../../../src/api/ai-policy.ts";
import { policyGitHub, reviewEvidence } from "../../../../src/api/github.ts";
import { ModelRelease } from "../../../../src/api/model-release.ts";
import { createReviewsController } from "../../../../src/controllers/github/reviews.ts";
import { digestApprovable, digestSystem } from "../../../../src/domain/digest.ts";
import type { FakeGitHub, Pull } from "../../../harness/github.ts";
import { eventually } from "../../../harness/wait.ts";
import type { KubeObject } from "../../../../src/runtime/index.ts";
import { connect, startScene, stopAll } from "../../adapters/github/scene.ts";
import { make, MODEL, POLICY_SPEC, SYSTEM_SPEC, toReleaseSpec } from "../../domain/voice.ts";
import { createStage, type Stage } from "./stage.ts";

const NOW = Date.parse("2026-11-02T00:00:00Z");
const PATH = "apps/voice/prod";
const stopping: AbortController[] = [];
afterEach(async () => {
  for (const one of stopping.splice(0)) one.abort();
  await stopAll();
});

const toYaml = (kind: string, name: string, spec: object) =>
  stringify({ apiVersion: "vouchsafe.dev/v1alpha1", kind, metadata: { name }, spec });

const SPEC = { ...SYSTEM_SPEC, github: { repository: "acme/deploy", path: PATH, reviews: "Count" } };
// The cluster holds more than Git: what the API server filled in.
const system = make<AISystem>(AISystem, "gate", SPEC);
const release = make<ModelRelease>(ModelRelease, "v5", toReleaseSpec(MODEL));
const bound = { system: digestSystem(system.spec), tier: "limited" };
const DIGEST = digestApprovable({ kind: "ModelRelease", namespace: "voice", name: "v5", spec: release.spec, bound });

interface Scene {
  fake: FakeGitHub;
  stage: Stage;
  pull: Pull;
  /** Lets the controller look at the release again, at a later time. */
  lookAgain(ms: number): Promise<void>;
}

/** Bob's merged pull request with system and release, reviewed by Alice, whom the policy names unless told otherwise. */
async function start(
  options: {
    files?: Record<string, string>;
    people?: object[];
    reviews?: "Count" | "Ignore";
    /** The mode in which the policy with the people is named; enforce names one without where it is another. */
    mode?: "enforce" | "audit";
    /** In which order the API server lists them at the start. */
    order?: "the release last";
    uid?: string;
  } = {},
): Promise<Scene> {
  const fake = await startScene();
  const { repository } = fake;
  const files = options.files ?? {
    [`${PATH}/system.yaml`]: toYaml("AISystem", "gate", SPEC),
    [`${PATH}/release.yaml`]: toYaml("ModelRelease", "v5", toReleaseSpec(MODEL)),
  };
  const pull = repository.open([{ files, by: "bob" }], { by: "bob" });
  const people = options.people ?? [
    { login: "alice", id: repository.accountOf("alice").id, username: "oidc:alice", roles: ["validator"] },
    { login: "bob", id: repository.accountOf("bob").id, username: "oidc:bob", roles: ["validator"] },
  ];
  repository.review(pull, "alice");
  repository.merge(pull);
  const stage = createStage(NOW);
  const openGitHub = () => connect(fake, { access: "read" });
  const controller = createReviewsController(stage.tools, { operatorNamespace: "vouchsafe-system", openGitHub });
  const labels = { "vouchsafe.dev/enforce": "plain", [`vouchsafe.dev/${options.mode ?? "enforce"}`]: "standard" };
  stage.show("namespaces", { kind: "Namespace", metadata: { name: "voice", labels } });
  for (const name of ["plain", "standard"]) {
    const policy = make<AIPolicy>(AIPolicy, name, POLICY_SPEC, { metadata: { namespace: undefined } as object });
    const github = name === "standard" ? { github: policyGitHub().parse({ people }) } : {};
    stage.show("policies", { ...policy, spec: { ...policy.spec, ...github } });
  }
  const github = { ...system.spec.github, reviews: options.reviews ?? "Count" };
  stage.show("systems", { ...system, spec: { ...system.spec, github } });
  if (options.order !== "the release last") stage.show("releases", release);
  const entry = {
    kind: "ModelRelease",
    name: "v5",
    uid: options.uid ?? "uid-v5",
    authors: ["argocd"],
    roles: { validator: 30 },
  };
  stage.show("warrants", {
    kind: "Warrant",
    metadata: { name: "approvals", namespace: "voice" },
    spec: { notYet: "Warn", approvals: { [DIGEST]: entry } },
  });
  if (options.order === "the release last") stage.show("releases", release);
  const signal = new AbortController();
  stopping.push(signal);
  void controller.run(signal.signal);
  return {
    fake,
    stage,
    pull,
    lookAgain: async (ms) => {
      const before = await countLooks(stage);
      stage.clock.now += ms;
      controller.enqueue("ModelRelease/voice/v5");
      await eventually("it was looked at again", async () => ((await countLooks(stage)) > before ? true : undefined));
    },
  };
}

const firstCreated = ({ created }: Stage, n = 1) => eventually(`object number ${n} is created`, () => created[n - 1]);

/** How many looks the controller has done. */
async function countLooks({ tools }: Stage): Promise<number> {
  const page = await tools.metrics.render();
  const counts = page.matchAll(/vouchsafe_reconciles_total\{controller="reviews",outcome="(?:done|requeued)"\} (\d+)/g);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

const hasLooked = (stage: Stage) =>
  eventually("the first look is done", async () => ((await countLooks(stage)) > 0 ? true : undefined));

test("a release that is listed after the Warrant that names it is looked up all the same", async () => {
  const { stage } = await start({ order: "the release last" });
  expect((await firstCreated(stage)).kind).toBe("Approval");
});

test("an entitled person's review becomes an Approval with its evidence, and the authors are known", async () => {
  const { fake, stage, pull } = await start();
  const approval = (await firstCreated(stage)) as KubeObject & { spec: Record<string, unknown> };
  const [review] = pull.reviews;
  expect(approval).toEqual({
    apiVersion: "vouchsafe.dev/v1alpha1",
    kind: "Approval",
    metadata: { name: expect.stringMatching(/^github-1001-[a-f0-9]{12}$/) as string, namespace: "voice" },
    spec: {
      target: { kind: "ModelRelease", name: "v5", digest: DIGEST },
      role: "validator",
      decision: "approve",
      until: `2026-12-01${review?.submittedAt.slice(10)}`,
      reason: "review of pull request 1 of acme/deploy by alice",
      approver: { username: "oidc:alice" },
      source: "GitHub",
      review: {
        repository: "acme/deploy",
        pullRequest: 1,
        review: 1001,
        login: "alice",
        account: fake.repository.accountOf("alice").id,
        commit: pull.headSha,
        submittedAt: review?.submittedAt,
        url: "https://github.test/acme/deploy/pull/1#pullrequestreview-1001",
      },
    },
  });
  expect(reviewEvidence().safeParse(approval.spec.review).success, "the evidence fits its schema").toBe(true);
  await eventually("the origin is written", () => stage.applied[0]);
  expect(stage.applied[0]).toMatchObject({
    manager: "vouchsafe-github",
    status: { origin: { digest: DIGEST, pullRequest: 1, authors: ["oidc:bob"], authorship: "Known" } },
  });
  expect(stage.evidence).toEqual([
    expect.objectContaining({ kind: "approval", actor: "oidc:alice", what: "reviewed", digest: DIGEST }),
  ]);
  expect(fake.offences).toEqual([]);
});

test("a review that is dismissed afterwards is taken back, once", async () => {
  const { stage, pull, lookAgain } = await start();
  await hasLooked(stage);
  const written = await firstCreated(stage);
  stage.show("approvals", { ...written, metadata: { ...written.metadata, uid: "uid-a" } });
  for (const review of pull.reviews) review.state = "DISMISSED";
  await lookAgain(61_000);
  const withdrawal = await firstCreated(stage, 2);
  stage.show("approvals", { ...withdrawal, metadata: { ...withdrawal.metadata, uid: "uid-w" } });
  expect(withdrawal).toMatchObject({
    metadata: { name: `${written.metadata.name}-lapsed` },
    spec: {
      decision: "withdraw",
      withdraws: { name: written.metadata.name, uid: "uid-a" },
      role: "validator",
      approver: { username: "oidc:alice" },
      source: "GitHub",
    },
  });
  await lookAgain(61_000);
  await lookAgain(61_000);
  expect(stage.created).toHaveLength(2);
  expect(stage.asked, "what is written is not tried again").toHaveLength(2);
});

describe("no Approval comes", () => {
  test.each<[string, Parameters<typeof start>[0]]>([
    [
      "of content that is not the cluster's",
      {
        files: {
          [`${PATH}/system.yaml`]: toYaml("AISystem", "gate", SPEC),
          [`${PATH}/release.yaml`]: toYaml("ModelRelease", "v5", toReleaseSpec(`sha256:${"9".repeat(64)}`)),
        },
      },
    ],
    [
      "for an AISystem that is not the cluster's",
      {
        files: {
          [`${PATH}/system.yaml`]: toYaml("AISystem", "gate", { ...SPEC, purpose: "Spies." }),
          [`${PATH}/release.yaml`]: toYaml("ModelRelease", "v5", toReleaseSpec(MODEL)),
        },
      },
    ],
    [
      "where Git does not hold the AISystem",
      { files: { [`${PATH}/release.yaml`]: toYaml("ModelRelease", "v5", toReleaseSpec(MODEL)) } },
    ],
    [
      "outside the system's path",
      {
        files: {
          "apps/chat/system.yaml": toYaml("AISystem", "gate", SPEC),
          "apps/chat/release.yaml": toYaml("ModelRelease", "v5", toReleaseSpec(MODEL)),
        },
      },
    ],
    ["of people whom the policy does not name", { people: [] }],
    ["where the AISystem does not want it", { reviews: "Ignore" }],
    ["of people whom only a policy names that is tried beside the one in force", { mode: "audit" }],
    ["for a namesake that was deleted", { uid: "uid-of-another" }],
  ])("%s", async (_, options) => {
    const { stage } = await start(options);
    await hasLooked(stage);
    expect(stage.created).toEqual([]);
  });
});

test("what only the inventory's contact changed still counts: it is not part of what is approved", async () => {
  const files = {
    [`${PATH}/system.yaml`]: toYaml("AISystem", "gate", {
      ...SPEC,
      owner: { team: "speech", contact: "new@acme.example" },
    }),
    [`${PATH}/release.yaml`]: toYaml("ModelRelease", "v5", toReleaseSpec(MODEL)),
  };
  expect(await firstCreated((await start({ files })).stage)).toMatchObject({
    spec: { approver: { username: "oidc:alice" } },
  });
});

test("GitHub is asked at most once a minute, and little then", async () => {
  const { fake, stage, lookAgain } = await start();
  await firstCreated(stage);
  await hasLooked(stage);
  const asked = fake.asked.length;
  await lookAgain(30_000);
  expect(fake.asked.length, "nothing before its time").toBe(asked);
  await lookAgain(31_000);
  expect(fake.asked.length - asked, "the branch and the reviews").toBe(2);
});
