// A small client of the API server for tests that ask often: no process per request, any user by impersonation.
import { Agent, request } from "node:https";
import type { Api } from "../../harness/fakelet.ts";

export interface Reply {
  status: number;
  text: string;
}

export interface Ask {
  body?: unknown;
  /** Content type; JSON where it is left out. */
  type?: string;
  /** The user to act as; the cluster's administrator where it is left out. */
  as?: string;
}

/** One event of a watch. */
export interface Change<T> {
  type: "ADDED" | "MODIFIED" | "DELETED";
  object: T;
  /** Epoch milliseconds at which it arrived. */
  at: number;
}

export interface Client {
  send(method: string, path: string, ask?: Ask): Promise<Reply>;
  /** A request that has to succeed; its answer as JSON. */
  demand<T>(method: string, path: string, ask?: Ask): Promise<T>;
  /** An object or list; undefined where there is none. */
  read<T>(path: string): Promise<T | undefined>;
  /** Server-side apply under a field manager of the tests. */
  apply(path: string, object: unknown, as?: string): Promise<void>;
  /** Follows a collection from now on; the answer ends it. */
  follow<T>(collection: string, handle: (change: Change<T>) => void): Promise<() => void>;
  close(): void;
}

export const MERGE = "application/merge-patch+json";
export const JSON_PATCH = "application/json-patch+json";

/** Binds a client to credentials. */
export function bindClient(api: Api): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 32, ca: api.ca, cert: api.cert, key: api.key });
  const { hostname, port } = new URL(api.url);

  const send: Client["send"] = (method, path, { body, type = "application/json", as } = {}) =>
    new Promise((ok, no) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const headers = {
        ...(payload === undefined ? {} : { "content-type": type, "content-length": Buffer.byteLength(payload) }),
        ...(as === undefined ? {} : { "impersonate-user": as }),
      };
      const asked = request({ hostname, port, path, method, agent, headers, timeout: 30_000 }, (response) => {
        let text = "";
        response
          .setEncoding("utf8")
          .on("data", (chunk: string) => {
            text += chunk;
          })
          .once("error", no)
          .once("end", () => ok({ status: response.statusCode ?? 0, text }));
      });
      asked.once("timeout", () => asked.destroy(new Error(`${method} ${path}: no answer in 30 s`)));
      asked.once("error", no);
      asked.end(payload);
    });

  const demand = async <T>(method: string, path: string, ask?: Ask): Promise<T> => {
    const { status, text } = await send(method, path, ask);
    if (status >= 300) throw new Error(`${method} ${path}: HTTP ${status} ${text}`);
    return JSON.parse(text) as T;
  };

  const follow = async <T>(collection: string, handle: (change: Change<T>) => void): Promise<() => void> => {
    const list = await demand<{ metadata: { resourceVersion: string } }>("GET", `${collection}?limit=1`);
    const path = `${collection}?watch=1&resourceVersion=${list.metadata.resourceVersion}`;
    const live = request({ hostname, port, path, ca: api.ca, cert: api.cert, key: api.key, agent: false });
    live.once("response", (response) => {
      let rest = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) handle({ ...(JSON.parse(line) as Change<T>), at: Date.now() });
      });
    });
    // The control plane goes away at the end of the run.
    live.on("error", () => {});
    live.end();
    return () => live.destroy();
  };

  return {
    send,
    demand,
    read: async <T>(path: string) => {
      const { status, text } = await send("GET", path);
      if (status === 404) return undefined;
      if (status >= 300) throw new Error(`GET ${path}: HTTP ${status} ${text}`);
      return JSON.parse(text) as T;
    },
    apply: async (path, object, as) => {
      const ask = { body: object, type: "application/apply-patch+yaml", ...(as === undefined ? {} : { as }) };
      await demand("PATCH", `${path}?fieldManager=test&force=true`, ask);
    },
    follow,
    close: () => agent.destroy(),
  };
}
