/** `vouchsafe verify-image`: the signatures beside an artifact in its registry, judged as the gate judges them. No cluster. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { VerifiedSignature } from "../../api/model-release.ts";
import { collectSignatures } from "../../adapters/signatures/collect.ts";
import { judgeCandidates } from "../../adapters/signatures/judge-candidates.ts";
import { RegistryError } from "../../adapters/registry/errors.ts";
import { createRegistryOpener } from "../../adapters/registry/open.ts";
import { type Keyring, parseUserConfig } from "../../adapters/registry/pull-secrets.ts";
import { type ImageReference, parseReference, parseTagged, toWrittenHost } from "../../adapters/registry/reference.ts";
import type { Content, Registry } from "../../adapters/registry/registry.ts";
import { type Answer, type Machine, UsageError } from "../session.ts";
import { readCertificates, readSmall } from "./files.ts";
import { toPlain } from "./plain.ts";
import { createProgress } from "./progress.ts";
import { type Advice, describeAdvice, IMAGE_REFUSALS, REGISTRY_FAULTS } from "./refusals.ts";
import { type Demand, describeImage, listNext } from "./say-image.ts";
import { readSigners, type SignerOptions } from "./signers.ts";

export interface VerifyImageOptions extends SignerOptions {
  attestation: string[];
  model?: true;
  modelPath?: string;
  insecureRegistry: string[];
  caFile?: string;
  dockerConfig?: string;
}

const MAX_CONFIG_BYTES = 1024 * 1024;

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
  if (path === undefined && !existsSync(file)) return [];
  try {
    const text = (await readSmall("the docker config", file, MAX_CONFIG_BYTES)).toString("utf8");
    return parseUserConfig(text);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `${file} is no docker config, or one of its credentials cannot be read; name another: --docker-config FILE`,
    );
  }
}

/** The artifact by digest; a tag is looked up once, and told. A registry that fails is told by its own code. */
async function resolve(registry: Registry, image: string): Promise<{ ref: ImageReference; seen: Content }> {
  const ref = parseReference(image);
  if (ref !== undefined) return { ref, seen: await registry.readByDigest(ref) };
  const tagged = parseTagged(image);
  if (tagged === undefined) throw new UsageError(`${toPlain(image)} names no image: HOST/REPOSITORY:TAG or …@sha256:…`);
  const { tag, ...repository } = tagged;
  const seen = await registry.readTag({ ...repository, digest: "" }, tag);
  if (seen === undefined) throw new RegistryError("NotFound", `${repository.host} has no ${toPlain(image)}`);
  return { ref: { ...repository, digest: seen.digest }, seen };
}

/** A registry that fails is a fault of the environment: what, who can mend it, and the next step. */
function toUsageError(image: string, code: string, why: string, advice: Advice): UsageError {
  const host = (parseReference(image) ?? parseTagged(image))?.host ?? "HOST:PORT";
  const lines = [`${code}: ${toPlain(why)}`, ...describeAdvice(advice)];
  return new UsageError(lines.join("\n").replaceAll("HOST:PORT", host));
}

/** Has blobs tell how far they are: a model's files are read to the end. */
const withProgress = (registry: Registry): Registry => ({
  ...registry,
  streamBlob: async function* (ref, blob) {
    const watch = createProgress("reading");
    let read = 0;
    for await (const piece of registry.streamBlob(ref, blob)) {
      read += piece.length;
      watch(read, blob.size);
      yield piece;
    }
  },
});

/** Verifies, and says what was checked. */
export async function runVerifyImage(image: string, options: VerifyImageOptions, machine: Machine): Promise<Answer> {
  if (options.modelPath !== undefined && options.model !== true) {
    throw new UsageError("the folder of a model (--model-path) goes with --model");
  }
  const { named, signers } = await readSigners(options);
  const secrets = await readPullSecrets(options.dockerConfig);
  if (options.caFile !== undefined) await readCertificates(options.caFile);
  const open = createRegistryOpener({
    insecureHosts: options.insecureRegistry,
    mirrors: [],
    caFile: options.caFile,
    proxy: machine.readProxy(),
  });
  const { registry: plain, close } = await open([secrets]);
  const registry = withProgress(plain);
  try {
    const { ref, seen } = await resolve(registry, image);
    const model = { format: undefined, path: options.modelPath, readsFormats: options.model === true };
    const search = { registry, judge: judgeCandidates, signers, model, seen, now: Date.now() };
    const found = await collectSignatures(ref, search);
    const failed = found.problems.find(({ code }) => code === "RegistryFailed");
    if (failed !== undefined) throw toUsageError(image, failed.code, failed.why, IMAGE_REFUSALS[failed.code]);
    const missing = listDemands(options).filter((demand) => !isMet(demand, found.signatures));
    const name = `${toWrittenHost(ref.host)}/${ref.repository}@${ref.digest}`;
    return {
      exit: missing.length === 0 ? 0 : 1,
      json: {
        image: name,
        verdict: missing.length === 0 ? "verified" : "refused",
        missing,
        ...found,
        ...(missing.length === 0 ? {} : { next: listNext(name, missing, found) }),
      },
      lines: describeImage(name, missing, found, named),
    };
  } catch (error) {
    if (error instanceof RegistryError)
      throw toUsageError(image, error.code, error.message, REGISTRY_FAULTS[error.code]);
    throw error;
  } finally {
    await close();
  }
}
