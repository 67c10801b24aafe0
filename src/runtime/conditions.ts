/** Conditions as Kubernetes keeps them. Pure. */

export interface ConditionValue {
  type: string;
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
}

export interface KeptCondition extends ConditionValue {
  observedGeneration?: number | undefined;
  lastTransitionTime: string;
}

/**
 * Merges fresh values into what was kept: lastTransitionTime moves only where status changes, the result is
 * sorted by type. `now` is RFC 3339.
 */
export function mergeConditions(
  kept: readonly KeptCondition[],
  fresh: readonly ConditionValue[],
  observedGeneration: number | undefined,
  now: string,
): KeptCondition[] {
  const merged = fresh.map((value) => {
    const old = kept.find((condition) => condition.type === value.type);
    const message = value.message.replace(/[\r\n]+/g, " ").slice(0, 2048);
    const lastTransitionTime = old?.status === value.status ? old.lastTransitionTime : now;
    const base = { ...value, message, lastTransitionTime };
    return observedGeneration === undefined ? base : { ...base, observedGeneration };
  });
  return merged.sort((a, b) => (a.type < b.type ? -1 : 1));
}
