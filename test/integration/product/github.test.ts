// GitHub on the product as users run it: manifests come by a deliverer, reviews approve them, and a breach opens the
// pull request that takes it out of Git. GitHub is the strict fake; everything else is real.
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { type FakeGitHub, startGitHub } from "../../harness/github.ts";
import { applyObjects, demand } from "../../harness/kubectl.ts";
import { OPERATOR_NAMESPACE } from "../../harness/product.ts";
import { imagesOf, listFaults, runV6, toDeployment, untilIncident, untilSeen } from "./containment.ts";
import { untilCondition } from "./scene.ts";
import { draftSystem, list, openPlace, openStage, type Place, read, readDrafts, revoke, type Stage } from "./stage.ts";

/** The deliverer of the example's policy. */
const DELIVERER = "system:serviceaccount:argocd:argocd-application-controller";

let github: FakeGitHub;
let stage: Stage;
beforeAll(async () => {
  github = await startGitHub({ startsAt: Date.now() - 86_400_000 });
  github.repository.push("main", { files: { "README.md": "what runs\n" }, by: "dora" });
  stage = await openStage({ values: { github: { secret: "github", url: github.url } } });
  await applyObjects(stage.kubectl, [
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "github", namespace: OPERATOR_NAMESPACE },
      stringData: { token: github.token },
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "deliverer" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ kind: "ServiceAccount", namespace: "argocd", name: "argocd-application-controller" }],
    },
  ]);
});
afterAll(async () => {
  await stage.stop();
  await github.stop();
});

const personOf = (login: string, username: string, ...roles: string[]) => ({
  ...github.repository.accountOf(login),
  username,
  roles,
});

const RELEASE = ["modelrelease", "voice-gate-v5", "-n", "reviews"];

interface Reviewed {
  spec: { source: string; decision: string; approver: { username: string }; review?: { pullRequest: number } };
}

async function deliver({ namespace }: Place, objects: object[]): Promise<void> {
  const texts = objects.map((object) => stringify(object)).join("---\n");
  await demand(
    stage.kubectl,
    ["apply", "--server-side", "--field-manager=argocd-controller", "--as", DELIVERER, "-n", namespace, "-f", "-"],
    texts,
  );
}

test("reviews of the people whom the policy names approve what was delivered, until they are taken back", async () => {
  const people = [
    personOf("alice-gh", "alice", "model-validator"),
    personOf("ruth-gh", "ruth", "risk-owner"),
    // She writes the change, so her own review is worth nothing.
    personOf("dora", "dora", "model-validator", "risk-owner"),
  ];
  const place = await openPlace(stage, "reviews", {
    undeclared: true,
    policy: (spec) => {
      spec.github = { people };
    },
  });
  const where = { repository: github.repository.fullName, path: "apps/reviews", reviews: "Count" };
  const { system, assessment } = draftSystem(place, where);
  const [release] = readDrafts(place, "modelrelease-v5.yaml");
  if (release === undefined) throw new Error("the example has no v5");
  const objects = [system, assessment, release];
  const files = Object.fromEntries(objects.map((one) => [`apps/reviews/${one.kind}.yaml`, stringify(one)]));
  const { repository } = github;
  const pull = repository.open([{ files, by: "dora" }], { by: "dora" });
  repository.review(pull, "dora");
  repository.review(pull, "ruth-gh");
  repository.review(pull, "stranger");
  const review = repository.review(pull, "alice-gh");
  repository.merge(pull);
  await deliver(place, objects);

  // GitHub is asked again once a minute.
  await untilCondition(stage.kubectl, RELEASE, "Ready=True", 100_000);
  const approvals = await list<Reviewed>(place, "Approval");
  const told = approvals.map(({ spec }) => `${spec.source} ${spec.approver.username} ${spec.review?.pullRequest}`);
  expect(told.toSorted()).toEqual([`GitHub alice ${pull.number}`, `GitHub ruth ${pull.number}`]);
  const seen = await read(place, "ModelRelease", "voice-gate-v5");
  expect(seen).toMatchObject({ status: { origin: { authors: ["dora"], authorship: "Known" } } });

  review.state = "DISMISSED";
  // What is approved is looked at every ten minutes; a new start looks at once.
  await stage.product.operator.stop();
  await stage.product.startOperator();
  await untilCondition(stage.kubectl, RELEASE, "Approved=False", 100_000);
  const withdrawn = (await list<Reviewed>(place, "Approval")).filter(({ spec }) => spec.decision === "withdraw");
  expect(withdrawn.map(({ spec }) => spec.approver.username)).toEqual(["alice"]);
  expect(github.offences).toEqual([]);
});

test("a breach opens one pull request that takes it out of Git, and names no secret", async () => {
  const { repository } = github;
  const where = { repository: repository.fullName, path: "apps/revert", revert: "Propose" };
  const { place } = await runV6(stage, "revert", { github: where });
  const file = "apps/revert/deployment.yaml";
  const toText = (version: "v5" | "v6") => stringify(toDeployment(place, version));
  repository.push("main", { files: { [file]: toText("v5") }, by: "dora" });
  const pull = repository.open([{ files: { [file]: toText("v6") }, by: "dora" }], { by: "dora" });
  repository.merge(pull);
  await revoke(place, { release: "voice-gate-v6" });

  const incident = await untilIncident(place, "ReleaseRevoked");
  interface Proposed {
    status?: { pullRequest?: { state: string; number?: number } };
  }
  const seen = await untilSeen(place, "the pull request is open", async () => {
    const found = await read<Proposed>(place, "Incident", incident.metadata.name);
    return found?.status?.pullRequest?.state === "Proposed" ? found.status.pullRequest : undefined;
  });
  const ours = [...repository.pulls.values()].filter(({ login }) => login === github.login);
  expect(ours.map(({ number, state }) => ({ number, state }))).toEqual([{ number: seen.number, state: "open" }]);
  const [proposal] = ours;
  expect(repository.readFiles(proposal?.headRef ?? "")[file]).toBe(toText("v5"));
  expect(proposal?.body).toContain(incident.metadata.name);
  expect(proposal?.body).toContain(imagesOf(place, "v6").server.split("@")[1]);
  expect(proposal?.body).not.toContain(github.token);
  expect(repository.readFiles("main")[file], "nobody merged it").toBe(toText("v6"));
  expect(github.offences).toEqual([]);
  expect(await listFaults(stage)).toEqual([]);
});
