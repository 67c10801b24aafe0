/**
 * What a review on GitHub is worth: whose it is, whether it still stands, and who wrote what was reviewed. A review
 * is given by an account; only the AIPolicy says which person that is. Nothing here asks GitHub.
 */
import { createHash } from "node:crypto";
import type { Approval } from "../api/approval.ts";
import type { GitHubPerson, GitOrigin, PolicyGitHub } from "../api/github.ts";
import { DAY, parseInstant, toIso } from "./time.ts";

/** Why GitHub did not do what it was asked. `retryAt`: when it may be asked again, epoch milliseconds. */
export type GitHubFailure =
  | { code: "NotFound" | "Forbidden" | "Unavailable" | "Invalid" | "Conflict" }
  | { code: "RateLimited"; retryAt: number };

/** An account; the number is not always known. */
export interface Account {
  login: string;
  id?: number;
}

/** One commit as far as it tells who wrote it. `undefined` among the authors is somebody whom GitHub does not know. */
export interface CommitFact {
  sha: string;
  /** Whether GitHub vouches for the signature, and so for the committer. */
  isVerified: boolean;
  authors: readonly (Account | undefined)[];
}

/** Who wrote one document: everything that changed it, as far back as Git goes. */
export interface Authorship {
  /** False where the history was too long or too tangled to be read to its beginning. */
  isComplete: boolean;
  commits: readonly CommitFact[];
  /** Who opened the pull requests that brought these commits. */
  openers: readonly (Account | undefined)[];
}

export interface ReviewFact {
  id: number;
  account: Account;
  state: "APPROVED" | "CHANGES_REQUESTED" | "DISMISSED";
  commit: string;
  submittedAt: string;
  url: string;
}

/** What GitHub knows of one object. */
export interface ReviewFacts {
  repository: string;
  /** The commit that brought the content, and the merged pull request where there is one. */
  commit: string;
  pull?: {
    number: number;
    /** The last commit that reviewers saw; it holds the content whole. */
    head: string;
    reviews: readonly ReviewFact[];
  };
  target: Authorship;
  system: Authorship;
}

/** What is decided on. */
export interface ReviewCase {
  facts: ReviewFacts;
  policy: PolicyGitHub;
  /** The object, and the roles that are wanted, each with the number of days an approval may hold at most. */
  target: { kind: "ModelRelease" | "RiskAssessment"; name: string; digest: string; roles: Record<string, number> };
  /** All Approvals of the namespace. */
  approvals: readonly Approval[];
  now: number;
}

/** The evidence that an Approval carries. */
export interface Evidence {
  repository: string;
  pullRequest: number;
  review: number;
  login: string;
  account: number;
  commit: string;
  submittedAt: string;
  url: string;
}

/** An Approval that is to be written. Its name is the same every time, so that it is written once. */
export interface ReviewApproval {
  name: string;
  role: string;
  username: string;
  until: string;
  review: Evidence;
}

export interface ReviewDecision {
  approvals: ReviewApproval[];
  /** Approvals whose review was dismissed or replaced: they have to be withdrawn. */
  lapsed: Approval[];
  authors: string[];
  authorship: "Known" | "Unknown";
}

const isSameLogin = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

/** The person behind an account: name and number have to fit, or the account changed hands. */
function findPerson(account: Account, people: readonly GitHubPerson[]): GitHubPerson | undefined {
  return people.find(({ login, id }) => isSameLogin(login, account.login) && id === account.id);
}

/** GitHub itself, which commits what people do on its pages. */
const isGitHub = (account: Account) => account.login === "web-flow";

function listAccounts({ target, system }: ReviewFacts): (Account | undefined)[] {
  return [target, system]
    .flatMap(({ commits, openers }) => [...commits.flatMap(({ authors }) => authors), ...openers])
    .filter((account) => account === undefined || !isGitHub(account));
}

function judgeAuthors(
  facts: ReviewFacts,
  people: readonly GitHubPerson[],
): Pick<ReviewDecision, "authors" | "authorship"> {
  const persons = listAccounts(facts).map((account) =>
    account === undefined ? undefined : findPerson(account, people),
  );
  const names = persons.flatMap((person) => (person === undefined ? [] : [person.username]));
  const isWhole = [facts.target, facts.system].every(
    ({ isComplete, commits }) => isComplete && commits.length > 0 && commits.every(({ isVerified }) => isVerified),
  );
  return {
    authors: [...new Set(names)].toSorted(),
    authorship: isWhole && persons.every((person) => person !== undefined) ? "Known" : "Unknown",
  };
}

