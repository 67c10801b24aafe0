/** The composition root: builds the operator from its parts and runs it until a signal. */
import { openGitHub } from "./adapters/github/client.ts";
import { parseCredential } from "./adapters/github/credential.ts";
import { keepLayers } from "./adapters/model-artifact/keep-layers.ts";
import { openLayerFiles } from "./adapters/model-artifact/layer-files.ts";
import { createLayerPool } from "./adapters/model-artifact/layer-pool.ts";
import { awaitStore, joinStores } from "./adapters/model-artifact/layer-stores.ts";
import type { LayerStore } from "./adapters/model-artifact/layer.ts";
import { digestProgram } from "./adapters/model-artifact/program.ts";
import { createRegistryOpener } from "./adapters/registry/open.ts";
import { createJudgePool } from "./adapters/signatures/judge-pool.ts";
import type { Config } from "./config.ts";
import { createBreachesController } from "./controllers/breaches/controller.ts";
import { createContainmentController } from "./controllers/containment/controller.ts";
import { createFenceController } from "./controllers/fence/controller.ts";
import { watchGate } from "./controllers/gate-check/check.ts";
import { createRevertController, type OpenGitHub } from "./controllers/github/controller.ts";
import { createReviewsController } from "./controllers/github/reviews.ts";
import { createGovernanceController } from "./controllers/governance/controller.ts";
import { createPoliciesController } from "./controllers/policies/controller.ts";
import { createRefusalsController } from "./controllers/refusals/controller.ts";
import { SECRETS } from "./controllers/resources.ts";
import { createSnapshotsController } from "./controllers/snapshots/controller.ts";
import type { Toolbox } from "./controllers/toolbox.ts";
import { createVerificationController } from "./controllers/verification/controller.ts";
import { createPullSecrets } from "./controllers/verification/pull-secrets.ts";
import { createWorld, type World, WORLD_SOURCES } from "./controllers/world.ts";
import { SERVICE_ACCOUNT } from "./gate/policies/policy.ts";
import {
  type Client,
  createEventRecorder,
  type KubeObject,
  type Logger,
  reflect,
  runAsLeader,
  type WritableStore,
} from "./runtime/index.ts";
import { createEvidence } from "./telemetry/evidence.ts";
import { serveHealth } from "./telemetry/health.ts";
import { createMetrics, type Metrics } from "./telemetry/metrics.ts";

export interface Parts {
  config: Config;
  client: Client;
  logger: Logger;
  /** Takes lines of the evidence stream. */
  writeEvidence: (line: string) => void;
}

type AnyStore = WritableStore<KubeObject, unknown>;

const listStores = (world: World) =>
  (Object.keys(WORLD_SOURCES) as (keyof World)[]).map((name) => ({
    name,
    source: WORLD_SOURCES[name],
    store: world[name] as unknown as AnyStore,
  }));

/** Follows every kind into its store. */
function followWorld({ config, client, logger }: Parts, world: World, signal: AbortSignal): Promise<void>[] {
  return listStores(world).map(({ source: { type, scope, ...selectors }, store }) =>
    reflect(type, store, {
      client,
      logger,
      signal,
      ...selectors,
      ...(scope === "operator" ? { namespace: config.namespace } : {}),
    }),
  );
}

/** A watch that was silent for this long cannot be relied on. */
const STALE_MS = 300_000;

function findUnready(world: World, metrics: Metrics, now: number): string[] {
  return listStores(world).flatMap(({ name, source, store }) => {
    if (!store.isSynced()) return [`${name} not listed yet`];
    const age = now - store.lastSeen();
    metrics.set("watchAge", { kind: source.type.kind }, age / 1000);
    return age > STALE_MS ? [`watch of ${name} is silent`] : [];
  });
}

type Secret = KubeObject & { data?: Record<string, string> };

/** Reads a Secret of the operator's namespace, decoded. */
async function readSecret({ config, client }: Parts, name: string): Promise<Record<string, string>> {
  const { data = {} } = await client.get<Secret>(SECRETS, { namespace: config.namespace, name });
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]),
  );
}

/** Opens GitHub with the credential as it is now; undefined where the operator has none. */
function toGitHubOpener(parts: Parts, signal: AbortSignal): OpenGitHub {
  const { githubSecret, githubUrl: baseUrl } = parts.config;
  return async (repository, access) => {
    if (githubSecret === undefined) return undefined;
    const credential = parseCredential(await readSecret(parts, githubSecret));
    return openGitHub({ baseUrl, credential, repository, access, signal });
  };
}

