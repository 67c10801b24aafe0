/**
 * Follows one kind for ever, as a written-out state machine. Errors are events, and every one is retried.
 *
 *                 +------------------------- 410 Gone, unknown version ------------------------+
 *                 v                                                                            |
 *   Empty --(streaming list served)--> Streaming --(initial-events-end)--> Watching --------+--+
 *     |                                    |                                ^   |           |
 *     +--(not served)--> Paging --(last page)------------------------------>+   +-- end, ---+
 *                                                                               silence, error: watch again
 *                                                                               from the last version seen
 */
import { setTimeout as wait } from "node:timers/promises";
import type { Client } from "./client.ts";
import { ApiError, isApiError } from "./errors.ts";
import type { KubeObject, ResourceType } from "./objects.ts";

/** What a watcher tells. Between Init and InitDone the objects of a fresh list arrive. */
export type WatchEvent<T> =
  | { type: "Init" }
  | { type: "InitApply"; object: T }
  | { type: "InitDone" }
  | { type: "Apply"; object: T }
  | { type: "Delete"; object: T }
  /** The stream is alive though nothing changed. */
  | { type: "Alive" }
  | { type: "Error"; error: unknown };

export interface WatcherOptions {
  client: Client;
  type: ResourceType;
  signal: AbortSignal;
  /** Follows one namespace only. */
  namespace?: string;
  fieldSelector?: string;
  labelSelector?: string;
  /** Silence after which a connection counts as dead. The server sends a bookmark about every minute. */
  silenceMs?: number;
  /** Waits before a retry; jittered so that many watchers do not return at once. */
  backoffMs?: (attempt: number) => number;
}

type State = { at: "Empty" } | { at: "Streaming" } | { at: "Paging" } | { at: "Watching"; version: string };

const SILENCE_MS = 150_000;
/** Shorter than the five minutes after which load balancers cut idle streams. */
const SERVER_TIMEOUT_SECONDS = 280;
const MAX_LINE = 64 * 1024 * 1024;

const jitteredBackoff = (attempt: number) => Math.min(200 * 2 ** attempt, 30_000) * (0.5 + Math.random() / 2);

interface Line {
  type: string;
  object: KubeObject & { code?: number; message?: string; reason?: string };
}

type Step<T> = { event: WatchEvent<T> } | { state: State };

/** Yields events until the signal aborts. */
export async function* watch<T extends KubeObject>(options: WatcherOptions): AsyncGenerator<WatchEvent<T>> {
  const backoff = options.backoffMs ?? jitteredBackoff;
  let state: State = { at: "Empty" };
  let canStream = true;
  let attempt = 0;
  const pause = async () => {
    attempt += 1;
    await wait(backoff(attempt), undefined, { signal: options.signal }).catch(() => {});
  };
  while (!options.signal.aborted) {
    const { at } = state;
    let hasLife = at === "Empty";
    try {
      for await (const step of advance<T>(options, state, canStream)) {
        if ("state" in step) {
          state = step.state;
          continue;
        }
        // To have begun is no success yet: a server that fails is asked less and less often.
        if (step.event.type !== "Init") {
          hasLife = true;
          attempt = 0;
        }
        yield step.event;
      }
      // A server that closes every connection at once must not be asked without end either.
      if (!hasLife) await pause();
    } catch (error) {
      if (options.signal.aborted) return;
      // A server or store without streaming lists says so in one of several ways: list page by page instead.
      if (state.at === "Streaming" && isApiError(error, "Invalid", "BadRequest", "ServerError")) canStream = false;
      // A dead stream goes on from the last version; a version that is gone, or a list cut short, starts anew.
      if (state.at !== "Watching" || isApiError(error, "Gone")) state = { at: "Empty" };
      if (!isApiError(error, "Gone")) yield { type: "Error", error };
      await pause();
    }
  }
}

/** Does what the state asks for, up to the end of one list or one connection. */
function advance<T extends KubeObject>(
  options: WatcherOptions,
  state: State,
  canStream: boolean,
): AsyncGenerator<Step<T>> {
  switch (state.at) {
    case "Empty":
      return goTo({ at: canStream ? "Streaming" : "Paging" });
    case "Streaming":
    case "Watching":
      return readStream<T>(options, state);
    case "Paging":
      return readPages<T>(options);
  }
}

async function* goTo(state: State): AsyncGenerator<{ state: State }> {
  yield { state };
}

