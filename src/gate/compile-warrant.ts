/** Compiles the judgement of one mode into the Warrant that the API server's policies read. Pure. */
import type { Tier } from "../api/ai-policy.ts";
import {
  type Grant,
  MAX_WARRANT_BYTES,
  MAX_WARRANT_IMAGES,
  type Refusal,
  type SystemGate,
  type WarrantEntry,
  type WarrantSpec,
} from "../api/warrant.ts";
import type { ModeJudgement, NamespaceJudgement } from "../domain/evaluate.ts";
import { listValid, type NamespaceFacts } from "../domain/facts.ts";
import { FINDINGS, type Stated, stateFinding } from "../domain/findings.ts";
import { digestOfImage } from "../domain/images.ts";
import type { SystemJudgement } from "../domain/judge-system.ts";
import type { Holds } from "../domain/holds.ts";
import type { Revoked } from "../domain/revocations.ts";
import { gatherTags } from "../domain/tags.ts";
import { toIso } from "../domain/time.ts";

/** The Warrant, and what could not be put into it. */
export interface CompiledWarrant {
  spec: WarrantSpec;
  /** Set where more digests are listed than a Warrant holds: then it holds refusals only. */
  overflow: Stated | undefined;
}

const MAX_GRANTS = 32;
/** What pinned tags may take of a Warrant, in bytes. */
const MAX_PIN_BYTES = 200_000;

const toRefusal = ({ code, text }: Stated): Refusal => ({ code, text });

/** Sorted by key, so that the same judgement gives the same bytes. */
const toSorted = <V>(entries: Iterable<[string, V]>): Record<string, V> =>
  Object.fromEntries([...entries].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));

/** Demands of a gate that is closed for want of a tier: the strictest, though nothing reaches them. */
const STRICTEST: Tier["pod"] = {
  runAsNonRoot: "Required",
  readOnlyRootFilesystem: "Required",
  hostNetwork: "Forbidden",
  serviceAccountToken: "Forbidden",
};

function compileSystem(system: SystemJudgement, unread: readonly Stated[]): SystemGate {
  const why = [...system.findings, ...unread][0];
  const tier = system.tiered?.tier;
  return {
    ...(tier === undefined ? {} : { tier: tier.name }),
    gate: why === undefined ? "Open" : "Closed",
    ...(why === undefined ? {} : { why: toRefusal(why) }),
    ...(tier?.pod ?? STRICTEST),
    ...(system.stopAuthority.length === 0 ? {} : { stopAuthority: system.stopAuthority }),
  };
}

interface Draft {
  grants: Grant[];
  withheld: Withheld[];
  refused?: Refusal;
  pending?: Refusal;
}

type Withheld = NonNullable<WarrantEntry["withheld"]>[number];

function toEntry({ grants, withheld, refused, pending }: Draft): WarrantEntry {
  // Why a digest was not vouched for is still to be seen behind what holds it back.
  if (refused !== undefined && refused.code !== "HeldBack") return { refused };
  if (refused === undefined && grants.length > 0) {
    return { grants: grants.toSorted(compareGrants).slice(0, MAX_GRANTS) };
  }
  return {
    ...(refused === undefined ? {} : { refused }),
    ...(pending === undefined ? {} : { pending }),
    ...(withheld.length === 0 ? {} : { withheld: withheld.slice(0, MAX_GRANTS) }),
  };
}

const compareGrants = (a: Grant, b: Grant) => (`${a.system}/${a.release}` < `${b.system}/${b.release}` ? -1 : 1);

function draftImages(judgement: ModeJudgement, facts: NamespaceFacts, revoked: Revoked): Map<string, Draft> {
  const drafts = new Map<string, Draft>();
  const draftOf = (digest: string): Draft => {
    const draft = drafts.get(digest) ?? { grants: [], withheld: [] };
    drafts.set(digest, draft);
    return draft;
  };
  for (const [digest, finding] of revoked.digests) draftOf(digest).refused = toRefusal(finding);
  if (judgement.outcome === "unusable") {
    for (const { spec } of listValid(facts.releases)) {
      for (const { image } of spec.artifacts) draftOf(digestOfImage(image)).pending = toRefusal(judgement.finding);
    }
    return drafts;
  }
  for (const { object, findings, notAfter } of judgement.releases) {
    const [first] = findings;
    for (const { name: artifact, image } of object.spec.artifacts) {
      const draft = draftOf(digestOfImage(image));
      if (first === undefined) {
        const { system } = object.spec;
        draft.grants.push({ system, release: object.metadata.name, artifact, notAfter: toIso(notAfter) });
      } else {
        draft.pending ??= toRefusal(first);
        draft.withheld.push({ system: object.spec.system, release: object.metadata.name, code: first.code });
      }
    }
  }
  return drafts;
}

