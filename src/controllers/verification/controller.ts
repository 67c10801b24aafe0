/** Verifies each artifact of each release once per digest and set of trusted signers, and writes the facts into its status. */
import {
  type ArtifactReading,
  ModelRelease,
  type ReleaseArtifact,
  type VerifiedArtifact,
  type VerifiedSignature,
} from "../../api/model-release.ts";
import { toResource } from "../../api/kind.ts";
import {
  type Collected,
  collectSignatures,
  type Search,
  type SignatureProblem,
} from "../../adapters/signatures/collect.ts";
import type { LayerStore, LayerTask } from "../../adapters/model-artifact/layer.ts";
import type { Meter } from "../../adapters/model-artifact/meter.ts";
import { type ImageReference, parseReference } from "../../adapters/registry/reference.ts";
import type { LayerPool } from "../../adapters/model-artifact/layer-pool.ts";
import type { OpenedRegistry } from "../../adapters/registry/open.ts";
import type { Keyring } from "../../adapters/registry/pull-secrets.ts";
import { toCanonicalText } from "../../domain/canonical.ts";
import { stateFinding } from "../../domain/findings.ts";
import { digestOfImage } from "../../domain/images.ts";
import { toIso } from "../../domain/time.ts";
import { gatherQuest, type Quest } from "../../domain/trust.ts";
import { findVerified, hasFailed } from "../../domain/verified-artifacts.ts";
import { type Controller, createController, fromStore, type Result } from "../../runtime/index.ts";
import { toObserver } from "../governance/controller.ts";
import { observeModes } from "../governance/observe.ts";
import { applyStatus, OPERATOR_ACTOR, type Toolbox, toSubject } from "../toolbox.ts";
import { createLooks, type Looked } from "./looks.ts";
import type { Lack, PullSecrets } from "./pull-secrets.ts";
import { keepApart } from "./keep-apart.ts";
import { findRetry, isUnverified, keepThroughOutage, needsLook, type Progress, stateReading } from "./decide.ts";
import { createReadings } from "./readings.ts";

/** What all policies of the namespace ask, and their names. */
interface Asked extends Quest {
  policies: string;
}

function gatherAsked(tools: Toolbox, operatorNamespace: string, namespace: string): Asked | undefined {
  const policies = [...observeModes(tools.world, operatorNamespace, namespace).values()];
  if (policies.length === 0) return undefined;
  return { ...gatherQuest(policies), policies: policies.map(({ name }) => name).join(", ") };
}

export interface VerificationOptions {
  operatorNamespace: string;
  /** Judges signatures, in other threads. */
  judge: Search["judge"];
  /** Hashes layers in another thread, and keeps what it found. */
  hashLayer: LayerPool["hashLayer"];
  layers: LayerStore;
  pullSecrets: PullSecrets;
  openRegistry: (keyrings: readonly Keyring[]) => Promise<OpenedRegistry>;
}

/** Failures that credentials may mend. */
const MENDED_BY_CREDENTIALS: ReadonlySet<SignatureProblem["fault"]> = new Set([
  "Unauthorized",
  "NotFound",
  "RateLimited",
]);

/** What is wrong, as the status says it; a registry that shows nothing without a pull secret that lacks is told so. */
type LookProblem = SignatureProblem | ({ code: "PullSecretUnusable"; why: string } & Lack);
type Found = Omit<Collected, "problems"> & { problems: LookProblem[] };

function tellLack(found: Collected, [lack]: readonly Lack[]): Found {
  if (lack === undefined) return found;
  const tell = (problem: SignatureProblem): LookProblem =>
    problem.code === "RegistryFailed" && MENDED_BY_CREDENTIALS.has(problem.fault)
      ? { ...lack, code: "PullSecretUnusable", why: problem.why }
      : problem;
  return { ...found, problems: found.problems.map(tell) };
}

const NO_REFERENCE: Found = {
  closure: [],
  signatures: [],
  model: undefined,
  problems: [{ code: "RegistryFailed", why: "it is no OCI reference" }],
};

/** How long until it is asked again what became of a look, and whether there is room for one. */
const ASK_AGAIN_MS = { "under way": 1_000, "no room": 5_000 } as const;

/** What is looked at, for whom, and what is asked of it. */
interface Look {
  namespace: string;
  ref: ImageReference;
  artifact: ReleaseArtifact;
  asked: Asked;
}

/** What verification says in a status. */
interface Known {
  artifacts: VerifiedArtifact[];
  reading: ArtifactReading[];
}

/** How the policies of this namespace call a signer: looks are shared with others. */
const nameSigner = ({ signers }: Asked, { signer, signerDigest }: VerifiedSignature): string =>
  signers.find(({ digest }) => digest === signerDigest)?.signer ?? signer;

