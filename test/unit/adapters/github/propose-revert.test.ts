// A breach becomes one pull request that takes the revoked image out of Git: whatever brought it there, whatever
// happens on the way, and nobody else's work is touched.
import { afterEach, describe, expect, test } from "vitest";
import { toMarker, toRevertBranch } from "../../../../src/domain/revert-proposal.ts";
import type { FakeGitHub, Fault } from "../../../harness/github.ts";
import {
  BREACH,
  connect,
  DEPLOYMENT,
  listOurs,
  MODEL_V5,
  MODEL_V6,
  PATH,
  propose,
  startBreach,
  startScene,
  stopAll,
  toDeployment,
  V5,
  V6,
  WHERE,
} from "./scene.ts";

afterEach(stopAll);

/** The only pull request that is ours, and the files of its branch. */
function readProposal(fake: FakeGitHub) {
  expect(fake.offences, "every exchange fits GitHub's description").toEqual([]);
  const ours = listOurs(fake);
  expect(ours, "there is exactly one pull request of ours").toHaveLength(1);
  const [pull] = ours;
  if (pull === undefined) throw new Error("unreachable");
  return { pull, files: fake.repository.readFiles(pull.headRef) };
}

describe("what brought it was a merged pull request", () => {
  test.each(["squash", "merge", "rebase"] as const)("merged by %s: GitHub reverts it", async (method) => {
    const fake = await startScene();
    const { repository } = fake;
    repository.merge(repository.open([{ files: { [DEPLOYMENT]: toDeployment(MODEL_V6) }, by: "bob" }]), method);
    repository.push("main", { files: { "README.md": "something else\n" } });
    const outcome = await propose(fake);
    const { pull, files } = readProposal(fake);
    expect(outcome).toMatchObject({ outcome: "proposed", number: pull.number, standing: "open" });
    expect(pull.headRef, "the branch is GitHub's own").toBe("revert-1-feature-1");
    expect(files[DEPLOYMENT]).toBe(toDeployment(MODEL_V5));
    expect(files["README.md"], "later work stays").toBe("something else\n");
    expect(pull).toMatchObject({ baseRef: "main", state: "open", labels: ["ai-rollback"] });
    expect(pull.body).toContain("It reverts #1");
  });

  const minimal: [string, (fake: FakeGitHub) => void, Record<string, string>][] = [
    [
      "touched files elsewhere too",
      ({ repository }) => {
        const files = { [DEPLOYMENT]: toDeployment(MODEL_V6), "README.md": "v6\n" };
        repository.merge(repository.open([{ files }]));
      },
      { [DEPLOYMENT]: toDeployment(MODEL_V5), "README.md": "v6\n" },
    ],
    [
      "was followed by other changes of the same file",
      ({ repository }) => {
        repository.merge(repository.open([{ files: { [DEPLOYMENT]: toDeployment(MODEL_V6) } }]));
        repository.push("main", { files: { [DEPLOYMENT]: toDeployment(MODEL_V6, 7) } });
      },
      { [DEPLOYMENT]: toDeployment(MODEL_V5, 7) },
    ],
    [
      "brought the record of the release as well",
      ({ repository }) => {
        const release = `apiVersion: vouchsafe.dev/v1alpha1\nkind: ModelRelease\nspec: { image: ${MODEL_V6} }\n`;
        const files = { [DEPLOYMENT]: toDeployment(MODEL_V6), [`${PATH}/release.yaml`]: release };
        repository.merge(repository.open([{ files }]));
      },
      {
        [DEPLOYMENT]: toDeployment(MODEL_V5),
        [`${PATH}/release.yaml`]: `apiVersion: vouchsafe.dev/v1alpha1\nkind: ModelRelease\nspec: { image: ${MODEL_V6} }\n`,
      },
    ],
    [
      "replaced something that may not run either",
      ({ repository }) => {
        const v4 = `registry.example/voice/model:v4@sha256:${"4".repeat(64)}`;
        repository.push("main", { files: { [DEPLOYMENT]: toDeployment(v4) } });
        repository.merge(repository.open([{ files: { [DEPLOYMENT]: toDeployment(MODEL_V6) } }]));
      },
      { [DEPLOYMENT]: toDeployment(MODEL_V5) },
    ],
    [
      "left the image in another file that a push had brought",
      ({ repository }) => {
        repository.push("main", { files: { [`${PATH}/job.yml`]: `image: ${MODEL_V6}\n` } });
        repository.merge(repository.open([{ files: { [DEPLOYMENT]: toDeployment(MODEL_V6) } }]));
      },
      { [DEPLOYMENT]: toDeployment(MODEL_V5), [`${PATH}/job.yml`]: `image: ${MODEL_V5}\n` },
    ],
    [
      "was merged by rebasing several commits",
      ({ repository }) => {
        const files = [
          { files: { [DEPLOYMENT]: toDeployment(MODEL_V6) } },
          { files: { [`${PATH}/service.yaml`]: "kind: Service\n" } },
        ];
        repository.merge(repository.open(files), "rebase");
      },
      { [DEPLOYMENT]: toDeployment(MODEL_V5), [`${PATH}/service.yaml`]: "kind: Service\n" },
    ],
    [
      "was merged by rebasing, the image last",
      ({ repository }) => {
        const files = [
          { files: { [`${PATH}/service.yaml`]: "kind: Service\n" } },
          { files: { [DEPLOYMENT]: toDeployment(MODEL_V6) } },
        ];
        repository.merge(repository.open(files), "rebase");
      },
      { [DEPLOYMENT]: toDeployment(MODEL_V5), [`${PATH}/service.yaml`]: "kind: Service\n" },
    ],
    [
      "was followed by a push of the image into another file",
      ({ repository }) => {
        repository.merge(repository.open([{ files: { [DEPLOYMENT]: toDeployment(MODEL_V6) } }]));
        repository.push("main", { files: { [`${PATH}/job.yml`]: `image: ${MODEL_V6}\n` } });
      },
      { [DEPLOYMENT]: toDeployment(MODEL_V5), [`${PATH}/job.yml`]: `image: ${MODEL_V5}\n` },
    ],
    [
      "was no pull request but a push",
      ({ repository }) => void repository.push("main", { files: { [DEPLOYMENT]: toDeployment(MODEL_V6) } }),
      { [DEPLOYMENT]: toDeployment(MODEL_V5) },
    ],
  ];
  test.each(minimal)("but it %s: only the lines change", async (_, prepare, expected) => {
    const fake = await startScene();
    prepare(fake);
    const before = fake.repository.readFiles("main");
    expect(await propose(fake)).toMatchObject({ outcome: "proposed", standing: "open" });
    const { pull, files } = readProposal(fake);
    expect(pull.headRef).toBe(toRevertBranch(BREACH));
    expect(files).toEqual({ ...before, ...expected });
    expect(
      fake.asked.map(({ operation }) => operation),
      "what does not fit is not even tried",
    ).not.toContain("POST /graphql revertPullRequest");
    expect(pull.labels).toEqual(["ai-rollback"]);
  });

  test("GitHub does not let us revert: only the lines change", async () => {
    const fake = await startBreach({ mayRevert: false });
    expect(await propose(fake)).toMatchObject({ outcome: "proposed" });
    const { pull, files } = readProposal(fake);
    expect(pull.headRef).toBe(toRevertBranch(BREACH));
    expect(files[DEPLOYMENT]).toBe(toDeployment(MODEL_V5));
  });
});

