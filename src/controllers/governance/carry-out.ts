/** Carries a decision on a namespace out: Warrants first, then statuses, Events and evidence. Every write may be repeated. */
import type { CountedApproval } from "../../api/approval-count.ts";
import { ModelRelease } from "../../api/model-release.ts";
import { API_VERSION, type KindDefinition, type ObjectMeta, toResource } from "../../api/kind.ts";
import { AISystem } from "../../api/ai-system.ts";
import { Approval } from "../../api/approval.ts";
import { Revocation } from "../../api/revocation.ts";
import { RiskAssessment } from "../../api/risk-assessment.ts";
import { Warrant, type WarrantEntry, type WarrantSpec } from "../../api/warrant.ts";
import { toCanonicalText } from "../../domain/canonical.ts";
import type { NamespaceFacts } from "../../domain/facts.ts";
import { toIso } from "../../domain/time.ts";
import { listOpened } from "../../gate/compile-warrant.ts";
import { type KeptCondition, mergeConditions } from "../../runtime/index.ts";
import { digestInput } from "../../telemetry/evidence.ts";
import { nudgeOwners } from "../nudge/nudge.ts";
import { applyStatus, OPERATOR_ACTOR, type Toolbox, toSubject } from "../toolbox.ts";
import type { ConditionDraft } from "./condition-draft.ts";
import type { Decided, NamespaceDecision } from "./decide.ts";
import { settleAll } from "./settle.ts";

export const WARRANTS = toResource(Warrant);

/**
 * Writes what is decided. Throws where a write fails; what was written stays right. `owed` holds digests that were
 * opened and whose owners have not been woken yet: it outlives a failure, since the next look finds nothing opened.
 */
export async function carryOut(
  tools: Toolbox,
  facts: NamespaceFacts,
  decision: NamespaceDecision,
  owed: Set<string>,
): Promise<void> {
  const { namespace } = facts;
  const write = async (name: string, spec: WarrantSpec) => {
    const before = facts.warrants.get(name);
    const isWritten = await writeWarrant(tools, namespace, name, spec);
    if (!isWritten) return;
    recordVerdicts(tools, { namespace, mode: name }, before, spec);
    if (name === "enforce") for (const digest of listOpened(before, spec)) owed.add(digest);
  };
  // Statuses wait for them: none may tell what no Warrant says yet.
  await settleAll([
    ...[...decision.warrants].map(
      ([name, spec]) =>
        () =>
          write(name, spec),
    ),
    ...decision.obsolete.map((name) => () => tools.client.delete(WARRANTS, { namespace, name })),
  ]);
  await settleAll([
    // Owners first: people wait for their pods, not for conditions.
    () => wakeOwed(tools, facts.namespace, owed),
    ...decision.systems.map((system) => () => writeStatus(tools, AISystem, system)),
    ...decision.assessments.map((assessment) => () => writeStatus(tools, RiskAssessment, assessment)),
    ...decision.releases.map((release) => () => writeStatus(tools, ModelRelease, release)),
    ...decision.revocations.map((revocation) => () => writeStatus(tools, Revocation, revocation)),
    ...decision.approvals.map((approval) => () => writeStatus(tools, Approval, approval)),
  ]);
}

async function wakeOwed(tools: Toolbox, namespace: string, owed: Set<string>): Promise<void> {
  if (owed.size === 0) return;
  await nudgeOwners(tools, namespace, owed);
  owed.clear();
}

/** Writes a Warrant by PUT with the version that was read, which fences writers that lost the lease. */
async function writeWarrant(tools: Toolbox, namespace: string, name: string, spec: WarrantSpec): Promise<boolean> {
  const read = tools.world.warrants.get(`${namespace}/${name}`);
  const base = { apiVersion: API_VERSION, kind: Warrant.kind };
  if (read === undefined) {
    await tools.client.create(WARRANTS, { ...base, metadata: { name, namespace }, spec } as typeof base & {
      metadata: ObjectMeta;
    });
  } else {
    if (read.outcome === "valid" && isSame(read.object.spec, spec)) return false;
    const { uid = "", resourceVersion = "" } = read.metadata;
    const metadata = { name, namespace, uid, resourceVersion };
    await tools.client.replace(WARRANTS, { ...base, metadata, spec } as typeof base & { metadata: ObjectMeta });
  }
  tools.metrics.count("warrantWrites", { warrant: name });
  return true;
}

type Standing = "granted" | "pending" | "refused" | "unlisted";

