// The controller from Incident to pull request, against the fake GitHub: the status says what is, a GitHub that is away
// holds nothing up, and it is asked again when its time has come.
import { afterEach, describe, expect, test } from "vitest";
import { AISystem } from "../../../../src/api/ai-system.ts";
import { Incident } from "../../../../src/api/incident.ts";
import { createRevertController, type OpenGitHub } from "../../../../src/controllers/github/controller.ts";
import { ApiError } from "../../../../src/runtime/errors.ts";
import type { FakeGitHub } from "../../../harness/github.ts";
import { eventually } from "../../../harness/wait.ts";
import {
  connect,
  DEPLOYMENT,
  listOurs,
  MODEL_V5,
  startBreach,
  stopAll,
  toDeployment,
  V5,
  V6,
} from "../../adapters/github/scene.ts";
import { make, SYSTEM_SPEC } from "../../domain/voice.ts";
import { createStage, type Stage } from "./stage.ts";

const NOW = Date.parse("2026-11-01T00:01:00Z");
const GITHUB = {
  repository: "acme/deploy",
  branch: "main",
  path: "apps/voice/prod",
  revert: "Propose",
  reviews: "Ignore",
};
const stopping: AbortController[] = [];
afterEach(async () => {
  for (const one of stopping.splice(0)) one.abort();
  await stopAll();
});

const incident = (pullRequest?: object) => {
  const made = make<Incident>(Incident, "voice-7k2", {
    system: "voice",
    type: "breach",
    severity: "critical",
    summary: "revoked",
    digests: [V6],
    detectedAt: "2026-11-01T00:00:10Z",
  });
  return {
    ...made,
    status: {
      workloads: [{ kind: "Deployment", name: "voice", uid: "u", hold: "Held", to: "v5", swaps: { [V6]: V5 } }],
      actions: [
        {
          rung: "rollBack",
          target: "Deployment/voice",
          startedAt: "2026-11-01T00:00:12Z",
          result: "Done",
          observed: "x",
        },
      ],
      ...(pullRequest === undefined ? {} : { pullRequest }),
    },
  };
};

async function start(open: (fake: FakeGitHub) => OpenGitHub = (fake) => () => connect(fake)) {
  const fake = await startBreach();
  const stage = createStage(NOW);
  const controller = createRevertController(stage.tools, open(fake));
  const signal = new AbortController();
  stopping.push(signal);
  const system = make<AISystem>(AISystem, "voice", SYSTEM_SPEC);
  stage.show("systems", { ...system, spec: { ...system.spec, github: GITHUB } });
  const grant = { system: "voice", release: "v5", artifact: "model", notAfter: "2027-01-01T00:00:00Z" };
  const spec = { notYet: "Warn", images: { [V5]: { grants: [grant] } } };
  stage.show("warrants", { kind: "Warrant", metadata: { name: "enforce", namespace: "voice" }, spec });
  void controller.run(signal.signal);
  return { fake, stage, controller };
}

/** Waits for the n-th status that was written, and gives it back to the world. */
async function nextStatus({ applied, show }: Stage, n: number) {
  const status = await eventually(`status number ${n} is written`, () => applied[n - 1]?.status);
  const { pullRequest } = status as { pullRequest: Record<string, unknown> };
  show("incidents", incident(pullRequest));
  return pullRequest;
}

/** How often the controller looked at an Incident and put it off. */
async function countLooks({ tools }: Stage): Promise<number> {
  const page = await tools.metrics.render();
  return Number(/vouchsafe_reconciles_total\{controller="revert",outcome="requeued"\} (\d+)/.exec(page)?.[1] ?? 0);
}

test("a rolled-back breach gets its pull request, and the status, an Event and evidence say so", async () => {
  const { fake, stage } = await start();
  stage.show("incidents", incident());
  const status = await nextStatus(stage, 1);
  const [pull] = listOurs(fake);
  expect(status).toEqual({
    state: "Proposed",
    url: `https://github.test/acme/deploy/pull/${pull?.number}`,
    number: pull?.number,
    at: pull?.createdAt,
    message: "the pull request is open: look at it and merge it",
  });
  expect(fake.repository.readFiles(pull?.headRef ?? "")[DEPLOYMENT]).toBe(toDeployment(MODEL_V5));
  expect(stage.applied[0]).toMatchObject({ manager: "vouchsafe-github", object: { metadata: { name: "voice-7k2" } } });
  expect(stage.notes).toEqual([expect.stringMatching(/^Normal RevertProposed: https:\/\/github\.test\//)]);
  expect(stage.evidence).toEqual([
    expect.objectContaining({ kind: "action", what: "pullRequestProposed", inputs: [V6] }),
  ]);
});

test("GitHub is down: queued, asked again in time and not before, then proposed", async () => {
  const { fake, stage, controller } = await start();
  fake.setFault(() => ({ kind: "answer", status: 503 }));
  stage.show("incidents", incident());
  expect(await nextStatus(stage, 1)).toMatchObject({ state: "Queued", at: "2026-11-01T00:01:00Z" });
  const asked = fake.asked.length;
  fake.setFault(() => undefined);
  stage.clock.now += 29_000;
  const before = await countLooks(stage);
  controller.enqueue("voice/voice-7k2");
  await eventually("it was looked at again", async () => ((await countLooks(stage)) > before ? true : undefined));
  expect(fake.asked.length, "nothing was asked before its time").toBe(asked);
  stage.clock.now += 2000;
  controller.enqueue("voice/voice-7k2");
  expect(await nextStatus(stage, 2)).toMatchObject({ state: "Proposed" });
  expect(stage.notes.map((note) => note.split(":")[0])).toEqual(["Warning RevertQueued", "Normal RevertProposed"]);
});

describe("without a way to GitHub", () => {
  test("no credential", async () => {
    const { stage } = await start(() => async () => undefined);
    stage.show("incidents", incident());
    expect(await nextStatus(stage, 1)).toMatchObject({
      state: "Failed",
      message: expect.stringContaining("VOUCHSAFE_GITHUB_SECRET") as string,
    });
  });

  test("a Secret that is not there", async () => {
    const { stage } = await start(() => async () => {
      throw new ApiError({ code: "NotFound", status: 404, message: 'secrets "github" not found' });
    });
    stage.show("incidents", incident());
    expect(await nextStatus(stage, 1)).toMatchObject({
      state: "Failed",
      message: expect.stringContaining("no Secret with a credential") as string,
    });
  });

  test("a credential that GitHub refuses", async () => {
    const { stage } = await start(
      (fake) => () => connect(fake, { credential: { kind: "token", token: "ghp_revoked-0" } }),
    );
    stage.show("incidents", incident());
    const status = await nextStatus(stage, 1);
    expect(status).toMatchObject({ state: "Failed" });
    expect(JSON.stringify(status)).not.toContain("ghp_revoked-0");
  });
});
