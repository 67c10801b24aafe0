/** Labels, annotations, finalizers and names that the product gives meaning to. */

/** Namespace labels: each names the AIPolicy that governs the namespace in that mode. */
export const MODES = ["enforce", "warn", "audit"] as const;
export type Mode = (typeof MODES)[number];
/** The namespace label of a mode. */
export const modeLabel = (mode: Mode) => `vouchsafe.dev/${mode}`;

/** Pod label that binds a pod to its AISystem; gate and fence use nothing else. */
export const SYSTEM_LABEL = "vouchsafe.dev/system";
/** Label on the NetworkPolicies that the operator owns. */
export const MANAGED_BY_LABEL = "app.kubernetes.io/managed-by";
export const MANAGED_BY = "vouchsafe";
/** Users that wrote the object since it was last approved, separated by commas; the API server keeps it. */
export const AUTHORS_ANNOTATION = "vouchsafe.dev/authors";
/** Set on a workload when its images became vouched, so that its controller tries again at once. */
export const NUDGE_ANNOTATION = "vouchsafe.dev/nudged";
/** Names the Incident that took a pod out of every Service and NetworkPolicy; only the operator sets it. */
export const QUARANTINE_LABEL = "vouchsafe.dev/quarantine";
/** The labels that a contained pod had before, as JSON; they are given back when the breach is over. */
export const LABELS_BEFORE_ANNOTATION = "vouchsafe.dev/labels-before";
/** What a ControllerRevision of the operator holds: `last-known-good` or `frozen`. */
export const RECORD_LABEL = "vouchsafe.dev/record";
/** The Incident that a frozen record belongs to. */
export const INCIDENT_LABEL = "vouchsafe.dev/incident";
/** Holds an AISystem until its pods are gone and its fence is taken down. */
export const FENCE_FINALIZER = "vouchsafe.dev/fence";

/** The Warrant that says what may be approved. */
export const APPROVALS_WARRANT = "approvals";
