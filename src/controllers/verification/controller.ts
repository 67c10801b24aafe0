/** Verifies each artifact of each release once per digest and set of trusted signers, and writes the facts into its status. */
import { ModelRelease, type ReleaseArtifact, type VerifiedArtifact } from "../../api/model-release.ts";
import { toResource } from "../../api/kind.ts";
import { type Collected, collectSignatures, type Search } from "../../adapters/signatures/collect.ts";
import type { LayerTask } from "../../adapters/model-artifact/layer.ts";
import { type ImageReference, parseReference } from "../../adapters/registry/reference.ts";
import type { LayerPool } from "../../adapters/model-artifact/layer-pool.ts";
import type { LayerStore } from "../../adapters/model-artifact/match-artifact.ts";
import type { OpenedRegistry } from "../../adapters/registry/open.ts";
import { toCanonicalText } from "../../domain/canonical.ts";
import { stateFinding } from "../../domain/findings.ts";
import { digestOfImage } from "../../domain/images.ts";
import { toIso } from "../../domain/time.ts";
import { gatherQuest, type Quest } from "../../domain/trust.ts";
import { type Controller, createController, fromStore, type Result } from "../../runtime/index.ts";
import { toObserver } from "../governance/controller.ts";
import { observeModes } from "../governance/observe.ts";
import { applyStatus, OPERATOR_ACTOR, type Toolbox, toSubject } from "../toolbox.ts";
import { createOnce } from "./once.ts";
import { findKept, findRetry, isUnverified, keepThroughOutage, needsLook } from "./decide.ts";

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
  /** Opens registries with the pull secrets as they are now. */
  openRegistry: () => Promise<OpenedRegistry>;
}

const NO_REFERENCE: Collected = {
  closure: [],
  signatures: [],
  model: undefined,
  problems: [{ code: "RegistryFailed", why: "it is no OCI reference" }],
};

/** Makes the controller; its keys are `namespace/name` of releases. */
export function createVerificationController(tools: Toolbox, options: VerificationOptions): Controller {
  const { world, metrics, evidence } = tools;
  const once = createOnce<Collected>(tools.now);

  const collect = (opened: OpenedRegistry, ref: ImageReference, artifact: ReleaseArtifact, asked: Asked) => {
    const { format, modelPath: path } = artifact;
    const { signers, readsFormats } = asked;
    const { registry, access } = opened;
    const hashLayer = (from: ImageReference, task: LayerTask) => options.hashLayer({ access, ref: from, task });
    const model = { format, path, readsFormats, store: options.layers, hashLayer };
    const key = [ref.host, ref.repository, ref.digest, asked.digest, format, path ?? ""].join(" ");
    return once(key, () =>
      collectSignatures(ref, { registry, judge: options.judge, signers, model, now: tools.now() }),
    );
  };

  const look = async (opened: OpenedRegistry, release: ModelRelease, artifact: ReleaseArtifact, asked: Asked) => {
    const values = {
      artifact: artifact.name,
      release: release.metadata.name,
      namespace: release.metadata.namespace ?? "",
      policy: asked.policies,
    };
    const ref = parseReference(artifact.image);
    const found = ref === undefined ? NO_REFERENCE : await collect(opened, ref, artifact, asked);
    const problems = found.problems.map(({ code, why }) => stateFinding(code, { ...values, why }));
    const fresh: VerifiedArtifact = {
      name: artifact.name,
      digest: digestOfImage(artifact.image),
      closure: found.closure,
      signatures: found.signatures,
      ...(found.model === undefined ? {} : { model: found.model }),
      ...(problems.length > 0 ? { problems } : {}),
      trust: asked.digest,
      verifiedAt: toIso(tools.now()),
    };
    const isFailed = found.problems.some(({ code }) => code === "RegistryFailed");
    metrics.count("verifications", {
      outcome: isFailed ? "failed" : found.signatures.length > 0 ? "signed" : "unsigned",
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
    return keepThroughOutage(fresh, findKept(release, artifact));
  };

  /** Looks at what is due, and keeps what is known of the rest; no registry is opened where nothing is due. */
  const lookWhereDue = async (release: ModelRelease, asked: Asked): Promise<VerifiedArtifact[]> => {
    const { artifacts } = release.spec;
    const now = tools.now();
    const known = artifacts.map((artifact) =>
      needsLook(release, artifact, asked.digest, now) ? undefined : findKept(release, artifact),
    );
    if (known.every((one) => one !== undefined)) return known;
    const opened = await options.openRegistry();
    try {
      const looked: VerifiedArtifact[] = [];
      for (const [index, artifact] of artifacts.entries()) {
        looked.push(known[index] ?? (await look(opened, release, artifact, asked)));
      }
      return looked;
    } finally {
      await opened.close();
    }
  };

  const reconcile = async (key: string): Promise<Result> => {
    const read = world.releases.get(key);
    if (read?.outcome !== "valid" || read.metadata.deletionTimestamp !== undefined) return { kind: "done" };
    const release = read.object;
    const asked = gatherAsked(tools, options.operatorNamespace, release.metadata.namespace ?? "");
    if (asked === undefined) return { kind: "done" };
    const artifacts = await lookWhereDue(release, asked);
    if (toCanonicalText(release.status?.artifacts ?? []) !== toCanonicalText(artifacts)) {
      const value = { artifacts };
      await applyStatus(tools, toResource(ModelRelease), release, { fieldManager: "vouchsafe-verification", value });
    }
    const retry = findRetry(artifacts, isUnverified(release), tools.now());
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
