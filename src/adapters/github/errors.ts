/** The one error that talking to GitHub throws. Its text is ours alone: no answer, no header and no secret gets into it. */
import type { GitHubFailure } from "../../domain/github.ts";

export class GitHubError extends Error {
  readonly failure: GitHubFailure;

  constructor(failure: GitHubFailure, message: string) {
    super(message);
    this.name = "GitHubError";
    this.failure = failure;
  }
}

/** Whether the error is one of these. */
export const isFailure = (error: unknown, ...codes: GitHubFailure["code"][]): error is GitHubError =>
  error instanceof GitHubError && codes.includes(error.failure.code);

const MEANING: Record<Exclude<GitHubFailure["code"], "RateLimited">, string> = {
  NotFound: "GitHub does not have it, or does not show it to us",
  Forbidden: "GitHub does not allow it to us",
  Unavailable: "GitHub gives no usable answer",
  Invalid: "GitHub does not accept it",
  Conflict: "GitHub has something else there",
};

/** Makes the error of one request; `what` names what was asked for. */
export function toFailure(what: string, failure: GitHubFailure, detail = ""): GitHubError {
  const meaning = failure.code === "RateLimited" ? "GitHub asks to come back later" : MEANING[failure.code];
  return new GitHubError(failure, `${what}: ${meaning}${detail === "" ? "" : ` (${detail})`}`);
}
