/** `vouchsafe verify-image`: the signatures beside an artifact in its registry, judged as the gate judges them. No cluster. */
import { homedir } from "node:os";
import { join } from "node:path";
import type { VerifiedSignature } from "../../api/model-release.ts";
import type { Signer } from "../../api/signer.ts";
import { type Collected, collectSignatures } from "../../adapters/signatures/collect.ts";
import { judgeCandidates } from "../../adapters/signatures/judge-candidates.ts";
import { RegistryError } from "../../adapters/registry/errors.ts";
import { createRegistryOpener } from "../../adapters/registry/open.ts";
import { type Keyring, parseDockerConfig } from "../../adapters/registry/pull-secrets.ts";
import { type ImageReference, parseReference, parseTagged, toWrittenHost } from "../../adapters/registry/reference.ts";
import type { Registry } from "../../adapters/registry/registry.ts";
import { listDetails, sayMatter } from "../say-signature.ts";
import { type Answer, type Machine, UsageError } from "../session.ts";
import { readSmall } from "./files.ts";
import { toPlain } from "./plain.ts";
import { readSigners, type SignerOptions } from "./signers.ts";

export interface VerifyImageOptions extends SignerOptions {
  attestation: string[];
  model?: true;
  modelPath?: string;
  insecureRegistry: string[];
  dockerConfig?: string;
}

const MAX_CONFIG_BYTES = 1024 * 1024;

/** What has to be signed. */
type Demand = { over: "artifact" | "model" } | { over: "attestation"; predicateType: string };

const listDemands = ({ attestation, model }: VerifyImageOptions): Demand[] => [
  { over: "artifact" },
  ...(model === true ? [{ over: "model" as const }] : []),
  ...attestation.map((predicateType) => ({ over: "attestation" as const, predicateType })),
];

const isMet = (demand: Demand, signatures: readonly VerifiedSignature[]) =>
  signatures.some(
    ({ over, predicateType }) =>
      over === demand.over && (demand.over !== "attestation" || predicateType === demand.predicateType),
  );

/** The user's own docker config; none where there is no such file and none was named. */
async function readPullSecrets(path: string | undefined): Promise<Keyring> {
  const file = path ?? join(homedir(), ".docker", "config.json");
  try {
    const text = (await readSmall("the docker config", file, MAX_CONFIG_BYTES)).toString("utf8");
    return parseDockerConfig(text);
  } catch (error) {
    if (path === undefined && error instanceof UsageError && error.message.endsWith("ENOENT")) return [];
    if (error instanceof UsageError) throw error;
    throw new UsageError(`the docker config ${file} cannot be read`);
  }
}

/** The artifact by digest; a tag is looked up once, and told. */
async function resolve(registry: Registry, image: string): Promise<ImageReference> {
  const ref = parseReference(image);
  if (ref !== undefined) return ref;
  const tagged = parseTagged(image);
  if (tagged === undefined) throw new UsageError(`${toPlain(image)} names no image: HOST/REPOSITORY:TAG or …@sha256:…`);
  const { tag, ...repository } = tagged;
  const content = await registry.readTag({ ...repository, digest: "" }, tag);
  if (content === undefined) throw new UsageError(`${repository.host} has no ${toPlain(image)}`);
  return { ...repository, digest: content.digest };
}

function describeSignature(signature: VerifiedSignature) {
  const { signer, identity, issuer, notAfter } = signature;
  const who = identity === undefined ? signer : `${toPlain(identity)} (issuer ${toPlain(issuer ?? "?")})`;
  const more = listDetails(signature).join(", ");
  const until = notAfter === undefined ? "" : `, until ${notAfter}`;
  return `signed by    ${who} over the ${sayMatter(signature)} (${more})${until}`;
}

function describe(name: string, missing: readonly Demand[], found: Collected, signers: Signer[]) {
  const { signatures, problems, model } = found;
  const who = signers.map((one) => one.name).join(" or ");
  return [
    `${missing.length === 0 ? "VERIFIED " : "REFUSED  "}    ${name}`,
    ...signatures.map(describeSignature),
    ...(model === undefined ? [] : [`model        ${model.digest}`, `holds        ${model.formats.join(", ")}`]),
    ...missing.map((demand) => `missing      a signature over the ${sayMatter(demand)} by ${who}`),
    ...problems.map(({ code, why }) => `found        ${code}: ${toPlain(why)}`),
    ...(missing.length === 0
      ? ["not judged   what attestations state beyond their type"]
      : [`next         sign it (cosign sign, cosign attest), or name whoever signed it; docs/verifying.md`]),
  ];
}

/** Verifies, and says what was checked. */
export async function runVerifyImage(image: string, options: VerifyImageOptions, machine: Machine): Promise<Answer> {
  if (options.modelPath !== undefined && options.model !== true) {
    throw new UsageError("the folder of a model (--model-path) goes with --model");
  }
  const { named, signers } = await readSigners(options);
  const secrets = await readPullSecrets(options.dockerConfig);
  const open = createRegistryOpener({
    insecureHosts: options.insecureRegistry,
    mirrors: [],
    caFile: undefined,
    proxy: machine.proxy,
  });
  const { registry, close } = await open([secrets]);
  try {
    const ref = await resolve(registry, image);
    const model = { format: undefined, path: options.modelPath, readsFormats: options.model === true };
    const found = await collectSignatures(ref, { registry, judge: judgeCandidates, signers, model, now: Date.now() });
    const failed = found.problems.find(({ code }) => code === "RegistryFailed");
    if (failed !== undefined) throw new UsageError(`${ref.host}: ${failed.why}`);
    const missing = listDemands(options).filter((demand) => !isMet(demand, found.signatures));
    const name = `${toWrittenHost(ref.host)}/${ref.repository}@${ref.digest}`;
    return {
      exit: missing.length === 0 ? 0 : 1,
      json: { image: name, verdict: missing.length === 0 ? "verified" : "refused", missing, ...found },
      lines: describe(name, missing, found, named),
    };
  } catch (error) {
    if (error instanceof RegistryError) throw new UsageError(error.message);
    throw error;
  } finally {
    await close();
  }
}
