/** `vouchsafe incident list|show`: what happened, what was done about it in what time, and what people have to do. */
import type { Incident } from "../../api/incident.ts";
import type { Rung } from "../../api/reaction.ts";
import { flatten } from "../../domain/findings.ts";
import { DUE_AT } from "../../domain/ladder.ts";
import { type Answer, type Session, toTable } from "../session.ts";
import { conditionOf, readIncident, readIncidents, tabulateActions } from "./read-incidents.ts";

const PROSE = 2048;

/** Runs `list`: open ones, or all. */
export async function listIncidents(session: Session, options: { all?: boolean }): Promise<Answer> {
  const incidents = (await readIncidents(session)).filter(({ spec }) => options.all === true || spec.state === "Open");
  if (incidents.length === 0) {
    const lines = [`There is no ${options.all === true ? "" : "open "}Incident in namespace ${session.namespace}.`];
    return { exit: 0, json: [], lines };
  }
  const rows = incidents.map((incident) => {
    const { metadata, spec } = incident;
    const standing = ["Contained", "Restored"].map((type) => conditionOf(incident, type)?.status ?? "");
    return [metadata.name, spec.system ?? "", spec.breach ?? spec.type, spec.severity, ...standing, spec.state];
  });
  const head = ["INCIDENT", "SYSTEM", "WHAT", "SEVERITY", "CONTAINED", "RESTORED", "STATE"];
  return { exit: 0, json: incidents, lines: toTable([head, ...rows]) };
}

/** A table under an empty line; nothing where it has no rows. */
const section = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  rows.length === 0 ? [] : ["", ...toTable([head, ...rows])];

const CLOCKS = [
  ["refused", "the API server refuses it"],
  ["quarantined", "every pod of it is quarantined"],
  ["leftServices", "no EndpointSlice names a pod of it"],
  ["frozen", "evidence is frozen"],
  ["rolledBack", "every workload was rolled back"],
  ["restored", "vouched pods serve again"],
] as const;

function tabulateTimeline({ status }: Incident): string[] {
  const timeline = status?.timeline ?? {};
  const rows = CLOCKS.flatMap(([clock, meaning]) => {
    const spent = timeline[clock];
    return spent === undefined ? [] : [[spent, meaning]];
  });
  return section(["AFTER NOTICE", "WHAT WAS SEEN"], rows);
}

function tabulateStatus({ status }: Incident): string[] {
  const workloads = status?.workloads ?? [];
  const actions = status?.actions ?? [];
  return [
    ...(actions.length === 0 ? [] : ["", ...tabulateActions(actions)]),
    ...section(
      ["WORKLOAD", "HOLD", "WENT BACK TO"],
      workloads.map(({ kind, name, hold, to }) => [`${kind}/${name}`, hold, to ?? ""]),
    ),
    ...section(
      ["FROZEN", "OBJECTS", "CONTROLLERREVISION", "SHA-256 OF ITS CANONICAL JSON"],
      (status?.frozen ?? []).map(({ what, objects, name, digest }) => [what, String(objects), name, digest]),
    ),
  ];
}

function showPullRequest({ status }: Incident): string[] {
  const { pullRequest } = status ?? {};
  if (pullRequest === undefined) return [];
  return ["", `Pull request: ${pullRequest.state}, ${flatten(pullRequest.url ?? pullRequest.message)}`];
}

function showReview({ spec }: Incident): string[] {
  const { cause, action, check } = spec.review ?? {};
  const rows: [string, string | undefined][] = [
    ["cause", cause],
    ["action", action],
    ["check due", check?.due],
    ["check result", check?.result],
  ];
  const known = rows.flatMap(([name, text]) => (text === undefined ? [] : [`  ${name}: ${flatten(text, PROSE)}`]));
  return known.length === 0 ? [] : ["", "Review", ...known];
}

/** What the review lacks before the Incident may be closed. */
export function listLacking({ spec }: Incident): string[] {
  const { cause, action, check } = spec.review ?? {};
  return [
    ...(cause === undefined ? ["--cause"] : []),
    ...(action === undefined ? ["--action"] : []),
    ...(check === undefined ? ["--check-due"] : []),
    ...(check?.result === undefined ? ["--check-result"] : []),
  ];
}

/** Rungs that wait for a person to let them go ahead, and not for a moment or for another rung. */
export function listWaiting({ spec, status }: Incident): Rung[] {
  const told = new Set(spec.go?.map(({ rung }) => rung));
  const waiting = (status?.actions ?? []).filter(
    ({ rung, result, observed }) => result === "Waiting" && !told.has(rung) && !observed.startsWith(DUE_AT),
  );
  return [...new Set(waiting.map(({ rung }) => rung))];
}

/** What a person does next. */
function findNext(incident: Incident, { namespace }: Session): string {
  const { metadata, spec } = incident;
  const run = (rest: string) => `vouchsafe incident ${rest} -n ${namespace}`;
  if (spec.state === "Closed") return "nothing: it is closed";
  const [waiting] = listWaiting(incident);
  if (waiting !== undefined) return run(`go ${metadata.name} ${waiting}`);
  const lacking = listLacking(incident);
  if (lacking.length > 0) return run(`review ${metadata.name} ${lacking.map((option) => `${option} ...`).join(" ")}`);
  return run(`close ${metadata.name}`);
}

/** Runs `show`. */
export async function showIncident(session: Session, name: string): Promise<Answer> {
  const incident = await readIncident(session, name);
  const { spec, status } = incident;
  const about = [
    ...(spec.system === undefined ? [] : [`system ${spec.system}`]),
    ...(spec.release === undefined ? [] : [`release ${spec.release}`]),
    ...(spec.order === undefined ? [] : [`stop ${spec.order}`]),
  ];
  const lines = [
    `Incident ${name}: ${spec.breach ?? spec.type}, ${spec.severity}, ${spec.state}`,
    `  ${flatten(spec.summary)}`,
    ...(about.length === 0 ? [] : [`  ${about.join(", ")}`]),
    ...(spec.digests ?? []).map((digest) => `  ${digest}`),
    `  ${spec.occurredAt === undefined ? "" : `happened ${spec.occurredAt}, `}noticed ${spec.detectedAt}`,
    ...(status?.conditions ?? []).map(
      ({ type, status: is, message }) => `  ${type.padEnd(10)} ${is.padEnd(8)} ${flatten(message)}`,
    ),
    ...tabulateTimeline(incident),
    ...tabulateStatus(incident),
    ...showPullRequest(incident),
    ...showReview(incident),
    "",
    `Next: ${findNext(incident, session)}`,
  ];
  return { exit: 0, json: incident, lines };
}
