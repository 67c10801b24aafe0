/** `vouchsafe verify-bundle`: one Sigstore bundle, one file or digest, no cluster and no network. */
import { type Artifact, parseDigest, readArtifact } from "../../adapters/sigstore/artifact.ts";
import { MAX_BUNDLE_BYTES } from "../../adapters/sigstore/read-bundle.ts";
import type { BundleVerdict, VerifiedSigner } from "../../adapters/sigstore/verdict.ts";
import { type Expected, verifyBundle } from "../../adapters/sigstore/verify-bundle.ts";
import { sayFault } from "../say-fault.ts";
import { type Answer, UsageError } from "../session.ts";
import { toPlain } from "./plain.ts";
import { readPublicKey, readRoot, readSmall } from "./files.ts";
import { createProgress } from "./progress.ts";
import { BUNDLE_REFUSALS, describeAdvice } from "./refusals.ts";

export interface VerifyBundleOptions {
  bundle: string;
  certificateIdentity?: string;
  certificateOidcIssuer?: string;
  key?: string;
  withoutLogEntry?: true;
  trustedRoot?: string;
  staging?: true;
}

const STAGING =
  "the root of Sigstore's staging instance is not shipped, and nothing is fetched: name a copy of its trusted_root.json (--trusted-root)";

async function readExpected({
  key,
  certificateIdentity,
  certificateOidcIssuer,
  withoutLogEntry,
}: VerifyBundleOptions): Promise<Expected> {
  const isNamed = certificateIdentity !== undefined || certificateOidcIssuer !== undefined;
  if (key !== undefined) {
    if (isNamed) throw new UsageError("name a key, or an identity with its issuer, not both");
    const log = withoutLogEntry === true ? { log: "optional" as const } : {};
    return { by: "key", key: await readPublicKey(key), ...log };
  }
  if (withoutLogEntry === true) {
    throw new UsageError(
      "--without-log-entry goes with --key: what a certificate signed counts by the moment that a log vouches for",
    );
  }
  if (certificateIdentity === undefined || certificateOidcIssuer === undefined) {
    throw new UsageError(
      "say who has to have signed: --certificate-identity with --certificate-oidc-issuer, or --key; anybody would do otherwise",
    );
  }
  return { by: "certificate", identity: { exact: certificateIdentity }, issuer: certificateOidcIssuer };
}

/** A digest only where no file has that name. */
async function findArtifact(text: string): Promise<Artifact> {
  try {
    return await readArtifact(text, createProgress("hashing"));
  } catch (error) {
    const digest = parseDigest(text);
    if (digest !== undefined) return digest;
    throw new UsageError(`the artifact ${text} ${sayFault(error)}`);
  }
}

const describeSigner = (signer: VerifiedSigner) =>
  signer.by === "certificate"
    ? [`signed by    ${signer.identity}`, `issued by    ${signer.issuer}`]
    : [`signed by    key ${signer.keyDigest}`];

function describe(verdict: BundleVerdict, artifact: string, options: VerifyBundleOptions): string[] {
  switch (verdict.verdict) {
    case "verified": {
      const over =
        verdict.over.form === "artifact" ? "the artifact itself" : `a statement ${verdict.over.predicateType}`;
      return [
        `VERIFIED     ${artifact}`,
        ...describeSigner(verdict.signer),
        `signature    over ${over}`,
        ...(options.withoutLogEntry === true ? ["not asked    for an entry in a transparency log"] : []),
      ];
    }
    case "refused":
      return [
        `REFUSED      ${artifact}`,
        `${verdict.code}: ${toPlain(verdict.why)}`,
        `bundle       ${options.bundle}`,
        ...describeAdvice(BUNDLE_REFUSALS[verdict.code]),
      ];
  }
}

function findAdvice(verdict: BundleVerdict): { who?: string; next?: string } {
  if (verdict.verdict === "verified") return {};
  const { who, next } = BUNDLE_REFUSALS[verdict.code];
  return { who, next };
}

/** Verifies, and says what was checked. */
export async function runVerifyBundle(text: string, options: VerifyBundleOptions): Promise<Answer> {
  if (options.staging === true && options.trustedRoot === undefined) throw new UsageError(STAGING);
  const expected = await readExpected(options);
  const bundle = await readSmall("the bundle", options.bundle, MAX_BUNDLE_BYTES);
  const root = await readRoot(options.trustedRoot);
  const artifact = await findArtifact(text);
  const verdict = verifyBundle({ bundle, artifact, root, expected });
  return {
    exit: verdict.verdict === "verified" ? 0 : 1,
    json: { artifact: artifact.name, ...verdict, ...findAdvice(verdict) },
    lines: describe(verdict, artifact.name, options),
  };
}
