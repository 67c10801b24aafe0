/** Whether the admission policies stand as they were installed. Policies cannot guard policies, so this tells. Pure. */
import { listValidatingPolicies } from "../../gate/policies/index.ts";
import { type Operator, toObjects } from "../../gate/policies/policy.ts";

interface Standing {
  kind: string;
  metadata: { name: string };
  spec?: unknown;
}

/** Whether every value of `wanted` is in `found`; the API server adds defaults beside them. */
function includes(found: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return Array.isArray(found) && found.length === wanted.length && wanted.every((one, i) => includes(found[i], one));
  }
  if (typeof wanted === "object" && wanted !== null) {
    const members = (typeof found === "object" && found !== null ? found : {}) as Record<string, unknown>;
    return Object.entries(wanted).every(([key, value]) => includes(members[key], value));
  }
  return found === wanted;
}

/** Names of policies and bindings that are missing or changed. */
export function findDamage(operator: Operator, standing: readonly Standing[]): string[] {
  const wanted = listValidatingPolicies(operator).flatMap((policy) => toObjects(policy, operator)) as Standing[];
  return wanted.flatMap(({ kind, metadata, spec }) => {
    const found = standing.find((one) => one.kind === kind && one.metadata.name === metadata.name);
    return found !== undefined && includes(found.spec, spec) ? [] : [`${kind}/${metadata.name}`];
  });
}
