/**
 * Bounded reads from a registry: size, time, redirects, tries and addresses are limited, authorization stays with its
 * host. It knows nothing of manifests.
 */
import {
  type Challenge,
  type Credentials,
  type FindCredentials,
  parseChallenge,
  parseToken,
  toDirect,
  toTokenRequest,
} from "./authorization.ts";
import { discard, readBounded, readHeader, type Response } from "./bodies.ts";
import { type ConnectionOptions, type Message, openConnections } from "./connection.ts";
import { RegistryError, toRegistryError } from "./errors.ts";
import { parseRetryAfter } from "./retry-after.ts";

export interface Answer {
  headers: Record<string, string>;
  body: Buffer;
}

export interface ExchangeOptions extends ConnectionOptions {
  credentials: FindCredentials;
  /** Bound on one read as a whole, with its redirects and tokens, in milliseconds. */
  timeoutMs?: number;
}

/** What is asked for: `rest` of /v2/<repository>/. */
export interface Request {
  host: string;
  repository: string;
  rest: string;
  accept?: string;
  /** First byte that is wanted. */
  from?: number;
}

export interface Exchange {
  /** Reads an answer whole. */
  get(request: Request & { maxBytes: number }): Promise<Answer>;
  /** Opens an answer, whose body the caller bounds and ends. */
  open(request: Request): Promise<Response>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 20_000;
const MAX_REDIRECTS = 3;
const REDIRECTS = [301, 302, 303, 307, 308];
const MAX_TOKEN_BYTES = 64 * 1024;
/** Most tokens kept, one per repository. */
const MAX_TOKENS = 256;

/** Makes what all reads of registries go through. */
export function createExchange(options: ExchangeOptions): Exchange {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const { send, close } = openConnections(options);
  const tokens = new Map<string, string>();

  /** Follows redirects. Away from the first origin a request carries no authorization, and none on its way back. */
  const follow = async (start: URL, headers: Record<string, string>, signal: AbortSignal) => {
    const { authorization: _, ...bare } = headers;
    let url = start;
    let isAway = false;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      isAway ||= url.origin !== start.origin;
      const response = await send(url, { method: "GET", headers: isAway ? bare : headers }, signal);
      const location = readHeader(response, "location");
      if (!REDIRECTS.includes(response.statusCode) || location === undefined) return { response, isAway };
      await discard(response, signal);
      const next: URL | null = URL.parse(location, url.href);
      if (next === null) {
        throw new RegistryError("Malformed", `${url.host} redirects to something that is no address`);
      }
      url = next;
    }
    throw new RegistryError("Failed", `${start.host} redirects too often`);
  };

  const fetchToken = async (url: URL, message: Message, signal: AbortSignal): Promise<string | undefined> => {
    const response = await send(url, message, signal);
    if (response.statusCode === 200)
      return parseToken(await readBounded(response, MAX_TOKEN_BYTES, url.host), url.host);
    await discard(response, signal);
    // A service that knows no such person is no reason to give up; one that is out of order is.
    if (response.statusCode === 429 || response.statusCode >= 500) throw toError(response, url.host);
    return undefined;
  };

  const authorize = async (challenge: Challenge, known: Credentials | undefined, url: URL, signal: AbortSignal) => {
    const direct = toDirect(challenge, known);
    if (direct !== undefined || challenge.scheme === "basic") return direct;
    const { url: service, ...message } = toTokenRequest(challenge, known, url);
    const token = await fetchToken(service, message, signal);
    return token === undefined ? undefined : `Bearer ${token}`;
  };

  /** Answers a refusal with each of the credentials in turn, until one is taken. Returns the last answer. */
  const insist = async (
    { host, repository }: Request,
    url: URL,
    refusal: Response,
    ask: (authorization: string) => Promise<Response>,
    signal: AbortSignal,
  ): Promise<Response> => {
    const challenge = parseChallenge(readHeader(refusal, "www-authenticate") ?? "");
    if (challenge === undefined) return refusal;
    const known = options.credentials(host, repository);
    let last = refusal;
    for (const one of known.length > 0 ? known : [undefined]) {
      const authorization = await authorize(challenge, one, url, signal);
      if (authorization === undefined) continue;
      await discard(last, signal);
      last = await ask(authorization);
      if (last.statusCode === 401 || last.statusCode === 403) continue;
      if (tokens.size >= MAX_TOKENS) tokens.clear();
      tokens.set(`${host}/${repository}`, authorization);
      return last;
    }
    return last;
  };

  const openOnce = async (request: Request, signal: AbortSignal): Promise<Response> => {
    const { host, repository, rest, accept, from = 0 } = request;
    const url = new URL(`${options.insecureHosts.has(host) ? "http" : "https"}://${host}/v2/${repository}/${rest}`);
    const scope = `${host}/${repository}`;
    const base = { accept: accept ?? "*/*", ...(from === 0 ? {} : { range: `bytes=${from}-` }) };
    const ask = (authorization: string | undefined) =>
      follow(url, authorization === undefined ? base : { ...base, authorization }, signal);

    const { response: first, isAway } = await ask(tokens.get(scope));
    let response = first;
    // Only the registry itself may say where its credentials are wanted.
    if (first.statusCode === 401 && !isAway) {
      tokens.delete(scope);
      response = await insist(request, url, first, async (one) => (await ask(one)).response, signal);
    }
    if (response.statusCode === 200 || (from > 0 && [206, 416].includes(response.statusCode))) return response;
    await discard(response, signal);
    throw toError(response, host);
  };

  return {
    get: async (request) => {
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        const response = await openOnce(request, deadline);
        const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
        const body = await readBounded(response, request.maxBytes, request.host);
        return { headers: Object.fromEntries(headers), body };
      } catch (error) {
        throw toRegistryError(error, request.host, deadline.aborted);
      }
    },
    open: async (request) => {
      const deadline = new AbortController();
      const timer = setTimeout(() => deadline.abort(), timeoutMs);
      try {
        return await openOnce(request, deadline.signal);
      } catch (error) {
        throw toRegistryError(error, request.host, deadline.signal.aborted);
      } finally {
        clearTimeout(timer);
      }
    },
    close,
  };
}

function toError(response: Response, host: string): RegistryError {
  const { statusCode: status } = response;
  const retryAfter = parseRetryAfter(readHeader(response, "retry-after"), Date.now());
  if (status === 401 || status === 403) {
    return new RegistryError("Unauthorized", `${host} refuses to show it (HTTP ${status})`);
  }
  if (status === 404) return new RegistryError("NotFound", `${host} does not have it`);
  if (status === 429) return new RegistryError("RateLimited", `${host} asks to come back later (HTTP 429)`, retryAfter);
  return new RegistryError("Failed", `${host} answers with HTTP ${status}`, retryAfter);
}
