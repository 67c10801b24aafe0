// The watcher's state machine against a server that misbehaves: whatever happens, it goes on and loses nothing.
import type { ServerResponse } from "node:http";
import { afterEach, expect, test } from "vitest";
import { createClient } from "../../../src/runtime/client.ts";
import type { KubeObject } from "../../../src/runtime/objects.ts";
import { createStore } from "../../../src/runtime/store.ts";
import { watch, type WatchEvent } from "../../../src/runtime/watcher.ts";
import { type FaultyServer, sendJson, startFaultyServer } from "../../harness/http.ts";

const PODS = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };
const pod = (name: string, version: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "n", resourceVersion: version },
});
const line = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
const bookmark = (version: string, annotations = {}) =>
  line("BOOKMARK", { kind: "Pod", metadata: { resourceVersion: version, annotations } });
const END = { "k8s.io/initial-events-end": "true" };

let server: FaultyServer | undefined;
afterEach(() => server?.stop());

const queryOf = (request: { line: string }) => new URL(request.line.split(" ")[1] ?? "", "http://x").searchParams;

/** Plays one script per watch connection, in order; the last one stays open. Lists are answered by `list`. */
async function follow(
  scripts: ((response: ServerResponse) => void)[],
  until: (seen: string[]) => boolean,
  list?: (response: ServerResponse) => void,
  silenceMs = 5000,
) {
  let connection = 0;
  server = await startFaultyServer((request, response) => {
    if (queryOf(request).get("watch") === null)
      return list === undefined ? sendJson(response, 500, {}) : list(response);
    const script = scripts[connection];
    connection += 1;
    if (script === undefined) response.writeHead(200).flushHeaders();
    else script(response);
  });
  const client = createClient({
    server: server.url,
    namespace: undefined,
    tls: {},
    authorize: () => Promise.resolve(undefined),
  });
  const stop = new AbortController();
  const seen: string[] = [];
  const events: WatchEvent<KubeObject>[] = [];
  const deadline = setTimeout(() => stop.abort(), 8000);
  for await (const event of watch<KubeObject>({
    client,
    type: PODS,
    signal: stop.signal,
    silenceMs,
    backoffMs: () => 1,
  })) {
    events.push(event);
    seen.push("object" in event ? `${event.type} ${event.object.metadata.name}` : event.type);
    if (until(seen)) stop.abort();
  }
  clearTimeout(deadline);
  await client.close();
  return { seen, events, watches: server.requests.filter((r) => queryOf(r).get("watch") !== null).map(queryOf) };
}

const has = (what: string) => (seen: string[]) => seen.includes(what);
const stream =
  (...lines: string[]) =>
  (response: ServerResponse) =>
    void response.writeHead(200).write(lines.join(""));
const streamAndEnd =
  (...lines: string[]) =>
  (response: ServerResponse) =>
    void response.writeHead(200).end(lines.join(""));
const first = stream(line("ADDED", pod("a", "5")), bookmark("6", END));

test("a streaming list, then changes", async () => {
  const { seen, watches } = await follow(
    [
      stream(
        line("ADDED", pod("a", "5")),
        bookmark("6", END),
        line("MODIFIED", pod("a", "7")),
        line("DELETED", pod("a", "8")),
      ),
    ],
    has("Delete a"),
  );
  expect(seen).toEqual(["Init", "InitApply a", "InitDone", "Apply a", "Delete a"]);
  expect(Object.fromEntries(watches[0] ?? [])).toMatchObject({
    sendInitialEvents: "true",
    resourceVersionMatch: "NotOlderThan",
    allowWatchBookmarks: "true",
  });
});

test("a server without streaming lists is listed page by page", async () => {
  const list = (response: ServerResponse) =>
    sendJson(response, 200, { metadata: { resourceVersion: "6" }, items: [pod("a", "5")] });
  const refuse = (response: ServerResponse) =>
    sendJson(response, 422, { message: "sendInitialEvents is forbidden", reason: "Invalid" });
  const { seen, watches } = await follow([refuse, stream(line("ADDED", pod("b", "7")))], has("Apply b"), list);
  expect(seen).toEqual(["Error", "Init", "InitApply a", "InitDone", "Apply b"]);
  expect(watches[1]?.get("resourceVersion")).toBe("6");
});

