/**
 * A typed client for any kind: plain JSON in and out, so that no field newer than this code is ever lost.
 * Addresses are built from checked segments only; a name can never become another path.
 */
import { setTimeout as wait } from "node:timers/promises";
import { type ClusterConfig } from "./credentials.ts";
import { ApiError, isApiError } from "./errors.ts";
import type { KubeObject, ObjectRef, ResourceType } from "./objects.ts";
import { createTransport, type Exchange, type Reply, type Transport } from "./transport.ts";

export interface ListOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

export interface Page<T> {
  items: T[];
  resourceVersion: string;
  /** Token of the next page; undefined on the last one. */
  next: string | undefined;
}

export interface WriteOptions {
  dryRun?: boolean;
  /** Who writes, as managedFields records it. */
  fieldManager?: string;
  subresource?: string;
  /** Receives the server's warnings, such as those of admission policies. */
  onWarnings?: (warnings: string[]) => void;
}

export interface ApplyOptions extends WriteOptions {
  fieldManager: string;
  /** Takes over fields that others own. */
  force: boolean;
}

export interface DeleteOptions {
  uid?: string;
  resourceVersion?: string;
  propagation?: "Foreground" | "Background" | "Orphan";
  gracePeriodSeconds?: number;
}

/** RFC 6902; `test` makes the rest conditional. */
export type JsonPatch = (
  | { op: "add" | "replace" | "test"; path: string; value: unknown }
  | { op: "remove"; path: string }
)[];

export interface Client {
  get<T extends KubeObject>(type: ResourceType, ref: ObjectRef): Promise<T>;
  /** The whole list, page by page. */
  list<T extends KubeObject>(
    type: ResourceType,
    options?: ListOptions,
  ): Promise<{ items: T[]; resourceVersion: string }>;
  listPage<T extends KubeObject>(type: ResourceType, options: ListOptions, from?: string): Promise<Page<T>>;
  create<T extends KubeObject>(type: ResourceType, object: T, options?: WriteOptions): Promise<T>;
  /** PUT: fails with Conflict unless metadata.resourceVersion is the present one. */
  replace<T extends KubeObject>(type: ResourceType, object: T, options?: WriteOptions): Promise<T>;
  /** Server-side apply. */
  apply<T extends KubeObject>(type: ResourceType, object: KubeObject, options: ApplyOptions): Promise<T>;
  patchJson<T extends KubeObject>(
    type: ResourceType,
    ref: ObjectRef,
    patch: JsonPatch,
    options?: WriteOptions,
  ): Promise<T>;
  patchMerge<T extends KubeObject>(
    type: ResourceType,
    ref: ObjectRef,
    patch: unknown,
    options?: WriteOptions,
  ): Promise<T>;
  /** The last lines of a container; for options of the sub-resource `log` see the Kubernetes API. */
  readLog(ref: ObjectRef, query: Readonly<Record<string, string>>): Promise<string>;
  delete(type: ResourceType, ref: ObjectRef, options?: DeleteOptions): Promise<void>;
  /** POST of a request object that is not stored, such as SelfSubjectReview; segments are checked. */
  post<T>(segments: readonly string[], body: unknown): Promise<T>;
  /** Opens a watch; lines of JSON. For watcher.ts. */
  openWatch(
    type: ResourceType,
    query: Record<string, string>,
    signal: AbortSignal,
    namespace?: string,
  ): ReturnType<Transport["open"]>;
  close(): Promise<void>;
}

const PAGE_SIZE = 500;
const MAX_ATTEMPTS = 5;
/** A kubelet that does not answer must not hold up what waits for its log. */
const LOG_TIMEOUT_MS = 1000;

