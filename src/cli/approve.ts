/** `vouchsafe approve` and `vouchsafe withdraw`: make Approvals under your own name, after showing what is approved. */
import { createInterface } from "node:readline/promises";
import { Approval } from "../api/approval.ts";
import { ModelRelease } from "../api/model-release.ts";
import { RiskAssessment } from "../api/risk-assessment.ts";
import type { Approvable } from "../api/warrant.ts";
import { DAY, toIso } from "../domain/time.ts";
import { createNamed } from "./create.ts";
import { readMoment } from "./dates.ts";
import { readOne, readWarrants } from "./read.ts";
import { readStamp } from "./rights.ts";
import { type Answer, type Session, UsageError } from "./session.ts";

const KINDS = {
  modelrelease: ModelRelease,
  mr: ModelRelease,
  riskassessment: RiskAssessment,
  ra: RiskAssessment,
} as const;

export interface ApproveOptions {
  role?: string;
  until?: string;
  days?: string;
  reason: string;
  reject?: boolean;
  yes?: boolean;
}

type Target = ModelRelease | RiskAssessment;

async function readTarget(session: Session, kind: string, name: string): Promise<Target> {
  const definition = KINDS[kind.toLowerCase() as keyof typeof KINDS] as (typeof KINDS)[keyof typeof KINDS] | undefined;
  if (definition === undefined) throw new UsageError(`${kind} cannot be approved: name modelrelease or riskassessment`);
  const target = await readOne<Target>(session, definition, name);
  if (target === undefined)
    throw new UsageError(`there is no ${definition.kind} ${name} in namespace ${session.namespace}`);
  return target;
}

function chooseRole(wanted: Approvable, asked: string | undefined): { role: string; days: number } {
  const roles = Object.entries(wanted.roles);
  const names = roles.map(([role]) => role).join(", ");
  const chosen = asked === undefined && roles.length === 1 ? roles[0] : roles.find(([role]) => role === asked);
  if (chosen === undefined)
    throw new UsageError(
      asked === undefined ? `choose one with --role: ${names}` : `role ${asked} is not wanted here, only: ${names}`,
    );
  return { role: chosen[0], days: chosen[1] };
}

function chooseEnd(options: ApproveOptions, longest: number, now: number): string {
  if (options.until !== undefined) return toIso(readMoment(options.until, "--until"));
  const days = options.days === undefined ? Math.min(longest, 90) : Number(options.days);
  if (!(days > 0)) throw new UsageError(`--days ${options.days ?? ""} is no number of days`);
  // A minute less, since the server measures from when it takes the Approval.
  return toIso(now + days * DAY - 60_000);
}

function describeTarget(target: Target): string[] {
  if ("artifacts" in target.spec) {
    return [
      `ModelRelease ${target.metadata.name}, version ${target.spec.version} of ${target.spec.system}`,
      ...target.spec.artifacts.map(({ name, image }) => `  ${name}: ${image}`),
      ...(target.spec.limitations ?? []).map((text) => `  limitation: ${text}`),
      ...(target.spec.knownRisks ?? []).map((text) => `  known risk: ${text}`),
    ];
  }
  const level = "level" in (target.status ?? {}) ? (target as RiskAssessment).status?.level : undefined;
  return [
    `RiskAssessment ${target.metadata.name} of ${target.spec.system}, level ${level ?? "?"}`,
    ...target.spec.scenarios.map(
      ({ id, residual }) => `  ${id}: left over ${residual.likelihood}, ${residual.consequence}`,
    ),
  ];
}

async function confirm(lines: readonly string[], isSure: boolean | undefined): Promise<void> {
  if (isSure === true) return;
  if (!process.stdin.isTTY)
    throw new UsageError("no terminal to ask on: look at it with vouchsafe explain, then add --yes");
  for (const line of lines) process.stderr.write(`${line}\n`);
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question("Type yes to go on: ");
  prompt.close();
  if (answer.trim() !== "yes") throw new UsageError("nothing was done");
}

async function create(session: Session, spec: Record<string, unknown>, base: string): Promise<Answer> {
  const approver = await readStamp(session);
  const written = await createNamed(session, Approval, base, { ...spec, approver });
  if (written.outcome === "refused") return { exit: 1, json: { refused: written.message }, lines: [written.message] };
  const { object } = written;
  return {
    exit: 0,
    json: object,
    lines: [`approval.vouchsafe.dev/${object.metadata.name} created by ${approver.username}`],
  };
}

/** Approves a release, accepts a risk, or rejects either. */
export async function approve(session: Session, kind: string, name: string, options: ApproveOptions): Promise<Answer> {
  const target = await readTarget(session, kind, name);
  const { digest } = target.status ?? {};
  const wanted = digest === undefined ? undefined : (await readWarrants(session)).get("approvals")?.approvals?.[digest];
  if (digest === undefined || wanted === undefined) {
    const ready = target.status?.conditions?.find(({ type }) => type === "Ready");
    const lines = [
      `Nothing of ${target.kind} ${name} may be approved now.`,
      ...(ready === undefined ? [] : [ready.message]),
    ];
    return { exit: 1, json: { approvable: false, ready }, lines };
  }
  const { role, days } = chooseRole(wanted, options.role);
  const until = chooseEnd(options, days, session.now);
  const isReject = options.reject === true;
  const decision = isReject ? "reject" : target.kind === "ModelRelease" ? "approve" : "accept";
  await confirm(
    [...describeTarget(target), `${decision} in role ${role}${isReject ? "" : ` until ${until}`}`],
    options.yes,
  );
  return create(
    session,
    {
      target: { kind: target.kind, name, digest },
      role,
      decision,
      reason: options.reason,
      ...(isReject ? {} : { until }),
    },
    name,
  );
}

/** Takes an Approval back. */
export async function withdraw(session: Session, name: string, options: { reason: string }): Promise<Answer> {
  const approval = await readOne<Approval>(session, Approval, name);
  if (approval === undefined) throw new UsageError(`there is no Approval ${name} in namespace ${session.namespace}`);
  const { target, role } = approval.spec;
  return create(
    session,
    { target, role, decision: "withdraw", withdraws: { name, uid: approval.metadata.uid }, reason: options.reason },
    target.name,
  );
}
