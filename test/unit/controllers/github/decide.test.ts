// Which Incidents get a pull request, from what it is made, and how patient the queue is: tables worked by hand.
import { describe, expect, test } from "vitest";
import { AISystem } from "../../../../src/api/ai-system.ts";
import type { SystemGitHub } from "../../../../src/api/github.ts";
import { Incident, type IncidentStatus } from "../../../../src/api/incident.ts";
import { ModelRelease } from "../../../../src/api/model-release.ts";
import type { WarrantSpec } from "../../../../src/api/warrant.ts";
import {
  decideRevert,
  decideStatus,
  findNextLook,
  type PullRequestStatus,
  type RevertFacts,
} from "../../../../src/controllers/github/decide.ts";
import type { RevertOutcome } from "../../../../src/domain/revert-proposal.ts";
import { make, SYSTEM_SPEC } from "../../domain/voice.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const V5 = `sha256:${"5".repeat(64)}`;
const V6 = `sha256:${"6".repeat(64)}`;

const system = (github: SystemGitHub): AISystem => {
  const made = make<AISystem>(AISystem, "voice", SYSTEM_SPEC);
  return { ...made, spec: Object.assign({ ...made.spec }, { github }) };
};
const GITHUB: SystemGitHub = {
  repository: "acme/deploy",
  branch: "main",
  path: "apps",
  revert: "Propose",
  reviews: "Ignore",
};

const release = (name: string, digest: string) =>
  make<ModelRelease>(ModelRelease, name, {
    system: "voice",
    version: name,
    artifacts: [{ name: "model", image: `reg.example/voice:${name}@${digest}` }],
  });

const grant = { system: "voice", release: "v5", artifact: "model", notAfter: "2027-01-01T00:00:00Z" };
const WARRANT = {
  notYet: "Warn",
  images: {
    [V5]: { grants: [grant] },
    [V6]: { grants: [grant], refused: { code: "DigestRevoked", text: "revoked" } },
    [`sha256:${"4".repeat(64)}`]: { grants: [{ ...grant, notAfter: "2026-01-01T00:00:00Z" }] },
  },
} as WarrantSpec;

const ROLLED_BACK: IncidentStatus = {
  workloads: [{ kind: "Deployment", name: "server", uid: "u", hold: "Held", to: "v5", swaps: { [V6]: V5 } }],
  actions: [
    {
      rung: "quarantine",
      target: "Pods",
      startedAt: "2026-11-24T11:00:00Z",
      doneAt: "2026-11-24T11:00:01Z",
      result: "Done",
      observed: "x",
    },
    {
      rung: "rollBack",
      target: "Deployment/server",
      startedAt: "2026-11-24T11:00:01Z",
      doneAt: "2026-11-24T11:00:02Z",
      result: "Done",
      observed: "x",
    },
  ],
};

interface Change {
  spec?: Partial<Incident["spec"]>;
  status?: IncidentStatus;
  github?: SystemGitHub;
  noSystem?: true;
  notBefore?: number;
}

const decide = ({ spec = {}, status = ROLLED_BACK, github = GITHUB, noSystem, notBefore = 0 }: Change = {}) => {
  const incident = make<Incident>(Incident, "voice-7k2", {
    system: "voice",
    release: "v6",
    type: "breach",
    breach: "DigestRevoked",
    severity: "critical",
    summary: "revoked",
    digests: [V6],
    detectedAt: "2026-11-24T11:00:00Z",
    ...spec,
  });
  const facts: RevertFacts = {
    incident: { ...incident, status },
    system: noSystem === true ? undefined : system(github),
    releases: [release("v5", V5), release("v6", V6)],
    warrant: WARRANT,
    notBefore,
    now: NOW,
  };
  return decideRevert(facts);
};

const withResult = (result: "Started" | "Waiting" | "Failed" | "Done", rung: "rollBack" | "stop" = "rollBack") => ({
  ...ROLLED_BACK,
  actions: [{ rung, target: "Deployment/server", startedAt: "2026-11-24T11:00:01Z", result, observed: "x" }],
});
const withState = (state: "Proposed" | "Queued" | "Failed") => ({
  ...ROLLED_BACK,
  pullRequest: { state, at: "2026-11-24T11:30:00Z", message: "x" },
});

test("a breach that was rolled back is proposed, from what the cluster did", () => {
  expect(decide()).toEqual({
    act: "propose",
    where: GITHUB,
    about: {
      incident: { namespace: "voice", name: "voice-7k2", uid: "uid-voice-7k2" },
      system: "voice",
      release: "v6",
      restored: "v5",
      severity: "critical",
      summary: "revoked",
      detectedAt: "2026-11-24T11:00:00Z",
      steps: [
        { what: "quarantine Pods", at: "2026-11-24T11:00:01Z" },
        { what: "rollBack Deployment/server", at: "2026-11-24T11:00:02Z" },
      ],
      condemned: [V6],
      swaps: [{ from: `reg.example/voice:v6@${V6}`, to: `reg.example/voice:v5@${V5}` }],
      vouched: new Set([V5]),
    },
  });
});

