/** How the present content of a release or an assessment stands with the people who have to approve it. */
import type { GitOrigin } from "../api/github.ts";
import type { ObjectMeta } from "../api/kind.ts";
import { AUTHORS_ANNOTATION } from "../api/labels.ts";
import { type Authors, collectAuthors, toAuthorKey, toAuthors } from "./authors.ts";
import { listValid } from "./facts.ts";
import { replaceDeliverers } from "./github.ts";
import { judgeApproval, type JudgedApproval } from "./judge-approval.ts";
import type { Bench, TieredSystem } from "./tiered-system.ts";
import { parseDuration, parseInstant } from "./time.ts";

/** What is approved, and what is remembered of it. */
export interface Content {
  kind: "ModelRelease" | "RiskAssessment";
  metadata: ObjectMeta;
  /** Digest of the present content. */
  digest: string;
  /** Digest of the content that was approved last, where there is one. */
  lastApproved: string | undefined;
  /** What Git knows of who wrote it, where it was looked at. */
  origin: GitOrigin | undefined;
  /** When it was first seen to differ from that, as the status has it. */
  editedAt: string | undefined;
  /** Whether the edit is worse than what was approved, so that it has no grace. */
  isWorse: boolean;
}

export interface JudgedContent {
  authors: Authors;
  approval: JudgedApproval;
  /** Epoch milliseconds; undefined where nothing was edited. */
  editedAt: number | undefined;
}

/** Judges the content of one object of a system. */
export function judgeContent(content: Content, system: TieredSystem, bench: Bench): JudgedContent {
  const { kind, metadata, digest, lastApproved } = content;
  const { policy, now } = bench;
  const key = toAuthorKey(kind, metadata.name);
  const { deliverers } = policy.spec;
  const replace = (names: readonly string[]) => replaceDeliverers(names, content.origin, { digest, deliverers });
  const own = replace(collectAuthors(bench.known, key, metadata.annotations?.[AUTHORS_ANNOTATION]));
  const authors = toAuthors(own, replace(system.authors), deliverers);
  const isEdited = lastApproved !== undefined && lastApproved !== digest;
  const editedAt = isEdited ? (parseInstant(content.editedAt) ?? now) : undefined;
  const hasGrace = isEdited && editedAt !== undefined && !content.isWorse;
  const approval = judgeApproval({
    count: {
      approvals: listValid(bench.facts.approvals),
      target: { kind, name: metadata.name, digest },
      demands: (system.tier.approvals ?? []).filter(({ of }) => of === kind),
      authors,
      policy: policy.spec,
    },
    now,
    expiryGraceMs: parseDuration(policy.spec.expiryGrace),
    ...(hasGrace
      ? { lastApproved: { digest: lastApproved, graceEnds: editedAt + parseDuration(policy.spec.editGrace) } }
      : {}),
  });
  return { authors, approval, editedAt };
}
