/**
 * Opens one pull request per incident that takes condemned images out of Git, and never merges it. Safe to stop at
 * any request and to run again. Whatever GitHub does, it ends in an outcome: containment does not wait for it.
 */
import * as z from "zod";
import { digestOfImage } from "../../domain/images.ts";
import type { RevertCase, RevertOutcome } from "../../domain/revert-proposal.ts";
import { proposeLines } from "./change-lines.ts";
import type { GitHub } from "./client.ts";
import { GitHubError, isFailure } from "./errors.ts";
import { type Culprit, findCulprit } from "./find-culprit.ts";
import { findProposal } from "./find-proposal.ts";
import type { GovernedPath } from "./manifests.ts";
import type { Pull } from "./pulls.ts";
import { findRevertible, revertPull } from "./revert-pull.ts";
import { createTreeReader, type TreeReader } from "./tree.ts";

const LABEL = "ai-rollback";

type Opened = Extract<RevertOutcome, { outcome: "proposed" }>;

const toOpened = ({ number, html_url, created_at, state, merged_at }: Pull): Opened => ({
  outcome: "proposed",
  number,
  url: html_url,
  createdAt: created_at,
  standing: state === "open" ? "open" : typeof merged_at === "string" ? "merged" : "closed",
});

/** A label helps people to find it; one that cannot be set changes nothing. */
async function labelPull({ octokit, owner, repo, ask }: GitHub, number: number): Promise<void> {
  const request = () => octokit.rest.issues.addLabels({ owner, repo, issue_number: number, labels: [LABEL] });
  await ask("labelling", request, z.unknown()).catch(() => {});
}

const hasLabel = ({ labels }: Pull) => labels.some(({ name }) => name === LABEL);

async function open(github: GitHub, where: GovernedPath, about: RevertCase): Promise<RevertOutcome> {
  const known = await findProposal(github, where.branch, about);
  if (known !== undefined) {
    if (known.state === "open" && !hasLabel(known)) await labelPull(github, known.number);
    return toOpened(known);
  }
  const reader = createTreeReader(github);
  const culprit = await findCulprit(github, reader, where, about.condemned);
  if (culprit.present.length === 0) return { outcome: "notNeeded" };
  const revertible = await findRevertible(github, reader, { where, culprit }, about);
  const reverted = revertible === undefined ? undefined : await tryRevert(github, revertible, { where, about });
  const opened = reverted ?? (await tryLines(github, reader, { where, culprit }, about));
  if (opened.outcome === "proposed") await labelPull(github, opened.number);
  return opened;
}

/** Lets GitHub revert; undefined where it will not. It may have done so without saying, so it is looked for again. */
async function tryRevert(
  github: GitHub,
  pull: Pull,
  { where, about }: { where: GovernedPath; about: RevertCase },
): Promise<Opened | undefined> {
  try {
    return { outcome: "proposed", ...(await revertPull(github, pull, about)), standing: "open" };
  } catch (error) {
    const known = isFailure(error, "RateLimited") ? undefined : await findProposal(github, where.branch, about);
    if (known !== undefined) return toOpened(known);
    // What may still be under way must not be followed by a second pull request.
    if (!isFailure(error, "Forbidden", "NotFound", "Invalid", "Conflict")) throw error;
    return undefined;
  }
}

async function tryLines(
  github: GitHub,
  reader: TreeReader,
  { where, culprit }: { where: GovernedPath; culprit: Culprit },
  about: RevertCase,
): Promise<RevertOutcome> {
  const swapped = new Set(
    about.swaps.filter(({ to }) => about.vouched.has(digestOfImage(to))).map(({ from }) => digestOfImage(from)),
  );
  const digests = culprit.present.filter((digest) => !swapped.has(digest));
  if (digests.length > 0) return { outcome: "impossible", digests };
  try {
    const pull = await proposeLines(github, reader, { where, head: culprit.head }, about);
    return { outcome: "proposed", ...pull, standing: "open" };
  } catch (error) {
    if (!isFailure(error, "Conflict")) throw error;
    // Another run of ours may have been a moment faster.
    const known = await findProposal(github, where.branch, about);
    if (known === undefined) throw error;
    return toOpened(known);
  }
}

/** Opens the pull request of an incident, or finds it. */
export async function proposeRevert(github: GitHub, where: GovernedPath, about: RevertCase): Promise<RevertOutcome> {
  try {
    return await open(github, where, about);
  } catch (error) {
    if (error instanceof GitHubError) return { outcome: "failed", failure: error.failure, message: error.message };
    throw error;
  }
}
