/** Looks at what came of a write. Who may write but not look has written all the same, so that is no fault. */
import { isApiError } from "../../runtime/index.ts";
import { adviseGrant } from "../forbidden.ts";

export type Look<T> = { outcome: "seen"; value: T } | { outcome: "unseen"; lines: string[] };

/** Runs `look`; where RBAC refuses it, says so. */
export async function lookAfterwards<T>(look: () => Promise<T>): Promise<Look<T>> {
  try {
    return { outcome: "seen", value: await look() };
  } catch (error) {
    if (!isApiError(error, "Forbidden")) throw error;
    return { outcome: "unseen", lines: [`What came of it you may not see: ${adviseGrant(error.message)}`] };
  }
}
