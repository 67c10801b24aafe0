/** Does things of which none waits for another: one that fails keeps the others from nothing. */
import { isApiError } from "../../runtime/index.ts";

/** Whether an error only tells that our copy of an object was old, or that somebody else came first. */
export const isStale = (error: unknown) => isApiError(error, "AlreadyExists", "Conflict", "NotFound");

/**
 * Does one thing after the other, whatever fails, and throws at the end. A failure that comes back until somebody acts
 * is thrown rather than one that is over with the next look, which would hide it.
 */
export async function settleAll(acts: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const act of acts) await act().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures.find((error) => !isStale(error)) ?? failures[0];
}
