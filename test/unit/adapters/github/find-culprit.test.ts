// What brought condemned images into Git: the newest commit that made them run, and the pull request behind it.
import { afterEach, expect, test } from "vitest";
import { findCulprit } from "../../../../src/adapters/github/find-culprit.ts";
import { createTreeReader } from "../../../../src/adapters/github/tree.ts";
import type { FakeGitHub } from "../../../harness/github.ts";
import {
  connect,
  DEPLOYMENT,
  MODEL_V5,
  MODEL_V6,
  PATH,
  startBreach,
  startScene,
  stopAll,
  toDeployment,
  V6,
  WHERE,
} from "./scene.ts";

afterEach(stopAll);

const OTHER = `sha256:${"7".repeat(64)}`;

async function look(fake: FakeGitHub, condemned = [V6]) {
  const github = await connect(fake, { access: "read" });
  try {
    return await findCulprit(github, createTreeReader(github), WHERE, condemned);
  } finally {
    await github.close();
    expect(fake.offences).toEqual([]);
  }
}

test("the commit of a merged pull request, past what was changed since", async () => {
  const fake = await startBreach();
  const merged = fake.repository.headOf("main");
  for (let n = 0; n < 60; n += 1) {
    fake.repository.push("main", { files: { [DEPLOYMENT]: toDeployment(MODEL_V6, n) } });
  }
  expect(await look(fake)).toMatchObject({ present: [V6], commit: merged, pull: { number: 1 } });
});

test("the newest of two, where it came, went and came back", async () => {
  const fake = await startBreach();
  fake.repository.push("main", { files: { [DEPLOYMENT]: toDeployment(MODEL_V5) } });
  const again = fake.repository.push("main", { files: { [DEPLOYMENT]: toDeployment(MODEL_V6) } });
  const found = await look(fake);
  expect(found).toMatchObject({ commit: again });
  expect(found.pull, "a push has no pull request").toBeUndefined();
});

test("no single one, where two brought two", async () => {
  const fake = await startBreach();
  fake.repository.push("main", { files: { [`${PATH}/job.yaml`]: `image: x@${OTHER}\n` } });
  const found = await look(fake, [V6, OTHER]);
  expect(found.present).toEqual([V6, OTHER]);
  expect(found.commit).toBeUndefined();
});

test("none, where it lies further back than is looked", async () => {
  const fake = await startBreach();
  for (let n = 0; n < 101; n += 1) {
    fake.repository.push("main", { files: { [DEPLOYMENT]: toDeployment(MODEL_V6, n) } });
  }
  const found = await look(fake);
  expect(found.present).toEqual([V6]);
  expect(found.commit).toBeUndefined();
}, 60_000);

test("none, where Git makes none of it run", async () => {
  const fake = await startScene();
  expect(await look(fake)).toEqual({ head: fake.repository.headOf("main"), present: [] });
});