/** The last word of every account: an approval that was dismissed or followed by a request for changes is none. */
function listLastReviews(reviews: readonly ReviewFact[]): ReviewFact[] {
  const last = new Map<string, ReviewFact>();
  const inOrder = reviews.toSorted((a, b) => Date.parse(a.submittedAt) - Date.parse(b.submittedAt) || a.id - b.id);
  for (const review of inOrder) last.set(String(review.account.id ?? review.account.login.toLowerCase()), review);
  return [...last.values()];
}

const isAuthor = ({ login, id }: Account, authors: readonly (Account | undefined)[]) =>
  authors.some(
    (author) => author !== undefined && (isSameLogin(author.login, login) || (id !== undefined && author.id === id)),
  );

/** One review counts for one content: what changed around it since then was not reviewed. */
const wasUsedElsewhere = (review: ReviewFact, { approvals, target }: ReviewCase) =>
  approvals.some(
    ({ spec }) =>
      spec.review?.review === review.id &&
      spec.target.kind === target.kind &&
      spec.target.name === target.name &&
      spec.target.digest !== target.digest,
  );

function toApprovals(review: ReviewFact, about: ReviewCase): ReviewApproval[] {
  const { facts, policy, target, now } = about;
  const person = findPerson(review.account, policy.people);
  const submitted = parseInstant(review.submittedAt);
  const { id: account } = review.account;
  if (person === undefined || submitted === undefined || account === undefined || facts.pull === undefined) return [];
  const { number: pullRequest } = facts.pull;
  return person.roles.flatMap((role) => {
    const longest = target.roles[role];
    if (longest === undefined) return [];
    const until = submitted + Math.min(longest, policy.reviewDays) * DAY;
    if (until <= now) return [];
    const key = createHash("sha256").update(`${target.digest} ${role}`).digest("hex").slice(0, 12);
    return [
      {
        name: `github-${review.id}-${key}`,
        role,
        username: person.username,
        until: toIso(until),
        review: {
          repository: facts.repository,
          pullRequest,
          review: review.id,
          login: review.account.login,
          account,
          commit: review.commit,
          submittedAt: review.submittedAt,
          url: review.url,
        },
      },
    ];
  });
}

function listStanding(about: ReviewCase): ReviewFact[] {
  const { pull } = about.facts;
  const accounts = listAccounts(about.facts);
  return listLastReviews(pull?.reviews ?? []).filter(
    (review) => review.state === "APPROVED" && review.commit === pull?.head && !isAuthor(review.account, accounts),
  );
}

/** Decides which Approvals the reviews of one object amount to, and which earlier ones they no longer carry. */
export function decideReviewApprovals(about: ReviewCase): ReviewDecision {
  const { facts, policy, target, approvals } = about;
  const { authors, authorship } = judgeAuthors(facts, policy.people);
  const standing = listStanding(about);
  const wanted = standing
    .filter((review) => !wasUsedElsewhere(review, about))
    .flatMap((review) => toApprovals(review, about))
    .filter(({ username }) => !authors.includes(username))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const names = new Set(approvals.map(({ metadata }) => metadata.name));
  const lapsed = approvals.filter(
    ({ spec }) =>
      spec.review?.repository === facts.repository &&
      spec.review.pullRequest === facts.pull?.number &&
      spec.target.digest === target.digest &&
      ["approve", "accept"].includes(spec.decision) &&
      !standing.some(({ id }) => id === spec.review?.review),
  );
  return { approvals: wanted.filter(({ name }) => !names.has(name)), lapsed, authors, authorship };
}

/**
 * The authors of an object whose content Git accounts for: instead of those who merely delivered it, the people who
 * wrote it. Where Git does not know them all, or speaks of other content, the deliverers stay, and with them the doubt.
 */
export function replaceDeliverers(
  names: readonly string[],
  origin: GitOrigin | undefined,
  about: { digest: string; deliverers: readonly string[] | undefined },
): string[] {
  const { digest, deliverers = [] } = about;
  const isDelivered = names.some((name) => deliverers.includes(name));
  if (!isDelivered || origin?.digest !== digest || origin.authorship !== "Known") return [...names];
  return [...new Set([...names.filter((name) => !deliverers.includes(name)), ...origin.authors])].toSorted();
}
