/**
 * `vouchsafe stop`: orders that a system stands still. The API server carries out its part by itself, at once; what
 * waits for the operator is told plainly.
 */
import type { Incident, IncidentAction } from "../../api/incident.ts";
import { SYSTEM_LABEL } from "../../api/labels.ts";
import { Stop } from "../../api/stop.ts";
import { type KubeObject, isApiError, type ResourceType } from "../../runtime/index.ts";
import { createNamed } from "../create.ts";
import { readOne } from "../read.ts";
import { readStamp } from "../rights.ts";
import { type Answer, type Session, UsageError } from "../session.ts";
import { lookAfterwards } from "./afterwards.ts";
import { chooseAuthority, listAuthorities } from "./authority.ts";
import { isSettled, readIncidents, tabulateActions } from "./read-incidents.ts";
import { PATIENCE_MS, until } from "./wait.ts";

export interface StopOptions {
  reason: string;
  authority?: string;
}

const PODS: ResourceType = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };

/** Names of pods of the system that run; undefined where the user may not see them. */
async function listPods({ client, namespace }: Session, system: string): Promise<string[] | undefined> {
  try {
    const { items } = await client.list<KubeObject & { status?: { phase?: string } }>(PODS, {
      namespace,
      labelSelector: `${SYSTEM_LABEL}=${system}`,
    });
    const running = items.filter(({ status }) => status?.phase === "Running" || status?.phase === "Pending");
    return running.map(({ metadata }) => metadata.name);
  } catch (error) {
    if (isApiError(error, "Forbidden")) return undefined;
    throw error;
  }
}

/** Follows the Incident of the Stop, and tells each action as it changes. */
async function follow(session: Session, stop: string): Promise<Incident | undefined> {
  const told = new Set<string>();
  let seen: Incident | undefined;
  const tell = ({ rung, target, result, observed }: IncidentAction) => {
    const line = `  ${rung} ${target}: ${result}, ${observed}`;
    if (!told.has(line)) session.tell(line);
    told.add(line);
  };
  const probe = async () => {
    const incidents = await readIncidents(session);
    seen = incidents.find(({ spec }) => spec.breach === "SystemStopped" && spec.order === stop);
    for (const action of seen?.status?.actions ?? []) tell(action);
    return seen !== undefined && isSettled(seen) ? seen : undefined;
  };
  await until(probe);
  return seen;
}

async function describeRest(session: Session, system: string, incident: Incident | undefined): Promise<string[]> {
  const { namespace } = session;
  if (incident !== undefined) {
    const { name } = incident.metadata;
    const isDone = isSettled(incident);
    return [
      `${isDone ? "Done" : "Under way"}: Incident ${name}.`,
      ...tabulateActions(incident.status?.actions ?? []),
      `Next: vouchsafe incident show ${name} -n ${namespace}`,
    ];
  }
  const pods = await listPods(session, system);
  const seconds = PATIENCE_MS / 1000;
  return [
    `The operator did not take it up within ${seconds} s; it may be down. This waits for it: freezing evidence, and ending`,
    "the pods that run. Running pods go on until the operator is back; it takes the order up by itself:",
    ...(pods === undefined ? [] : pods.length === 0 ? ["  no pod of the system runs"] : pods.map((pod) => `  ${pod}`)),
    `Next: kubectl get pods -n ${namespace} -l ${SYSTEM_LABEL}=${system}`,
  ];
}

/** Why the API server took no Stop, for people. */
const explainRefusal = (message: string, { namespace }: Session): string[] =>
  message.includes("no params found")
    ? [
        message,
        `Namespace ${namespace} has no Warrant in force, so a Stop would stop nothing. Where it is enforced the operator is`,
        "about to write one; where it is not, end the workloads: kubectl scale, kubectl delete.",
      ]
    : [message];

const IN_FORCE = "In force now, with the operator up or down: the API server refuses new pods of the system.";

/** Reads the Stop back, and follows what the operator does about it. */
async function see(session: Session, system: string, name: string) {
  const kept = await readOne<Stop>(session, Stop, name);
  if (kept === undefined || kept.spec.resumed !== undefined) return { isLifted: true, incident: undefined, lines: [] };
  session.tell(`stop.vouchsafe.dev/${name}: ${IN_FORCE}`);
  const incident = await follow(session, name);
  return { isLifted: false, incident, lines: await describeRest(session, system, incident) };
}

/** Runs the command. */
export async function stop(session: Session, system: string, options: StopOptions): Promise<Answer> {
  const { namespace } = session;
  const named = await listAuthorities(session, system);
  if (named === undefined) throw new UsageError(`there is no AISystem ${system} in namespace ${namespace}`);
  const chosen = await chooseAuthority(session, system, named, options.authority);
  if (chosen.outcome === "refused") return chosen.answer;
  const by = await readStamp(session);
  const { authority } = chosen;
  const order = { system, authority, reason: options.reason, by };
  const written = await createNamed(session, Stop, `${system}-stop`, order);
  if (written.outcome === "refused") {
    const { message } = written;
    return { exit: 1, json: { refused: message }, lines: explainRefusal(message, session) };
  }
  const { name } = written.object.metadata;
  const head = `Stopped ${system} in namespace ${namespace} by ${by.username} as ${authority}: stop.vouchsafe.dev/${name}.`;
  const look = await lookAfterwards(() => see(session, system, name));
  if (look.outcome === "seen" && look.value.isLifted) {
    const lines = [`Stop ${name} is not in force: somebody deleted or lifted it at once.`];
    return { exit: 1, json: { stop: written.object }, lines };
  }
  const lines = [
    head,
    IN_FORCE,
    ...(look.outcome === "seen" ? look.value.lines : look.lines),
    `To lift it: vouchsafe resume ${system} -n ${namespace} --reason ...`,
  ];
  const incident = look.outcome === "seen" ? (look.value.incident ?? null) : null;
  return { exit: 0, json: { stop: written.object, incident }, lines };
}
