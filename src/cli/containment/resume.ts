/** `vouchsafe resume`: lifts every Stop of a system. The API server lets its pods in again as soon as the Warrant agrees. */
import { toResource } from "../../api/kind.ts";
import { Stop } from "../../api/stop.ts";
import { listValid } from "../../domain/facts.ts";
import { attempt } from "../create.ts";
import { readAll, readWarrants } from "../read.ts";
import { type Answer, type Session, UsageError } from "../session.ts";
import { chooseAuthority, listAuthorities } from "./authority.ts";
import { listLines, readIncidents } from "./read-incidents.ts";
import type { StopOptions } from "./stop.ts";
import { until } from "./wait.ts";

const isOf = (system: string) => (stop: Stop) => stop.spec.system === system && stop.spec.resumed === undefined;

async function lift(session: Session, stop: Stop, authority: string, reason: string): Promise<string | undefined> {
  const { client, namespace } = session;
  const ref = { namespace, name: stop.metadata.name };
  const patch = { spec: { resumed: { authority, reason } } };
  const written = await attempt(() => client.patchMerge(toResource(Stop), ref, patch));
  return written.outcome === "refused" ? written.message : undefined;
}

/** Whether the Warrant in force knows that the system is stopped no longer. */
async function isReleased(session: Session, system: string): Promise<true | undefined> {
  const gate = (await readWarrants(session)).get("enforce")?.systems?.[system];
  return gate !== undefined && gate.why?.code === "SystemStopped" ? undefined : true;
}

/** Without a Stop there is nothing to lift; an Incident may keep the system from running all the same. */
async function sayNotStopped(session: Session, system: string): Promise<Answer> {
  const incidents = (await readIncidents(session)).filter(
    ({ spec }) => spec.state === "Open" && spec.breach !== undefined && spec.system === system,
  );
  const lines = [
    `No Stop of a person is in force for AISystem ${system} in namespace ${session.namespace}.`,
    ...(incidents.length === 0
      ? []
      : [
          "Open Incidents may keep it from running, until people vouch for it again:",
          ...listLines(incidents, session),
        ]),
  ];
  return { exit: incidents.length === 0 ? 0 : 1, json: { lifted: [], incidents }, lines };
}

/** Runs the command. */
export async function resume(session: Session, system: string, options: StopOptions): Promise<Answer> {
  const { namespace } = session;
  const named = await listAuthorities(session, system);
  if (named === undefined)
    throw new UsageError(`there is no AISystem ${system} in namespace ${namespace}, so nobody names who may resume it`);
  const stops = listValid(await readAll<Stop>(session, Stop, namespace)).filter(isOf(system));
  if (stops.length === 0) return sayNotStopped(session, system);
  const chosen = await chooseAuthority(session, system, named, options.authority);
  if (chosen.outcome === "refused") return chosen.answer;
  const lifted: string[] = [];
  for (const stop of stops) {
    const { name } = stop.metadata;
    const refused = await lift(session, stop, chosen.authority, options.reason);
    if (refused !== undefined) {
      const lines = [...lifted.map((one) => `stop.vouchsafe.dev/${one} lifted`), `Stop ${name} stands: ${refused}`];
      return { exit: 1, json: { lifted, refused }, lines };
    }
    lifted.push(name);
  }
  const isOpen = (await until(() => isReleased(session, system))) === true;
  const incidents = (await readIncidents(session)).filter(
    ({ spec }) => spec.state === "Open" && spec.order !== undefined && lifted.includes(spec.order),
  );
  const lines = [
    ...lifted.map((name) => `stop.vouchsafe.dev/${name} lifted as ${chosen.authority}`),
    isOpen
      ? `The Warrant lets pods of ${system} in again, as far as everything else vouches for them: vouchsafe status -n ${namespace}`
      : "The operator did not take it up: it may be down. Pods stay refused until it writes the Warrant anew.",
    ...(incidents.length === 0 ? [] : ["Open until people reviewed them:", ...listLines(incidents, session)]),
  ];
  return { exit: 0, json: { lifted, warrantOpen: isOpen, incidents }, lines };
}
