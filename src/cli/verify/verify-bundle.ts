/** `vouchsafe verify-bundle`: one Sigstore bundle, one file or digest, no cluster and no network. */
import { type Artifact, parseDigest, readArtifact } from "../../adapters/sigstore/artifact.ts";
import { MAX_BUNDLE_BYTES } from "../../adapters/sigstore/read-bundle.ts";
import type { BundleVerdict, VerifiedSigner } from "../../adapters/sigstore/verdict.ts";
import { type Expected, verifyBundle } from "../../adapters/sigstore/verify-bundle.ts";
import { type Answer, UsageError } from "../session.ts";
import { toPlain } from "./plain.ts";
import { codeOf, readPublicKey, readRoot, readSmall } from "./files.ts";

export interface VerifyBundleOptions {
  bundle: string;
  certificateIdentity?: string;
  certificateOidcIssuer?: string;
  key?: string;
  trustedRoot?: string;
  staging?: true;
}

const STAGING =
  "the root of Sigstore's staging instance is not shipped, and nothing is fetched: name a copy of its trusted_root.json (--trusted-root)";

async function readExpected({
  key,
  certificateIdentity,
  certificateOidcIssuer,
}: VerifyBundleOptions): Promise<Expected> {
  const isNamed = certificateIdentity !== undefined || certificateOidcIssuer !== undefined;
  if (key !== undefined) {
    if (isNamed) throw new UsageError("name a key, or an identity with its issuer, not both");
    return { by: "key", key: await readPublicKey(key) };
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
    return await readArtifact(text);
  } catch (error) {
    const digest = parseDigest(text);
    if (digest !== undefined) return digest;
    throw new UsageError(`the artifact ${text}: ${codeOf(error)}`);
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
      return [`VERIFIED     ${artifact}`, ...describeSigner(verdict.signer), `signature    over ${over}`];
    }
    case "refused":
      return [`REFUSED      ${artifact}`, `${verdict.code}: ${toPlain(verdict.why)}`, `bundle       ${options.bundle}`];
  }
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
    json: { artifact: artifact.name, ...verdict },
    lines: describe(verdict, artifact.name, options),
  };
}
