// One Kustomization of Flux, from the first good release to the one after the revoked one.
import { eventually } from "../../harness/wait.ts";
import type { Generation } from "./artifacts.ts";
import { FLUX_NAMESPACE, pathOfKustomization } from "./flux.ts";
import { listWorkloads, makeGoverned, untilRecorded, vouchForAll } from "./governed.ts";
import { PATIENCE_MS, type Play, toManifests, untilPodsRun } from "./play.ts";
import type { Stage } from "./stage.ts";

export interface FluxVariant {
  name: string;
  /** Whether Flux may delete and make anew what it cannot change. */
  force?: boolean;
  isGoverned?: boolean;
}

/** What the Kustomization says now: the revision that was applied last, and the condition Ready. */
export function readReady({ stage, name }: Play) {
  const found = stage.mirrors.kustomizations.get(FLUX_NAMESPACE, name)?.status;
  const ready = found?.conditions?.find(({ type }) => type === "Ready");
  return { revision: found?.lastAppliedRevision, status: ready?.status, reason: ready?.reason };
}

/** Publishes a generation and waits until Flux has it applied and ready; milliseconds since it was published. */
export async function publish(play: Play, generation: Generation): Promise<number> {
  const revision = await play.stage.flux.publish(play.name, await toManifests(play, generation));
  const began = performance.now();
  await eventually(
    `Kustomization ${play.name} is Ready at ${revision}`,
    () => {
      const ready = readReady(play);
      return ready.revision === revision && ready.status === "True" ? true : undefined;
    },
    { withinMs: PATIENCE_MS, lastSeen: () => Promise.resolve(readReady(play)) },
  );
  const took = Math.round(performance.now() - began);
  await untilPodsRun(play, generation);
  return took;
}

/** Sets the stage for a play: generation a runs, then b, both brought by Flux. */
export async function openFluxPlay(stage: Stage, variant: FluxVariant): Promise<Play> {
  const { name, isGoverned = true, force = false } = variant;
  const { client } = stage;
  if (isGoverned) {
    await makeGoverned(stage, name);
    await vouchForAll(stage, name, stage.artifacts);
  } else await client.demand("POST", "/api/v1/namespaces", { body: { metadata: { name } } });
  await client.apply(pathOfKustomization(name), {
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { name },
    spec: {
      // Minutes by default; drift is looked for once per interval.
      interval: "5s",
      retryInterval: "2s",
      timeout: "30s",
      path: "./app",
      prune: true,
      wait: true,
      force,
      sourceRef: { kind: "GitRepository", name },
    },
  });
  const play: Play = { stage, name, workloads: listWorkloads(1) };
  await publish(play, "a");
  if (isGoverned) await untilRecorded(client, name, { generation: "a", count: 1 });
  await publish(play, "b");
  return play;
}
