// One Application of Argo CD with its Git repository, from the first good release to the one after the revoked one.
import { eventually } from "../../harness/wait.ts";
import { type Application, ARGO_NAMESPACE, pathOfApplication } from "./argo.ts";
import type { Generation } from "./artifacts.ts";
import { MERGE } from "./client.ts";
import type { Repository } from "./git.ts";
import {
  approveRelease,
  listWorkloads,
  makeGoverned,
  type Manifest,
  toRelease,
  untilRecorded,
  vouchForAll,
} from "./governed.ts";
import { PATIENCE_MS, type Play, toManifests, untilPodsRun } from "./play.ts";
import type { Stage } from "./stage.ts";

/** How an Application is set up. */
export interface Variant {
  name: string;
  syncOptions?: string[];
  retry?: { limit: number; backoff: { duration: string; factor: number; maxDuration?: string } };
  /** argocd.argoproj.io/compare-options of the Application. */
  compareOptions?: string;
  /** argocd.argoproj.io/sync-options of the Deployment. */
  workloadOptions?: string;
  /** How many Deployments run the model; 1 where it is left out. */
  workloads?: number;
  /** Whether the product governs the namespace, and where the releases come from; people where it is left out. */
  releasesBy?: "people" | "git" | "nobody";
}

export interface ArgoPlay extends Play {
  variant: Variant;
  repository: Repository;
}

/** Three tries within three seconds instead of six within five minutes. */
const SHORT_RETRY = { limit: 2, backoff: { duration: "1s", factor: 2 } };

export interface Commit {
  /** The generation that the Deployments run. */
  generation: Generation;
  /** Releases that are in Git, where they come from there; the first and that of the generation where it is left out. */
  releases?: Generation[];
  /** Whether releases are in an earlier sync wave than the Deployments. */
  inWaves?: boolean;
  /** Whether Argo CD is told, as a webhook would; true where it is left out. */
  refresh?: boolean;
}

/** Commits to Git; the commit's id. */
export async function commit(play: ArgoPlay, { generation, refresh = true, ...rest }: Commit): Promise<string> {
  const { stage, variant, name, workloads, repository } = play;
  const { workloadOptions } = variant;
  const annotations: Record<string, string> = {};
  if (workloadOptions !== undefined) annotations["argocd.argoproj.io/sync-options"] = workloadOptions;
  if (rest.inWaves === true) annotations["argocd.argoproj.io/sync-wave"] = "1";
  const files: Record<string, Manifest> = {
    ...(await toManifests(play, generation, annotations)),
    ...(variant.releasesBy === "git" ? await toReleases(play, rest.releases ?? ["a", generation]) : {}),
  };
  const revision = await repository.commit(`release ${generation} in ${workloads.length} Deployments`, files);
  const hint = { metadata: { annotations: { "argocd.argoproj.io/refresh": "normal" } } };
  if (refresh) await stage.client.demand("PATCH", pathOfApplication(name), { body: hint, type: MERGE });
  return revision;
}

async function toReleases({ stage, name }: Play, generations: Generation[]): Promise<Record<string, Manifest>> {
  const releases: Record<string, Manifest> = {};
  for (const one of new Set(generations))
    releases[`release-${one}.yaml`] = await toRelease(name, one, stage.artifacts.images[one]);
  return releases;
}

/** The Application as it is now. */
export const readApplication = ({ stage, name }: Play) => stage.mirrors.applications.get(ARGO_NAMESPACE, name);

/** Waits until the Application is as wanted; milliseconds since the call. */
export async function untilApplication(
  play: Play,
  expectation: string,
  isSo: (application: Application) => boolean,
): Promise<number> {
  const began = performance.now();
  await eventually(
    `Application ${play.name} ${expectation}`,
    () => {
      const found = readApplication(play);
      return found !== undefined && isSo(found) ? true : undefined;
    },
    { withinMs: PATIENCE_MS, lastSeen: () => Promise.resolve(readApplication(play)?.status) },
  );
  return Math.round(performance.now() - began);
}

/** Waits until the Application is Synced at a revision and Healthy; milliseconds since the call. */
export const untilSynced = (play: Play, revision: string) =>
  untilApplication(
    play,
    `is Synced at ${revision.slice(0, 7)} and Healthy`,
    ({ status }) =>
      status?.sync?.status === "Synced" && status.sync.revision === revision && status.health?.status === "Healthy",
  );

/** Where releases come from Git their author is unknown, so it takes one more person. */
export async function approveDelivered({ stage, name, variant }: ArgoPlay, generation: Generation): Promise<void> {
  if (variant.releasesBy === "git") await approveRelease(stage, name, { generation, by: ["alice", "eve"] });
}

async function makeNamespace(stage: Stage, { name, releasesBy = "people" }: Variant): Promise<void> {
  switch (releasesBy) {
    case "people":
      await makeGoverned(stage, name);
      return vouchForAll(stage, name, stage.artifacts);
    case "git":
      return makeGoverned(stage, name);
    case "nobody":
      await stage.client.demand("POST", "/api/v1/namespaces", { body: { metadata: { name } } });
  }
}

/** Sets the stage for a play: generation a runs, then b, both brought by Argo CD. */
export async function openPlay(stage: Stage, variant: Variant): Promise<ArgoPlay> {
  const { name, compareOptions, syncOptions } = variant;
  const { client, argo } = stage;
  await makeNamespace(stage, variant);
  const repository = await argo.git.makeRepository(name);
  const play: ArgoPlay = { stage, variant, name, workloads: listWorkloads(variant.workloads ?? 1), repository };
  const first = await commit(play, { generation: "a", refresh: false });
  const annotations = compareOptions === undefined ? {} : { "argocd.argoproj.io/compare-options": compareOptions };
  await client.apply(pathOfApplication(name), {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name, namespace: ARGO_NAMESPACE, annotations },
    spec: {
      project: "default",
      source: { repoURL: repository.url, path: "app", targetRevision: "main" },
      destination: { server: "https://kubernetes.default.svc", namespace: name },
      syncPolicy: {
        automated: { selfHeal: true, prune: true },
        ...(syncOptions === undefined ? {} : { syncOptions }),
        retry: variant.retry ?? SHORT_RETRY,
      },
    },
  });
  await approveDelivered(play, "a");
  await untilSynced(play, first);
  await untilPodsRun(play, "a");
  if (variant.releasesBy !== "nobody")
    await untilRecorded(client, name, { generation: "a", count: play.workloads.length });
  const second = await commit(play, { generation: "b" });
  await approveDelivered(play, "b");
  await untilSynced(play, second);
  await untilPodsRun(play, "b");
  return play;
}

/** Ends the operation that runs, as `argocd app terminate-op` does: again where the controller overwrote the order. */
export async function endOperation(play: Play): Promise<void> {
  const body = { status: { operationState: { phase: "Terminating" } } };
  await eventually(
    `the operation of ${play.name} ends`,
    async () => {
      const { operation, status } = readApplication(play) ?? {};
      if (operation === undefined) return true;
      if (status?.operationState?.phase === "Running")
        await play.stage.client.demand("PATCH", pathOfApplication(play.name), { body, type: MERGE });
      return undefined;
    },
    { withinMs: PATIENCE_MS },
  );
}
