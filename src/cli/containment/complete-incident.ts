/** `vouchsafe incident review|go|close`: what people add to an Incident, each under the API server's own checks. */
import { Incident } from "../../api/incident.ts";
import { toResource } from "../../api/kind.ts";
import { type Rung, RUNGS } from "../../api/reaction.ts";
import { flatten } from "../../domain/findings.ts";
import { parseDay } from "../../domain/time.ts";
import { isApiError } from "../../runtime/index.ts";
import { attempt, type Written } from "../create.ts";
import { type Answer, type Session, UsageError } from "../session.ts";
import { chooseAuthority, listAuthorities } from "./authority.ts";
import { conditionOf, readIncident, tabulateActions } from "./read-incidents.ts";
import { listLacking, listWaiting } from "./show-incident.ts";
import { until } from "./wait.ts";

export interface ReviewOptions {
  cause?: string;
  action?: string;
  checkDue?: string;
  checkResult?: string;
}

const MAX_ATTEMPTS = 5;

/** Writes what `change` gives for the Incident as it is, again where somebody else was faster. */
async function edit(session: Session, name: string, change: (incident: Incident) => object): Promise<Written> {
  const { client, namespace } = session;
  for (let left = MAX_ATTEMPTS; ; left -= 1) {
    const incident = await readIncident(session, name);
    const { resourceVersion } = incident.metadata;
    const patch = { metadata: { resourceVersion }, spec: change(incident) };
    try {
      return await attempt(() => client.patchMerge(toResource(Incident), { namespace, name }, patch));
    } catch (error) {
      if (!isApiError(error, "Conflict") || left <= 1) throw error;
    }
  }
}

const refuse = (message: string): Answer => ({ exit: 1, json: { refused: message }, lines: [message] });

const refuseClosed = (name: string, { namespace }: Session): Answer => ({
  exit: 1,
  json: { refused: "closed" },
  lines: [
    `Incident ${name} is closed, and the record of a closed incident is never changed.`,
    `Next: report what is new as another Incident in namespace ${namespace}: kubectl explain incident.spec`,
  ],
});

const isRung = (text: string): text is Rung => RUNGS.some((rung) => rung === text);

/** What the options add to the review; what is left out stays. */
function toReview({ cause, action, checkDue, checkResult }: ReviewOptions): object {
  const check = {
    ...(checkDue === undefined ? {} : { due: checkDue }),
    ...(checkResult === undefined ? {} : { result: checkResult }),
  };
  const review = {
    ...(cause === undefined ? {} : { cause }),
    ...(action === undefined ? {} : { action }),
    ...(Object.keys(check).length === 0 ? {} : { check }),
  };
  if (Object.keys(review).length === 0)
    throw new UsageError("give at least one of --cause, --action, --check-due and --check-result");
  return review;
}

function describeRest(incident: Incident, { namespace }: Session): string {
  const lacking = listLacking(incident);
  if (lacking.length > 0) return `Before it may be closed it lacks ${lacking.join(", ")}.`;
  return `Nothing is lacking. Next: vouchsafe incident close ${incident.metadata.name} -n ${namespace}`;
}

/** Runs `review`: adds what was found. */
export async function reviewIncident(session: Session, name: string, options: ReviewOptions): Promise<Answer> {
  const { checkDue, checkResult } = options;
  const review = toReview(options);
  if (checkDue !== undefined && parseDay(checkDue) === undefined)
    throw new UsageError(`--check-due ${checkDue} is no day such as 2027-02-01`);
  const before = await readIncident(session, name);
  if (before.spec.state === "Closed") return refuseClosed(name, session);
  if (checkResult !== undefined && checkDue === undefined && before.spec.review?.check === undefined)
    throw new UsageError("a result needs the day on which the check was due: add --check-due");
  const written = await edit(session, name, () => ({ review }));
  if (written.outcome === "refused") return refuse(written.message);
  const incident = await readIncident(session, name);
  const lines = [`incident.vouchsafe.dev/${name} reviewed`, describeRest(incident, session)];
  return { exit: 0, json: incident, lines };
}

/** Runs `go`: lets a rung that waits for a person go ahead. */
export async function letGo(
  session: Session,
  name: string,
  rung: string,
  options: { authority?: string },
): Promise<Answer> {
  if (!isRung(rung)) throw new UsageError(`${rung} is no rung, only: ${RUNGS.join(", ")}`);
  const before = await readIncident(session, name);
  const { system, state } = before.spec;
  if (state === "Closed") return refuseClosed(name, session);
  const waiting = listWaiting(before);
  if (!waiting.includes(rung)) {
    const lines = [
      `${rung} does not wait for a person in Incident ${name}: ${waiting.length === 0 ? "no rung does" : `only ${waiting.join(", ")}`}.`,
      `Next: vouchsafe incident show ${name} -n ${session.namespace}`,
    ];
    return { exit: 1, json: { refused: "notWaiting", waiting }, lines };
  }
  const named = system === undefined ? undefined : await listAuthorities(session, system);
  if (system === undefined || named === undefined)
    throw new UsageError(
      `Incident ${name} concerns no AISystem that is there, so nobody names who may let it go ahead`,
    );
  const chosen = await chooseAuthority(session, system, named, options.authority);
  if (chosen.outcome === "refused") return chosen.answer;
  const { authority } = chosen;
  const written = await edit(session, name, ({ spec }) => ({
    go: [...(spec.go ?? []).filter((one) => one.rung !== rung), { rung, authority }],
  }));
  if (written.outcome === "refused") return refuse(written.message);
  const taken = await until(async () => {
    const incident = await readIncident(session, name);
    const actions = incident.status?.actions?.filter((one) => one.rung === rung) ?? [];
    const isTaken = actions.length > 0 && actions.every(({ result }) => result !== "Waiting" && result !== "Started");
    return isTaken ? actions : undefined;
  });
  const lines = [
    `${rung} may go ahead as ${authority}: incident.vouchsafe.dev/${name}`,
    ...(taken === undefined
      ? [
          `It is not done yet: other rungs come first, or the operator is down. Next: vouchsafe incident show ${name} -n ${session.namespace}`,
        ]
      : tabulateActions(taken)),
  ];
  return { exit: 0, json: { rung, authority, actions: taken ?? null }, lines };
}

/** Runs `close`: for good, and only with cause, action and the result of a check. */
export async function closeIncident(session: Session, name: string): Promise<Answer> {
  const { namespace } = session;
  const incident = await readIncident(session, name);
  if (incident.spec.state === "Closed")
    return { exit: 0, json: incident, lines: [`Incident ${name} is closed already.`] };
  const lacking = listLacking(incident);
  if (lacking.length > 0) {
    const lines = [
      `Incident ${name} may not be closed: an incident closes only with cause, action and the result of a check.`,
      `Next: vouchsafe incident review ${name} -n ${namespace} ${lacking.map((option) => `${option} ...`).join(" ")}`,
    ];
    return { exit: 1, json: { refused: "incomplete", lacking }, lines };
  }
  const written = await edit(session, name, () => ({ state: "Closed" }));
  if (written.outcome === "refused") return refuse(written.message);
  const contained = conditionOf(incident, "Contained");
  const lines = [
    `incident.vouchsafe.dev/${name} closed`,
    "Its workloads are held no longer. What was revoked stays refused.",
    ...(incident.spec.breach === undefined || contained?.status === "True"
      ? []
      : [
          `What runs is still in breach, so another Incident will open: ${flatten(contained?.message ?? "not looked at yet")}`,
        ]),
  ];
  return { exit: 0, json: written.object, lines };
}