const toPullSecrets = ({ client, config, logger }: Parts) =>
  createPullSecrets({
    client,
    logger,
    operator: { namespace: config.namespace, serviceAccount: SERVICE_ACCOUNT },
    own: config.pullSecrets,
    opened: config.namespacePullSecrets,
  });

const toRegistryOpener = (parts: Parts) =>
  createRegistryOpener({
    insecureHosts: parts.config.insecureRegistries,
    mirrors: parts.config.registryMirrors,
    caFile: parts.config.registryCaFile,
    proxy: parts.config.proxy,
  });

/** Keeps what was found in layers in memory, and in a folder where there is one that is of use. */
function createLayers({ config, logger }: Parts, metrics: Metrics): LayerStore {
  const { layersFolder: folder } = config;
  const memory = { name: "memory", store: keepLayers() } as const;
  const found = (from: "memory" | "folder") => metrics.count("layers", { from });
  if (folder === undefined) return joinStores([memory], found);
  let isTold = false;
  const opening = openLayerFiles({
    folder,
    digestProgram,
    tell: (failure, error) => {
      metrics.count("layerTroubles", { failure });
      // The metric tells of every one.
      if (!isTold) logger.warn({ folder, failure, err: error }, "layers cannot be kept: they may be read again");
      isTold = true;
    },
  });
  return joinStores([memory, { name: "folder", store: awaitStore(opening) } as const], found);
}

/** Runs the operator until the signal aborts, or until it lost the lease and has to be started anew. */
export async function runOperator(parts: Parts, signal: AbortSignal): Promise<"stopped" | "lost"> {
  const { config, client, logger } = parts;
  const world = createWorld();
  const metrics = createMetrics();
  const evidence = createEvidence(parts.writeEvidence, (kind) => metrics.count("evidence", { kind }));
  const events = createEventRecorder({
    client,
    controller: "vouchsafe.dev/operator",
    instance: config.identity,
    onFailure: (error) => logger.warn({ err: error }, "event not written"),
  });
  const tools: Toolbox = { client, world, events, evidence, metrics, logger, now: Date.now };
  const health = await serveHealth({
    host: config.host,
    port: config.port,
    findUnready: () => findUnready(world, metrics, Date.now()),
    renderMetrics: () => metrics.render(),
  });
  logger.info({ port: health.port }, "serving probes and metrics");
  const following = followWorld(parts, world, signal);
  // Nothing is waited for from here until all controllers are made: they hear of nothing that came before them.
  const openGitHub = toGitHubOpener(parts, signal);
  const judging = createJudgePool();
  const reading = createLayerPool();
  const controllers = [
    createPoliciesController(tools, config.namespace),
    createVerificationController(tools, {
      operatorNamespace: config.namespace,
      pullSecrets: toPullSecrets(parts),
      openRegistry: toRegistryOpener(parts),
      judge: judging.judge,
      hashLayer: reading.hashLayer,
      layers: createLayers(parts, metrics),
    }),
    createFenceController(tools, config.namespace),
    createGovernanceController(tools, config.namespace),
    createBreachesController(tools, config.namespace),
    createContainmentController(tools, config.namespace),
    createSnapshotsController(tools),
    createRefusalsController(tools),
    createRevertController(tools, openGitHub),
    createReviewsController(tools, { operatorNamespace: config.namespace, openGitHub }),
  ];
  metrics.set("leader", {}, 0);
  const lease = { client, namespace: config.namespace, name: "vouchsafe", identity: config.identity, logger };
  const outcome = await runAsLeader(lease, signal, async (leading) => {
    metrics.set("leader", {}, 1);
    // Half a picture of the world would close gates that are open.
    await Promise.race([
      Promise.all(listStores(world).map(({ store }) => store.synced)),
      new Promise<void>((ok) => leading.addEventListener("abort", () => ok(), { once: true })),
    ]);
    const operator = { namespace: config.namespace, serviceAccount: SERVICE_ACCOUNT };
    await Promise.all([watchGate(tools, operator, leading), ...controllers.map((one) => one.run(leading))]);
  });
  await Promise.all([...(outcome === "lost" ? [] : following), health.close(), judging.close(), reading.close()]);
  return outcome;
}
