/** Incidents as the commands read and show them. */
import { Incident, type IncidentAction } from "../../api/incident.ts";
import { listValid } from "../../domain/facts.ts";
import { flatten } from "../../domain/findings.ts";
import { isApiError } from "../../runtime/index.ts";
import { readAll, readOne } from "../read.ts";
import { type Session, toTable, UsageError } from "../session.ts";

/** The Incidents of the namespace, newest first. */
export async function readIncidents(session: Session): Promise<Incident[]> {
  const incidents = listValid(await readAll<Incident>(session, Incident, session.namespace));
  return incidents.toSorted((a, b) => (a.spec.detectedAt < b.spec.detectedAt ? 1 : -1));
}

/** Open Incidents of the namespace, or of the cluster; none where the user may not see them. */
export async function listOpen(session: Session, namespace?: string): Promise<Incident[]> {
  try {
    const incidents = listValid(await readAll<Incident>(session, Incident, namespace));
    return incidents.filter(({ spec }) => spec.state === "Open");
  } catch (error) {
    if (isApiError(error, "Forbidden")) return [];
    throw error;
  }
}

/** Names an open Incident, to go on from. */
export const describeOpen = ({ metadata: { name, namespace = "" } }: Incident) =>
  `Incident ${name} is open: vouchsafe incident show ${name} -n ${namespace}`;

/** One Incident; it is a fault to name one that is not there. */
export async function readIncident(session: Session, name: string): Promise<Incident> {
  const incident = await readOne<Incident>(session, Incident, name);
  if (incident === undefined) throw new UsageError(`there is no Incident ${name} in namespace ${session.namespace}`);
  return incident;
}

/** The status of a condition; empty where nobody looked yet. */
export const conditionOf = ({ status }: Incident, type: string) =>
  status?.conditions?.find((condition) => condition.type === type);

/** Whether the operator is done with the Incident for now. */
export const isSettled = (incident: Incident) =>
  conditionOf(incident, "Contained")?.status === "True" &&
  (incident.status?.actions ?? []).every(({ result }) => result !== "Started");

/** What was done, as a table. */
export const tabulateActions = (actions: readonly IncidentAction[]): string[] =>
  toTable([
    ["RUNG", "TARGET", "RESULT", "OBSERVED"],
    ...actions.map(({ rung, target, result, observed }) => [rung, target, result, flatten(observed)]),
  ]);

/** One line for each Incident, to go on from. */
export const listLines = (incidents: readonly Incident[], { namespace }: Session): string[] =>
  incidents.flatMap(({ metadata, spec }) => [
    `  ${metadata.name}: ${flatten(spec.summary)}`,
    `    vouchsafe incident show ${metadata.name} -n ${namespace}`,
  ]);
