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
import type { ReleaseJudgement } from "../domain/judge-release.ts";
import type { SystemJudgement } from "../domain/judge-system.ts";
import type { Holds } from "../domain/holds.ts";
import type { Revoked } from "../domain/revocations.ts";
import { gatherTags } from "../domain/tags.ts";
import { toIso } from "../domain/time.ts";

/** The Warrant, and what could not be put into it. */
interface CompiledWarrant {
  spec: WarrantSpec;
  /** Set where more is listed than a Warrant holds: then it holds refusals only. */
  overflow: Stated | undefined;
}

const MAX_GRANTS = 32;
/** The most systems, and the most held workloads, that the CRD takes. */
const MAX_MEMBERS = 1000;
/** What pinned tags may take of a Warrant, in bytes. */
const MAX_PIN_BYTES = 200_000;
/** What systems, and what held workloads, may take of a Warrant that is full, in bytes. */
const MAX_PART_BYTES = MAX_WARRANT_BYTES / 4;

const toRefusal = ({ code, text }: Stated): Refusal => ({ code, text });

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : a > b ? 1 : 0);

/** Sorted by key, so that the same judgement gives the same bytes. */
const toSorted = <V>(entries: Iterable<readonly [string, V]>): Record<string, V> =>
  Object.fromEntries([...entries].toSorted(byKey));

