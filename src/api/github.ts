/**
 * How GitHub takes part: where the manifests of an AISystem live, which accounts belong to which people, and what
 * is kept of a review that became an Approval.
 */
import * as z from "zod";
import { approvalDigest, asSet, keyedBy, label, timestamp, username, withRules } from "./fields.ts";

/** The name of an account: GitHub's own rule. */
const login = () =>
  z
    .string()
    .min(1)
    .max(39)
    .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$/);

/** `owner/name`. The last character is no dot, so that the name is never `.` or `..`. */
const repository = () =>
  z
    .string()
    .max(140)
    .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/[A-Za-z0-9._-]{0,99}[A-Za-z0-9_-]$/);

/** A commit's name: SHA-1, or SHA-256 where the repository uses it. */
const commitName = () =>
  z
    .string()
    .max(64)
    .regex(/^[a-f0-9]{40}([a-f0-9]{24})?$/);

/** `AISystem.spec.github`. All of it is approved: it says whose reviews count and what is written where. */
export const systemGitHub = () =>
  withRules(
    z.object({
      repository: repository().describe("Repository with the system's manifests, as owner/name."),
      branch: z
        .string()
        .min(1)
        .max(200)
        .regex(/^[A-Za-z0-9_][A-Za-z0-9._/-]*$/)
        .default("main")
        .describe("The branch that is delivered."),
      path: z
        .string()
        .min(1)
        .max(512)
        .regex(/^[A-Za-z0-9_.@+-]+(?:\/[A-Za-z0-9_.@+-]+)*$/)
        .optional()
        .describe("Folder or file of this system and environment; the whole repository where it is left out."),
      revert: z
        .enum(["Propose", "Never"])
        .default("Never")
        .describe(
          "Whether a breach is followed by a pull request that takes it out of Git; it is never merged for you.",
        ),
      reviews: z
        .enum(["Count", "Ignore"])
        .default("Ignore")
        .describe("Whether approving reviews of people whom the AIPolicy names become Approvals."),
    }),
    {
      rule: "!self.branch.contains('..') && !self.branch.contains('//') && !self.branch.endsWith('/') && !self.branch.endsWith('.lock')",
      message: "branch must be a name that Git allows",
    },
    {
      rule: "!has(self.path) || !self.path.matches('(^|/)[.][.]?(/|$)')",
      message: "path must not contain . or .. as a folder",
    },
  );
export type SystemGitHub = z.output<ReturnType<typeof systemGitHub>>;

const person = z.object({
  login: login().describe("The account's name on GitHub."),
  id: z
    .int()
    .min(1)
    .describe("The account's number (gh api users/LOGIN --jq .id): a name can be given up and taken by somebody else."),
  username: username().describe("The same person's user name in this cluster."),
  roles: asSet(z.array(label()).min(1).max(16)).describe("Roles in which the person's reviews count."),
});

/** `AIPolicy.spec.github`. */
export const policyGitHub = () =>
  z.object({
    people: keyedBy(z.array(person).max(256), "login").describe("Whose reviews count, for whom and in which roles."),
    reviewDays: z.int().min(1).max(3650).default(90).describe("How many days a review holds at most."),
  });
export type PolicyGitHub = z.output<ReturnType<typeof policyGitHub>>;
/** An account of GitHub and the person that it belongs to. */
export type GitHubPerson = z.output<typeof person>;

/** `Approval.spec.review`: the evidence of an Approval whose source is GitHub. */
export const reviewEvidence = () =>
  z.object({
    repository: repository().describe("Repository, as owner/name."),
    pullRequest: z.int().min(1).describe("Number of the pull request."),
    review: z.int().min(1).describe("Number of the review."),
    login: login().describe("Who reviewed, as GitHub authenticated it."),
    account: z.int().min(1).describe("Number of that account."),
    commit: commitName().describe("The commit that was reviewed; it holds the object and its AISystem."),
    submittedAt: timestamp().describe("When."),
    url: z.string().max(512).meta({ format: "uri" }).describe("Where to read it."),
  });

/** `status.origin` of a ModelRelease or RiskAssessment: who wrote it, as far as Git knows. */
export const gitOrigin = () =>
  z.object({
    digest: approvalDigest().describe("The content that this was found for."),
    repository: repository().describe("Repository, as owner/name."),
    commit: commitName().describe("The commit that brought this content."),
    pullRequest: z.int().min(1).optional().describe("The merged pull request that brought it."),
    authors: asSet(z.array(username()).max(64)).describe("Everybody who wrote it or its AISystem, as cluster users."),
    authorship: z
      .enum(["Known", "Unknown"])
      .describe("Known where every commit is signed and every account belongs to a person of the AIPolicy."),
  });
export type GitOrigin = z.output<ReturnType<typeof gitOrigin>>;
