/** The containment ladder: which rungs a breach calls for, and when each of them is due. Pure. */
import type { BreachKind, Reaction, Rung, Step } from "../api/reaction.ts";
import { parseDuration, parseInstant } from "./time.ts";

/** How an action begins that waits for a moment, and for nobody. */
export const DUE_AT = "due at ";

const steps = (...rungs: Rung[]): Step[] => rungs.map((rung) => ({ do: rung, authority: "Standing" }));

const WITHDRAWN = steps("refuse", "quarantine", "leaveServices", "freeze", "sever", "rollBack");

/**
 * What happens where a tier says nothing: what people withdrew is contained and rolled back at once; what merely ran
 * out is refused anew and left running, since its owners may be on holiday; what only tells of tampering is frozen.
 */
export const DEFAULT_STEPS: Record<BreachKind, readonly Step[]> = {
  DigestRevoked: WITHDRAWN,
  ReleaseRevoked: WITHDRAWN,
  SignerRevoked: WITHDRAWN,
  ApprovalWithdrawn: WITHDRAWN,
  SystemStopped: steps("refuse", "leaveServices", "freeze", "stop"),
  ApprovalExpired: steps("refuse"),
  AssessmentExpired: steps("refuse"),
  AssessmentStale: steps("refuse"),
  RiskAboveTolerance: steps("refuse", "freeze"),
  SignatureLost: steps("refuse", "freeze"),
  SystemRetired: steps("refuse"),
  ImageUnvouched: steps("refuse", "freeze"),
  MirrorPod: steps("freeze"),
  FenceWidened: steps("freeze"),
  GovernanceChanged: steps(),
};

/** Rungs that end pods or replace them: what they destroy has to be frozen before. */
const DESTROYING: ReadonlySet<Rung> = new Set(["throttle", "sever", "rollBack", "stop"]);

/** Whether a rung ends pods, or has others end them. */
export const isDestroying = (rung: Rung): boolean => DESTROYING.has(rung);

/** What happens where nobody can tell what the tier says: nothing that could not be taken back, but for a person's Stop. */
export const findCautiousSteps = (kind: BreachKind): Step[] =>
  DEFAULT_STEPS[kind].filter(({ do: rung }) => kind === "SystemStopped" || !isDestroying(rung));

/** The rungs for a breach, in order, with `freeze` before the first one that destroys evidence. */
export function findSteps(kind: BreachKind, reactions: readonly Reaction[] | undefined): Step[] {
  const own = reactions?.find((reaction) => reaction.for.includes(kind))?.steps;
  const wanted = [...(own ?? DEFAULT_STEPS[kind])];
  const first = wanted.findIndex((step) => DESTROYING.has(step.do));
  const freeze = wanted.findIndex((step) => step.do === "freeze");
  if (first < 0 || (freeze >= 0 && freeze < first)) return wanted;
  const late = freeze < 0 ? steps("freeze") : wanted.splice(freeze, 1);
  // Evidence is never kept waiting by the rung that it precedes.
  return [
    ...wanted.slice(0, first),
    ...late.map((step) => ({ do: step.do, authority: "Standing" as const })),
    ...wanted.slice(first),
  ];
}

/** Whether a step may be taken now. */
export type Due =
  | { due: "now" }
  /** Epoch milliseconds. */
  | { due: "later"; at: number }
  | { due: "person" };

/** Whether a step is due for an incident noticed at `detectedAt` (RFC 3339); `go` are the rungs that people let go ahead. */
export function judgeDue(step: Step, detectedAt: string, go: readonly Rung[], now: number): Due {
  // A moment that cannot be read holds nothing back.
  const at = (parseInstant(detectedAt) ?? 0) + (step.after === undefined ? 0 : parseDuration(step.after));
  if (at > now) return { due: "later", at };
  if (step.authority === "Person" && !go.includes(step.do)) return { due: "person" };
  return { due: "now" };
}

/** When a rung that was done at `doneAt` has to be taken back; undefined where it stands. Epoch milliseconds. */
export function findEnd(step: Step, doneAt: string | undefined): number | undefined {
  const done = parseInstant(doneAt);
  return step.for === undefined || done === undefined ? undefined : done + parseDuration(step.for);
}