/** Bytes of a value as the API server stores it, which writes each of these three characters as six. */
function sizeOf(value: unknown): number {
  const text = JSON.stringify(value);
  return Buffer.byteLength(text) + 5 * (text.match(/[<>&]/g)?.length ?? 0);
}

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
  // Beside grants too: what one system may run, another one may have lost.
  const lost = withheld.length === 0 ? {} : { withheld: withheld.slice(0, MAX_GRANTS) };
  if (refused === undefined && grants.length > 0) {
    return { grants: grants.toSorted(compareGrants).slice(0, MAX_GRANTS), ...lost };
  }
  return {
    ...(refused === undefined ? {} : { refused }),
    ...(pending === undefined ? {} : { pending }),
    ...lost,
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
  // Those that people approved once come first: nobody crowds them out with releases of the same image.
  const wasApproved = ({ object }: ReleaseJudgement) => object.status?.approved !== undefined;
  const ordered = judgement.releases.toSorted((a, b) => Number(wasApproved(b)) - Number(wasApproved(a)));
  for (const { object, findings, notAfter } of ordered) {
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

const toImages = (drafts: readonly [string, Draft][]): [string, WarrantEntry][] =>
  drafts.map(([digest, draft]) => [digest, toEntry(draft)]);

/** As many of the entries as fit, from the first on. */
function takeFitting<V>(entries: readonly [string, V][], most: { members: number; bytes: number }): [string, V][] {
  const kept: [string, V][] = [];
  let bytes = 0;
  for (const entry of entries.slice(0, most.members)) {
    bytes += sizeOf(entry);
    if (bytes > most.bytes) break;
    kept.push(entry);
  }
  return kept;
}

/**
 * As many systems as a Warrant takes, the oldest, so that a new one takes the place of none that runs. One that does not
 * fit is unknown to the gate, and so refused.
 */
function listFitting(systems: readonly SystemJudgement[], facts: NamespaceFacts): SystemJudgement[] {
  if (systems.length <= MAX_MEMBERS) return [...systems];
  const since = new Map(facts.systems.map(({ metadata }) => [metadata.name, metadata.creationTimestamp ?? ""]));
  const ageOf = ({ name }: SystemJudgement) => `${since.get(name) ?? ""}/${name}`;
  return systems.toSorted((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1)).slice(0, MAX_MEMBERS);
}

/** Everything that a Warrant says, however large. */
interface Parts {
  /** What takes no room to speak of. */
  base: WarrantSpec;
  drafts: Map<string, Draft>;
  pins: Record<string, string>;
  systems: readonly [string, SystemGate][];
  held: readonly [string, string][];
}

/** The whole Warrant, then without what only helps people; undefined where none of them fits. */
function compileWhole({ base, drafts, pins, systems, held }: Parts): WarrantSpec | undefined {
  if (drafts.size > MAX_WARRANT_IMAGES) return undefined;
  const images = toImages([...drafts]);
  const bare = images.map(([digest, entry]): [string, WarrantEntry] => {
    const { withheld: _, ...rest } = entry;
    return [digest, rest];
  });
  const others = { systems: toSorted(systems), ...(held.length === 0 ? {} : { held: toSorted(held) }) };
  // Tags are only a help: without them images have to be named by digest.
  const fitPins = Object.keys(pins).length <= MAX_WARRANT_IMAGES && sizeOf(pins) <= MAX_PIN_BYTES ? pins : {};
  const candidates: WarrantSpec[] = [
    { ...base, images: toSorted(images), pins: fitPins, ...others },
    { ...base, images: toSorted(images), pins: {}, ...others },
    { ...base, images: toSorted(bare), pins: {}, ...others },
  ];
  return candidates.find((spec) => sizeOf(spec) <= MAX_WARRANT_BYTES);
}

/** Refusals alone, and of systems and held workloads as many as leave room for them. Nothing may run, whatever is cut. */
function compileRefusals({ base, drafts, systems, held }: Parts): WarrantSpec {
  const mute = systems.map(([name, gate]): [string, SystemGate] => {
    const { why: _, ...rest } = gate;
    return [name, rest];
  });
  const most = { members: MAX_MEMBERS, bytes: MAX_PART_BYTES };
  const fitHeld = takeFitting(held, most);
  const rest: WarrantSpec = {
    ...base,
    pins: {},
    systems: toSorted(takeFitting(mute, most)),
    ...(fitHeld.length === 0 ? {} : { held: toSorted(fitHeld) }),
  };
  // A supporting image needs no grant: where its refusal does not fit, it runs.
  const isSupporting = (digest: string) => base.supporting?.includes(digest) === true;
  const refusals = [...drafts]
    .filter(([, { refused }]) => refused !== undefined)
    .toSorted(([a], [b]) => Number(isSupporting(b)) - Number(isSupporting(a)) || (a < b ? -1 : 1));
  const bytes = MAX_WARRANT_BYTES - sizeOf({ ...rest, images: {} });
  return { ...rest, images: toSorted(takeFitting(toImages(refusals), { members: MAX_WARRANT_IMAGES, bytes })) };
}

/** Compiles one mode. Whatever the namespace holds, the API server takes the result. */
export function compileWarrant(
  judgement: ModeJudgement,
  facts: NamespaceFacts,
  { revoked, holds }: Pick<NamespaceJudgement, "revoked" | "holds">,
): CompiledWarrant {
  const drafts = draftImages(judgement, facts, revoked);
  refuseCondemned(judgement, drafts);
  const supporting = listSupporting(judgement);
  refuseHeld(holds, new Set(supporting), drafts);
  const base: WarrantSpec =
    judgement.outcome === "unusable"
      ? { policy: judgement.policyName, notYet: "Warn", unknown: judgement.finding.text }
      : { policy: judgement.policy.name, supporting, notYet: judgement.policy.spec.notYet };
  const systems = judgement.outcome === "unusable" ? [] : listFitting(judgement.systems, facts);
  const parts: Parts = {
    base,
    drafts,
    pins: toSorted(gatherTags(listValid(facts.releases)).pins),
    systems: systems.map((system) => [system.name, compileSystem(system, revoked.unread)]),
    held: [...holds.workloads].toSorted(byKey).slice(0, MAX_MEMBERS),
  };
  const whole = compileWhole(parts);
  if (whole !== undefined) return { spec: whole, overflow: undefined };
  const overflow = stateFinding("WarrantFull", { namespace: facts.namespace });
  return { spec: compileRefusals({ ...parts, base: { unknown: overflow.text, ...base } }), overflow };
}

/** The digests that `after` grants and `before` did not. */
export function listOpened(before: WarrantSpec | undefined, after: WarrantSpec): string[] {
  const isOpen = (spec: WarrantSpec | undefined, digest: string) => (spec?.images?.[digest]?.grants?.length ?? 0) > 0;
  return Object.keys(after.images ?? {}).filter((digest) => isOpen(after, digest) && !isOpen(before, digest));
}
