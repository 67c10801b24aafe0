/** `vouchsafe sign-model`: OpenSSF Model Signing v1.0 over a model on disk, with a key or a certificate. */
import { createPublicKey, type KeyObject } from "node:crypto";
import { access, constants, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { MAX_SIGNATURE_BYTES, parseSignature } from "../../adapters/model-signing/envelope.ts";
import { ModelRefusal } from "../../adapters/model-signing/refusal.ts";
import { type SignedModel, signModel } from "../../adapters/model-signing/sign-model.ts";
import { digestKey } from "../../domain/public-keys.ts";
import { sayFault } from "../say-fault.ts";
import { type Answer, UsageError } from "../session.ts";
import { onDisk, readPrivateKey } from "./files.ts";
import { describeLeftOut, readLeftOut } from "./left-out.ts";
import { lacks, type Method, warnOfStrayOptions } from "./method.ts";
import { createProgress } from "./progress.ts";
import { describeAdvice, MODEL_REFUSALS } from "./refusals.ts";
import { readSigningChain } from "./signing-chain.ts";

/** Methods by which something can be signed here. */
type OwnMethod = Exclude<Method, "sigstore">;

export interface SignModelOptions {
  method: Method;
  modelPath: string;
  outputBundle: string;
  privateKey?: string;
  signingCert?: string;
  certChain: string[];
  ignorePaths: string[];
}

/** What lies where the signature is to be written has to be a signature, or nothing: a key or weights would be lost. */
async function demandReplaceable(path: string): Promise<void> {
  const folder = dirname(resolve(path));
  // Told before gigabytes are hashed.
  await access(folder, constants.W_OK).catch((error: unknown) => {
    throw new UsageError(`the folder ${folder} for the signature ${sayFault(error)}`);
  });
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

/** The key, where the method has one. */
async function readKey({ method, privateKey }: SignModelOptions): Promise<{ method: OwnMethod; key: KeyObject }> {
  if (method === "sigstore")
    throw new UsageError(
      "signing by --method sigstore needs a login in a browser: model_signing sign sigstore MODEL --signature FILE",
    );
  if (privateKey === undefined) throw lacks("--private-key", method);
  return { method, key: await readPrivateKey(privateKey) };
}

async function readChain({ signingCert, certChain }: SignModelOptions, method: OwnMethod, key: KeyObject) {
  switch (method) {
    case "key":
      return { certificates: [], warnings: [] };
    case "certificate":
      if (signingCert === undefined) throw lacks("--signing-cert", method);
      return readSigningChain(signingCert, certChain, key, Date.now());
  }
}

async function write(path: string, text: string): Promise<void> {
  await writeFile(path, text).catch((error: unknown) => {
    throw new UsageError(`the signature ${path} ${sayFault(error)}`);
  });
}

/** What whoever verifies is to type. */
function adviseVerifying({ method, modelPath, outputBundle }: SignModelOptions): string {
  const trust = method === "key" ? "--public-key PUBLIC-KEY" : "--cert-chain ROOT --certificate-identity NAME";
  return `vouchsafe verify-model --method ${method} --model-path ${modelPath} --bundle ${outputBundle} ${trust}`;
}

function describe({ files, bytes, digest, ignored }: SignedModel, signer: string, options: SignModelOptions) {
  return [
    `SIGNED       ${options.modelPath}`,
    `signed by    key ${signer}`,
    `digest       ${digest}`,
    `files        ${files}, ${bytes} bytes, each by its SHA-256`,
    ...describeLeftOut(ignored),
    `signature    ${options.outputBundle}`,
    `next         ${adviseVerifying(options)}`,
  ];
}

function refuse(model: string, { code, message }: ModelRefusal): Answer {
  const { who, next } = MODEL_REFUSALS[code];
  const lines = [`NOT SIGNED   ${model}`, `${code}: ${message}`, ...describeAdvice({ who, next })];
  return { exit: 1, json: { model, code, why: message, who, next }, lines };
}

/** Signs, and writes the signature file. */
export async function runSignModel(options: SignModelOptions): Promise<Answer> {
  const { modelPath: model, outputBundle } = options;
  const { method, key } = await readKey(options);
  const chain = await readChain(options, method, key);
  const leftOut = await readLeftOut(model, options.ignorePaths, outputBundle);
  await demandReplaceable(outputBundle);
  const warnings = [...warnOfStrayOptions(options), ...chain.warnings, ...leftOut.warnings];
  const ignored = leftOut.names;
  try {
    const signed = await onDisk(model, () =>
      signModel({ model, key, chain: chain.certificates, ignored }, createProgress("hashing")),
    );
    const { text, ...facts } = signed;
    await write(outputBundle, text);
    const keyDigest = digestKey(createPublicKey(key));
    const json = { model, signature: outputBundle, keyDigest, ...facts };
    return { exit: 0, json, lines: describe(signed, keyDigest, options), warnings };
  } catch (error) {
    if (error instanceof ModelRefusal) return { ...refuse(model, error), warnings };
    throw error;
  }
}
