// How the fake GitHub shows its state: only what a schema would not fill by itself.
import type { GitCommit } from "./git.ts";
import type { Pull, Repository, Review } from "./repository.ts";

const HTML = "https://github.test";

const userOf = (repository: Repository, login: string) => {
  const isBot = login.endsWith("[bot]");
  return { ...repository.accountOf(login), type: isBot ? "Bot" : "User" };
};

const verificationOf = (repository: Repository, { sha }: GitCommit) => {
  const verified = repository.verified.has(sha);
  return { verified, reason: verified ? "valid" : "unsigned" };
};

export const showGitCommit = (repository: Repository, commit: GitCommit) => ({
  sha: commit.sha,
  author: commit.author,
  committer: commit.committer,
  message: commit.message,
  tree: { sha: commit.tree },
  parents: commit.parents.map((sha) => ({ sha })),
  verification: verificationOf(repository, commit),
});

/** A commit as lists show it, with the accounts that GitHub links to its addresses. */
export function showCommit(repository: Repository, commit: GitCommit) {
  const link = (email: string) => {
    const account = repository.findAccount(email);
    return account === undefined ? null : userOf(repository, account.login);
  };
  const { author, committer, message, tree } = commit;
  return {
    sha: commit.sha,
    parents: commit.parents.map((sha) => ({ sha })),
    author: link(author.email),
    committer: link(committer.email),
    commit: { author, committer, message, tree: { sha: tree }, verification: verificationOf(repository, commit) },
  };
}

const repositoryOf = (fullName: string) => {
  const [login = "", name = ""] = fullName.split("/");
  return { full_name: fullName, name, owner: { login, type: "User" } };
};

export const showPull = (repository: Repository, pull: Pull) => ({
  number: pull.number,
  id: 5000 + pull.number,
  node_id: `PR_${pull.number}`,
  html_url: `${HTML}/${repository.fullName}/pull/${pull.number}`,
  title: pull.title,
  body: pull.body,
  state: pull.state,
  user: userOf(repository, pull.login),
  created_at: pull.createdAt,
  updated_at: pull.createdAt,
  merged_at: pull.mergedAt ?? null,
  // GitHub shows a trial merge here as long as the pull request is open.
  merge_commit_sha: pull.mergeCommit ?? "f".repeat(40),
  labels: pull.labels.map((name) => ({ name })),
  head: {
    ref: pull.headRef,
    sha: pull.headSha,
    label: `${pull.headRepo.split("/")[0]}:${pull.headRef}`,
    repo: repositoryOf(pull.headRepo),
  },
  base: { ref: pull.baseRef, sha: pull.baseSha, repo: repositoryOf(repository.fullName) },
});

export const showReview = (repository: Repository, pull: Pull, review: Review) => ({
  id: review.id,
  user: userOf(repository, review.login),
  state: review.state,
  body: "",
  commit_id: review.commit,
  submitted_at: review.submittedAt,
  html_url: `${HTML}/${repository.fullName}/pull/${pull.number}#pullrequestreview-${review.id}`,
});
