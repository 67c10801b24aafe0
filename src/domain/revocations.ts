/**
 * What is revoked in a namespace. Refused beats vouched, whichever release lists a digest; a release stays
 * revoked by its name and by the digests it was seen with, also when it is deleted and made anew.
 */
import type { ModelRelease } from "../api/model-release.ts";
import type { Revocation } from "../api/revocation.ts";
import type { WarrantSpec } from "../api/warrant.ts";
import { type NamespaceFacts, listValid } from "./facts.ts";
import { type Stated, stateFinding } from "./findings.ts";
import { digestOfImage } from "./images.ts";

export interface Revoked {
  digests: ReadonlyMap<string, Stated>;
  releases: ReadonlyMap<string, Stated>;
  /** Why, by name of the signer. */
  signers: ReadonlyMap<string, string>;
  /** Revocations that cannot be read: what they revoke is not known, so nothing opens. */
  unread: Stated[];
}

/** Most digests that a Revocation remembers of its release. */
const MAX_REMEMBERED = 256;

/**
 * The digests that fall with a revoked release: its models always, its other images unless another release that
 * is not revoked lists them too. Digests it was seen with before, here or in a Warrant, stay.
 */
export function resolveRevokedRelease(
  revocation: Revocation,
  releases: readonly ModelRelease[],
  revokedNames: ReadonlySet<string>,
  warrants: Iterable<WarrantSpec>,
): string[] {
  const name = revocation.spec.release;
  if (name === undefined) return [];
  const others = releases.filter(({ metadata }) => !revokedNames.has(metadata.name));
  const isShared = (digest: string) =>
    others.some(({ spec }) => spec.artifacts.some(({ image }) => digestOfImage(image) === digest));
  const found = new Set(revocation.status?.digests ?? []);
  const release = releases.find(({ metadata }) => metadata.name === name);
  for (const { image, format } of release?.spec.artifacts ?? []) {
    const digest = digestOfImage(image);
    if (format !== "Image" || !isShared(digest)) found.add(digest);
  }
  for (const warrant of warrants) {
    for (const [digest, { grants = [] }] of Object.entries(warrant.images ?? {})) {
      if (grants.some((grant) => grant.release === name) && !isShared(digest)) found.add(digest);
    }
  }
  return [...found].toSorted().slice(0, MAX_REMEMBERED);
}

/** Names of the releases that Revocations name. */
export function listRevokedReleases(revocations: readonly Revocation[]): Set<string> {
  return new Set(revocations.flatMap(({ spec }) => (spec.release === undefined ? [] : [spec.release])));
}

/** Gathers everything that is revoked for the namespace. */
export function gatherRevoked(facts: NamespaceFacts): Revoked {
  const { namespace } = facts;
  const revocations = listValid(facts.revocations);
  const clusterWide = listValid(facts.clusterRevocations);
  const digests = new Map<string, Stated>();
  const releases = new Map<string, Stated>();
  const signers = new Map<string, string>();
  const revokeDigest = (digest: string, why: string) => {
    if (!digests.has(digest)) digests.set(digest, stateFinding("DigestRevoked", { digest, why, namespace }));
  };
  const names = listRevokedReleases(revocations);
  const valid = listValid(facts.releases);
  for (const revocation of [...revocations, ...clusterWide]) {
    for (const digest of revocation.spec.digests ?? []) revokeDigest(digest, revocation.spec.reason);
  }
  for (const revocation of revocations) {
    const { release, reason } = revocation.spec;
    if (release === undefined) continue;
    releases.set(release, stateFinding("ReleaseRevoked", { release, why: reason, namespace }));
    for (const digest of resolveRevokedRelease(revocation, valid, names, facts.warrants.values())) {
      revokeDigest(digest, `with release ${release}: ${reason}`);
    }
  }
  for (const { spec } of clusterWide) if (spec.signer !== undefined) signers.set(spec.signer, spec.reason);
  const unread = [...facts.revocations, ...facts.clusterRevocations, ...facts.stops].flatMap((read) =>
    read.outcome === "valid"
      ? []
      : [stateFinding("RevocationInvalid", { revocation: read.metadata.name, why: read.why })],
  );
  return { digests, releases, signers, unread };
}
