/**
 * GitHub for one repository: Octokit over our own transport, as a token or as an installation of a GitHub App that
 * is given no more rights than are needed, for this repository alone.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Octokit } from "@octokit/rest";
import * as z from "zod";
import type { GitHubFailure } from "../../domain/github.ts";
import { type Credential, signAppToken } from "./credential.ts";
import { GitHubError, toFailure } from "./errors.ts";
import { createTransport } from "./transport.ts";

export interface GitHubOptions {
  /** Such as https://api.github.com, or https://HOST/api/v3 of an own server. */
  baseUrl: string;
  credential: Credential;
  /** `owner/name`, as the AISystem names it. */
  repository: string;
  access: "read" | "write";
  /** Ends everything that is under way. */
  signal?: AbortSignal;
  now?: () => number;
  wait?: (ms: number) => Promise<void>;
  timeoutMs?: number;
}

export interface GitHub {
  octokit: Octokit;
  owner: string;
  repo: string;
  /** Asks, and reads from the answer what the schema names. Everything that goes wrong is a `GitHubError`. */
  ask<T>(what: string, request: () => Promise<unknown>, schema: z.ZodType<T>): Promise<T>;
  close(): Promise<void>;
}

const REPOSITORY = /^([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))\/([A-Za-z0-9._-]{0,99}[A-Za-z0-9_-])$/;
const LOOPBACK = new Set(["127.0.0.1", "[::1]", "localhost"]);
const USER_AGENT = "vouchsafe";
/** How long to leave GraphQL alone that named no time. */
const GRAPHQL_LIMIT_MS = 60_000;
const installationToken = z.object({ token: z.string().min(1) });

/** The address of the API without a slash at its end. Only loopback is asked without TLS. */
function readBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.has(url.hostname));
  if (url === undefined || !isSafe || url.username !== "" || url.search !== "" || url.hash !== "") {
    throw toFailure("the address of GitHub", { code: "Invalid" }, "it is no https address");
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

/** GraphQL refuses with HTTP 200 and a list of errors. */
const refusal = z.object({ name: z.literal("GraphqlResponseError"), errors: z.array(z.object({ type: z.string() })) });
const REFUSED: Record<string, "Forbidden" | "NotFound" | "Invalid"> = {
  FORBIDDEN: "Forbidden",
  INSUFFICIENT_SCOPES: "Forbidden",
  NOT_FOUND: "NotFound",
  UNPROCESSABLE: "Invalid",
};

function readRefusal(error: unknown, now: number): GitHubFailure | undefined {
  const types = refusal.safeParse(error).data?.errors.map(({ type }) => type) ?? [];
  if (types.includes("RATE_LIMITED")) return { code: "RateLimited", retryAt: now + GRAPHQL_LIMIT_MS };
  const code = types.map((type) => REFUSED[type]).find((known) => known !== undefined);
  return code === undefined ? undefined : { code };
}

/** Finds our own error, which Octokit wraps; everything else is an answer that was none. */
function unwrap(what: string, error: unknown, now: number): GitHubError {
  if (error instanceof GitHubError) return new GitHubError(error.failure, `${what}: ${error.message}`);
  if (error instanceof Error && error.cause instanceof GitHubError) return unwrap(what, error.cause, now);
  const failure = readRefusal(error, now);
  if (failure !== undefined) return toFailure(what, failure);
  return toFailure(what, { code: "Unavailable" }, "the answer is not understood");
}

function createAsk(now: () => number): GitHub["ask"] {
  return async (what, request, schema) => {
    let answer: unknown;
    try {
      answer = await request();
    } catch (error) {
      throw unwrap(what, error, now());
    }
    const parsed = schema.safeParse(answer);
    if (!parsed.success) throw unwrap(what, undefined, now());
    return parsed.data;
  };
}

/** Wraps the schema of an answer's data. */
export const dataOf = <T>(schema: z.ZodType<T>): z.ZodType<T> =>
  z.object({ data: schema }).transform((answer) => answer.data as T);

/** Opens GitHub for one repository; close it afterwards. */
export async function openGitHub(options: GitHubOptions): Promise<GitHub> {
  const [, owner = "", repo = ""] = REPOSITORY.exec(options.repository) ?? [];
  if (owner === "") throw toFailure("the repository", { code: "Invalid" }, "it is not named as owner/name");
  const baseUrl = readBaseUrl(options.baseUrl);
  const now = options.now ?? Date.now;
  const signal = options.signal ?? new AbortController().signal;
  const transport = createTransport({
    now,
    signal,
    wait: options.wait ?? ((ms) => sleep(ms, undefined, { signal }).catch(() => {})),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  const silent = () => {};
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const ask = createAsk(now);
  const connect = (auth: string) =>
    new Octokit({ auth, baseUrl, userAgent: USER_AGENT, log, request: { fetch: transport.fetch, log } });
  const { credential } = options;
  try {
    const token =
      credential.kind === "token"
        ? credential.token
        : await ask(
            "a token of the GitHub App",
            requestToken(connect(signAppToken(credential, now())), credential.installationId, {
              repo,
              access: options.access,
            }),
            dataOf(installationToken),
          ).then(({ token }) => token);
    return { octokit: connect(token), owner, repo, ask, close: transport.close };
  } catch (error) {
    await transport.close();
    throw error;
  }
}

/** Asks for the fewest rights that do, for one repository. */
const requestToken =
  (octokit: Octokit, installation: number, limits: { repo: string; access: GitHubOptions["access"] }) => () =>
    octokit.rest.apps.createInstallationAccessToken({
      installation_id: installation,
      repositories: [limits.repo],
      permissions: { contents: limits.access, pull_requests: limits.access, metadata: "read" },
    });