/** Digests that an Incident holds back, unless somebody vouches for them again: refused where tools write them too. */
function refuseHeld({ digests }: Holds, supporting: ReadonlySet<string>, drafts: Map<string, Draft>): void {
  for (const [digest, finding] of digests) {
    if (supporting.has(digest)) continue;
    const draft = drafts.get(digest) ?? { grants: [], withheld: [] };
    drafts.set(digest, draft);
    if (draft.grants.length === 0) draft.refused ??= toRefusal(finding);
  }
}

/** Digests that may run beside any model, sorted. */
function listSupporting(judgement: ModeJudgement): string[] {
  if (judgement.outcome === "unusable") return [];
  return [...new Set((judgement.policy.spec.supportingImages ?? []).map(digestOfImage))].toSorted();
}

/** Images that no policy can ever allow, because every release that lists them can never run. */
function refuseCondemned(judgement: ModeJudgement, drafts: Map<string, Draft>): void {
  if (judgement.outcome !== "judged") return;
  const mayRunOnce = new Set<string>();
  for (const { object, findings } of judgement.releases) {
    if (findings[0] !== undefined && FINDINGS[findings[0].code].standing === "never") continue;
    for (const { image } of object.spec.artifacts) mayRunOnce.add(digestOfImage(image));
  }
  for (const [digest, draft] of drafts) {
    if (!mayRunOnce.has(digest) && draft.pending !== undefined) draft.refused ??= draft.pending;
  }
}

const toImages = (drafts: readonly [string, Draft][]): Record<string, WarrantEntry> =>
  toSorted(drafts.map(([digest, draft]): [string, WarrantEntry] => [digest, toEntry(draft)]));

/** All entries, or where they are too many or too large the refusals alone, as many as fit. */
function fitImages(drafts: Map<string, Draft>): { images: Record<string, WarrantEntry>; isFull: boolean } {
  const all = toImages([...drafts]);
  const size = Buffer.byteLength(JSON.stringify(all));
  if (drafts.size <= MAX_WARRANT_IMAGES && size <= MAX_WARRANT_BYTES) return { images: all, isFull: false };
  const refusals = [...drafts]
    .filter(([, { refused }]) => refused !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const kept: [string, Draft][] = [];
  let bytes = 0;
  for (const [digest, draft] of refusals.slice(0, MAX_WARRANT_IMAGES)) {
    bytes += Buffer.byteLength(JSON.stringify([digest, toEntry(draft)]));
    if (bytes <= MAX_WARRANT_BYTES) kept.push([digest, draft]);
  }
  return { images: toImages(kept), isFull: true };
}

/** Compiles one mode. */
export function compileWarrant(
  judgement: ModeJudgement,
  facts: NamespaceFacts,
  { revoked, holds }: Pick<NamespaceJudgement, "revoked" | "holds">,
): CompiledWarrant {
  const drafts = draftImages(judgement, facts, revoked);
  refuseCondemned(judgement, drafts);
  const supporting = listSupporting(judgement);
  refuseHeld(holds, new Set(supporting), drafts);
  const { images, isFull } = fitImages(drafts);
  const overflow = isFull ? stateFinding("WarrantFull", { namespace: facts.namespace }) : undefined;
  // Tags are only a help: without them images have to be named by digest.
  const pins = isFull ? {} : toSorted(gatherTags(listValid(facts.releases)).pins);
  const held = toSorted(holds.workloads);
  const common = {
    images,
    pins: Buffer.byteLength(JSON.stringify(pins)) <= MAX_PIN_BYTES ? pins : {},
    ...(holds.workloads.size === 0 ? {} : { held }),
  };
  if (judgement.outcome === "unusable") {
    const { policyName, finding } = judgement;
    const spec: WarrantSpec = { policy: policyName, ...common, systems: {}, notYet: "Warn", unknown: finding.text };
    return { spec, overflow };
  }
  const { policy, systems } = judgement;
  const spec: WarrantSpec = {
    policy: policy.name,
    ...common,
    supporting,
    systems: toSorted(
      systems.map((system): [string, SystemGate] => [system.name, compileSystem(system, revoked.unread)]),
    ),
    notYet: policy.spec.notYet,
    ...(overflow === undefined ? {} : { unknown: overflow.text }),
  };
  return { spec, overflow };
}

/** The digests that `after` grants and `before` did not. */
export function listOpened(before: WarrantSpec | undefined, after: WarrantSpec): string[] {
  const isOpen = (spec: WarrantSpec | undefined, digest: string) => (spec?.images?.[digest]?.grants?.length ?? 0) > 0;
  return Object.keys(after.images ?? {}).filter((digest) => isOpen(after, digest) && !isOpen(before, digest));
}
