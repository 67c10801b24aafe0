// What the GitOps tests run with: found before they start, where the network still is, and passed to them as JSON.

/** Paths of the binaries, and of the folders with the CRDs of the versions they were built from. */
export interface Tools {
  controlPlane: string;
  argocd: string;
  argocdCrds: string;
  argocdVersion: string;
  flux: string;
  fluxCrds: string;
  fluxVersion: string;
}

export const TOOLS_VARIABLE = "GITOPS_TOOLS";
export const MISSING_VARIABLE = "GITOPS_MISSING";

/** The tools; or, as text, what is missing. */
export function readTools(): Tools | string {
  const { [TOOLS_VARIABLE]: tools, [MISSING_VARIABLE]: missing } = process.env;
  if (tools !== undefined) return JSON.parse(tools) as Tools;
  return missing ?? "make test-gitops, which builds the tools and makes a network namespace";
}
