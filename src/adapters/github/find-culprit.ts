/**
 * Finds what brought condemned digests into Git: the newest commit whose manifests hold them and whose parents' do
 * not, and the merged pull request that it came with.
 */
import type { GitHub } from "./client.ts";
import { toFailure } from "./errors.ts";
import { listCommits } from "./history.ts";
import { findDigests, type GovernedPath } from "./manifests.ts";
import { listMergedPulls, type Pull } from "./pulls.ts";
import type { TreeReader } from "./tree.ts";

export interface Culprit {
  /** The end of the branch as it was looked at. */
  head: string;
  /** Condemned digests that Git makes run there; none where Git is right already. */
  present: string[];
  /** The one commit that brought them all; undefined where there were several, or it lies too far back. */
  commit?: string;
  pull?: Pull;
}

/** How many commits of the path are looked at. */
const MAX_COMMITS = 100;

/** The digests of `wanted` that a commit holds and none of its parents does. */
async function findBrought(
  reader: TreeReader,
  at: { sha: string; parents: readonly { sha: string }[]; path: string | undefined },
  wanted: readonly string[],
): Promise<string[]> {
  const here = await findDigests(reader, { commit: at.sha, path: at.path }, wanted);
  let brought = [...here];
  for (const parent of brought.length > 0 ? at.parents : []) {
    const before = await findDigests(reader, { commit: parent.sha, path: at.path }, brought);
    brought = brought.filter((digest) => !before.has(digest));
  }
  return brought;
}

/** Looks for what brought the condemned digests into the branch. */
export async function findCulprit(
  github: GitHub,
  reader: TreeReader,
  where: GovernedPath,
  condemned: readonly string[],
): Promise<Culprit> {
  const head = await reader.findBranch(where.branch);
  if (head === undefined) throw toFailure(`branch ${where.branch}`, { code: "NotFound" });
  const present = [...(await findDigests(reader, { commit: head, path: where.path }, condemned))].toSorted();
  if (present.length === 0) return { head, present };
  const { commits } = await listCommits(github, { sha: head, path: where.path }, MAX_COMMITS);
  for (const { sha, parents } of commits) {
    const brought = await findBrought(reader, { sha, parents, path: where.path }, present);
    if (brought.length === 0) continue;
    if (brought.length < present.length) return { head, present };
    const [pull] = await listMergedPulls(github, sha, where.branch);
    return { head, present, commit: sha, ...(pull === undefined ? {} : { pull }) };
  }
  return { head, present };
}
