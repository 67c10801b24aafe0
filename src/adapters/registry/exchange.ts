/**
 * Bounded reads from a registry: size, time, redirects, tries and addresses are limited, authorization stays with its
 * host. It knows nothing of manifests.
 */
import type { FindCredentials } from "./authorization.ts";
import { discard, readBounded, readHeader, type Response } from "./bodies.ts";
import { type ConnectionOptions, openConnections, type Send } from "./connection.ts";
import { RegistryError } from "./errors.ts";
import { toRegistryError } from "./faults.ts";
import { createPauses, type Pauses } from "./pauses.ts";
import { toStatusError } from "./status.ts";
import { createAuthorizer } from "./tokens.ts";

export interface Answer {
  headers: Record<string, string>;
  body: Buffer;
}

export interface ExchangeOptions extends ConnectionOptions {
  credentials: FindCredentials;
  /** Who asked to be left alone; shared by exchanges that follow each other. */
  pauses?: Pauses;
  /** Bound on one read as a whole, with its redirects and tokens, in milliseconds. */
  timeoutMs?: number;
  /** Bound on all reads of the exchange together; streams have their pace instead. */
  budgetMs?: number;
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

export const TIMEOUT_MS = 20_000;
export const BUDGET_MS = 300_000;
export const MAX_REDIRECTS = 3;
const REDIRECTS = [301, 302, 303, 307, 308];
/** Most tokens kept, one per repository. */
const MAX_TOKENS = 256;

/** Follows redirects. Away from the first origin a request carries no authorization, and none on its way back. */
async function follow(send: Send, start: URL, headers: Record<string, string>, signal: AbortSignal) {
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
    if (next === null) throw new RegistryError("Malformed", `${url.host} redirects to something that is no address`);
    url = next;
  }
  throw new RegistryError("Failed", `${start.host} redirects too often`);
}

/** The address of what is asked for. Throws where it would be any other: references are text of tenants. */
export function toUrl({ host, repository, rest }: Request, isInsecure: boolean): URL {
  const path = `/v2/${repository}/${rest}`;
  const origin = `${isInsecure ? "http" : "https"}://${host}`;
  const url = URL.parse(origin + path);
  // Default ports are left out of addresses.
  const isHost = [url?.host, `${url?.host}:443`, `${url?.host}:80`].includes(host);
  if (url === null || !isHost || url.href !== url.origin + path) {
    throw new RegistryError("Malformed", `${host} cannot be asked for that: its address would be another`);
  }
  return url;
}

/** Makes what all reads of registries go through. */
export function createExchange(options: ExchangeOptions): Exchange {
  const { send, close } = openConnections(options);
  const { timeoutMs = TIMEOUT_MS, pauses = createPauses(Date.now) } = options;
  const tryCredentials = createAuthorizer(send, options.credentials);
  const tokens = new Map<string, string>();
  let budget = options.budgetMs ?? BUDGET_MS;

  const openOnce = async (request: Request, signal: AbortSignal): Promise<Response> => {
    const { host, repository, accept, from = 0 } = request;
    const url = toUrl(request, options.insecureHosts.has(host));
    const scope = `${host}/${repository}`;
    const base = { accept: accept ?? "*/*", ...(from === 0 ? {} : { range: `bytes=${from}-` }) };
    const ask = (authorization: string | undefined) =>
      follow(send, url, authorization === undefined ? base : { ...base, authorization }, signal);

    const first = await ask(tokens.get(scope));
    let { response } = first;
    // Only the registry itself may say where its credentials are wanted.
    if (response.statusCode === 401 && !first.isAway) {
      tokens.delete(scope);
      const header = readHeader(response, "www-authenticate") ?? "";
      for await (const authorization of tryCredentials({ header, url, host, repository }, signal)) {
        await discard(response, signal);
        ({ response } = await ask(authorization));
        if (response.statusCode === 401 || response.statusCode === 403) continue;
        if (tokens.size >= MAX_TOKENS) tokens.clear();
        tokens.set(scope, authorization);
        break;
      }
    }
    if (response.statusCode === 200 || (from > 0 && [206, 416].includes(response.statusCode))) return response;
    await discard(response, signal);
    throw toStatusError(response, host);
  };

  /** Runs one read under its deadline, unless its host is to be left alone. */
  const run = async <T>(host: string, ms: number, read: (deadline: AbortSignal) => Promise<T>): Promise<T> => {
    pauses.demandFree(host);
    const deadline = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    // A signal ends requests, but not connections that are still being made.
    const tooLate = new Promise<never>((_, fail) => {
      timer = setTimeout(() => {
        deadline.abort();
        fail(new Error("too late"));
      }, ms);
    });
    try {
      return await Promise.race([read(deadline.signal), tooLate]);
    } catch (error) {
      const failure = toRegistryError(error, host, deadline.signal.aborted);
      pauses.note(host, failure);
      throw failure;
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    get: async (request) => {
      if (budget <= 0) throw new RegistryError("TimedOut", `${request.host}: all reads together took too long`);
      const start = performance.now();
      try {
        return await run(request.host, Math.min(timeoutMs, budget), async (deadline) => {
          const response = await openOnce(request, deadline);
          const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
          const body = await readBounded(response, request.maxBytes, request.host);
          return { headers: Object.fromEntries(headers), body };
        });
      } finally {
        budget -= performance.now() - start;
      }
    },
    open: (request) => run(request.host, timeoutMs, (deadline) => openOnce(request, deadline)),
    close,
  };
}
