// Everything the holds are played on, once per run: a control plane with an audit log, the product, a real Argo CD and Flux.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ControlPlane, startControlPlane } from "../../harness/controlplane.ts";
import { readApi } from "../../harness/fakelet.ts";
import { type Product, startProduct } from "../../harness/product.ts";
import { type Argo, startArgo } from "./argo.ts";
import { type Artifacts, publishGenerations } from "./artifacts.ts";
import { type Audit, openAudit, writeAuditPolicy } from "./audit.ts";
import { bindClient } from "./client.ts";
import { type Flux, startFlux } from "./flux.ts";
import { applyPolicy } from "./governed.ts";
import { readHealthScripts } from "./health.ts";
import { type Ground, holdMirrors, stopMirrors } from "./mirrors.ts";
import { postWatchman, type Watchman } from "./sightings.ts";
import { type Supervisor, superviseOperator } from "./supervisor.ts";
import type { Tools } from "./tools.ts";

export interface Stage extends Ground {
  tools: Tools;
  dir: string;
  plane: ControlPlane;
  product: Product;
  supervisor: Supervisor;
  argo: Argo;
  flux: Flux;
  artifacts: Artifacts;
  audit: Audit;
  watchman: Watchman;
  /** Milliseconds that each part took to start. */
  timings: Record<string, number>;
  stop(): Promise<void>;
}

/** Starts everything; on failure nothing is left running, as children go with their parent. */
export async function openStage(tools: Tools): Promise<Stage> {
  const timings: Record<string, number> = {};
  const time = async <T>(what: string, step: Promise<T>): Promise<T> => {
    const began = performance.now();
    const value = await step;
    timings[what] = Math.round(performance.now() - began);
    return value;
  };
  const dir = await mkdtemp(join(tmpdir(), "gitops-"));
  const { logFile, flags } = await writeAuditPolicy(dir);
  const plane = await time(
    "control plane",
    startControlPlane({ binary: tools.controlPlane, scheduler: true, apiserverArgs: flags }),
  );
  const { kubeconfig, binary } = plane;
  const client = bindClient(await readApi(kubeconfig));
  const product = await time("product", startProduct({ binary, kubeconfig, dir }));
  const { kubectl } = product;
  const supervisor = superviseOperator(product);
  const common = { client, kubectl, dir };
  const config = await readHealthScripts();
  const argo = await time("Argo CD", startArgo({ ...common, binary: tools.argocd, crds: tools.argocdCrds, config }));
  const flux = await time("Flux", startFlux({ ...common, binary: tools.flux, crds: tools.fluxCrds }));
  const artifacts = await publishGenerations(product.registry.host);
  await applyPolicy(client, artifacts);
  const watchman = await postWatchman(client);
  const mirrors = await holdMirrors(client);
  return {
    tools,
    dir,
    plane,
    product,
    supervisor,
    client,
    argo,
    flux,
    artifacts,
    audit: openAudit(logFile),
    watchman,
    mirrors,
    timings,
    stop: async () => {
      watchman.stop();
      stopMirrors(mirrors);
      await supervisor.stop();
      await Promise.all([argo.stop(), flux.stop()]);
      await product.stop();
      await plane.stop();
      client.close();
      if (process.env.GITOPS_KEEP === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}
