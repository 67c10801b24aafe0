/** Conditions before they are merged with those that stand. Pure. */
import type { Stated } from "../../domain/findings.ts";

export interface ConditionDraft {
  type: string;
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
}

/** A condition that holds. */
export const holds = (type: string, reason: string, message: string): ConditionDraft => ({
  type,
  status: "True",
  reason,
  message,
});

/** A condition that does not hold, because of a finding. */
export const lacks = (type: string, { code, text }: Stated): ConditionDraft => ({
  type,
  status: "False",
  reason: code,
  message: text,
});

/** What objects of a namespace say that no policy governs. */
export const toUngoverned = (finding: Stated): ConditionDraft => lacks("Ready", finding);
