/**
 * One bounded exchange with GitHub: size, time and tries are limited, no proxy of the environment is used, and no
 * redirect is followed: a repository that moved has to be named anew. It knows nothing of what is asked.
 */
import { Agent, type Dispatcher } from "undici";
import type { GitHubFailure } from "../../domain/github.ts";
import { type GitHubError, isFailure, toFailure } from "./errors.ts";

export interface TransportOptions {
  /** Epoch milliseconds. */
  now: () => number;
  wait: (ms: number) => Promise<void>;
  /** Ends everything that is under way. */
  signal: AbortSignal;
  timeoutMs?: number;
}

/** A request as Octokit hands it to `fetch`. */
export interface OutgoingRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string | null;
}

const MAX_BYTES = 8 * 1024 * 1024;
const MAX_TRIES = 3;
/** Waits longer than this are left to the caller's queue. */
const MAX_WAIT_MS = 5000;
const FIRST_WAIT_MS = 200;
/** What GitHub asks of those whom it told no time. */
const DEFAULT_LIMIT_MS = 60_000;

const headerOf = ({ headers }: Dispatcher.ResponseData, name: string) => [headers[name] ?? []].flat()[0];

function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return now + Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : date;
}

/** When a refused request may come again; undefined where it was not refused for its rate. */
function findRetryAt(response: Dispatcher.ResponseData, body: string, now: number): number | undefined {
  const { statusCode } = response;
  if (statusCode !== 403 && statusCode !== 429) return undefined;
  const retryAfter = parseRetryAfter(headerOf(response, "retry-after"), now);
  if (retryAfter !== undefined) return retryAfter;
  const reset = headerOf(response, "x-ratelimit-reset") ?? "";
  if (headerOf(response, "x-ratelimit-remaining") === "0" && /^\d{1,12}$/.test(reset)) return Number(reset) * 1000;
  const isLimit = statusCode === 429 || /rate limit/i.test(body);
  return isLimit ? now + DEFAULT_LIMIT_MS : undefined;
}

function findCode(status: number, body: string): Exclude<GitHubFailure["code"], "RateLimited"> | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status === 401 || status === 403 || status === 451) return "Forbidden";
  if (status === 404 || status === 410) return "NotFound";
  if (status === 409) return "Conflict";
  if (status >= 500) return "Unavailable";
  return status === 422 && /already exists/i.test(body) ? "Conflict" : "Invalid";
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new RangeError("too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Makes the `fetch` that Octokit uses. What it throws is a `GitHubError`, what it returns was accepted. */
export function createTransport(options: TransportOptions) {
  const { now, wait } = options;
  const timeoutMs = options.timeoutMs ?? 20_000;
  const agent = new Agent({ connect: { timeout: 10_000 }, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });

  const sendOnce = async (what: string, url: URL, request: OutgoingRequest): Promise<Response> => {
    const deadline = AbortSignal.timeout(timeoutMs);
    let response: Dispatcher.ResponseData;
    let text: string;
    try {
      response = await agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: (request.method ?? "GET") as Dispatcher.HttpMethod,
        headers: { ...request.headers, "accept-encoding": "identity" },
        body: request.body ?? null,
        signal: AbortSignal.any([deadline, options.signal]),
      });
      text = await readBounded(response.body);
    } catch (error) {
      const why = error instanceof RangeError ? `more than ${MAX_BYTES} bytes` : "no whole answer";
      throw toFailure(what, { code: "Unavailable" }, deadline.aborted ? `nothing within ${timeoutMs} ms` : why);
    }
    const retryAt = findRetryAt(response, text, now());
    if (retryAt !== undefined) throw toFailure(what, { code: "RateLimited", retryAt });
    const code = findCode(response.statusCode, text);
    if (code !== undefined) throw toFailure(what, { code }, `HTTP ${response.statusCode}`);
    const headers = { "content-type": headerOf(response, "content-type") ?? "application/json" };
    return new Response(response.statusCode === 204 ? null : text, { status: response.statusCode, headers });
  };

  /** How long to wait before the next try; undefined where there is none. Only what changes nothing is asked twice. */
  const findWait = (error: GitHubError, method: string, tries: number): number | undefined => {
    if (tries >= MAX_TRIES) return undefined;
    const { failure } = error;
    if (failure.code === "RateLimited") {
      const ms = failure.retryAt - now();
      return ms <= MAX_WAIT_MS ? Math.max(0, ms) : undefined;
    }
    return failure.code === "Unavailable" && method === "GET" ? FIRST_WAIT_MS * 4 ** (tries - 1) : undefined;
  };

  return {
    fetch: async (address: string, request: OutgoingRequest = {}): Promise<Response> => {
      const url = new URL(address);
      const method = request.method ?? "GET";
      const what = `${method} ${url.pathname}`;
      for (let tries = 1; ; tries += 1) {
        try {
          return await sendOnce(what, url, request);
        } catch (error) {
          if (!isFailure(error, "RateLimited", "Unavailable")) throw error;
          const ms = findWait(error, method, tries);
          if (ms === undefined) throw error;
          await wait(ms);
        }
      }
    },
    close: () => agent.destroy(),
  };
}