describe("what it says", () => {
  test("incident, digests, times, and how to check; what others wrote mentions and closes nothing", async () => {
    const fake = await startBreach();
    await propose(fake);
    const { body, title } = readProposal(fake).pull;
    for (const part of [V5, V6, "voice/voice-7k2", "2026-11-01T00:00:12Z", "kubectl get incident voice-7k2 -n voice"]) {
      expect(body, `the body names ${part}`).toContain(part);
    }
    expect(title).toBe("Take voice-v6 of voice out of Git: back to voice-v5");
    expect(body.split("\n"), "the marker is a line of its own").toContain(
      "Vouchsafe-Incident: voice/voice-7k2 0c7a4f0e-6f5e-4d6e-9a53-5b7f2b6f8a10",
    );
    const outside = body.replace(/```[\s\S]*?```/g, "");
    expect(outside).not.toMatch(/@carol|closes #/i);
    expect(body).not.toContain(fake.token);
  });
});

test("a summary of backticks hides nothing of the rest", async () => {
  const fake = await startBreach();
  await propose(fake, { ...BREACH, summary: "```" });
  const { body } = readProposal(fake).pull;
  expect(body.replace(/```[\s\S]*?```/g, "")).toContain("| Incident | `voice/voice-7k2` (critical) |");
});

describe("nothing is opened", () => {
  test("where Git does not make it run", async () => {
    const fake = await startScene();
    fake.repository.push("main", {
      files: {
        [`${PATH}/revocation.yaml`]: `apiVersion: vouchsafe.dev/v1alpha1\nkind: Revocation\nspec: { digests: [${V6}] }\n`,
        "apps/chat/deployment.yaml": toDeployment(MODEL_V6),
        [`${PATH}/notes.md`]: V6,
      },
    });
    expect(await propose(fake)).toEqual({ outcome: "notNeeded" });
    expect(listOurs(fake)).toEqual([]);
  });

  test.each<[string, Partial<typeof BREACH>]>([
    ["nothing took its place", { swaps: [], vouched: new Set() }],
    ["what took its place may not run any more", { vouched: new Set() }],
  ])("where %s", async (_, change) => {
    const fake = await startBreach();
    expect(await propose(fake, { ...BREACH, ...change })).toEqual({ outcome: "impossible", digests: [V6] });
    expect(listOurs(fake)).toEqual([]);
  });

  test("where people closed it: it is not opened again", async () => {
    const fake = await startBreach();
    await propose(fake);
    Object.assign(readProposal(fake).pull, { state: "closed" });
    expect(await propose(fake)).toMatchObject({ outcome: "proposed", standing: "closed" });
    expect(readProposal(fake).pull.state).toBe("closed");
  });

  test("twice: a second look finds the first, merged or not", async () => {
    const fake = await startBreach();
    const first = await propose(fake);
    expect(await propose(fake)).toEqual(first);
    const { pull } = readProposal(fake);
    fake.repository.merge(pull);
    expect(await propose(fake)).toMatchObject({ outcome: "proposed", number: pull.number, standing: "merged" });
    expect(fake.repository.readFiles("main")[DEPLOYMENT]).toBe(toDeployment(MODEL_V5));
  });
});

test("the revert of a revert is never proposed: it would bring back what was revoked first", async () => {
  const fake = await startBreach();
  await propose(fake);
  fake.repository.merge(readProposal(fake).pull);
  const v4 = `sha256:${"4".repeat(64)}`;
  const second = {
    ...BREACH,
    incident: { ...BREACH.incident, name: "voice-9zz", uid: "another" },
    release: "voice-v5",
    condemned: [V5],
    swaps: [{ from: MODEL_V5, to: `registry.example/voice/model:v4@${v4}` }],
    vouched: new Set([v4]),
  };
  expect(await propose(fake, second)).toMatchObject({ outcome: "proposed" });
  const pull = listOurs(fake).find(({ body }) => body.includes(toMarker(second)));
  expect(pull?.headRef).toBe(toRevertBranch(second));
  expect(fake.repository.readFiles(pull?.headRef ?? "")[DEPLOYMENT]).toBe(
    toDeployment(`registry.example/voice/model:v4@${v4}`),
  );
});

describe("others", () => {
  test("a marker in somebody else's pull request does not count", async () => {
    const fake = await startBreach();
    const body = toMarker(BREACH);
    fake.repository.open([{ files: { x: "y" } }], { by: "mallory", body });
    fake.repository.open([{ files: { x: "z" } }], { by: fake.login, body, fork: "mallory/deploy" });
    expect(await propose(fake)).toMatchObject({ outcome: "proposed", number: 4 });
  });

  test("a branch of our name with other content stays as it is", async () => {
    const fake = await startBreach({ mayRevert: false });
    const branch = toRevertBranch(BREACH);
    const { repository } = fake;
    repository.branches.set(branch, repository.headOf("main"));
    const theirs = repository.push(branch, { files: { [DEPLOYMENT]: toDeployment(MODEL_V5, 3) }, by: "mallory" });
    expect(await propose(fake)).toMatchObject({ outcome: "failed", failure: { code: "Conflict" } });
    expect(repository.headOf(branch)).toBe(theirs);
    expect(listOurs(fake)).toEqual([]);
  });

  test("a hundred and twenty pull requests since then hide ours no more than one does", async () => {
    const fake = await startBreach();
    await propose(fake);
    for (let n = 0; n < 120; n += 1) fake.repository.open([{ files: { [`n${n}`]: "x" } }]);
    expect(await propose(fake)).toMatchObject({ outcome: "proposed", number: 2 });
    expect(listOurs(fake)).toHaveLength(1);
  });
});

describe("stopped at any request and started again", () => {
  const ways: [string, boolean][] = [
    ["GitHub's own revert", true],
    ["the minimal change", false],
  ];
  test.each(ways)(
    "%s: one pull request, the same content",
    async (_, mayRevert) => {
      const whole = await startBreach({ mayRevert });
      await propose(whole);
      const requests = whole.asked.length;
      const expected = readProposal(whole);
      expect(requests, "the way has its steps").toBeGreaterThan(10);
      for (let n = 1; n <= requests; n += 1) {
        for (const worked of [false, true]) {
          const fake = await startBreach({ mayRevert });
          // From the n-th request on nothing answers; the n-th itself is done or not.
          fake.setFault(({ number }) => (number < n ? undefined : { kind: "cut", worked: worked && number === n }));
          const first = await propose(fake);
          expect(["failed", "proposed"], `stopped at ${n}`).toContain(first.outcome);
          fake.setFault(() => undefined);
          expect(await propose(fake), `started again after ${n}`).toMatchObject({
            outcome: "proposed",
            standing: "open",
          });
          const { pull, files } = readProposal(fake);
          expect(files, `stopped at ${n}, worked: ${worked}`).toEqual(expected.files);
          expect({ title: pull.title, body: pull.body, labels: pull.labels }).toEqual({
            title: expected.pull.title,
            body: expected.pull.body,
            labels: ["ai-rollback"],
          });
          await fake.stop();
        }
      }
    },
    120_000,
  );

  test("the branch was made, then others went on: the pull request takes what was there", async () => {
    const fake = await startBreach({ mayRevert: false });
    fake.setFault(({ operation }) =>
      operation === "POST /repos/{owner}/{repo}/pulls" ? { kind: "cut", worked: false } : undefined,
    );
    expect(await propose(fake)).toMatchObject({ outcome: "failed" });
    const made = fake.repository.headOf(toRevertBranch(BREACH));
    fake.repository.push("main", { files: { [DEPLOYMENT]: toDeployment(MODEL_V6, 9) } });
    fake.setFault(() => undefined);
    expect(await propose(fake)).toMatchObject({ outcome: "proposed" });
    expect(readProposal(fake).pull.headSha).toBe(made);
  });
});

describe("GitHub is not well", () => {
  test.each<[string, Parameters<FakeGitHub["setFault"]>[0], object]>([
    ["answers nothing", () => ({ kind: "cut", worked: false }), { code: "Unavailable" }],
    ["answers 502", () => ({ kind: "answer", status: 502 }), { code: "Unavailable" }],
    [
      "answers with a page",
      () => ({ kind: "answer", status: 200, headers: { "content-type": "text/html" } }),
      { code: "Unavailable" },
    ],
    ["does not know the token", () => ({ kind: "answer", status: 401 }), { code: "Forbidden" }],
    [
      "moved the repository",
      () => ({ kind: "answer", status: 301, headers: { location: "https://evil.example/" } }),
      { code: "Invalid" },
    ],
    ["allows nothing", () => ({ kind: "answer", status: 403 }), { code: "Forbidden" }],
  ])("it %s", async (_, fault, failure) => {
    const fake = await startBreach();
    fake.setFault(fault);
    expect(await propose(fake)).toMatchObject({ outcome: "failed", failure });
    fake.setFault(() => undefined);
    expect(await propose(fake)).toMatchObject({ outcome: "proposed" });
  });

  const onlyRevert =
    (fault: Fault): Parameters<FakeGitHub["setFault"]>[0] =>
    ({ operation }) =>
      operation === "POST /graphql revertPullRequest" ? fault : undefined;

  test("it reverts without saying so: that pull request is found, and no second one opened", async () => {
    const fake = await startBreach();
    fake.setFault(onlyRevert({ kind: "cut", worked: true }));
    expect(await propose(fake)).toMatchObject({ outcome: "proposed", number: 2 });
    expect(readProposal(fake).pull.headRef).toBe("revert-1-feature-1");
  });

  test("it may be reverting still: nothing else is opened beside it", async () => {
    const fake = await startBreach();
    fake.setFault(onlyRevert({ kind: "answer", status: 502 }));
    expect(await propose(fake)).toMatchObject({ outcome: "failed", failure: { code: "Unavailable" } });
    expect(listOurs(fake)).toEqual([]);
  });

  test("it reverts nothing more this hour: its own time is kept", async () => {
    const fake = await startBreach();
    const body = { data: null, errors: [{ type: "RATE_LIMITED", message: "API rate limit exceeded" }] };
    fake.setFault(onlyRevert({ kind: "answer", status: 200, body }));
    expect(await propose(fake)).toMatchObject({ outcome: "failed", failure: { code: "RateLimited" } });
    expect(listOurs(fake)).toEqual([]);
  });

  test("a repository that we may not see", async () => {
    const fake = await startBreach();
    const github = await connect(fake, { repository: "acme/secret" });
    const { proposeRevert } = await import("../../../../src/adapters/github/propose-revert.ts");
    expect(await proposeRevert(github, WHERE, BREACH)).toMatchObject({
      outcome: "failed",
      failure: { code: "NotFound" },
    });
    await github.close();
  });

  test("a branch that is not there", async () => {
    const fake = await startBreach();
    expect(await propose(fake, BREACH, { branch: "release", path: PATH })).toMatchObject({
      outcome: "failed",
      failure: { code: "NotFound" },
    });
  });
});
