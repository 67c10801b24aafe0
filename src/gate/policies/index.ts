/** All admission policies of the product, in the order in which docs/architecture.md tells of them. */
import { GUARD_AUTHORS, STAMP_AUTHORS } from "./authors.ts";
import { guardApprovals } from "./guard-approvals.ts";
import { guardFence } from "./guard-fence.ts";
import { guardHolds, guardRevisions } from "./guard-holds.ts";
import { guardGo, guardIncidents } from "./guard-incidents.ts";
import { GUARD_NAMESPACES } from "./guard-namespaces.ts";
import { GUARD_RECORDS, GUARD_REVOKERS, guardStatus, guardWarrants } from "./guard-records.ts";
import { GUARD_STOPS, GUARD_STOPS_LIFTED, GUARD_STOPS_ORDERED } from "./guard-stops.ts";
import { PODS } from "./pods.ts";
import type { MutatingPolicy, Operator, ValidatingPolicy } from "./policy.ts";
import { toRunningPods } from "./running-pods.ts";
import { PIN_TAGS, STAMP_APPROVER, STAMP_REVOKER } from "./stamps.ts";
import { STOPPED } from "./stopped.ts";
import { WORKLOADS_PENDING, WORKLOADS_REFUSED } from "./workloads.ts";

/** Policies that judge requests; every supported cluster runs them. */
export const listValidatingPolicies = (operator: Operator): ValidatingPolicy[] => [
  PODS,
  STOPPED,
  toRunningPods(operator),
  WORKLOADS_REFUSED,
  WORKLOADS_PENDING,
  guardWarrants(operator),
  guardStatus(operator),
  GUARD_RECORDS,
  GUARD_REVOKERS,
  guardApprovals(operator),
  GUARD_NAMESPACES,
  guardFence(operator),
  GUARD_AUTHORS,
  GUARD_STOPS,
  GUARD_STOPS_ORDERED,
  GUARD_STOPS_LIFTED,
  guardIncidents(operator),
  guardGo(operator),
  guardHolds(operator),
  guardRevisions(operator),
];

/** Policies that fill something in; only clusters that serve them run them. */
export const MUTATING_POLICIES: readonly MutatingPolicy[] = [STAMP_AUTHORS, STAMP_APPROVER, STAMP_REVOKER, PIN_TAGS];
