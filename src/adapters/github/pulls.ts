/** Pull requests as far as they are read: which of them brought a commit, what they changed, what people said. */
import * as z from "zod";
import type { ReviewFact } from "../../domain/github.ts";
import { dataOf, type GitHub } from "./client.ts";
import { toFailure } from "./errors.ts";
import { account, type ListedCommit, listedCommit } from "./history.ts";

const pull = z.object({
  number: z.int().min(1),
  node_id: z.string().min(1),
  html_url: z.string(),
  state: z.enum(["open", "closed"]),
  created_at: z.string(),
  merged_at: z.string().nullish(),
  merge_commit_sha: z.string().nullish(),
  user: account,
  body: z.string().nullish(),
  labels: z.array(z.object({ name: z.string().optional() })),
  head: z.object({ ref: z.string(), sha: z.string(), repo: z.object({ full_name: z.string() }).nullish() }),
  base: z.object({ ref: z.string(), repo: z.object({ full_name: z.string() }) }),
});
export type Pull = z.output<typeof pull>;

const pullFile = z.object({ filename: z.string(), previous_filename: z.string().optional() });

const review = z.object({
  id: z.int().min(1),
  user: account,
  state: z.string(),
  commit_id: z.string().nullish(),
  submitted_at: z.string().optional(),
  html_url: z.string(),
});

const PAGE = 50;
/** Most pages of one list that are read; GitHub shows no more than 250 commits of a pull request. */
const MAX_PAGES = 10;

const isSameName = (a: string | undefined, b: string) => a?.toLowerCase() === b.toLowerCase();

/** Whether a pull request comes from the repository itself, and from no fork. */
export const isOwn = ({ head }: Pull, { owner, repo }: GitHub) => isSameName(head.repo?.full_name, `${owner}/${repo}`);

/** Reads a list page by page; one that has no end within the bounds is an error, never half a list. */
async function readAll<T>(
  github: GitHub,
  what: string,
  list: { read: (page: number) => Promise<unknown>; item: z.ZodType<T>; until?: (last: T) => boolean },
): Promise<T[]> {
  const all: T[] = [];
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const found = await github.ask(what, () => list.read(page), dataOf(z.array(list.item).max(PAGE)));
    all.push(...found);
    const last = found.at(-1);
    if (found.length < PAGE || last === undefined || list.until?.(last) === true) return all;
  }
  throw toFailure(what, { code: "Invalid" }, `more than ${MAX_PAGES * PAGE}`);
}

/** Every pull request into a branch that was opened since a moment (epoch milliseconds), newest first. */
export async function listPullsSince(github: GitHub, base: string, since: number): Promise<Pull[]> {
  const { octokit, owner, repo } = github;
  const found = await readAll(github, "the pull requests", {
    read: (page) =>
      octokit.rest.pulls.list({
        owner,
        repo,
        base,
        state: "all",
        sort: "created",
        direction: "desc",
        per_page: PAGE,
        page,
      }),
    item: pull,
    until: ({ created_at }) => Date.parse(created_at) < since,
  });
  return found.filter(({ created_at }) => Date.parse(created_at) >= since);
}

/** The pull requests that were merged into the branch and brought a commit there, earliest first. */
export async function listMergedPulls(github: GitHub, commit: string, branch: string): Promise<Pull[]> {
  const { octokit, owner, repo } = github;
  const found = await readAll(github, "the pull requests of a commit", {
    read: (page) =>
      octokit.rest.repos.listPullRequestsAssociatedWithCommit({
        owner,
        repo,
        commit_sha: commit,
        per_page: PAGE,
        page,
      }),
    item: pull,
  });
  return found
    .filter(({ merged_at, base }) => typeof merged_at === "string" && base.ref === branch)
    .filter(({ base }) => isSameName(base.repo.full_name, `${owner}/${repo}`))
    .toSorted((a, b) => Date.parse(a.merged_at ?? "") - Date.parse(b.merged_at ?? ""));
}

/** The files that a pull request changed, under their old names too. */
export async function listPullFiles(github: GitHub, number: number): Promise<Set<string>> {
  const { octokit, owner, repo } = github;
  const found = await readAll(github, "the files of a pull request", {
    read: (page) => octokit.rest.pulls.listFiles({ owner, repo, pull_number: number, per_page: PAGE, page }),
    item: pullFile,
  });
  return new Set(found.flatMap(({ filename, previous_filename }) => [filename, previous_filename ?? filename]));
}

/** The commits of a pull request. */
export async function listPullCommits(github: GitHub, number: number): Promise<ListedCommit[]> {
  const { octokit, owner, repo } = github;
  return readAll(github, "the commits of a pull request", {
    read: (page) => octokit.rest.pulls.listCommits({ owner, repo, pull_number: number, per_page: PAGE, page }),
    item: listedCommit,
  });
}

/** What reviewers decided; a mere comment decides nothing, and a review without account or moment counts for nobody. */
export async function listReviews(github: GitHub, number: number): Promise<ReviewFact[]> {
  const { octokit, owner, repo } = github;
  const found = await readAll(github, "the reviews of a pull request", {
    read: (page) => octokit.rest.pulls.listReviews({ owner, repo, pull_number: number, per_page: PAGE, page }),
    item: review,
  });
  return found.flatMap(({ id, user, state, commit_id, submitted_at, html_url }): ReviewFact[] => {
    const isDecision = state === "APPROVED" || state === "CHANGES_REQUESTED" || state === "DISMISSED";
    if (!isDecision || user === undefined || submitted_at === undefined) return [];
    return [{ id, account: user, state, commit: commit_id ?? "", submittedAt: submitted_at, url: html_url }];
  });
}
