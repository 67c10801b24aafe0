// What is observed of workloads that a GitOps tool brings, whichever tool it is. Each play has a namespace and a source
// of its own, so plays run side by side.
import { eventually } from "../../harness/wait.ts";
import type { Generation } from "./artifacts.ts";
import type { Attempt } from "./audit.ts";
import { JSON_PATCH } from "./client.ts";
import { type Manifest, revoke, toDeployment } from "./governed.ts";
import type { Sighting } from "./sightings.ts";
import type { Stage } from "./stage.ts";

/** Workloads of one namespace, played from the first good release to the one after the revoked one. */
export interface Play {
  stage: Stage;
  /** Name of the namespace, and of what the tool calls an application. */
  name: string;
  workloads: string[];
}

/** How long anything may take: these tests share two cores with a whole control plane. */
export const PATIENCE_MS = 120_000;

/** The Deployments of a generation, by file name. */
export async function toManifests(
  { stage, name: namespace, workloads }: Play,
  generation: Generation,
  annotations: Record<string, string> = {},
): Promise<Record<string, Manifest>> {
  const files: Record<string, Manifest> = {};
  for (const name of workloads)
    files[`${name}.yaml`] = await toDeployment({ name, namespace }, stage.artifacts.images[generation], {
      annotations,
      // The revoked release brings a variable that has to go with it.
      ...(generation === "b" ? { env: "LEFTOVER" } : {}),
    });
  return files;
}

/** Pods that are there now: their last sighting, without those that went. */
function listPods({ stage, name }: Play): Sighting[] {
  const last = new Map<string, Sighting>();
  for (const sighting of stage.watchman.list(name)) if (sighting.kind === "Pod") last.set(sighting.uid, sighting);
  return [...last.values()].filter(({ type, isGoing }) => type !== "DELETED" && !isGoing);
}

const names = (images: readonly string[], digest: string) => images.some((image) => image.endsWith(digest));

/** The digest that tells a generation's server. */
const digestOf = ({ stage }: Play, generation: Generation): string =>
  stage.artifacts.images[generation].server.split("@")[1] ?? "";

/** The last state of each Deployment of the play. */
function listDeployments({ stage, name }: Play): Sighting[] {
  const last = new Map<string, Sighting>();
  for (const one of stage.watchman.list(name)) if (one.kind === "Deployment") last.set(one.name, one);
  return [...last.values()].filter(({ type }) => type !== "DELETED");
}

/** Waits until all pods that are there run a generation and are ready, two of each Deployment. */
export async function untilPodsRun(play: Play, generation: Generation): Promise<void> {
  const digest = digestOf(play, generation);
  await eventually(
    `only ready pods of ${generation} run in ${play.name}`,
    () => {
      const pods = listPods(play);
      const fine = pods.filter(({ images, isReady }) => isReady && names(images, digest));
      return fine.length === 2 * play.workloads.length && fine.length === pods.length ? true : undefined;
    },
    { withinMs: PATIENCE_MS, lastSeen: () => Promise.resolve(listPods(play)) },
  );
}

/** When a hold began. */
export interface Hold {
  play: Play;
  /** Epoch milliseconds: just before the Revocation was made. */
  revokedAt: number;
  /** The first state of each Deployment that was back on generation a. */
  back: Sighting[];
}

/** Waits until every Deployment was seen back on generation a. */
async function untilBack(play: Play, revokedAt: number): Promise<Hold> {
  const digest = digestOf(play, "a");
  const isBack = (workload: string) => (one: Sighting) =>
    one.kind === "Deployment" && one.name === workload && one.at >= revokedAt && names(one.images, digest);
  const back = await eventually(
    `every Deployment of ${play.name} is rolled back to generation a`,
    () => {
      const seen = play.stage.watchman.list(play.name);
      const found = play.workloads.flatMap((workload) => seen.find(isBack(workload)) ?? []);
      return found.length === play.workloads.length ? found : undefined;
    },
    { withinMs: PATIENCE_MS, lastSeen: () => Promise.resolve(listDeployments(play)) },
  );
  return { play, revokedAt, back };
}

/** Brings the Deployments back to generation a by hand, as somebody would who has no product. */
export async function rollBackByHand(play: Play): Promise<Hold> {
  const since = Date.now();
  for (const { metadata, spec } of Object.values(await toManifests(play, "a")))
    await play.stage.client.demand("PATCH", `/apis/apps/v1/namespaces/${play.name}/deployments/${metadata.name}`, {
      body: [{ op: "replace", path: "/spec/template", value: spec.template }],
      type: JSON_PATCH,
    });
  return untilBack(play, since);
}

/** Revokes generation b and waits until the product has rolled back. */
export async function hold(play: Play): Promise<Hold> {
  const since = Date.now();
  await revoke(play.stage.client, play.name, "b");
  return untilBack(play, since);
}

/** Milliseconds from the Revocation until the last Deployment was back. */
export const measureRollback = ({ revokedAt, back }: Hold) => Math.max(...back.map(({ at }) => at)) - revokedAt;

/** What somebody tried since the Revocation. */
export interface Tries {
  refused: Attempt[];
  /** Requests that ask what would happen. */
  refusedDryRuns: Attempt[];
  refusedDeletions: Attempt[];
  /** Writes that brought the revoked digest in, by anybody: there must be none. */
  landed: Attempt[];
  /** Deletions that went through, by anybody. */
  deleted: Attempt[];
}

/** Reads the audit log for what happened to the play's Deployments since the Revocation. */
export async function listTries({ play, revokedAt }: Hold, user: string): Promise<Tries> {
  const attempts = (await play.stage.audit.listAttempts(play.name)).filter(({ at }) => at >= revokedAt);
  const digest = digestOf(play, "b");
  const isDelete = ({ verb }: Attempt) => verb === "delete" || verb === "deletecollection";
  const brings = attempts.filter((one) => !isDelete(one) && one.body.includes(digest));
  const refused = brings.filter((one) => one.code >= 400 && one.user === user);
  const deletions = attempts.filter(isDelete);
  return {
    refused: refused.filter(({ isDryRun }) => !isDryRun),
    refusedDryRuns: refused.filter(({ isDryRun }) => isDryRun),
    refusedDeletions: deletions.filter(({ code, user: by }) => code >= 400 && by === user),
    landed: brings.filter(({ code, isDryRun }) => code < 300 && !isDryRun),
    deleted: deletions.filter(({ code }) => code < 300),
  };
}

/** States since the rollback in which a Deployment or a new pod had the revoked digest: there must be none. */
export function listRelapses({ play, back }: Hold): Sighting[] {
  const digest = digestOf(play, "b");
  const seen = play.stage.watchman.list(play.name);
  const last = Math.max(...back.map((one) => seen.indexOf(one)));
  return seen.filter((one, i) => {
    if (!names(one.images, digest)) return false;
    if (one.kind === "Pod") return i > last && one.type === "ADDED";
    const returned = back.find(({ name }) => name === one.name);
    return returned !== undefined && i > seen.indexOf(returned);
  });
}

/** Deployments that are not the very objects they were before the Revocation. */
export function listReplaced({ play, back }: Hold): string[] {
  const now = listDeployments(play);
  return back.filter(({ name, uid }) => now.find((one) => one.name === name)?.uid !== uid).map(({ name }) => name);
}
