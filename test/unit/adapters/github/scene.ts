// A repository with one system on it: v5 runs well, then somebody merges v6, and v6 is revoked.
import { openGitHub } from "../../../../src/adapters/github/client.ts";
import { proposeRevert } from "../../../../src/adapters/github/propose-revert.ts";
import type { RevertCase } from "../../../../src/domain/revert-proposal.ts";
import { type FakeGitHub, type FakeGitHubOptions, startGitHub } from "../../../harness/github.ts";

export const V5 = `sha256:${"5".repeat(64)}`;
export const V6 = `sha256:${"6".repeat(64)}`;
export const MODEL_V5 = `registry.example/voice/model:v5@${V5}`;
export const MODEL_V6 = `registry.example/voice/model:v6@${V6}`;
export const PATH = "apps/voice/prod";
export const DEPLOYMENT = `${PATH}/deployment.yaml`;
export const WHERE = { branch: "main", path: PATH };

export const toDeployment = (image: string, replicas = 2) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: voice }   # the model server
spec:
  replicas: ${replicas}
  template:
    spec:
      containers:
        - name: server
          image: "${image}"
`;

export const BREACH: RevertCase = {
  incident: { namespace: "voice", name: "voice-7k2", uid: "0c7a4f0e-6f5e-4d6e-9a53-5b7f2b6f8a10" },
  system: "voice",
  release: "voice-v6",
  restored: "voice-v5",
  severity: "critical",
  summary: "digest of voice-v6 was revoked by @carol: closes #1",
  detectedAt: "2026-11-01T00:00:10Z",
  steps: [{ what: "rolled back", at: "2026-11-01T00:00:12Z" }],
  condemned: [V6],
  swaps: [{ from: MODEL_V6, to: MODEL_V5 }],
  vouched: new Set([V5]),
};

const running: FakeGitHub[] = [];

/** Stops every fake that a test started. */
export const stopAll = () => Promise.all(running.splice(0).map((github) => github.stop()));

/** A repository where v5 runs. */
export async function startScene(options: FakeGitHubOptions = {}): Promise<FakeGitHub> {
  const github = await startGitHub(options);
  running.push(github);
  github.repository.push("main", {
    files: { [DEPLOYMENT]: toDeployment(MODEL_V5), "README.md": "deploys\n", "apps/chat/deployment.yaml": "kind: x\n" },
    by: "alice",
  });
  return github;
}

/** As `startScene`, and a merged pull request brought v6. */
export async function startBreach(options: FakeGitHubOptions = {}): Promise<FakeGitHub> {
  const github = await startScene(options);
  const { repository } = github;
  repository.merge(repository.open([{ files: { [DEPLOYMENT]: toDeployment(MODEL_V6) }, by: "bob" }], { by: "bob" }));
  return github;
}

export const connect = (fake: FakeGitHub, rest: Partial<Parameters<typeof openGitHub>[0]> = {}) =>
  openGitHub({
    baseUrl: fake.url,
    credential: { kind: "token", token: fake.token },
    repository: fake.repository.fullName,
    access: "write",
    wait: async () => {},
    timeoutMs: 2000,
    ...rest,
  });

/** One look at the breach with a client of its own, as after a restart. */
export async function propose(
  fake: FakeGitHub,
  about: RevertCase = BREACH,
  where: { branch: string; path: string | undefined } = WHERE,
) {
  const github = await connect(fake);
  try {
    return await proposeRevert(github, where, about);
  } finally {
    await github.close();
  }
}

/** Pull requests that we opened. */
export const listOurs = (fake: FakeGitHub) =>
  [...fake.repository.pulls.values()].filter(({ login }) => login === fake.login);
