/** `vouchsafe verify-model` and `sign-model`: OpenSSF Model Signing v1.0 on a model on disk, without a cluster. */
import { type KeyObject, X509Certificate } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { isAbsolute, relative, resolve } from "node:path";
import { MAX_SIGNATURE_BYTES, parseSignature } from "../../adapters/model-signing/envelope.ts";
import { ModelRefusal } from "../../adapters/model-signing/refusal.ts";
import { signModel } from "../../adapters/model-signing/sign-model.ts";
import { type ModelTrust, type ModelVerdict, verifyModel } from "../../adapters/model-signing/verify-model.ts";
import { isSoundName } from "../../adapters/model-signing/names.ts";
import { type Answer, UsageError } from "../session.ts";
import { codeOf, readCertificates, readPrivateKey, readPublicKey, readRoot, readSmall } from "./files.ts";
import { toPlain } from "./plain.ts";
import { createProgress } from "./progress.ts";

export type Method = "key" | "certificate" | "sigstore";

export interface VerifyModelOptions {
  method: Method;
  modelPath: string;
  bundle: string;
  publicKey?: string;
  certChain: string[];
  identity?: string;
  identityProvider?: string;
  trustedRoot?: string;
  ignorePaths: string[];
  ignoreUnsignedFiles?: true;
  acceptV0Signatures?: true;
}

export interface SignModelOptions {
  method: Method;
  modelPath: string;
  outputBundle: string;
  privateKey: string;
  signingCert?: string;
  certChain: string[];
  ignorePaths: string[];
}

/** Where `path`, from here, lies within the model; undefined where it lies outside. */
function findWithin(model: string, path: string): string | undefined {
  const within = relative(resolve(model), resolve(path));
  return isSoundName(within) ? within : undefined;
}

/** Paths as people name them: from here, or from the model's folder. */
const listIgnored = (model: string, paths: readonly string[]): string[] =>
  paths.flatMap((path) => {
    const within = findWithin(model, path) ?? (isAbsolute(path) ? "" : path.replace(/^\.\//, "").replace(/\/+$/, ""));
    return isSoundName(within) ? [within] : [];
  });

/** What is not part of the model: what people say, and the signature itself where it lies in it. */
function listLeftOut(model: string, paths: readonly string[], signature: string): string[] {
  const own = findWithin(model, signature);
  return [...new Set([...listIgnored(model, paths), ...(own === undefined ? [] : [own])])];
}

const missing = (option: string, method: Method) => new UsageError(`--method ${method} needs ${option}`);

async function readTrust(options: VerifyModelOptions): Promise<ModelTrust> {
  const { method } = options;
  switch (method) {
    case "key":
      if (options.publicKey === undefined) throw missing("--public-key", method);
      return { method, key: await readPublicKey(options.publicKey) };
    case "certificate": {
      if (options.certChain.length === 0)
        throw missing("--cert-chain: the root that is trusted, and what lies between", method);
      const certificates = (await Promise.all(options.certChain.map(readCertificates))).flat();
      return { method, certificates, now: Date.now() };
    }
    case "sigstore": {
      const { identity, identityProvider: issuer } = options;
      if (identity === undefined || issuer === undefined) throw missing("--identity and --identity-provider", method);
      return { method, identity, issuer, root: await readRoot(options.trustedRoot) };
    }
  }
}

function describe(verdict: ModelVerdict, { modelPath, bundle, method }: VerifyModelOptions): string[] {
  switch (verdict.verdict) {
    case "verified":
      return [
        `VERIFIED     ${modelPath}`,
        `method       ${method}`,
        `files        ${verdict.files}, ${verdict.bytes} bytes`,
        ...(verdict.unsigned === 0 ? [] : [`not signed   ${verdict.unsigned} files beside them`]),
        ...(verdict.ignored.length === 0 ? [] : [`left out     ${verdict.ignored.map(toPlain).join(", ")}`]),
      ];
    case "refused":
      return [`REFUSED      ${modelPath}`, `${verdict.code}: ${toPlain(verdict.why)}`, `signature    ${bundle}`];
  }
}

/** Has `act` fail with a fault of usage where the model cannot be read. */
async function onDisk<T>(model: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Error && "code" in error && "syscall" in error)
      throw new UsageError(`the model ${model}: ${codeOf(error)}`);
    throw error;
  }
}

/** Verifies, and says what was checked. */
export async function runVerifyModel(options: VerifyModelOptions): Promise<Answer> {
  const trust = await readTrust(options);
  const signature = await readSmall("the signature", options.bundle, MAX_SIGNATURE_BYTES);
  const ignored = listLeftOut(options.modelPath, options.ignorePaths, options.bundle);
  const about = {
    model: options.modelPath,
    signature,
    trust,
    ignored,
    toleratesUnsigned: options.ignoreUnsignedFiles === true,
    acceptsLegacy: options.acceptV0Signatures === true,
  };
  const verdict = await onDisk(options.modelPath, () => verifyModel(about, createProgress("hashing")));
  return {
    exit: verdict.verdict === "verified" ? 0 : 1,
    json: { model: options.modelPath, ...verdict },
    lines: describe(verdict, options),
  };
}

/** A certificate of another key would make a signature that nobody can verify. */
function demandOwn([leaf]: readonly Buffer[], key: KeyObject): void {
  const isOwn = leaf !== undefined && new X509Certificate(leaf).checkPrivateKey(key);
  if (!isOwn) throw new UsageError("--signing-cert is not the certificate of --private-key");
}

/** What lies where the signature is to be written has to be a signature, or nothing: a key or weights would be lost. */
async function demandReplaceable(path: string): Promise<void> {
  const status = await stat(path).catch(() => undefined);
  if (status === undefined) return;
  const keep = () => new UsageError(`${path} is there and is no model signature: it is not overwritten`);
  if (!status.isFile() || status.size > MAX_SIGNATURE_BYTES) throw keep();
  try {
    parseSignature(await readFile(path));
  } catch {
    throw keep();
  }
}

/** Signs, and writes the signature file. */
export async function runSignModel(options: SignModelOptions): Promise<Answer> {
  const { method, modelPath: model, outputBundle } = options;
  if (method === "sigstore")
    throw new UsageError("signing by --method sigstore needs a login in a browser: use cosign or model_signing");
  const key = await readPrivateKey(options.privateKey);
  let chain: Buffer[] = [];
  if (method === "certificate") {
    if (options.signingCert === undefined) throw missing("--signing-cert", method);
    chain = (await Promise.all([options.signingCert, ...options.certChain].map(readCertificates))).flat();
    demandOwn(chain, key);
  }
  const ignored = listLeftOut(model, options.ignorePaths, outputBundle);
  await demandReplaceable(outputBundle);
  try {
    const text = await onDisk(model, () => signModel({ model, key, chain, ignored }, createProgress("hashing")));
    await writeFile(outputBundle, text);
  } catch (error) {
    if (!(error instanceof ModelRefusal)) throw error;
    return {
      exit: 1,
      json: { model, code: error.code, why: error.message },
      lines: [`NOT SIGNED   ${model}`, `${error.code}: ${error.message}`],
    };
  }
  return {
    exit: 0,
    json: { model, signature: outputBundle },
    lines: [`SIGNED       ${model}`, `signature    ${outputBundle}`],
  };
}
