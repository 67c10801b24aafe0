/**
 * Finds what runs in a namespace and is no longer vouched for: every running pod is judged as if it were created now,
 * by the same Warrant that judges new ones. Pure.
 */
import type { Incident } from "../api/incident.ts";
import type { BreachKind } from "../api/reaction.ts";
import type { WarrantEntry, WarrantSpec } from "../api/warrant.ts";
import { type Breach, BREACH_OF } from "../domain/breach.ts";
import { FINDINGS, type FindingCode, type Stated, stateFinding } from "../domain/findings.ts";
import { digestOfImage } from "../domain/images.ts";
import { judgeImage, judgeImages } from "./judge-pod.ts";

/** A pod that runs, as far as its vouching goes. */
export interface RunningPod {
  name: string;
  /** The AISystem that its label names, or named before quarantine; empty where it has none. */
  system: string;
  /** Every image, as its spec names it. */
  images: readonly string[];
  /** Whether a node made it from a file, past the gate. */
  isMirror: boolean;
}

/** What is known of releases beside the Warrant. */
export interface ReleaseIndex {
  /** Names of the releases of each digest, sorted. */
  releasesOf: ReadonlyMap<string, readonly string[]>;
  /** By release, the AISystem that it is of. */
  systemOf: ReadonlyMap<string, string>;
  /** Releases that Revocations name. */
  revoked: ReadonlySet<string>;
  /** Releases that people approved once. */
  approved: ReadonlySet<string>;
  /** By system, the Stop that is in force. */
  stops: ReadonlyMap<string, string>;
}

/** What an Incident may name. Labels and images of a pod that is older than the gate may be anything. */
const SYSTEM_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DIGEST = /^sha256:[a-f0-9]{64}$/;

const isCode = (code: string): code is FindingCode => Object.hasOwn(FINDINGS, code);

/** One pod's breach, before those of the same kind are put together. */
export type Sighting = Omit<Breach, "pods">;

/**
 * The images that tell what a pod is: all but those that may run beside any model. What is common to every pod tells
 * nothing of one, and is never held back because of one.
 */
export const listGoverned = (
  images: readonly string[],
  warrant: Pick<WarrantSpec, "supporting"> | undefined,
): string[] => images.filter((image) => warrant?.supporting?.includes(digestOfImage(image)) !== true);

/**
 * The release that lists most of the images, which have to be governed ones. Of several the pod's own system goes first,
 * then a revoked one, then one that people approved, then the first by name: whoever publishes a release of somebody
 * else's images must not change whose breach it is.
 */
export function findRelease(
  images: readonly string[],
  { releasesOf, systemOf, revoked, approved }: ReleaseIndex,
  system?: string,
): string | undefined {
  const votes = new Map<string, number>();
  for (const image of images) {
    for (const release of releasesOf.get(digestOfImage(image)) ?? []) votes.set(release, (votes.get(release) ?? 0) + 1);
  }
  const isOwn = (name: string) => system !== undefined && systemOf.get(name) === system;
  const rank = ([name, count]: [string, number]) =>
    count * 8 + (isOwn(name) ? 4 : 0) + (revoked.has(name) ? 2 : 0) + (approved.has(name) ? 1 : 0);
  return [...votes].toSorted((a, b) => rank(b) - rank(a) || (a[0] < b[0] ? -1 : 1))[0]?.[0];
}

/** Why a pod that runs is in breach; undefined where it is vouched for, or is no breach. */
export function judgeRunning(
  pod: RunningPod,
  warrant: WarrantSpec,
  index: ReleaseIndex,
  at: { now: number; namespace: string },
): Sighting | undefined {
  const system = SYSTEM_NAME.test(pod.system) ? pod.system : undefined;
  const governed = listGoverned(pod.images, warrant);
  const release = findRelease(governed, index, pod.system);
  if (pod.isMirror) {
    const why = stateFinding("MirrorPodRuns", { pod: pod.name, namespace: at.namespace });
    return { kind: "MirrorPod", system, release, order: undefined, digests: listDigests(governed), why };
  }
  const order = index.stops.get(pod.system);
  // A person's stop goes before every other reason, also where the Warrant cannot tell of it.
  if (order !== undefined) {
    const why = explainStop(pod.system, order, warrant, at.namespace);
    return { kind: "SystemStopped", system, release: undefined, order, digests: listDigests(governed), why };
  }
  const unheld = withoutHolds(pod.images, warrant);
  const fault = judgeImages(pod.images, pod.system, unheld, at.now);
  if (fault === undefined) return undefined;
  const why = explainFault(pod, fault, { warrant: unheld, release, namespace: at.namespace });
  const kind = classify(BREACH_OF[why.code], release, index);
  if (kind === "none") return undefined;
  const faulty = pod.images.filter((image) => judgeImage(image, unheld) !== undefined);
  const digests = listDigests(faulty.length > 0 ? faulty : governed);
  return { kind, system, release, order: undefined, digests, why };
}

/**
 * What is wrong with the pod's own release, rather than with another one that lists the same image: whoever publishes a
 * release of somebody else's image must not change what happens to that pod. What is refused for good goes first.
 */
