/** When a judgement may change by time alone, and when people are warned that it will. */
import type { NamespaceJudgement } from "./evaluate.ts";
import type { ApprovalStanding } from "./judge-approval.ts";
import { DAY } from "./time.ts";

/** Days before the end of an approval at which people are warned. */
export const WARNING_DAYS = [14, 7, 1] as const;

/** The number of WARNING_DAYS that the end has come within; undefined where it is further away. */
export function findWarning(notAfter: number, now: number): (typeof WARNING_DAYS)[number] | undefined {
  return WARNING_DAYS.findLast((days) => notAfter - now <= days * DAY);
}

function* listEnds(judgement: NamespaceJudgement): Generator<number> {
  for (const mode of judgement.modes) {
    if (mode.outcome !== "judged") continue;
    for (const { assessment } of mode.systems) {
      if (assessment === undefined) continue;
      yield assessment.until;
      yield assessment.notAfter;
      yield* listStandingEnds(assessment.assessed?.acceptance.standing);
    }
    for (const release of mode.releases) {
      yield release.until;
      yield release.notAfter;
      yield* listStandingEnds(release.approvable?.approval.standing);
      for (const days of WARNING_DAYS) yield release.notAfter - days * DAY;
    }
  }
}

function* listStandingEnds(standing: ApprovalStanding | undefined): Generator<number> {
  if (standing?.standing !== "approved" && standing?.standing !== "stale") return;
  yield standing.until;
  yield standing.notAfter;
}

/** The next moment after `now` at which something ends; Infinity where nothing does. */
export function findNextChange(judgement: NamespaceJudgement, now: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const end of listEnds(judgement)) if (end > now && end < next) next = end;
  return next;
}
