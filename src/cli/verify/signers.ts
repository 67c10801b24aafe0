/** Who has to have signed, as the options of a command name them: the same signers that an AIPolicy has. */
import { createHash } from "node:crypto";
import { readPublicGoodRoot } from "../../adapters/sigstore/public-good.ts";
import { findRootFault } from "../../adapters/sigstore/trusted-root.ts";
import type { IdentityRule, Signer } from "../../api/signer.ts";
import { digestAnchor, findTrustAnchor, type TrustSources } from "../../domain/signers.ts";
import type { NamedSigner } from "../../domain/trust.ts";
import { UsageError } from "../session.ts";
import { readSmall } from "./files.ts";

export interface SignerOptions {
  key: string[];
  certificateIdentity?: string;
  certificateIdentityPattern?: string;
  certificateOidcIssuer?: string;
  trustedRoot?: string;
  caRoots?: string;
  crl?: string;
  timestampAuthority?: string;
}

const MAX_TRUST_BYTES = 32 * 1024 * 1024;

/** Files stand in for the ConfigMaps of a policy: each is named by its path and pinned by what it holds. */
async function pinFile(what: string, path: string, texts: Map<string, string>) {
  const text = (await readSmall(what, path, MAX_TRUST_BYTES)).toString("utf8");
  texts.set(path, text);
  return { configMap: path, key: "file", sha256: createHash("sha256").update(text).digest("hex") };
}

function readIdentity(options: SignerOptions): IdentityRule | undefined {
  const { certificateIdentity: exact, certificateIdentityPattern: pattern } = options;
  if (exact !== undefined && pattern !== undefined)
    throw new UsageError("name an identity or a pattern of it, not both");
  if (exact !== undefined) return { exact };
  return pattern === undefined ? undefined : { pattern };
}

async function readNamed(options: SignerOptions, texts: Map<string, string>): Promise<Signer[]> {
  const { key, certificateOidcIssuer: issuer, trustedRoot, caRoots, crl, timestampAuthority } = options;
  const identity = readIdentity(options);
  if (trustedRoot !== undefined && issuer === undefined) {
    throw new UsageError(
      "a trusted root goes with a Sigstore identity: --certificate-identity, --certificate-oidc-issuer",
    );
  }
  const keys = await Promise.all(
    key.map(async (path) => ({ name: path, publicKey: await pinFile("the key", path, texts) })),
  );
  if (caRoots !== undefined) {
    if (issuer !== undefined) throw new UsageError("an issuer goes with a Sigstore identity, not with --ca-roots");
    const roots = await pinFile("the roots", caRoots, texts);
    const crls = crl === undefined ? {} : { crls: await pinFile("the revocation lists", crl, texts) };
    const stamping =
      timestampAuthority === undefined
        ? {}
        : { timestampAuthorities: await pinFile("the time-stamping authorities", timestampAuthority, texts) };
    const who = identity === undefined ? {} : { identity };
    return [...keys, { name: caRoots, x509: { roots, ...crls, ...stamping, ...who } }];
  }
  if (timestampAuthority !== undefined)
    throw new UsageError("time-stamping authorities (--timestamp-authority) go with --ca-roots");
  if (crl !== undefined) throw new UsageError("revocation lists (--crl) go with --ca-roots");
  if (identity === undefined && issuer === undefined) return keys;
  if (identity === undefined || issuer === undefined) {
    throw new UsageError(
      "an identity and its issuer go together: --certificate-identity with --certificate-oidc-issuer",
    );
  }
  const root = trustedRoot === undefined ? {} : { trustedRoot: await pinFile("the trusted root", trustedRoot, texts) };
  return [...keys, { name: identity.exact ?? identity.pattern ?? "", sigstore: { ...root, issuer, identity } }];
}

/** Reads them. What cannot be used is a fault of usage. */
export async function readSigners(options: SignerOptions): Promise<{ named: Signer[]; signers: NamedSigner[] }> {
  const texts = new Map<string, string>();
  const named = await readNamed(options, texts);
  if (named.length === 0) {
    throw new UsageError(
      "say who has to have signed: --key, --certificate-identity with --certificate-oidc-issuer, or --ca-roots; anybody would do otherwise",
    );
  }
  const sources: TrustSources = {
    readConfigMap: (path) => texts.get(path),
    publicGoodRoot: readPublicGoodRoot(),
    findRootFault,
  };
  const signers = named.map((signer) => {
    const found = findTrustAnchor(signer, sources);
    if ("fault" in found) throw new UsageError(`${signer.name}: ${found.fault.why}`);
    return { signer: signer.name, digest: digestAnchor(found.value), anchor: found.value };
  });
  return { named, signers };
}