/** Makes the controller; its keys are `namespace/name` of releases. */
export function createVerificationController(tools: Toolbox, options: VerificationOptions): Controller {
  const { world, metrics, evidence } = tools;
  const looks = createLooks<Found>(tools.now);
  const { pullSecrets } = options;
  const storeOf = keepApart(options.layers);

  const readings = createReadings(tools.now);

  const collect = async ({ namespace, ref, artifact, asked }: Look, meter: Meter): Promise<Found> => {
    const { format, modelPath: path } = artifact;
    const { signers, readsFormats } = asked;
    const { keyrings, lacks } = await pullSecrets.read(namespace);
    const { registry, access, pauses, close } = await options.openRegistry(keyrings);
    const hashLayer = async (from: ImageReference, task: LayerTask) => {
      const contents = await options.hashLayer({ access, pauses, ref: from, task, counter: meter.counter });
      metrics.count("layers", { from: "registry" });
      metrics.count("layerBytes", {}, task.size);
      return contents;
    };
    const store = storeOf(pullSecrets.scopeOf(namespace));
    const model = { format, path, readsFormats, store, meter, hashLayer };
    const search = { registry, judge: options.judge, signers, model, now: tools.now() };
    try {
      return tellLack(await collectSignatures(ref, search), lacks);
    } finally {
      await close();
    }
  };

  /** Looks, and tells how far a look is that is not done. */
  const find = async (
    namespace: string,
    artifact: ReleaseArtifact,
    asked: Asked,
  ): Promise<{ look: Looked<Found>; shown: Progress | undefined }> => {
    const ref = parseReference(artifact.image);
    if (ref === undefined) return { look: { state: "done", answer: NO_REFERENCE }, shown: undefined };
    const { host, repository, digest } = ref;
    const { format, modelPath = "" } = artifact;
    // What was seen with a namespace's own secrets is for its own releases alone.
    const scope = pullSecrets.scopeOf(namespace) ?? "";
    const key = [scope, host, repository, digest, asked.digest, format, modelPath].join(" ");
    const work = () => readings.follow(key, (meter) => collect({ namespace, ref, artifact, asked }, meter));
    const look = await looks(namespace, key, work);
    return { look, shown: readings.tell(key) };
  };

  const note = (release: ModelRelease, artifact: ReleaseArtifact, asked: Asked, found: Found) => {
    const values = {
      artifact: artifact.name,
      release: release.metadata.name,
      namespace: release.metadata.namespace ?? "",
      policy: asked.policies,
    };
    const problems = found.problems.map(({ code, ...about }) => stateFinding(code, { ...values, ...about }));
    const fresh: VerifiedArtifact = {
      name: artifact.name,
      digest: digestOfImage(artifact.image),
      closure: found.closure,
      signatures: found.signatures.map((one) => ({ ...one, signer: nameSigner(asked, one) })),
      ...(found.model === undefined ? {} : { model: found.model }),
      ...(problems.length > 0 ? { problems } : {}),
      trust: asked.digest,
      verifiedAt: toIso(tools.now()),
    };
    metrics.count("verifications", {
      outcome: hasFailed(fresh) ? "failed" : found.signatures.length > 0 ? "signed" : "unsigned",
    });
    evidence.record({
      kind: "verification",
      actor: OPERATOR_ACTOR,
      object: toSubject(release),
      what: found.signatures.length > 0 ? "signed" : "unsigned",
      digest: fresh.digest,
      inputs: [asked.digest, ...found.signatures.map(({ signerDigest }) => signerDigest)],
      codes: problems.map(({ code }) => code),
    });
    return keepThroughOutage(fresh, findVerified(release, artifact));
  };

  /** Looks at what is due, and keeps what is known of the rest, also while a look is under way. */
  const lookWhereDue = async (
    release: ModelRelease,
    asked: Asked,
  ): Promise<Known & { askAgain: number | undefined }> => {
    const now = tools.now();
    const { artifacts, reading }: Known = { artifacts: [], reading: [] };
    let askAgain: number | undefined;
    for (const artifact of release.spec.artifacts) {
      const kept = findVerified(release, artifact);
      const isDue = needsLook(release, artifact, asked.digest, now);
      const found = isDue ? await find(release.metadata.namespace ?? "", artifact, asked) : undefined;
      if (found?.look.state === "done") {
        artifacts.push(note(release, artifact, asked, found.look.answer));
        continue;
      }
      if (kept !== undefined) artifacts.push(kept);
      if (found === undefined) continue;
      askAgain = Math.max(askAgain ?? 0, ASK_AGAIN_MS[found.look.state]);
      const stated = stateReading(release, artifact, found.shown);
      if (stated !== undefined) reading.push(stated);
    }
    return { artifacts, reading, askAgain };
  };

  const write = async (release: ModelRelease, { artifacts, reading }: Known): Promise<void> => {
    const { status } = release;
    const before: Known = { artifacts: status?.artifacts ?? [], reading: status?.reading ?? [] };
    if (toCanonicalText(before) === toCanonicalText({ artifacts, reading })) return;
    const value = reading.length === 0 ? { artifacts } : { artifacts, reading };
    await applyStatus(tools, toResource(ModelRelease), release, { fieldManager: "vouchsafe-verification", value });
  };

  const reconcile = async (key: string): Promise<Result> => {
    const read = world.releases.get(key);
    if (read?.outcome !== "valid" || read.metadata.deletionTimestamp !== undefined) return { kind: "done" };
    const release = read.object;
    const asked = gatherAsked(tools, options.operatorNamespace, release.metadata.namespace ?? "");
    if (asked === undefined) {
      // Nobody reads for a namespace that is governed no more.
      await write(release, { artifacts: release.status?.artifacts ?? [], reading: [] });
      return { kind: "done" };
    }
    const { askAgain, ...known } = await lookWhereDue(release, asked);
    await write(release, known);
    if (askAgain !== undefined) return { kind: "requeueAfter", ms: askAgain };
    const retry = findRetry(known.artifacts, isUnverified(release), tools.now());
    return retry === undefined ? { kind: "done" } : { kind: "requeueAfter", ms: retry };
  };

  const keyOf = ({ metadata }: { metadata: { namespace?: string; name: string } }) => [
    `${metadata.namespace ?? ""}/${metadata.name}`,
  ];
  const all = () => world.releases.list().flatMap(keyOf);
  return createController({
    name: "verification",
    sources: [
      fromStore(world.releases, keyOf),
      fromStore(world.policies, all),
      fromStore(world.configMaps, all),
      fromStore(world.namespaces, ({ metadata }) => world.releases.byIndex("namespace", metadata.name).flatMap(keyOf)),
    ],
    reconcile,
    logger: tools.logger,
    observer: toObserver(tools),
  });
}