function standingOf(entry: WarrantEntry | undefined): Standing {
  if (entry === undefined) return "unlisted";
  if (entry.refused !== undefined) return "refused";
  return (entry.grants?.length ?? 0) > 0 ? "granted" : "pending";
}

const isSame = (a: unknown, b: unknown) => toCanonicalText(a ?? null) === toCanonicalText(b ?? null);

function recordVerdicts(
  { evidence }: Toolbox,
  at: { namespace: string; mode: string },
  before: WarrantSpec | undefined,
  after: WarrantSpec,
): void {
  const old = before?.images ?? {};
  const fresh = after.images ?? {};
  for (const digest of new Set([...Object.keys(old), ...Object.keys(fresh)])) {
    const entry = fresh[digest];
    if (isSame(old[digest], entry)) continue;
    const reason = entry?.refused ?? entry?.pending;
    evidence.record({
      kind: "verdict",
      actor: OPERATOR_ACTOR,
      object: `Warrant/${at.namespace}/${at.mode}`,
      what: standingOf(entry),
      digest,
      inputs: [old[digest], entry, after.policy].map((input) => digestInput(input ?? null)),
      codes: reason === undefined ? [] : [reason.code],
      ...(reason === undefined ? {} : { text: reason.text }),
    });
  }
}

interface StatusDraft {
  conditions: ConditionDraft[];
  approvals?: CountedApproval[];
}

interface StoredStatus {
  conditions?: KeptCondition[] | undefined;
  approvals?: CountedApproval[] | undefined;
  /** Written by the verification controller. */
  artifacts?: unknown;
  reading?: unknown;
  /** Written by the reviews controller. */
  origin?: unknown;
}

interface StatusObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  status?: StoredStatus;
}

async function writeStatus(
  tools: Toolbox,
  kind: KindDefinition,
  { object, status }: Decided<StatusObject, StatusDraft>,
): Promise<void> {
  const { generation } = object.metadata;
  const kept = object.status?.conditions ?? [];
  const conditions = mergeConditions(kept, status.conditions, generation, toIso(tools.now()));
  // Records are never changed, so their statuses tell no generation.
  const isRecord = kind === Approval || kind === Revocation;
  const observedGeneration = generation === undefined || isRecord ? {} : { observedGeneration: generation };
  const value = { ...status, ...observedGeneration, conditions };
  const { artifacts: _, reading: __, origin: ___, ...stored } = object.status ?? {};
  if (isSame(stored, value)) return;
  await applyStatus(tools, toResource(kind), object, { fieldManager: "vouchsafe-governance", value });
  recordApprovals(tools, object, status.approvals ?? []);
  await announce(tools, object, kept, conditions);
}

function recordApprovals({ evidence }: Toolbox, object: StatusObject, approvals: readonly CountedApproval[]): void {
  const before = new Set(object.status?.approvals?.filter(({ counts }) => counts === "Yes").map(({ name }) => name));
  for (const { name, approver, role, counts } of approvals) {
    if (counts !== "Yes" || before.has(name)) continue;
    evidence.record({
      kind: "approval",
      actor: approver,
      object: `Approval/${object.metadata.namespace ?? ""}/${name}`,
      what: "counted",
      inputs: [toSubject(object), role],
      codes: [],
    });
  }
}

/** Conditions whose change people are told of, and whether their being True is good. */
const ANNOUNCED: Record<string, "good" | "bad"> = { Ready: "good", Verified: "good", Expiring: "bad", Pinned: "good" };

async function announce(
  { events }: Toolbox,
  object: StatusObject,
  before: readonly KeptCondition[],
  after: readonly KeptCondition[],
): Promise<void> {
  for (const condition of after) {
    const meaning = ANNOUNCED[condition.type];
    const old = before.find(({ type }) => type === condition.type);
    const isWarningNew =
      condition.type === "Expiring" && condition.status === "True" && old?.message !== condition.message;
    const isKept = old?.status === condition.status && old.reason === condition.reason;
    if (meaning === undefined || (isKept && !isWarningNew)) continue;
    const isGood = (condition.status === "True") === (meaning === "good");
    // What is about to be looked at is no news either way.
    if (condition.reason === "VerificationPending") continue;
    // Good news that was never bad before is no news.
    if (isGood && old === undefined && condition.type !== "Ready" && condition.type !== "Verified") continue;
    await events.record(object, {
      type: isGood ? "Normal" : "Warning",
      reason: condition.reason,
      note: condition.message,
      action: condition.type === "Verified" ? "Verify" : "Evaluate",
    });
  }
}
