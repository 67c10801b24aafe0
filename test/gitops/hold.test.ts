// Deny and hold against a real Argo CD: a revoked digest stays out although Git wants it back, whatever the options of
// the Application are; and once Git is right again everything is, without a right of the product over Argo CD.
import { beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../harness/wait.ts";
import { ARGO_USER } from "./harness/argo.ts";
import {
  approveDelivered,
  type ArgoPlay,
  commit,
  endOperation,
  openPlay,
  readApplication,
  untilApplication,
  untilSynced,
  type Variant,
} from "./harness/argo-play.ts";
import { FLUX_USER } from "./harness/flux.ts";
import { openFluxPlay, publish, readReady } from "./harness/flux-play.ts";
import { closeIncidents } from "./harness/governed.ts";
import { noteRow, writeJournal } from "./harness/journal.ts";
import {
  type Hold,
  hold,
  listRelapses,
  listReplaced,
  listTries,
  measureRollback,
  PATIENCE_MS,
  type Play,
  rollBackByHand,
  untilPodsRun,
} from "./harness/play.ts";
import { openStage, type Stage } from "./harness/stage.ts";
import { readTools } from "./harness/tools.ts";

const tools = readTools();
const isMissing = typeof tools === "string";
const lack = isMissing ? ` (it needs ${tools})` : "";

let stage: Stage;
beforeAll(async () => {
  if (isMissing) return;
  stage = await openStage(tools);
  return async () => {
    await writeJournal(stage);
    await stage.stop();
  };
});

/** A hold of an Application. */
interface ArgoHold extends Hold {
  play: ArgoPlay;
}

const holdPlay = async (variant: Variant): Promise<ArgoHold> => {
  const play = await openPlay(stage, variant);
  return { ...(await hold(play)), play };
};

/** Waits until Argo CD has given up on the revoked release; how often it tried to write it. */
async function untilGivenUp(held: ArgoHold): Promise<number> {
  // The old release serves well: only kinds of the product can show the hold.
  await untilApplication(
    held.play,
    "has given up, OutOfSync and Healthy",
    ({ operation, status }) =>
      operation === undefined &&
      status?.operationState?.phase === "Failed" &&
      status.sync?.status === "OutOfSync" &&
      status.health?.status === "Healthy" &&
      status.conditions?.some(({ type }) => type === "SyncError") === true,
  );
  return (await listTries(held, ARGO_USER)).refused.length;
}

type Kind = "refused" | "refusedDryRuns" | "refusedDeletions";

const untilTried = (held: Hold, what: Kind, count: number, user = ARGO_USER) =>
  eventually(
    `${user} has tried ${count} times in ${held.play.name} (${what})`,
    async () => ((await listTries(held, user))[what].length >= count ? true : undefined),
    { withinMs: PATIENCE_MS },
  );

const goTo = async (play: ArgoPlay, generation: "a" | "c", options = { refresh: true }): Promise<number> => {
  const revision = await commit(play, { generation, ...options });
  await approveDelivered(play, generation);
  const took = await untilSynced(play, revision);
  await untilPodsRun(play, generation);
  return took;
};

/** Commits the good release, waits until Argo CD is content, and goes on to the next good one. */
async function recover({ play }: ArgoHold, options = { refresh: true }): Promise<Measured> {
  const revertMs = await goTo(play, "a", options);
  return { revertMs, forwardMs: await goTo(play, "c") };
}

/** Waits until the Deployments may be deleted again. */
const untilReleased = ({ name, workloads }: Play) =>
  eventually(`${name} is released`, async () => {
    const path = `/apis/apps/v1/namespaces/${name}/deployments/${workloads[0] ?? ""}?dryRun=All`;
    return (await stage.client.send("DELETE", path, { as: ARGO_USER })).status < 300 ? true : undefined;
  });

/** What has to be true of every hold, from the Revocation to the end of the play. */
async function expectHeld(held: Hold): Promise<void> {
  const { landed, deleted } = await listTries(held, ARGO_USER);
  expect(landed, "no write of the revoked digest is accepted from anybody").toEqual([]);
  expect(deleted, "no held Deployment is deleted").toEqual([]);
  expect(listRelapses(held), "no Deployment and no new pod ever has the revoked digest again").toEqual([]);
  expect(listReplaced(held), "they are the very same objects").toEqual([]);
}

interface Measured {
  revertMs: number;
  forwardMs: number;
}

async function note(
  held: Hold,
  options: string,
  { revertMs, forwardMs }: Measured,
  { remark = "", tool = "Argo CD", user = ARGO_USER } = {},
): Promise<void> {
  const tries = await listTries(held, user);
  noteRow({ tool, options, rollbackMs: measureRollback(held), tries, revertMs, forwardMs, note: remark });
}

/** Waits until a tool has undone what nobody guards, and checks that the instruments of these tests show it. */
async function expectUndone(held: Hold, tool: string, user: string): Promise<void> {
  const relapse = await eventually(`${tool} puts the bad release back`, () => listRelapses(held)[0]);
  await untilPodsRun(held.play, "b");
  const tries = await listTries(held, user);
  expect(tries.landed.map((one) => one.user)).toContain(user);
  const back = Math.max(...held.back.map(({ at }) => at));
  noteRow({ tool, options: "no governance, rollback by hand", tries, note: `undone after ${relapse.at - back} ms` });
}

describe.skipIf(isMissing)(`Argo CD${lack}`, { concurrent: true }, () => {
  test("undoes a rollback that nothing guards: the set-up can fail", async () => {
    const play = await openPlay(stage, { name: "unguarded", releasesBy: "nobody" });
    await expectUndone(await rollBackByHand(play), "Argo CD", ARGO_USER);
  });

  // Tries = limit + 1. Replace is an option of the Deployment, the others of the Application.
  test.each<[options: string, variant: Variant, tries: number]>([
    ["client-side apply", { name: "csa" }, 3],
    ["server-side apply", { name: "ssa", syncOptions: ["ServerSideApply=true"] }, 3],
    ["Replace=true", { name: "replace", workloadOptions: "Replace=true" }, 3],
    ["retry.limit 0", { name: "noretry", retry: { limit: 0, backoff: { duration: "1s", factor: 2 } } }, 1],
  ])("is held with %s, and recovers by the revert", async (options, variant, tries) => {
    const held = await holdPlay(variant);
    expect(await untilGivenUp(held)).toBe(tries);
    // One of them without the hint of a webhook.
    const measured = await recover(held, { refresh: variant.name !== "ssa" });
    await expectHeld(held);
    await note(held, options, measured, variant.name === "ssa" ? { remark: "revert found by polling every 10 s" } : {});
  });

  test("is held with ten Deployments that go back at the same time", async () => {
    const held = await holdPlay({ name: "ten", workloads: 10 });
    // Self-heal writes those that it saw go back first; its operation is for them alone, and the last for this commit.
    expect(await untilGivenUp(held)).toBeGreaterThanOrEqual(3);
    await note(held, "ten Deployments", await recover(held));
    await expectHeld(held);
  });

  test.each<[options: string, variant: Variant]>([
    ["server-side diff", { name: "ssd-csa", compareOptions: "ServerSideDiff=true" }],
    [
      "server-side diff and apply",
      { name: "ssd-ssa", compareOptions: "ServerSideDiff=true", syncOptions: ["ServerSideApply=true"] },
    ],
  ])("is held with %s, though its status is false", async (options, variant) => {
    const held = await holdPlay(variant);
    const bad = readApplication(held.play)?.status?.sync?.revision;
    await untilTried(held, "refusedDryRuns", 1);
    await untilApplication(held.play, "cannot be compared", ({ status }) => status?.sync?.status === "Unknown");
    const falseMs = await untilApplication(
      held.play,
      "claims to be Synced at the revoked commit",
      ({ status }) => status?.sync?.status === "Synced" && status.sync.revision === bad,
    );
    const measured = await recover(held);
    await expectHeld(held);
    expect((await listTries(held, ARGO_USER)).refused, "it compares, and writes nothing").toEqual([]);
    await note(held, options, measured, {
      remark: `claims Synced at the revoked commit after ${(falseMs / 1000).toFixed(1)} s`,
    });
  });

  test("cannot delete what is held: Force=true,Replace=true", async () => {
    const held = await holdPlay({ name: "force", workloadOptions: "Force=true,Replace=true" });
    await untilTried(held, "refusedDeletions", 1);
    await untilGivenUp(held);
    const revertMs = await goTo(held.play, "a");
    await expectHeld(held);
    // Argo CD deletes for every change now, so the next release waits until people have closed the Incident.
    await closeIncidents(stage.client, held.play.name);
    await untilReleased(held.play);
    const forwardMs = await goTo(held.play, "c");
    expect((await listTries(held, ARGO_USER)).landed).toEqual([]);
    await note(
      held,
      "Force=true,Replace=true",
      { revertMs, forwardMs },
      { remark: "same Deployment until the Incident is closed" },
    );
  });

  test("is held while it retries without end; a good commit waits until people end the operation", async () => {
    const retry = { limit: -1, backoff: { duration: "1s", factor: 2, maxDuration: "4s" } };
    const held = await holdPlay({ name: "endless", retry });
    const { play } = held;
    await untilTried(held, "refused", 4);
    const revertMs = await goTo(play, "a");
    const before = (await listTries(held, ARGO_USER)).refused.length;
    const good = await commit(play, { generation: "c" });
    // The old operation goes on although Git has been right twice since.
    await untilTried(held, "refused", before + 2);
    expect(readApplication(play)?.operation).toBeDefined();
    await untilPodsRun(play, "a");
    await endOperation(play);
    const forwardMs = await untilSynced(play, good);
    await untilPodsRun(play, "c");
    await expectHeld(held);
    await note(
      held,
      "retry.limit -1",
      { revertMs, forwardMs },
      { remark: "good commits wait until the operation is ended" },
    );
  });

  test("is held while an operation still runs that the revert has overtaken", async () => {
    const retry = { limit: 4, backoff: { duration: "1s", factor: 2 } };
    const held = await holdPlay({ name: "pending", retry });
    const { play } = held;
    await untilTried(held, "refused", 1);
    const revertMs = await untilSynced(play, await commit(play, { generation: "a" }));
    expect(readApplication(play)?.operation, "Synced, and the old operation still runs").toBeDefined();
    const before = (await listTries(held, ARGO_USER)).refused.length;
    await untilApplication(play, "has no operation any more", ({ operation }) => operation === undefined);
    const after = (await listTries(held, ARGO_USER)).refused.length;
    expect(after, "it tried the revoked release again after the revert").toBeGreaterThan(before);
    await untilPodsRun(play, "a");
    const forwardMs = await goTo(play, "c");
    await expectHeld(held);
    await note(
      held,
      "revert during the operation",
      { revertMs, forwardMs },
      { remark: `${after - before} tries after the revert` },
    );
  });

  test("is Degraded by a revoked release that Git still lists; the revert takes it along", async () => {
    const held = await holdPlay({ name: "releases", releasesBy: "git" });
    const { play } = held;
    const untilHealth = (health: string) =>
      untilApplication(play, `is ${health}`, ({ status }) => status?.health?.status === health);
    await untilHealth("Degraded");
    const revertMs = await goTo(play, "a");
    const good = await commit(play, { generation: "c" });
    // Its pods wait for people, as Argo CD sees by the Deployment.
    await untilHealth("Progressing");
    await approveDelivered(play, "c");
    const forwardMs = await untilSynced(play, good);
    await untilPodsRun(play, "c");
    // In an earlier wave than the workloads the revoked release fails every sync, also one that does not run it.
    await commit(play, { generation: "c", releases: ["a", "b", "c"], inWaves: true });
    await untilApplication(
      play,
      "fails to sync",
      ({ operation, status }) => operation === undefined && status?.operationState?.phase === "Failed",
    );
    await untilSynced(play, await commit(play, { generation: "c", inWaves: true }));
    await expectHeld(held);
    await note(held, "releases in Git", { revertMs, forwardMs }, { remark: "Degraded until the revert" });
  });
});

describe.skipIf(isMissing)(`Flux${lack}`, { concurrent: true }, () => {
  test("undoes a rollback that nothing guards: the set-up can fail", async () => {
    const play = await openFluxPlay(stage, { name: "flux-unguarded", isGoverned: false });
    await expectUndone(await rollBackByHand(play), "Flux", FLUX_USER);
  });

  test.each([
    ["interval 5 s, retryInterval 2 s", { name: "flux" }],
    ["force: true", { name: "flux-force", force: true }],
  ])("is held with %s, and recovers by the revert", async (options, variant) => {
    const play = await openFluxPlay(stage, variant);
    const held = await hold(play);
    await untilTried(held, "refusedDryRuns", 3, FLUX_USER);
    await eventually("Flux says that it failed", () =>
      readReady(play).reason === "ReconciliationFailed" ? true : undefined,
    );
    const measured = { revertMs: await publish(play, "a"), forwardMs: await publish(play, "c") };
    await expectHeld(held);
    expect((await listTries(held, FLUX_USER)).refused, "it asks first, and writes nothing").toEqual([]);
    await note(held, options, measured, { tool: "Flux", user: FLUX_USER });
  });
});

// One after the other, after those above: here servers are ended that all of them share.
describe.skipIf(isMissing)(`a restart${lack}`, () => {
  test("the API server holds by itself while the operator is down, and Argo CD's restart changes nothing", async () => {
    const retry = { limit: 3, backoff: { duration: "2s", factor: 2 } };
    const held = await holdPlay({ name: "down", retry });
    await stage.supervisor.takeDown();
    await untilTried(held, "refused", 1);
    await stage.argo.restartController();
    expect(await untilGivenUp(held)).toBe(4);
    await stage.supervisor.putUp();
    const measured = await recover(held);
    await expectHeld(held);
    await note(held, "operator down, Argo CD restarted", measured);
  });
});