test("a connection that ends or breaks goes on from the last version seen", async () => {
  const { seen, watches } = await follow(
    [
      streamAndEnd(line("ADDED", pod("a", "5")), bookmark("6", END), bookmark("9")),
      (r) => void r.writeHead(200).write(line("ADDED", pod("b", "10")), () => setTimeout(() => r.destroy(), 20)),
      stream(line("ADDED", pod("c", "12"))),
    ],
    has("Apply c"),
  );
  expect(
    seen.filter((event) => event === "Init"),
    "nothing is listed twice",
  ).toHaveLength(1);
  expect(watches.map((query) => query.get("resourceVersion"))).toEqual([null, "9", "10"]);
});

test("410 lists anew, as an error in the stream and as an answer", async () => {
  const gone = line("ERROR", { kind: "Status", code: 410, reason: "Expired", message: "too old" });
  const answered = (response: ServerResponse) => sendJson(response, 410, { reason: "Expired", message: "too old" });
  const { seen } = await follow(
    [
      streamAndEnd(line("ADDED", pod("a", "5")), bookmark("6", END), gone),
      streamAndEnd(bookmark("20", END)),
      answered,
      stream(line("ADDED", pod("z", "30")), bookmark("31", END)),
    ],
    (all) => all.filter((one) => one === "InitDone").length === 3,
  );
  expect(seen).toEqual(["Init", "InitApply a", "InitDone", "Init", "InitDone", "Init", "InitApply z", "InitDone"]);
});

test("silence counts as a dead connection", async () => {
  const { seen, watches } = await follow([first, stream(line("ADDED", pod("b", "7")))], has("Apply b"), undefined, 150);
  expect(seen).toEqual(["Init", "InitApply a", "InitDone", "Error", "Apply b"]);
  expect(watches[1]?.get("resourceVersion")).toBe("6");
});

test.each([
  ["a cut-off line", `{"type":"ADDED","object":{"kind":"Pod","meta`],
  ["no JSON", "hello\n"],
  ["an unknown event", line("SHOUTED", pod("x", "7"))],
  ["a server error in the stream", line("ERROR", { kind: "Status", code: 500, message: "etcd is away" })],
])("%s is an error, and the watch goes on", async (_, text) => {
  const { seen } = await follow(
    [streamAndEnd(line("ADDED", pod("a", "5")), bookmark("6", END), text), stream(line("ADDED", pod("b", "7")))],
    has("Apply b"),
  );
  expect(seen).toEqual(["Init", "InitApply a", "InitDone", "Error", "Apply b"]);
});

test.each<[string, (response: ServerResponse) => void]>([
  ["refuses", (response) => sendJson(response, 403, { message: "no right to watch" })],
  ["closes every connection at once", (response) => void response.writeHead(200).end()],
])("a server that %s is asked less and less often", async (_, answer) => {
  const attempts: number[] = [];
  server = await startFaultyServer((__, response) => answer(response));
  const client = createClient({
    server: server.url,
    namespace: undefined,
    tls: {},
    authorize: () => Promise.resolve(undefined),
  });
  const stop = new AbortController();
  const backoffMs = (attempt: number) => {
    if (attempts.push(attempt) === 4) stop.abort();
    return 1;
  };
  for await (const event of watch<KubeObject>({ client, type: PODS, signal: stop.signal, backoffMs })) {
    expect(["Init", "Error"]).toContain(event.type);
  }
  await client.close();
  expect(attempts).toEqual([1, 2, 3, 4]);
});

test("a list that breaks off is never taken for whole", async () => {
  const { events } = await follow(
    [streamAndEnd(line("ADDED", pod("a", "5"))), stream(line("ADDED", pod("b", "7")), bookmark("8", END))],
    has("InitDone"),
  );
  const store = createStore<KubeObject, string>({ project: ({ metadata }) => metadata.name });
  for (const event of events) store.take(event);
  expect(store.list()).toEqual(["b"]);
});
