/** Columns of `kubectl get` that several kinds share. */
import type { PrinterColumn } from "./kind.ts";

const ofReady = (name: string, field: string, description: string): PrinterColumn => ({
  name,
  type: "string",
  jsonPath: `.status.conditions[?(@.type=="Ready")].${field}`,
  description,
});

/** Whether the object is ready; `description` says for what. */
export const readyColumn = (description: string) => ofReady("Ready", "status", description);

/** The reason of Ready. */
export const REASON_COLUMN = ofReady("Reason", "reason", "Why, in one word");

/** The message of Ready, with `-o wide`. */
export const MESSAGE_COLUMN: PrinterColumn = { ...ofReady("Message", "message", "Why, and what to do"), priority: 1 };

/** Time since creation. */
export const AGE_COLUMN: PrinterColumn = {
  name: "Age",
  type: "date",
  jsonPath: ".metadata.creationTimestamp",
  description: "Time since creation",
};
