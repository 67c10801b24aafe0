/**
 * One HTTP exchange with the API server: connection pools, authorization, bounds on size and time, and the
 * translation of failures into ApiError. It does not retry; client.ts does.
 */
import { Agent, type Dispatcher } from "undici";
import type { ClusterConfig } from "./credentials.ts";
import { ApiError, toErrorCode } from "./errors.ts";

export interface Exchange {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query, already encoded. */
  path: string;
  body?: unknown;
  contentType?: string;
  /** Bound on the whole exchange, in milliseconds. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** JSON where it is left out. */
  accept?: "text";
}

/** What the server answered. */
export interface Reply {
  body: unknown;
  warnings: string[];
}

export interface Transport {
  exchange(request: Exchange): Promise<Reply>;
  /** Opens a stream of bytes; the caller reads it and destroys it. */
  open(request: Exchange): Promise<AsyncIterable<Buffer> & { destroy(): void }>;
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** A page of 500 large objects; etcd keeps one object below 1.5 MiB. */
const MAX_BODY = 256 * 1024 * 1024;
const AUTHORIZATION_LIFE_MS = 60_000;

/** Makes the pools for one cluster: one for requests, one for watches, so that a stuck watch stalls no write. */
export function createTransport(cluster: ClusterConfig, clock: () => number = Date.now): Transport {
  const options = { connect: { ...cluster.tls, timeout: 10_000 }, connections: 16, pipelining: 1 };
  const requests = new Agent(options);
  const watches = new Agent({ ...options, connections: 64, bodyTimeout: 0, headersTimeout: 60_000 });
  let authorization: { header: string | undefined; until: number } | undefined;

  const authorize = async () => {
    if (authorization === undefined || clock() >= authorization.until) {
      authorization = { header: await cluster.authorize(), until: clock() + AUTHORIZATION_LIFE_MS };
    }
    return authorization.header;
  };

  const send = async (agent: Agent, request: Exchange, signal: AbortSignal): Promise<Dispatcher.ResponseData> => {
    const header = await authorize();
    const accept = request.accept === "text" ? "text/plain, */*" : "application/json";
    const headers: Record<string, string> = { accept, "user-agent": "vouchsafe" };
    if (header !== undefined) headers.authorization = header;
    const url = new URL(cluster.server);
    const path = `${url.pathname.replace(/\/$/, "")}${request.path}`;
    const body = request.body === undefined ? null : JSON.stringify(request.body);
    if (body !== null) headers["content-type"] = request.contentType ?? "application/json";
    const response = await agent.request({ origin: url.origin, path, method: request.method, headers, body, signal });
    // A token may have been rotated under us: the next request asks for a fresh one.
    if (response.statusCode === 401) authorization = undefined;
    return response;
  };

  const withDeadline = async <T>(request: Exchange, act: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const timeout = AbortSignal.timeout(request.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]);
    try {
      return await act(signal);
    } catch (error) {
      if (error instanceof ApiError) throw error;
      if (request.signal?.aborted === true) throw error;
      const code = timeout.aborted ? "Timeout" : "Network";
      const message = `${request.method} ${request.path}: ${timeout.aborted ? "no answer in time" : describe(error)}`;
      throw new ApiError({ code, message, status: 0, cause: error });
    }
  };

  return {
    exchange: (request) =>
      withDeadline(request, async (signal) => {
        const response = await send(requests, request, signal);
        const text = await readBounded(response.body, MAX_BODY);
        const body = request.accept === "text" && response.statusCode < 400 ? text : parseBody(text, request);
        if (response.statusCode >= 400) throw toApiError(response, body, request);
        return { body, warnings: readWarnings(response.headers.warning) };
      }),
    open: async (request) => {
      const opening = new AbortController();
      const stop = () => opening.abort();
      request.signal?.addEventListener("abort", stop, { once: true });
      const response = await withDeadline({ ...request, timeoutMs: 60_000 }, () =>
        send(watches, request, opening.signal),
      );
      if (response.statusCode >= 400) {
        const body = parseBody(await readBounded(response.body, 1024 * 1024), request);
        throw toApiError(response, body, request);
      }
      const { body } = response;
      return {
        [Symbol.asyncIterator]: () => (body as AsyncIterable<Buffer>)[Symbol.asyncIterator](),
        destroy: () => {
          request.signal?.removeEventListener("abort", stop);
          // Destroying a body that is done would report an error to nobody.
          if (!body.destroyed) body.once("error", () => {}).destroy();
        },
      };
    },
    close: async () => {
      await Promise.all([requests.destroy(), watches.destroy()]);
    },
  };
}

const describe = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function readBounded(stream: AsyncIterable<Buffer>, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > limit) throw new ApiError({ code: "TooLarge", message: `the answer exceeds ${limit} bytes`, status: 0 });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseBody(text: string, request: Exchange): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    // Some refusals (authentication proxies, /readyz) are plain text: keep them readable.
    return { message: `${request.method} ${request.path}: ${text.slice(0, 500)}`, malformed: cause };
  }
}

interface StatusBody {
  message?: string;
  reason?: string;
  details?: { retryAfterSeconds?: number };
}

function toApiError(response: Dispatcher.ResponseData, body: unknown, request: Exchange): ApiError {
  const status = (typeof body === "object" && body !== null ? body : {}) as StatusBody;
  const reason = status.reason ?? "";
  const seconds = Number(response.headers["retry-after"] ?? status.details?.retryAfterSeconds ?? Number.NaN);
  return new ApiError({
    code: toErrorCode(response.statusCode, reason),
    status: response.statusCode,
    reason,
    message: status.message ?? `${request.method} ${request.path}: HTTP ${response.statusCode}`,
    ...(Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {}),
  });
}

/** RFC 7234 §5.5: code, agent, quoted text. */
function readWarnings(header: string | string[] | undefined): string[] {
  const lines = header === undefined ? [] : [header].flat();
  return lines.map((line) => /^\d{3} \S+ "((?:[^"\\]|\\.)*)"/.exec(line)?.[1]?.replace(/\\(.)/g, "$1") ?? line);
}
