/** Compiles what may be approved now into the Warrant `approvals`, with who wrote it and which roles are wanted. Pure. */
import type { ApprovalDemand } from "../api/ai-policy.ts";
import { AUTHORS_ANNOTATION } from "../api/labels.ts";
import { type Approvable, MAX_WARRANT_BYTES, MAX_WARRANT_IMAGES, type WarrantSpec } from "../api/warrant.ts";
import { boundAuthors, keepFormer, parseAuthors, recallAuthors, toAuthorKey } from "../domain/authors.ts";
import { listUids, type NamespaceJudgement } from "../domain/evaluate.ts";
import type { NamespaceFacts } from "../domain/facts.ts";

/** What approvable objects may take of the Warrant, in bytes; the rest is for former authors. */
const MAX_APPROVABLE_BYTES = MAX_WARRANT_BYTES / 2;

/** Longest time that the schema of a policy lets an approval hold. */
const LONGEST_DAYS = 3650;

function collectRoles(demands: readonly ApprovalDemand[], of: ApprovalDemand["of"]): Record<string, number> {
  const roles = new Map<string, number>();
  for (const demand of demands) {
    if (demand.of !== of) continue;
    roles.set(demand.role, Math.max(roles.get(demand.role) ?? 0, demand.maxAgeDays ?? LONGEST_DAYS));
  }
  return Object.fromEntries([...roles].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

interface Listed extends Approvable {
  digest: string;
  isApproved: boolean;
}

function listApprovable(judgement: NamespaceJudgement): Listed[] {
  return judgement.modes.flatMap((mode): Listed[] => {
    if (mode.outcome !== "judged") return [];
    const assessments = mode.systems.flatMap(({ tiered, assessment }): Listed[] => {
      const assessed = assessment?.assessed;
      // Above the tolerance no acceptance helps, so none is taken.
      if (tiered === undefined || assessed === undefined || assessed.verdict === "AboveTolerance") return [];
      const { object, digest, authors, acceptance } = assessed;
      const roles = collectRoles(tiered.tier.approvals ?? [], "RiskAssessment");
      const isApproved = acceptance.standing.standing === "approved" && Object.keys(roles).length > 0;
      return [toListed("RiskAssessment", object.metadata, { digest, authors: authors.names, roles, isApproved })];
    });
    const releases = mode.releases.flatMap(({ object, approvable, revoked }): Listed[] => {
      const system = mode.systems.find(({ name }) => name === object.spec.system);
      if (approvable === undefined || system?.tiered === undefined || revoked !== undefined) return [];
      const { digest, authors, approval } = approvable;
      const roles = collectRoles(system.tiered.tier.approvals ?? [], "ModelRelease");
      const isApproved = approval.standing.standing === "approved" && Object.keys(roles).length > 0;
      return [toListed("ModelRelease", object.metadata, { digest, authors: authors.names, roles, isApproved })];
    });
    return [...assessments, ...releases];
  });
}

function toListed(
  kind: Approvable["kind"],
  metadata: { name: string; uid?: string },
  rest: { digest: string; authors: string[]; roles: Record<string, number>; isApproved: boolean },
): Listed {
  return { kind, name: metadata.name, uid: metadata.uid ?? "", ...rest, authors: boundAuthors(rest.authors) };
}

/** Names that have to be kept because no listed object carries them. */
function collectFormer(
  facts: NamespaceFacts,
  judgement: NamespaceJudgement,
  listed: readonly Listed[],
): Map<string, Set<string>> {
  const former = new Map<string, Set<string>>();
  const add = (key: string, names: Iterable<string>) => {
    former.set(key, new Set([...(former.get(key) ?? []), ...names]));
  };
  for (const [key, names] of recallAuthors(facts.warrants.get("approvals"), listUids(facts))) add(key, names);
  const listedKeys = new Set(listed.map(({ kind, name }) => toAuthorKey(kind, name)));
  const everyObject = [
    ...facts.systems.map((read) => ({ kind: "AISystem", read })),
    ...facts.assessments.map((read) => ({ kind: "RiskAssessment", read })),
    ...facts.releases.map((read) => ({ kind: "ModelRelease", read })),
  ];
  for (const { kind, read } of everyObject) {
    const key = toAuthorKey(kind, read.metadata.name);
    if (!listedKeys.has(key)) add(key, parseAuthors(read.metadata.annotations?.[AUTHORS_ANNOTATION]));
  }
  // Approved content is cleared: its authors need not be remembered for what comes after it.
  for (const { kind, name, isApproved } of listed) if (isApproved) former.delete(toAuthorKey(kind, name));
  for (const name of listApprovedSystems(judgement)) former.delete(toAuthorKey("AISystem", name));
  return former;
}

/** Systems whose present content people approved, with the assessment or with a release. */
export function listApprovedSystems({ governing }: NamespaceJudgement): Set<string> {
  if (governing?.outcome !== "judged") return new Set();
  const isGiven = (standing: string | undefined) => standing === "approved";
  const accepted = governing.systems.filter(
    ({ tiered, assessment }) =>
      tiered?.tier.approvals?.some(({ of }) => of === "RiskAssessment") === true &&
      isGiven(assessment?.assessed?.acceptance.standing.standing),
  );
  const released = governing.releases.filter(({ object, approvable }) => {
    const tier = governing.systems.find(({ name }) => name === object.spec.system)?.tiered?.tier;
    const isAsked = tier?.approvals?.some(({ of }) => of === "ModelRelease") === true;
    return isAsked && isGiven(approvable?.approval.standing.standing);
  });
  return new Set([...accepted.map(({ name }) => name), ...released.map(({ object }) => object.spec.system)]);
}

/** Compiles the Warrant `approvals`. */
export function compileApprovals(judgement: NamespaceJudgement, facts: NamespaceFacts): WarrantSpec {
  const listed = listApprovable(judgement);
  const approvals: Record<string, Approvable> = {};
  let bytes = 0;
  for (const { digest, isApproved: _, ...entry } of listed.slice(0, MAX_WARRANT_IMAGES)) {
    bytes += Buffer.byteLength(JSON.stringify([digest, entry]));
    // What does not fit cannot be approved until other objects are gone.
    if (bytes > MAX_APPROVABLE_BYTES) break;
    const before = approvals[digest];
    approvals[digest] = before === undefined ? entry : { ...entry, roles: { ...before.roles, ...entry.roles } };
  }
  const sorted = Object.fromEntries(Object.entries(approvals).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return { notYet: "Warn", approvals: sorted, formerAuthors: keepFormer(collectFormer(facts, judgement, listed)) };
}
