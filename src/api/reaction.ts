/** Reactions: what happens when something that runs is no longer vouched for, as an AIPolicy's tiers declare it. */
import * as z from "zod";
import { asAtomicList, asSet, duration, withRules } from "./fields.ts";

/** Every way in which something that runs stops being vouched for. */
export const BREACHES = [
  "DigestRevoked",
  "ReleaseRevoked",
  "SignerRevoked",
  "ApprovalExpired",
  "ApprovalWithdrawn",
  "AssessmentExpired",
  "AssessmentStale",
  "RiskAboveTolerance",
  "SignatureLost",
  "SystemRetired",
  "SystemStopped",
  "ImageUnvouched",
  "MirrorPod",
  "FenceWidened",
  "GovernanceChanged",
] as const;
export type BreachKind = (typeof BREACHES)[number];

/** The rungs of the containment ladder, from what destroys nothing to what ends pods. */
export const RUNGS = [
  "refuse",
  "throttle",
  "quarantine",
  "leaveServices",
  "freeze",
  "sever",
  "rollBack",
  "stop",
] as const;
export type Rung = (typeof RUNGS)[number];

const step = withRules(
  z.object({
    do: z.enum(RUNGS).describe("The rung; docs/containment.md tells what each does."),
    after: duration().optional().describe("How long after the breach was noticed it is due; at once if left out."),
    for: duration()
      .optional()
      .describe(
        "How long throttle, quarantine and leaveServices stand; then they are taken back, or pods still in breach are ended.",
      ),
    authority: z
      .enum(["Standing", "Person"])
      .default("Standing")
      .describe("Standing: done by itself. Person: waits until a holder of stopAuthority says go."),
    floor: z.int().min(0).max(10_000).optional().describe("Replicas that throttle leaves; 1 if left out."),
  }),
  { rule: "!has(self.floor) || self.do == 'throttle'", message: "floor belongs to throttle alone" },
  {
    rule: "!has(self.for) || self.do in ['throttle', 'quarantine', 'leaveServices']",
    message: "only throttle, quarantine and leaveServices can be taken back after a time",
  },
);

const reaction = z.object({
  for: asSet(z.array(z.enum(BREACHES)).min(1).max(BREACHES.length)).describe("The breaches it answers."),
  steps: withRules(asAtomicList(z.array(step).max(RUNGS.length)), {
    rule: "self.all(s, self.exists_one(t, t.do == s.do))",
    message: "name each rung once",
  }).describe("Rungs in order. What destroys evidence waits for freeze, which is added where it is left out."),
});

/** `onBreach` of a tier: the first entry that names the breach counts. */
export const reactions = () => asAtomicList(z.array(reaction).max(BREACHES.length));

/** One rung as a policy orders it. */
export type Step = z.output<typeof step>;
export type Reaction = z.output<typeof reaction>;
