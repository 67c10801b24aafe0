/**
 * How a Warrant judges a pod, for people who ask before they apply. The API server decides by the admission policies;
 * a test holds both to the same table. Pure.
 */
import type { SystemGate, WarrantSpec } from "../api/warrant.ts";
import { SYSTEM_LABEL } from "../api/labels.ts";
import { type Stated, stateFinding } from "../domain/findings.ts";

interface Container {
  image?: string;
  securityContext?: { runAsNonRoot?: boolean; readOnlyRootFilesystem?: boolean };
}

/** A pod, or the template of one, as far as images and system go. */
export interface PodLike {
  metadata?: { labels?: Record<string, string> };
  spec: {
    containers?: Container[];
    initContainers?: Container[];
    ephemeralContainers?: Container[];
    volumes?: { image?: { reference?: string }; projected?: { sources?: { serviceAccountToken?: unknown }[] } }[];
    hostNetwork?: boolean;
    automountServiceAccountToken?: boolean;
    securityContext?: { runAsNonRoot?: boolean };
  };
}

const PINNED = /^[^@]+@(sha256:[a-f0-9]{64})$/;

/** Every image that a pod names. */
function listPodImages({ spec }: PodLike): string[] {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  const volumes = (spec.volumes ?? []).filter(({ image }) => image !== undefined);
  return [...containers.map(({ image }) => image ?? ""), ...volumes.map(({ image }) => image?.reference ?? "")];
}

/** The digest of a pinned image; undefined where it is not pinned. */
export const readDigest = (image: string) => PINNED.exec(image)?.[1];

/** How one image stands. */
export function judgeImage(image: string, warrant: WarrantSpec): Stated | { code: string; text: string } | undefined {
  const digest = readDigest(image);
  if (digest === undefined) return stateFinding("ImageNotPinned", { image });
  const entry = warrant.images?.[digest];
  if (entry?.refused !== undefined) return entry.refused;
  if (warrant.supporting?.includes(digest) === true) return undefined;
  if (entry === undefined) return stateFinding("ImageUnknown", { image });
  return (entry.grants?.length ?? 0) > 0 ? undefined : (entry.pending ?? stateFinding("ImageUnknown", { image }));
}

function judgeSystem(system: string, warrant: WarrantSpec): { code: string; text: string } | undefined {
  if (system === "") return stateFinding("SystemLabelMissing", {});
  const gate = warrant.systems?.[system];
  if (gate === undefined) return stateFinding("SystemUnknown", { system });
  if (gate.gate === "Open") return undefined;
  // A Warrant that is full leaves the reason out.
  return gate.why ?? stateFinding("SystemClosed", { system, why: "no reason is given" });
}

/** Why images of a system may not run at `now` (epoch milliseconds); undefined where they may. */
export function judgeImages(
  images: readonly string[],
  system: string,
  warrant: WarrantSpec,
  now: number,
): { code: string; text: string } | undefined {
  for (const image of images) {
    const fault = judgeImage(image, warrant);
    if (fault !== undefined) return fault;
  }
  const governed = images.filter((image) => warrant.supporting?.includes(readDigest(image) ?? "") !== true);
  const [image] = governed;
  if (image === undefined) return undefined;
  const closed = judgeSystem(system, warrant);
  if (closed !== undefined) return closed;
  const digests = governed.map((one) => readDigest(one) ?? "");
  if (sharesGrant(digests, system, warrant, now)) return undefined;
  const wasShared = sharesGrant(digests, system, warrant, Number.NEGATIVE_INFINITY);
  return wasShared ? stateFinding("GrantExpired", { image, system }) : stateFinding("ReleasesMixed", { system });
}

/** Why the pod would be refused at `now` (epoch milliseconds); undefined where it would be admitted. */
export function judgePod(pod: PodLike, warrant: WarrantSpec, now: number): { code: string; text: string } | undefined {
  const images = listPodImages(pod);
  const system = pod.metadata?.labels?.[SYSTEM_LABEL] ?? "";
  const fault = judgeImages(images, system, warrant, now);
  if (fault !== undefined) return fault;
  const isGoverned = images.some((image) => warrant.supporting?.includes(readDigest(image) ?? "") !== true);
  return isGoverned ? findDemand(pod, warrant.systems?.[system]) : undefined;
}

/** Whether one release of the system lists all the digests and may run after `now`. */
function sharesGrant(digests: readonly string[], system: string, warrant: WarrantSpec, now: number): boolean {
  const grantsOf = (digest: string) =>
    (warrant.images?.[digest]?.grants ?? []).filter(
      (grant) => grant.system === system && Date.parse(grant.notAfter) > now,
    );
  const [first = "", ...rest] = digests;
  return grantsOf(first).some(({ release }) =>
    rest.every((digest) => grantsOf(digest).some((grant) => grant.release === release)),
  );
}

/** The first demand of the system's tier that the pod does not meet. */
function findDemand({ spec }: PodLike, gate: SystemGate | undefined): Stated | undefined {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const isNonRoot = ({ securityContext }: Container) =>
    securityContext?.runAsNonRoot ?? spec.securityContext?.runAsNonRoot ?? false;
  const isReadOnly = ({ securityContext }: Container) => securityContext?.readOnlyRootFilesystem === true;
  const hasToken =
    spec.automountServiceAccountToken !== false ||
    spec.volumes?.some(
      ({ projected }) => projected?.sources?.some((source) => source.serviceAccountToken !== undefined) === true,
    ) === true;
  if (gate?.hostNetwork === "Forbidden" && spec.hostNetwork === true) return stateFinding("HostNetworkForbidden", {});
  if (gate?.runAsNonRoot === "Required" && !containers.every(isNonRoot))
    return stateFinding("RunAsNonRootRequired", {});
  if (gate?.readOnlyRootFilesystem === "Required" && !containers.every(isReadOnly)) {
    return stateFinding("ReadOnlyRootRequired", {});
  }
  return gate?.serviceAccountToken === "Forbidden" && hasToken
    ? stateFinding("ServiceAccountTokenForbidden", {})
    : undefined;
}
