/**
 * One bounded GET from a registry: size, time, redirects and addresses are limited, authorization stays with its
 * host. It knows nothing of manifests.
 */
import { Agent, type Dispatcher } from "undici";
import { demandAddress, lookupSafely } from "./addresses.ts";
import { type FindCredentials, mayReceive, parseChallenge, parseToken, toBasic } from "./authorization.ts";
import { RegistryError } from "./errors.ts";

export interface Answer {
  headers: Record<string, string>;
  body: Buffer;
}

export interface ExchangeOptions {
  credentials: FindCredentials;
  /** Hosts that are asked without TLS. */
  insecureHosts: ReadonlySet<string>;
  timeoutMs?: number;
}

export interface Request {
  host: string;
  path: string;
  accept?: string;
  maxBytes: number;
}

const MAX_REDIRECTS = 3;
const MAX_TOKEN_BYTES = 64 * 1024;
/** Most tokens kept, one per host and scope. */
const MAX_TOKENS = 256;

/** Makes the function that all reads of registries go through. */
export function createExchange(options: ExchangeOptions) {
  const timeoutMs = options.timeoutMs ?? 20_000;
  const agent = new Agent({
    connect: { lookup: lookupSafely, timeout: 10_000 },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxHeaderSize: 32 * 1024,
  });
  const tokens = new Map<string, string>();

  const send = async (url: URL, headers: Record<string, string>, signal: AbortSignal) => {
    demandAddress(url.hostname);
    if (url.protocol === "http:" && !options.insecureHosts.has(url.host)) {
      throw new RegistryError("AddressRefused", `${url.host} would be asked without TLS`);
    }
    return agent.request({ origin: url.origin, path: url.pathname + url.search, method: "GET", headers, signal });
  };

  /** Follows redirects; beyond the first host the request carries no authorization. */
  const follow = async (start: URL, headers: Record<string, string>, signal: AbortSignal) => {
    let url = start;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      const { authorization, ...bare } = headers;
      const response = await send(url, url.origin === start.origin && authorization ? headers : bare, signal);
      const location = response.headers.location;
      if (![301, 302, 303, 307, 308].includes(response.statusCode) || typeof location !== "string") return response;
      await discard(response);
      url = new URL(location, url);
    }
    throw new RegistryError("Failed", `${start.host} redirects too often`);
  };

  const fetchToken = async (response: Dispatcher.ResponseData, registry: URL, signal: AbortSignal) => {
    const header = response.headers["www-authenticate"];
    const challenge = parseChallenge([header ?? ""].flat()[0] ?? "");
    const known = options.credentials(registry.host);
    if (challenge === undefined) return undefined;
    if (challenge.scheme === "basic") return known === undefined ? undefined : toBasic(known);
    const url = new URL(challenge.realm);
    if (challenge.service !== undefined) url.searchParams.set("service", challenge.service);
    if (challenge.scope !== undefined) url.searchParams.set("scope", challenge.scope);
    const isTrusted = known !== undefined && mayReceive(challenge.realm, registry);
    const answer = await send(url, isTrusted ? { authorization: toBasic(known) } : {}, signal);
    const body = await readBounded(answer, MAX_TOKEN_BYTES, url);
    if (answer.statusCode !== 200) return undefined;
    const token = parseToken(body.toString("utf8"));
    return token === undefined ? undefined : `Bearer ${token}`;
  };

  const getOnce = async ({ host, path, accept, maxBytes }: Request, signal: AbortSignal): Promise<Answer> => {
    const url = new URL(path, `${options.insecureHosts.has(host) ? "http" : "https"}://${host}`);
    const scope = `${host} ${path.split("/").slice(0, -2).join("/")}`;
    const base = { accept: accept ?? "*/*", "user-agent": "vouchsafe" };
    const withAuth = (authorization: string | undefined) =>
      authorization === undefined ? base : { ...base, authorization };
    let response = await follow(url, withAuth(tokens.get(scope)), signal);
    if (response.statusCode === 401) {
      tokens.delete(scope);
      await discard(response);
      const authorization = await fetchToken(response, url, signal);
      if (authorization !== undefined) {
        if (tokens.size >= MAX_TOKENS) tokens.clear();
        tokens.set(scope, authorization);
        response = await follow(url, withAuth(authorization), signal);
      }
    }
    if (response.statusCode !== 200) {
      await discard(response);
      throw toError(response.statusCode, host);
    }
    const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
    return { headers: Object.fromEntries(headers), body: await readBounded(response, maxBytes, url) };
  };

  return {
    get: async (request: Request): Promise<Answer> => {
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        return await getOnce(request, deadline);
      } catch (error) {
        if (error instanceof RegistryError) throw error;
        if (error instanceof Error && error.cause instanceof RegistryError) throw error.cause;
        if (deadline.aborted) {
          throw new RegistryError("TimedOut", `${request.host} gave no whole answer within ${timeoutMs / 1000} s`);
        }
        throw new RegistryError("Unreachable", `${request.host}: ${error instanceof Error ? error.message : "failed"}`);
      }
    },
    close: () => agent.destroy(),
  };
}

function toError(status: number, host: string): RegistryError {
  if (status === 401 || status === 403) {
    return new RegistryError("Unauthorized", `${host} refuses to show it (HTTP ${status})`);
  }
  if (status === 404) return new RegistryError("NotFound", `${host} does not have it`);
  if (status === 429) return new RegistryError("RateLimited", `${host} asks to come back later (HTTP 429)`);
  return new RegistryError("Failed", `${host} answers with HTTP ${status}`);
}

/** Ends a body that nobody reads, so that the connection is free again. */
async function discard(response: Dispatcher.ResponseData): Promise<void> {
  await response.body.dump({ limit: 64 * 1024 }).catch(() => {});
}

async function readBounded(response: Dispatcher.ResponseData, maxBytes: number, url: URL): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new RegistryError("TooLarge", `${url.host} sends more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
