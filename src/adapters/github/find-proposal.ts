/**
 * Finds the pull request that was opened for an incident before, in whatever state it is: there is one per incident,
 * ever. GitHub names the branch of a revert itself, so the marker in the body tells; only our own words count.
 */
import * as z from "zod";
import { hasMarker, type RevertCase, toRevertBranch } from "../../domain/revert-proposal.ts";
import { HOUR, parseInstant } from "../../domain/time.ts";
import type { GitHub } from "./client.ts";
import { isOwn, listPullsSince, type Pull } from "./pulls.ts";

const viewer = z.object({ viewer: z.object({ login: z.string().min(1) }) });

/** How far the clocks of the cluster and of GitHub may be apart. */
const CLOCK_SKEW_MS = HOUR;

/** The account that we are, for tokens and for GitHub Apps alike. */
async function readOwnLogin({ octokit, ask }: GitHub): Promise<string> {
  return (await ask("our own account", () => octokit.graphql("query { viewer { login } }"), viewer)).viewer.login;
}

/** Looks for the incident's pull request among those opened since it was noticed. */
export async function findProposal(github: GitHub, base: string, about: RevertCase): Promise<Pull | undefined> {
  const login = await readOwnLogin(github);
  const since = (parseInstant(about.detectedAt) ?? 0) - CLOCK_SKEW_MS;
  const branch = toRevertBranch(about);
  const pulls = await listPullsSince(github, base, since);
  return pulls.find(
    (pull) =>
      isOwn(pull, github) &&
      pull.user?.login === login &&
      (pull.head.ref === branch || hasMarker(pull.body ?? "", about)),
  );
}