async function* readPages<T extends KubeObject>(options: WatcherOptions): AsyncGenerator<Step<T>> {
  yield { event: { type: "Init" } };
  let page = await options.client.listPage<T>(options.type, toListOptions(options));
  for (;;) {
    for (const object of page.items) yield { event: { type: "InitApply", object } };
    if (page.next === undefined) break;
    page = await options.client.listPage<T>(options.type, toListOptions(options), page.next);
  }
  yield { event: { type: "InitDone" } };
  yield { state: { at: "Watching", version: page.resourceVersion } };
}

const toListOptions = (options: WatcherOptions) => ({
  ...selectors(options),
  ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
});

const selectors = ({ fieldSelector, labelSelector }: WatcherOptions) => ({
  ...(fieldSelector === undefined ? {} : { fieldSelector }),
  ...(labelSelector === undefined ? {} : { labelSelector }),
});

/** Reads one watch connection to its end. */
async function* readStream<T extends KubeObject>(
  options: WatcherOptions,
  from: { at: "Streaming" } | { at: "Watching"; version: string },
): AsyncGenerator<Step<T>> {
  const stream = await options.client.openWatch(
    options.type,
    toQuery(options, from),
    options.signal,
    options.namespace,
  );
  let isListing = from.at === "Streaming";
  if (isListing) yield { event: { type: "Init" } };
  try {
    for await (const line of readLines(stream, options.silenceMs ?? SILENCE_MS)) {
      const { type, object } = parseLine(line);
      const version = object.metadata?.resourceVersion;
      const isListEnd = isListing && isInitialEventsEnd(type, object);
      yield { event: isListEnd ? { type: "InitDone" } : toEvent<T>(type, object, isListing) };
      if (isListEnd) isListing = false;
      // Until the list is whole its versions cannot be gone on from.
      if (!isListing && version !== undefined) yield { state: { at: "Watching", version } };
    }
  } finally {
    stream.destroy();
  }
  if (isListing) throw new ApiError({ code: "Network", status: 0, message: "the list ended before it was whole" });
}

const isInitialEventsEnd = (type: string, object: Line["object"]) =>
  type === "BOOKMARK" && object.metadata.annotations?.["k8s.io/initial-events-end"] === "true";

function toQuery(options: WatcherOptions, from: { at: "Streaming" } | { at: "Watching"; version: string }) {
  const start =
    from.at === "Watching"
      ? { resourceVersion: from.version }
      : { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan" };
  const timeoutSeconds = String(SERVER_TIMEOUT_SECONDS);
  return { watch: "true", allowWatchBookmarks: "true", timeoutSeconds, ...selectors(options), ...start };
}

function toEvent<T extends KubeObject>(type: string, object: Line["object"], isListing: boolean): WatchEvent<T> {
  switch (type) {
    case "ADDED":
    case "MODIFIED":
      return { type: isListing ? "InitApply" : "Apply", object: object as unknown as T };
    case "BOOKMARK":
      return { type: "Alive" };
    case "DELETED":
      return { type: "Delete", object: object as unknown as T };
    case "ERROR":
      throw new ApiError({
        code: object.code === 410 || object.reason === "Expired" ? "Gone" : "ServerError",
        status: object.code ?? 0,
        message: object.message ?? "the watch reported an error",
      });
    default:
      throw new ApiError({ code: "Malformed", status: 0, message: `the watch sent an event of type ${type}` });
  }
}

function parseLine(line: string): Line {
  try {
    return JSON.parse(line) as Line;
  } catch (cause) {
    throw new ApiError({ code: "Malformed", status: 0, message: "the watch sent a line that is no JSON", cause });
  }
}

/** Splits a stream into lines; throws after `silenceMs` without a byte, and at a last line that is cut off. */
async function* readLines(
  stream: AsyncIterable<Buffer> & { destroy(): void },
  silenceMs: number,
): AsyncGenerator<string> {
  let rest = "";
  let isSilent = false;
  const guard = setTimeout(() => {
    isSilent = true;
    stream.destroy();
  }, silenceMs);
  const decoder = new TextDecoder();
  try {
    for await (const chunk of stream) {
      guard.refresh();
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > MAX_LINE)
        throw new ApiError({ code: "TooLarge", status: 0, message: "a watch event is too large" });
      yield* lines.filter((line) => line !== "");
    }
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    const message = isSilent ? `the watch was silent for ${silenceMs} ms` : "the watch broke off";
    throw new ApiError({ code: isSilent ? "Timeout" : "Network", status: 0, message, cause });
  } finally {
    clearTimeout(guard);
  }
  if (rest !== "") throw new ApiError({ code: "Network", status: 0, message: "the watch broke off within a line" });
}
