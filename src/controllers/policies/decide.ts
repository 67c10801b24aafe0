/** Whether an AIPolicy can be used: what each signer is trusted by is there, is what was pinned, and parses. Pure. */
import type { AIPolicy } from "../../api/ai-policy.ts";
import { type ResolvedSigner, resolveSigner, type TrustSources } from "../../domain/signers.ts";
import type { Stated } from "../../domain/findings.ts";

/** All signers of a policy, by name. */
export function resolveSigners(policy: AIPolicy, sources: TrustSources): Record<string, ResolvedSigner> {
  const { name } = policy.metadata;
  return Object.fromEntries(policy.spec.signers.map((one) => [one.name, resolveSigner(one, name, sources)]));
}

export interface PolicyDecision {
  conditions: { type: "Ready"; status: "True" | "False"; reason: string; message: string }[];
  namespaces: number;
  /** What is wrong with signers, for Events. */
  findings: Stated[];
}

/** What the policy's status says. */
export function decidePolicy(signers: Record<string, ResolvedSigner>, namespaces: number): PolicyDecision {
  const findings = Object.values(signers).flatMap((one) => (one.outcome === "broken" ? [one.finding] : []));
  const [first] = findings;
  const ready = { type: "Ready", status: "True", reason: "Usable", message: "every signer can be used" } as const;
  const broken = { type: "Ready", status: "False", reason: first?.code ?? "", message: first?.text ?? "" } as const;
  return { conditions: [first === undefined ? ready : broken], namespaces, findings };
}
