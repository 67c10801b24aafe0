/** `vouchsafe verify-model`: a model on disk against its signature of OpenSSF Model Signing v1.0, without a cluster. */
import { MAX_SIGNATURE_BYTES } from "../../adapters/model-signing/envelope.ts";
import {
  type ModelSigner,
  type ModelTrust,
  type ModelVerdict,
  verifyModel,
} from "../../adapters/model-signing/verify-model.ts";
import type { Answer } from "../session.ts";
import { onDisk, readCertificates, readPublicKey, readRoot, readSmall } from "./files.ts";
import { describeLeftOut, readLeftOut } from "./left-out.ts";
import { demandNameByCertificate, lacks, type Method, warnOfStrayOptions } from "./method.ts";
import { toPlain } from "./plain.ts";
import { createProgress } from "./progress.ts";
import { describeAdvice, MODEL_REFUSALS } from "./refusals.ts";

export interface VerifyModelOptions {
  method: Method;
  modelPath: string;
  bundle: string;
  publicKey?: string;
  certChain: string[];
  timestampAuthority?: string;
  certificateIdentity?: string;
  identity?: string;
  identityProvider?: string;
  trustedRoot?: string;
  ignorePaths: string[];
  ignoreUnsignedFiles?: true;
  acceptV0Signatures?: true;
}

async function readTrust(options: VerifyModelOptions): Promise<ModelTrust> {
  const { method, timestampAuthority } = options;
  switch (method) {
    case "key":
      if (options.publicKey === undefined) throw lacks("--public-key", method);
      return { method, key: await readPublicKey(options.publicKey) };
    case "certificate": {
      if (options.certChain.length === 0)
        throw lacks("--cert-chain: the root that is trusted, and what lies between", method);
      const certificates = (await Promise.all(options.certChain.map(readCertificates))).flat();
      const authorities = timestampAuthority === undefined ? undefined : await readCertificates(timestampAuthority);
      return { method, certificates, authorities, identity: options.certificateIdentity, now: Date.now() };
    }
    case "sigstore": {
      const { identity, identityProvider: issuer } = options;
      if (identity === undefined || issuer === undefined) throw lacks("--identity and --identity-provider", method);
      return { method, identity, issuer, root: await readRoot(options.trustedRoot) };
    }
  }
}

const ANYBODY = "not asked    for whom it is: any certificate of the authority counts (--certificate-identity NAME)";

const describeSigner = (signer: ModelSigner, method: Method, isNamed: boolean): string[] =>
  signer.by === "key"
    ? [`signed by    key ${signer.keyDigest}`]
    : [
        `signed by    ${toPlain(signer.identity)}`,
        `issued by    ${toPlain(signer.issuer)}`,
        ...(signer.notAfter === undefined ? [] : [`good until   ${signer.notAfter}`]),
        ...(method === "certificate" ? ["not asked    whether a certificate was revoked"] : []),
        ...(method === "certificate" && !isNamed ? [ANYBODY] : []),
      ];

function describe(
  verdict: ModelVerdict,
  { modelPath, bundle, method, certificateIdentity }: VerifyModelOptions,
): string[] {
  switch (verdict.verdict) {
    case "verified":
      return [
        `VERIFIED     ${modelPath}`,
        `method       ${method}`,
        ...describeSigner(verdict.signer, method, certificateIdentity !== undefined),
        ...(verdict.digest === undefined ? [] : [`digest       ${verdict.digest}`]),
        `files        ${verdict.files}, ${verdict.bytes} bytes`,
        ...(verdict.unsigned === 0 ? [] : [`not signed   files beside them: ${verdict.unsigned}`]),
        ...describeLeftOut(verdict.ignored),
      ];
    case "refused":
      return [
        `REFUSED      ${modelPath}`,
        `${verdict.code}: ${toPlain(verdict.why)}`,
        `signature    ${bundle}`,
        ...describeAdvice(MODEL_REFUSALS[verdict.code]),
      ];
  }
}

function findAdvice(verdict: ModelVerdict): { who?: string; next?: string } {
  if (verdict.verdict === "verified") return {};
  const { who, next } = MODEL_REFUSALS[verdict.code];
  return { who, next };
}

/** Verifies, and says what was checked. */
export async function runVerifyModel(options: VerifyModelOptions): Promise<Answer> {
  const { modelPath: model, bundle } = options;
  demandNameByCertificate(options.method, options.certificateIdentity);
  const trust = await readTrust(options);
  const signature = await readSmall("the signature", bundle, MAX_SIGNATURE_BYTES);
  const leftOut = await readLeftOut(model, options.ignorePaths, bundle);
  const about = {
    model,
    signature,
    trust,
    ignored: leftOut.names,
    toleratesUnsigned: options.ignoreUnsignedFiles === true,
    acceptsLegacy: options.acceptV0Signatures === true,
  };
  const verdict = await onDisk(model, () => verifyModel(about, createProgress("hashing")));
  return {
    exit: verdict.verdict === "verified" ? 0 : 1,
    json: { model, ...verdict, ...findAdvice(verdict) },
    lines: describe(verdict, options),
    warnings: [...warnOfStrayOptions(options), ...leftOut.warnings],
  };
}
