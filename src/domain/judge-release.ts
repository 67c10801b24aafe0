/** How one ModelRelease stands under one policy: revoked, verified, approved, and until when it may run. */
import type { ModelRelease } from "../api/model-release.ts";
import type { Authors } from "./authors.ts";
import { digestApprovable } from "./digest.ts";
import { FINDINGS, type Stated, stateFinding } from "./findings.ts";
import { digestOfImage } from "./images.ts";
import type { ApprovalStanding, JudgedApproval } from "./judge-approval.ts";
import { judgeContent } from "./judge-content.ts";
import { findFormatFault } from "./judge-formats.ts";
import { judgeSignatures, type SignatureJudgement } from "./judge-signatures.ts";
import type { SystemJudgement } from "./judge-system.ts";
import type { Revoked } from "./revocations.ts";
import { type Bench, describeEdit, isEditWorse, type TieredSystem } from "./tiered-system.ts";
import { toIso } from "./time.ts";

/** What is known of the approval once the release's system has a tier. */
export interface Approvability {
  digest: string;
  authors: Authors;
  approval: JudgedApproval;
  editedAt: number | undefined;
  fault: Stated | undefined;
}

export interface ReleaseJudgement {
  object: ModelRelease;
  revoked: Stated | undefined;
  /** What verification lacks; undefined where all signatures are there. */
  unverified: Stated | undefined;
  approvable: Approvability | undefined;
  /** Everything that keeps it from running, worst first; empty where it may run. */
  findings: Stated[];
  /** End of signatures, approval, acceptance and assessment, epoch milliseconds. */
  until: number;
  /** Pods created after this moment are refused; 0 where none are admitted. */
  notAfter: number;
}

/** Judges one release. `system` is the judgement of the system that it names, where there is one. */
export function judgeRelease(
  object: ModelRelease,
  system: SystemJudgement | undefined,
  revoked: Revoked,
  bench: Bench,
): ReleaseJudgement {
  const { name } = object.metadata;
  const { namespace } = bench.facts;
  const tiered = system?.tiered;
  const fallen = findRevocation(object, revoked);
  const signatures = tiered === undefined ? undefined : judgeSigned(object, tiered, revoked, bench);
  const unverified = signatures?.outcome === "lacking" ? signatures.fault : undefined;
  const approvable = tiered === undefined ? undefined : judgeApprovability(object, tiered, bench);
  const missing = stateFinding("SystemMissing", {
    referrer: `release ${name}`,
    system: object.spec.system,
    namespace,
  });
  const findings = [
    ...(fallen === undefined ? [] : [fallen]),
    ...revoked.unread,
    ...(system === undefined ? [missing] : []),
    ...(unverified === undefined ? [] : [unverified]),
    ...(approvable?.fault === undefined ? [] : [approvable.fault]),
    ...(system?.findings ?? []),
  ].toSorted((a, b) => rankOf(a) - rankOf(b));
  // Signatures have no grace: what a certificate says of its own end is not ours to stretch.
  const signed = signatures?.outcome === "signed" ? signatures.until : 0;
  const end = (which: "until" | "notAfter") =>
    Math.min(signed, system?.assessment?.[which] ?? 0, endOf(approvable, which));
  return {
    object,
    revoked: fallen,
    unverified,
    approvable,
    findings,
    until: end("until"),
    notAfter: findings.length > 0 ? 0 : end("notAfter"),
  };
}

function judgeSigned(object: ModelRelease, { tier }: TieredSystem, revoked: Revoked, bench: Bench): SignatureJudgement {
  const { policy, trustDigest, now } = bench;
  const { name, signers, spec } = policy;
  const trust = { policy: name, signers, definitions: spec.signers, revoked: revoked.signers, trustDigest, now };
  const signed = judgeSignatures(object, tier, trust);
  // What nobody signed is not told by its formats.
  const fault = signed.outcome === "signed" ? findFormatFault(object, tier, trust) : undefined;
  return fault === undefined ? signed : { outcome: "lacking", fault };
}

const rankOf = ({ code }: Stated) => (FINDINGS[code].standing === "never" ? 0 : 1);

function findRevocation({ metadata, spec }: ModelRelease, revoked: Revoked): Stated | undefined {
  const byName = revoked.releases.get(metadata.name);
  if (byName !== undefined) return byName;
  return spec.artifacts.map(({ image }) => revoked.digests.get(digestOfImage(image))).find((one) => one !== undefined);
}

function endOf(approvable: Approvability | undefined, which: "until" | "notAfter"): number {
  const standing = approvable?.approval.standing;
  return standing?.standing === "approved" || standing?.standing === "stale" ? standing[which] : 0;
}

function judgeApprovability(object: ModelRelease, system: TieredSystem, bench: Bench): Approvability {
  const { name, namespace = "" } = object.metadata;
  const bound = { system: system.specDigest, tier: system.tier.name };
  const digest = digestApprovable({ kind: "ModelRelease", namespace, name, spec: object.spec, bound });
  const { authors, approval, editedAt } = judgeContent(
    {
      kind: "ModelRelease",
      metadata: object.metadata,
      digest,
      lastApproved: object.status?.approved?.digest,
      origin: object.status?.origin,
      editedAt: object.status?.editedAt,
      isWorse: isEditWorse(system),
    },
    system,
    bench,
  );
  const changes = editedAt === undefined ? undefined : describeEdit(system, "the release");
  const fault = explainFault(approval.standing, changes, { release: name, namespace: bench.facts.namespace });
  return { digest, authors, approval, editedAt, fault };
}

function explainFault(
  standing: ApprovalStanding,
  changes: string | undefined,
  values: { release: string; namespace: string },
): Stated | undefined {
  switch (standing.standing) {
    case "approved":
    case "stale":
      return undefined;
    case "expired":
      return stateFinding("ApprovalExpired", { ...values, until: toIso(standing.until) });
    case "rejected": {
      const { approver, approval, reason: why } = standing;
      return stateFinding("ApprovalRejected", {
        ...values,
        target: `release ${values.release}`,
        approver,
        approval,
        why,
      });
    }
    case "lacking":
      if (changes !== undefined) return stateFinding("ApprovalStale", { ...values, changes });
      return stateFinding("ApprovalMissing", { ...values, missing: standing.missing });
  }
}