function explainFault(
  pod: RunningPod,
  fault: { code: string; text: string },
  about: { warrant: WarrantSpec; release: string | undefined; namespace: string },
): Stated {
  const entries = pod.images.flatMap((image) => about.warrant.images?.[digestOfImage(image)] ?? []);
  const refused = entries.map((entry) => entry.refused).find((one) => one !== undefined);
  if (refused !== undefined) return toStated(pod, refused);
  const { release = "" } = about;
  const isOwn = (one: { system: string; release: string }) => one.system === pod.system && one.release === release;
  const own = entries.flatMap(listWithheld).find(isOwn);
  if (own === undefined || own.code === fault.code) return toStated(pod, fault);
  const told = entries.map(({ pending }) => pending).find((one) => one?.code === own.code);
  const said = stateFinding("ReleaseWithheld", { release, code: own.code, namespace: about.namespace });
  return toStated(pod, { code: own.code, text: told?.text ?? said.text });
}

/**
 * What keeps releases of an image from running. Where others have a grant for it, only what is a breach: a release that
 * merely waits must not excuse a pod that runs what was granted to somebody else.
 */
const listWithheld = ({ grants = [], withheld = [] }: WarrantEntry) =>
  grants.length === 0 ? withheld : withheld.filter(({ code }) => isCode(code) && BREACH_OF[code] !== "none");

/** A code that this version does not know is a breach all the same. */
const toStated = (pod: RunningPod, { code, text }: { code: string; text: string }): Stated =>
  isCode(code) ? { code, text } : stateFinding("ImageUnknown", { image: pod.images[0] ?? "" });

function explainStop(system: string, order: string, warrant: WarrantSpec, namespace: string): Stated {
  const gate = warrant.systems?.[system]?.why;
  if (gate?.code === "SystemStopped") return { code: "SystemStopped", text: gate.text };
  return stateFinding("SystemStopped", { system, by: "its stopAuthority", why: `Stop ${order}`, namespace });
}

/** What the Warrant says of the images beside what Incidents hold back: a hold answers a breach, it is not its cause. */
function withoutHolds(images: readonly string[], warrant: WarrantSpec): WarrantSpec {
  const entries = images.map(digestOfImage).flatMap((digest): [string, WarrantEntry][] => {
    const entry = warrant.images?.[digest];
    if (entry === undefined) return [];
    if (entry.refused?.code !== "HeldBack") return [[digest, entry]];
    const { refused: _, ...rest } = entry;
    return Object.keys(rest).length === 0 ? [] : [[digest, rest]];
  });
  return { ...warrant, images: Object.fromEntries(entries) };
}

/** A digest that fell with its release is that release's breach; what nobody ever approved was not withdrawn. */
function classify(kind: BreachKind | "none", release: string | undefined, index: ReleaseIndex): BreachKind | "none" {
  if (kind === "DigestRevoked" && release !== undefined && index.revoked.has(release)) return "ReleaseRevoked";
  const wasApproved = release !== undefined && index.approved.has(release);
  return kind === "ApprovalWithdrawn" && !wasApproved ? "ImageUnvouched" : kind;
}

const listDigests = (images: readonly string[]) =>
  [...new Set(images.map(digestOfImage))].filter((digest) => DIGEST.test(digest)).toSorted();

/** Whether a sighting belongs to the Incident of that spec. */
export const isSameBreach = (
  a: Pick<Breach, "kind" | "system" | "release" | "order">,
  b: Pick<Incident["spec"], "breach" | "system" | "release" | "order">,
) => a.kind === b.breach && a.system === b.system && a.release === b.release && a.order === b.order;

const names = new WeakMap<readonly string[], string>();

/** A list of images as one text, made once: ten thousand pods are looked at whenever one of them changes. */
function nameImages(images: readonly string[]): string {
  const known = names.get(images) ?? images.join("\n");
  names.set(images, known);
  return known;
}

/** Judges pods, each combination of system and images once: pods of one workload share them. */
export function createJudge(
  warrant: WarrantSpec,
  index: ReleaseIndex,
  at: { now: number; namespace: string },
): (pod: RunningPod) => Sighting | undefined {
  const judged = new Map<string, Map<string, Sighting | undefined>>();
  return (pod) => {
    if (pod.isMirror) return judgeRunning(pod, warrant, index, at);
    const ofSystem = judged.get(pod.system) ?? new Map<string, Sighting | undefined>();
    judged.set(pod.system, ofSystem);
    const key = nameImages(pod.images);
    if (!ofSystem.has(key)) ofSystem.set(key, judgeRunning(pod, warrant, index, at));
    return ofSystem.get(key);
  };
}

/** Puts the breaches of all pods together: one per kind, system and release. */
export function findBreaches(
  pods: readonly RunningPod[],
  warrant: WarrantSpec,
  index: ReleaseIndex,
  at: { now: number; namespace: string },
): Breach[] {
  const judge = createJudge(warrant, index, at);
  // Of ten thousand pods hardly one is in breach: only those are put in order.
  const seen = pods.flatMap((pod) => {
    const sighting = judge(pod);
    return sighting === undefined ? [] : [{ name: pod.name, sighting }];
  });
  const groups = Map.groupBy(
    seen.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    ({ sighting: { kind, system, release, order } }) => JSON.stringify([kind, system, release, order]),
  );
  return [...groups.values()].flatMap((group) => {
    const last = group.at(-1);
    if (last === undefined) return [];
    const digests = [...new Set(group.flatMap(({ sighting }) => sighting.digests))].toSorted();
    return [{ ...last.sighting, digests, pods: group.map(({ name }) => name) }];
  });
}
