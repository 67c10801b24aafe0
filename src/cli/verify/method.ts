/** How a model is signed, and which options belong to which way. */
import { UsageError } from "../session.ts";

export type Method = "key" | "certificate" | "sigstore";

/** The options that only one method looks at, by their names in code. */
const OPTIONS = {
  publicKey: ["--public-key", "key"],
  signingCert: ["--signing-cert", "certificate"],
  certChain: ["--cert-chain", "certificate"],
  timestampAuthority: ["--timestamp-authority", "certificate"],
  certificateIdentity: ["--certificate-identity", "certificate"],
  identity: ["--identity", "sigstore"],
  identityProvider: ["--identity-provider", "sigstore"],
  trustedRoot: ["--trusted-root", "sigstore"],
} as const satisfies Record<string, readonly [string, Method]>;

type Given = { method: Method } & { [name in keyof typeof OPTIONS]?: string | string[] };

/**
 * Options of another method, in sentences. They are not refused: the public protocol of model signing's conformance tests
 * says which options matter to a method, and not that others may not be given. Nothing is verified the less for them.
 */
export const warnOfStrayOptions = ({ method, ...given }: Given): string[] => {
  // That one is no part of the protocol, and whoever gives it wants somebody else refused.
  if (method !== "certificate" && given.certificateIdentity !== undefined)
    throw new UsageError(
      `--certificate-identity goes with --method certificate${method === "sigstore" ? "; by sigstore it is --identity" : ""}`,
    );
  return Object.entries(OPTIONS).flatMap(([name, [option, of]]) => {
    const value = given[name as keyof typeof OPTIONS];
    if (of === method || value === undefined || value.length === 0) return [];
    return [`${option} goes with --method ${of}: with --method ${method} nobody looks at it`];
  });
};

/** A method without what it needs trusts nobody. */
export const lacks = (option: string, method: Method): UsageError =>
  new UsageError(`--method ${method} needs ${option}`);
