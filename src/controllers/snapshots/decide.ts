/** What is worth recording of a workload, and which records are too many. Pure. */
import type { WarrantSpec } from "../../api/warrant.ts";
import type { Snapshot } from "../../domain/rollback.ts";
import { judgeImages } from "../../gate/judge-pod.ts";
import type { PodTemplate, WorkloadFacts } from "../workloads.ts";

/** Records kept per workload. */
const MAX_RECORDS = 10;

/** Whether a workload runs well: all its pods up to date and available, and vouched for. */
export function shouldRecord(facts: WorkloadFacts, warrant: WarrantSpec, now: number): boolean {
  if (facts.system === undefined || !facts.isSettled || facts.metadata.deletionTimestamp !== undefined) return false;
  return judgeImages(facts.images, facts.system, warrant, now) === undefined;
}

interface Reference {
  name?: string;
  optional?: boolean;
}

interface Consumer {
  envFrom?: { configMapRef?: Reference }[];
  env?: { valueFrom?: { configMapKeyRef?: Reference } }[];
}

/** Names of the ConfigMaps that a template cannot do without, sorted. */
export function listConfigMaps({ spec }: PodTemplate): string[] {
  const {
    volumes = [],
    containers = [],
    initContainers = [],
  } = (spec ?? {}) as {
    volumes?: { configMap?: Reference; projected?: { sources?: { configMap?: Reference }[] } }[];
    containers?: Consumer[];
    initContainers?: Consumer[];
  };
  const references = [
    ...volumes.map(({ configMap }) => configMap),
    ...volumes.flatMap(({ projected }) => (projected?.sources ?? []).map(({ configMap }) => configMap)),
    ...[...containers, ...initContainers].flatMap(({ envFrom = [], env = [] }) => [
      ...envFrom.map(({ configMapRef }) => configMapRef),
      ...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef),
    ]),
  ];
  const names = references.flatMap((one) => (one?.name === undefined || one.optional === true ? [] : [one.name]));
  return [...new Set(names)].toSorted();
}

/** Names of the records of one workload that are too many, the oldest; one of each release stays as long as it can. */
export function listObsolete(recorded: readonly Snapshot[]): string[] {
  const newest = recorded.toSorted((a, b) => (a.recordedAt < b.recordedAt ? 1 : -1));
  const isFirst = (snapshot: Snapshot) => newest.find(({ release }) => release === snapshot.release) === snapshot;
  const kept = [...newest.filter(isFirst), ...newest.filter((snapshot) => !isFirst(snapshot))].slice(0, MAX_RECORDS);
  return newest.filter((snapshot) => !kept.includes(snapshot)).map(({ name }) => name);
}
