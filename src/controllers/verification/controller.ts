/** Verifies each artifact of each release once per digest and set of trusted signers, and writes the facts into its status. */
import { ModelRelease, type ReleaseArtifact, type VerifiedArtifact } from "../../api/model-release.ts";
import { toResource } from "../../api/kind.ts";
import { type Collected, collectSignatures, type Search } from "../../adapters/signatures/collect.ts";
import { parseReference } from "../../adapters/registry/reference.ts";
import type { Registry } from "../../adapters/registry/registry.ts";
import { toCanonicalText } from "../../domain/canonical.ts";
import { stateFinding } from "../../domain/findings.ts";
import { digestOfImage } from "../../domain/images.ts";
import { toIso } from "../../domain/time.ts";
import { digestTrust, gatherSigners, type NamedSigner } from "../../domain/trust.ts";
import { type Controller, createController, fromStore, type Result } from "../../runtime/index.ts";
import { toObserver } from "../governance/controller.ts";
import { observeModes } from "../governance/observe.ts";
import { applyStatus, OPERATOR_ACTOR, type Toolbox, toSubject } from "../toolbox.ts";
import { createOnce } from "./once.ts";
import { findKept, findRetry, isUnverified, keepThroughOutage, needsLook } from "./decide.ts";

/** The signers that any policy of the namespace trusts, and a digest over them. */
interface Trust {
  signers: NamedSigner[];
  digest: string;
  policies: string;
}

function gatherTrust(tools: Toolbox, operatorNamespace: string, namespace: string): Trust | undefined {
  const policies = [...observeModes(tools.world, operatorNamespace, namespace).values()];
  if (policies.length === 0) return undefined;
  const signers = gatherSigners(policies);
  return {
    signers,
    digest: digestTrust(signers),
    policies: policies.map(({ name }) => name).join(", "),
  };
}

export interface VerificationOptions {
  operatorNamespace: string;
  /** Judges signatures, in other threads. */
  judge: Search["judge"];
  /** Opens registries with the pull secrets as they are now. */
  openRegistry: () => Promise<{ registry: Registry; close: () => Promise<void> }>;
}

/** Makes the controller; its keys are `namespace/name` of releases. */
export function createVerificationController(tools: Toolbox, options: VerificationOptions): Controller {
  const { world, metrics, evidence } = tools;
  const once = createOnce<Collected>(tools.now);

  const look = async (registry: Registry, release: ModelRelease, artifact: ReleaseArtifact, trust: Trust) => {
    const values = {
      artifact: artifact.name,
      release: release.metadata.name,
      namespace: release.metadata.namespace ?? "",
      policy: trust.policies,
    };
    const ref = parseReference(artifact.image);
    const found =
      ref === undefined
        ? {
            closure: [],
            signatures: [],
            problems: [{ code: "RegistryFailed" as const, why: "it is no OCI reference" }],
          }
        : await once(`${ref.host}/${ref.repository}@${ref.digest} ${trust.digest}`, () =>
            collectSignatures(ref, { registry, judge: options.judge, signers: trust.signers, now: tools.now() }),
          );
    const problems = found.problems.map(({ code, why }) => stateFinding(code, { ...values, why }));
    const fresh: VerifiedArtifact = {
      name: artifact.name,
      digest: digestOfImage(artifact.image),
      closure: found.closure,
      signatures: found.signatures,
      ...(problems.length > 0 ? { problems } : {}),
      trust: trust.digest,
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
      inputs: [trust.digest, ...found.signatures.map(({ signerDigest }) => signerDigest)],
      codes: problems.map(({ code }) => code),
    });
    return keepThroughOutage(fresh, findKept(release, artifact));
  };

  /** Looks at what is due, and keeps what is known of the rest; no registry is opened where nothing is due. */
  const lookWhereDue = async (release: ModelRelease, trust: Trust): Promise<VerifiedArtifact[]> => {
    const { artifacts } = release.spec;
    const now = tools.now();
    const known = artifacts.map((artifact) =>
      needsLook(release, artifact, trust.digest, now) ? undefined : findKept(release, artifact),
    );
    if (known.every((one) => one !== undefined)) return known;
    const { registry, close } = await options.openRegistry();
    try {
      const looked: VerifiedArtifact[] = [];
      for (const [index, artifact] of artifacts.entries()) {
        looked.push(known[index] ?? (await look(registry, release, artifact, trust)));
      }
      return looked;
    } finally {
      await close();
    }
  };

  const reconcile = async (key: string): Promise<Result> => {
    const read = world.releases.get(key);
    if (read?.outcome !== "valid" || read.metadata.deletionTimestamp !== undefined) return { kind: "done" };
    const release = read.object;
    const trust = gatherTrust(tools, options.operatorNamespace, release.metadata.namespace ?? "");
    if (trust === undefined) return { kind: "done" };
    const artifacts = await lookWhereDue(release, trust);
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
