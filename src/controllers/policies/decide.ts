/** Whether an AIPolicy can be used: each signer's key is there, is the pinned one, and parses. Pure. */
import type { AIPolicy, Signer } from "../../api/ai-policy.ts";
import { resolveSignerKey, type SignerKey } from "../../domain/signer-keys.ts";
import type { Stated } from "../../domain/findings.ts";

/** Reads a value of a ConfigMap of the operator's namespace. */
export type ReadConfigMap = (name: string, key: string) => string | undefined;

/** The keys of all signers of a policy, by signer. */
export function resolveSigners(policy: AIPolicy, read: ReadConfigMap): Record<string, SignerKey> {
  return Object.fromEntries(policy.spec.signers.map((signer: Signer) => [signer.name, resolve(signer, policy, read)]));
}

function resolve(signer: Signer, policy: AIPolicy, read: ReadConfigMap): SignerKey {
  const { configMap, key } = signer.publicKey;
  const value = configMap === undefined || key === undefined ? undefined : read(configMap, key);
  return resolveSignerKey(signer, policy.metadata.name, value);
}

export interface PolicyDecision {
  conditions: { type: "Ready"; status: "True" | "False"; reason: string; message: string }[];
  namespaces: number;
  /** What is wrong with signers, for Events. */
  findings: Stated[];
}

/** What the policy's status says. */
export function decidePolicy(signers: Record<string, SignerKey>, namespaces: number): PolicyDecision {
  const findings = Object.values(signers).flatMap((key) => (key.outcome === "broken" ? [key.finding] : []));
  const [first] = findings;
  const ready = { type: "Ready", status: "True", reason: "Usable", message: "every signer's key parses" } as const;
  const broken = { type: "Ready", status: "False", reason: first?.code ?? "", message: first?.text ?? "" } as const;
  return { conditions: [first === undefined ? ready : broken], namespaces, findings };
}