/** Checks one path segment: what Kubernetes allows in names of any kind, and nothing that moves in a path. */
function toSegment(text: string): string {
  if (text === "" || text === "." || text === ".." || text.length > 253 || /[/%?#\\\s\p{Cc}]/u.test(text)) {
    throw new ApiError({ code: "BadRequest", status: 0, message: `${JSON.stringify(text)} is no name of an object` });
  }
  return encodeURIComponent(text);
}

/** The path of a kind, of one object, or of an object's sub-resource. */
function toPath(
  type: ResourceType,
  ref: { namespace?: string | undefined; name?: string },
  subresource?: string,
): string {
  const segments = type.group === "" ? ["api", type.version] : ["apis", type.group, type.version];
  if (type.namespaced && ref.namespace !== undefined) segments.push("namespaces", ref.namespace);
  segments.push(type.plural);
  if (ref.name !== undefined) segments.push(ref.name);
  if (subresource !== undefined) segments.push(subresource);
  return `/${segments.map(toSegment).join("/")}`;
}

const toQuery = (values: Record<string, string | undefined>) => {
  const entries = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return entries.length === 0 ? "" : `?${new URLSearchParams(entries).toString()}`;
};

/** What may be sent again after a failure: GET always; writes only where the server did not act on them. */
function mayRetry(error: unknown, method: Exchange["method"]): boolean {
  if (isApiError(error, "TooManyRequests")) return true;
  return method === "GET" && isApiError(error, "ServerError", "Network", "Timeout");
}

/** Makes a client for one cluster. */
export function createClient(cluster: ClusterConfig, transport: Transport = createTransport(cluster)): Client {
  const send = async (request: Exchange): Promise<Reply> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await transport.exchange(request);
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !mayRetry(error, request.method)) throw error;
        const asked = error instanceof ApiError ? error.retryAfterMs : undefined;
        await wait(Math.min(asked ?? 100 * 2 ** attempt, 30_000), undefined, { signal: request.signal });
      }
    }
  };
  const write = async <T>(request: Exchange, options: WriteOptions | undefined): Promise<T> => {
    const reply = await send(request);
    if (reply.warnings.length > 0) options?.onWarnings?.(reply.warnings);
    return reply.body as T;
  };
  const dryRun = (options: WriteOptions | undefined) => (options?.dryRun === true ? "All" : undefined);

  const listPage = async <T extends KubeObject>(type: ResourceType, options: ListOptions, from?: string) => {
    const query = toQuery({
      limit: String(PAGE_SIZE),
      labelSelector: options.labelSelector,
      fieldSelector: options.fieldSelector,
      continue: from,
    });
    const reply = await send({ method: "GET", path: toPath(type, { namespace: options.namespace }) + query });
    const list = reply.body as { metadata: { resourceVersion: string; continue?: string }; items: T[] };
    const apiVersion = type.group === "" ? type.version : `${type.group}/${type.version}`;
    // Items of a typed list carry no apiVersion and kind of their own.
    const items = list.items.map((item) => ({ ...item, apiVersion, kind: type.kind }));
    const next = list.metadata.continue;
    return { items, resourceVersion: list.metadata.resourceVersion, next: next === "" ? undefined : next };
  };

  return {
    get: async <T>(type: ResourceType, ref: ObjectRef) =>
      (await send({ method: "GET", path: toPath(type, ref) })).body as T,
    listPage,
    list: async <T extends KubeObject>(type: ResourceType, options: ListOptions = {}) => {
      const items: T[] = [];
      let page = await listPage<T>(type, options);
      items.push(...page.items);
      while (page.next !== undefined) {
        page = await listPage<T>(type, options, page.next);
        items.push(...page.items);
      }
      return { items, resourceVersion: page.resourceVersion };
    },
    create: <T extends KubeObject>(type: ResourceType, object: T, options?: WriteOptions) => {
      const path = toPath(type, { namespace: object.metadata.namespace });
      return write<T>({ method: "POST", path: path + toQuery({ dryRun: dryRun(options) }), body: object }, options);
    },
    replace: <T extends KubeObject>(type: ResourceType, object: T, options?: WriteOptions) => {
      const path = toPath(type, object.metadata, options?.subresource);
      return write<T>({ method: "PUT", path: path + toQuery({ dryRun: dryRun(options) }), body: object }, options);
    },
    apply: <T extends KubeObject>(type: ResourceType, object: KubeObject, options: ApplyOptions) => {
      const path = toPath(type, object.metadata, options.subresource);
      const query = toQuery({
        fieldManager: options.fieldManager,
        force: options.force ? "true" : undefined,
        dryRun: dryRun(options),
      });
      const contentType = "application/apply-patch+yaml";
      return write<T>({ method: "PATCH", path: path + query, body: object, contentType }, options);
    },
    patchJson: <T extends KubeObject>(type: ResourceType, ref: ObjectRef, patch: JsonPatch, options?: WriteOptions) => {
      const query = toQuery({ dryRun: dryRun(options), fieldManager: options?.fieldManager });
      const path = toPath(type, ref, options?.subresource) + query;
      return write<T>({ method: "PATCH", path, body: patch, contentType: "application/json-patch+json" }, options);
    },
    patchMerge: <T extends KubeObject>(type: ResourceType, ref: ObjectRef, patch: unknown, options?: WriteOptions) => {
      const path = toPath(type, ref, options?.subresource) + toQuery({ dryRun: dryRun(options) });
      return write<T>({ method: "PATCH", path, body: patch, contentType: "application/merge-patch+json" }, options);
    },
    readLog: async (ref, query) => {
      const path = toPath({ group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true }, ref, "log");
      const reply = await transport.exchange({
        method: "GET",
        path: path + toQuery(query),
        timeoutMs: LOG_TIMEOUT_MS,
        accept: "text",
      });
      return String(reply.body);
    },
    delete: async (type, ref, options = {}) => {
      const { uid, resourceVersion, propagation, gracePeriodSeconds } = options;
      const preconditions = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
      const body = {
        preconditions,
        ...(propagation && { propagationPolicy: propagation }),
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      };
      await send({ method: "DELETE", path: toPath(type, ref), body });
    },
    post: async <T>(segments: readonly string[], body: unknown) =>
      (await send({ method: "POST", path: `/${segments.map(toSegment).join("/")}`, body })).body as T,
    openWatch: (type, query, signal, namespace) =>
      transport.open({ method: "GET", path: toPath(type, { namespace }) + toQuery(query), signal }),
    close: () => transport.close(),
  };
}
