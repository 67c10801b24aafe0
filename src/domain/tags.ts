/** Which tags releases pin. A tag that releases claim with different digests is pinned to none of them. */
import type { ModelRelease } from "../api/model-release.ts";
import { digestOfImage, tagOfImage } from "./images.ts";

export interface Tags {
  /** By `repository:tag`, the digest. */
  pins: ReadonlyMap<string, string>;
  /** By `repository:tag`, the releases that claim it with different digests, sorted. */
  contested: ReadonlyMap<string, string[]>;
}

/** Reads the tags of all releases. */
export function gatherTags(releases: readonly ModelRelease[]): Tags {
  const claims = new Map<string, { digest: string; release: string }[]>();
  for (const { metadata, spec } of releases) {
    for (const { image } of spec.artifacts) {
      const tag = tagOfImage(image);
      if (tag === undefined) continue;
      claims.set(tag, [...(claims.get(tag) ?? []), { digest: digestOfImage(image), release: metadata.name }]);
    }
  }
  const pins = new Map<string, string>();
  const contested = new Map<string, string[]>();
  for (const [tag, claimed] of claims) {
    const [first] = claimed;
    if (first !== undefined && claimed.every(({ digest }) => digest === first.digest)) pins.set(tag, first.digest);
    else contested.set(tag, [...new Set(claimed.map(({ release }) => release))].toSorted());
  }
  return { pins, contested };
}
