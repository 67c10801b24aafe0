/** The commits that touched a path, newest first, with who wrote them as far as GitHub tells. */
import * as z from "zod";
import type { Account, CommitFact } from "../../domain/github.ts";
import { dataOf, type GitHub } from "./client.ts";

/** An account in an answer; GitHub sends null or an empty object where it knows nobody. */
export const account = z
  .object({ login: z.string().optional(), id: z.number().optional() })
  .nullish()
  .transform((found): Account | undefined =>
    found?.login === undefined
      ? undefined
      : { login: found.login, ...(found.id === undefined ? {} : { id: found.id }) },
  );

/** A commit as lists of commits show it. */
export const listedCommit = z.object({
  sha: z.string().regex(/^[a-f0-9]{40}([a-f0-9]{24})?$/),
  parents: z.array(z.object({ sha: z.string() })),
  author: account,
  committer: account,
  commit: z.object({
    message: z.string(),
    verification: z.object({ verified: z.boolean() }).optional(),
  }),
});
export type ListedCommit = z.output<typeof listedCommit>;

const CO_AUTHOR = /^co-authored-by:[^<\n]*<([^<>\s]+)>\s*$/gim;
const NOREPLY = /^(?:(\d{1,15})\+)?([A-Za-z0-9-]{1,39})@users\.noreply\.github\.com$/i;

/** The people whom a message names as authors too; one whose address says no account is unknown. */
function listCoAuthors(message: string): (Account | undefined)[] {
  return [...message.matchAll(CO_AUTHOR)].map(([, address = ""]) => {
    const [, id, login] = NOREPLY.exec(address) ?? [];
    if (login === undefined) return undefined;
    return { login, ...(id === undefined ? {} : { id: Number(id) }) };
  });
}

/** Who wrote a commit, as far as it tells. */
export const toCommitFact = ({ sha, author, committer, commit }: ListedCommit): CommitFact => ({
  sha,
  isVerified: commit.verification?.verified === true,
  authors: [author, committer, ...listCoAuthors(commit.message)],
});

const PAGE = 50;

/** The newest commits of a branch that touched the path; `isWhole` is false where there are more than `max`. */
export async function listCommits(
  { octokit, owner, repo, ask }: GitHub,
  where: { sha: string; path: string | undefined },
  max: number,
): Promise<{ commits: ListedCommit[]; isWhole: boolean }> {
  const commits: ListedCommit[] = [];
  for (let page = 1; commits.length < max; page += 1) {
    const request = () =>
      octokit.rest.repos.listCommits({
        owner,
        repo,
        sha: where.sha,
        per_page: PAGE,
        page,
        ...(where.path === undefined ? {} : { path: where.path }),
      });
    const found = await ask("the history of the path", request, dataOf(z.array(listedCommit).max(PAGE)));
    commits.push(...found);
    if (found.length < PAGE) return { commits, isWhole: true };
  }
  return { commits, isWhole: false };
}
