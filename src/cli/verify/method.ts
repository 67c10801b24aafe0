/** How a model is signed, and which options belong to which way. */
import { UsageError } from "../session.ts";

export type Method = "key" | "certificate" | "sigstore";

/** The options that only one method looks at, by their names in code. */
const OPTIONS = {
  publicKey: ["--public-key", "key"],
  signingCert: ["--signing-cert", "certificate"],
  certChain: ["--cert-chain", "certificate"],
  timestampAuthority: ["--timestamp-authority", "certificate"],
  identity: ["--identity", "sigstore"],
  identityProvider: ["--identity-provider", "sigstore"],
  trustedRoot: ["--trusted-root", "sigstore"],
} as const satisfies Record<string, readonly [string, Method]>;

type Given = { method: Method } & { [name in keyof typeof OPTIONS]?: string | string[] };

/**
 * Options of another method, in sentences. They are not refused: the public protocol of model signing's conformance tests
 * says which options matter to a method, and not that others may not be given. Nothing is verified the less for them.
 */
export const warnOfStrayOptions = ({ method, ...given }: Given): string[] =>
  Object.entries(OPTIONS).flatMap(([name, [option, of]]) => {
    const value = given[name as keyof typeof OPTIONS];
    if (of === method || value === undefined || value.length === 0) return [];
    return [`${option} goes with --method ${of}: with --method ${method} nobody looks at it`];
  });

/**
 * The name that a certificate has to carry is no part of that protocol, and whoever gives it wants others refused: nobody's
 * looking at it is a fault of usage.
 */
export function demandNameByCertificate(method: Method, name: string | undefined): void {
  if (method === "certificate" || name === undefined) return;
  const instead = method === "sigstore" ? "; by sigstore it is --identity" : "";
  throw new UsageError(`--certificate-identity goes with --method certificate${instead}`);
}

/** A method without what it needs trusts nobody. */
export const lacks = (option: string, method: Method): UsageError =>
  new UsageError(`--method ${method} needs ${option}`);
