/** What the decision on one Incident is made from, as it was observed. Nothing here is a judgement. */
import type { Incident, IncidentWorkload } from "../../api/incident.ts";
import type { Step } from "../../api/reaction.ts";
import type { RollbackChoice } from "../../domain/rollback.ts";
import type { PodFacts, WorkloadFacts } from "../workloads.ts";

/** A pod in breach, or one that the Incident contained. */
export interface ContainedPod {
  facts: PodFacts;
  /** Whether it is in breach now. */
  isInBreach: boolean;
  /** Whether an EndpointSlice names it as a backend. */
  isServed: boolean;
}

/** A workload that runs what is in breach, or ran it when the Incident was opened. */
export interface ContainedWorkload {
  facts: WorkloadFacts;
  /** What the Incident's status says of it. */
  entry: IncidentWorkload | undefined;
  /** Whether its template is in breach now. */
  isInBreach: boolean;
  /** Whether nothing at all is wrong with its template; only then is given back what was taken. */
  isVouched: boolean;
  /** The release that its template runs now. */
  release: string | undefined;
  /** Pods of the present template that are ready, vouched for and not contained. */
  ready: number;
  /** Name of the autoscaler that owns its replicas. */
  autoscaler: string | undefined;
  /** Where it may go back to. */
  choice: RollbackChoice;
  /** Why its pods are not made, as its controller last reported. */
  trouble: string | undefined;
}

/** A Job or CronJob whose template is in breach, or that the Incident suspended. */
export interface ContainedJob {
  kind: "Job" | "CronJob";
  name: string;
  uid: string;
  resourceVersion: string;
  isInBreach: boolean;
  /** Whether nothing at all is wrong with its template. */
  isVouched: boolean;
  isSuspended: boolean;
  entry: IncidentWorkload | undefined;
}

export interface ContainmentFacts {
  incident: Incident;
  namespace: string;
  /** The tier whose ladder this is; undefined where no system is concerned, or none is known. */
  tier: string | undefined;
  steps: readonly Step[];
  pods: readonly ContainedPod[];
  workloads: readonly ContainedWorkload[];
  jobs: readonly ContainedJob[];
  /** Whether the Warrant refuses every digest of the Incident and holds every held workload. */
  isHeldByWarrant: boolean;
  /** A digest of the Incident that the Warrant refuses for good. */
  refusedDigest: string | undefined;
  /** Whether the digests of this breach are refused at all: some breaches are not about digests. */
  isByDigest: boolean;
  /** Names of NetworkPolicies that allow quarantined pods something after all. */
  leaks: readonly string[];
  /** Epoch milliseconds. */
  now: number;
}