describe("proposed is", () => {
  test.each<[string, Change]>([
    [
      "what was stopped, since nothing was left to go back to",
      { status: { ...withResult("Done", "stop"), workloads: [] } },
    ],
    ["what waits for GitHub", { status: withState("Queued") }],
    ["what failed before", { status: withState("Failed") }],
    ["what is due again", { status: withState("Queued"), notBefore: NOW }],
  ])("%s", (_, change) => {
    expect(decide(change).act).toBe("propose");
  });
});

describe("nothing is done for", () => {
  test.each<[string, Change]>([
    ["a system that names no repository", { github: { ...GITHUB, revert: "Never" } }],
    ["a system that is gone", { noSystem: true }],
    ["an incident without a system", { spec: { system: undefined } }],
    ["a drill", { spec: { type: "drill" } }],
    ["a closed incident", { spec: { state: "Closed" } }],
    ["a rollback under way", { status: withResult("Started") }],
    [
      "one rollback under way beside one that is done",
      {
        status: {
          ...ROLLED_BACK,
          actions: [...withResult("Done").actions, { ...withResult("Started").actions[0], target: "Deployment/other" }],
        } as IncidentStatus,
      },
    ],
    ["a rollback that waits for a person", { status: withResult("Waiting") }],
    ["a rollback that failed", { status: withResult("Failed") }],
    ["an incident that was not answered yet", { status: {} }],
    ["an incident that names no digest", { spec: { digests: [] }, status: { ...ROLLED_BACK, workloads: [] } }],
    ["a pull request that is there", { status: withState("Proposed") }],
  ])("%s", (_, change) => {
    expect(decide(change)).toEqual({ act: "none" });
  });

  test("a while, where GitHub was asked just now", () => {
    expect(decide({ notBefore: NOW + 5000 })).toEqual({ act: "wait", ms: 5000 });
  });
});

const down: RevertOutcome = { outcome: "failed", failure: { code: "Unavailable" }, message: "no answer" };
const limited = (retryAt: number): RevertOutcome => ({
  outcome: "failed",
  failure: { code: "RateLimited", retryAt },
  message: "later",
});
const queued = (at: string): PullRequestStatus => ({ state: "Queued", at, message: "x" });

describe("the status", () => {
  test.each<[string, RevertOutcome, Partial<PullRequestStatus>]>([
    [
      "opened",
      { outcome: "proposed", number: 7, url: "https://x/7", createdAt: "2026-11-24T11:59:00Z", standing: "open" },
      { state: "Proposed", number: 7, url: "https://x/7", at: "2026-11-24T11:59:00Z" },
    ],
    ["not needed", { outcome: "notNeeded" }, { state: "NotNeeded" }],
    ["nothing vouched", { outcome: "impossible", digests: [V6] }, { state: "Failed" }],
    ["GitHub is away", down, { state: "Queued" }],
    ["GitHub wants peace", limited(NOW + 1), { state: "Queued" }],
    ["GitHub refuses", { outcome: "failed", failure: { code: "Forbidden" }, message: "no" }, { state: "Failed" }],
  ])("%s", (_, outcome, expected) => {
    expect(decideStatus(outcome, undefined, NOW)).toMatchObject({ at: "2026-11-24T12:00:00Z", ...expected });
  });

  test("the same state keeps the moment since when it holds", () => {
    expect(decideStatus(down, queued("2026-11-24T11:00:00Z"), NOW).at).toBe("2026-11-24T11:00:00Z");
    expect(decideStatus({ outcome: "notNeeded" }, queued("2026-11-24T11:00:00Z"), NOW).at).toBe("2026-11-24T12:00:00Z");
  });
});

describe("the next look, in seconds from now", () => {
  test.each<[string, PullRequestStatus, RevertOutcome, number | undefined]>([
    ["at first", queued("2026-11-24T12:00:00Z"), down, 30],
    ["after two minutes without GitHub", queued("2026-11-24T11:58:00Z"), down, 120],
    ["after a day without GitHub", queued("2026-11-23T12:00:00Z"), down, 900],
    ["when GitHub says, where that is later", queued("2026-11-24T12:00:00Z"), limited(NOW + 3_000_000), 3000],
    ["not before our own time", queued("2026-11-24T12:00:00Z"), limited(NOW + 1000), 30],
    [
      "what people have to mend",
      { ...queued("2026-11-24T12:00:00Z"), state: "Failed" },
      { outcome: "impossible", digests: [] },
      3600,
    ],
    ["what is done", { ...queued("2026-11-24T12:00:00Z"), state: "Proposed" }, { outcome: "notNeeded" }, undefined],
  ])("%s", (_, status, outcome, seconds) => {
    const next = findNextLook(status, outcome, NOW);
    expect(next === undefined ? undefined : (next - NOW) / 1000).toBe(seconds);
  });
});
