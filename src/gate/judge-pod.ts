/**
 * How a Warrant judges a pod, for people who ask before they apply. The API server decides by the admission policies;
 * a test holds both to the same table. Pure.
 */
import type { WarrantSpec } from "../api/warrant.ts";
import { SYSTEM_LABEL } from "../api/labels.ts";
import { type Stated, stateFinding } from "../domain/findings.ts";

interface Container {
  image?: string;
}

/** A pod, or the template of one, as far as images and system go. */
export interface PodLike {
  metadata?: { labels?: Record<string, string> };
  spec: {
    containers?: Container[];
    initContainers?: Container[];
    ephemeralContainers?: Container[];
    volumes?: { image?: { reference?: string } }[];
  };
}

const PINNED = /^[^@]+@(sha256:[a-f0-9]{64})$/;

/** Every image that a pod names. */
export function listPodImages({ spec }: PodLike): string[] {
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
  return gate.gate === "Open" ? undefined : gate.why;
}

/** Why the pod would be refused at `now` (epoch milliseconds); undefined where it would be admitted. */
export function judgePod(pod: PodLike, warrant: WarrantSpec, now: number): { code: string; text: string } | undefined {
  const images = listPodImages(pod);
  for (const image of images) {
    const fault = judgeImage(image, warrant);
    if (fault !== undefined) return fault;
  }
  const governed = images.flatMap((image) => {
    const digest = readDigest(image);
    return digest === undefined || warrant.supporting?.includes(digest) === true ? [] : [digest];
  });
  if (governed.length === 0) return undefined;
  const system = pod.metadata?.labels?.[SYSTEM_LABEL] ?? "";
  const closed = judgeSystem(system, warrant);
  if (closed !== undefined) return closed;
  const grantsOf = (digest: string) =>
    (warrant.images?.[digest]?.grants ?? []).filter(
      (grant) => grant.system === system && Date.parse(grant.notAfter) > now,
    );
  const [first = "", ...rest] = governed;
  const shared = grantsOf(first).some(({ release }) =>
    rest.every((digest) => grantsOf(digest).some((grant) => grant.release === release)),
  );
  return shared ? undefined : stateFinding("ReleasesMixed", { system });
}
