// The runtime against the real API server: what the fake servers of the unit tests cannot show.
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Client, createClient } from "../../../src/runtime/client.ts";
import { createController, fromStore } from "../../../src/runtime/controller.ts";
import { loadClusterConfig } from "../../../src/runtime/credentials.ts";
import { createEventRecorder } from "../../../src/runtime/events.ts";
import { LEASES, runAsLeader } from "../../../src/runtime/leader.ts";
import type { KubeObject } from "../../../src/runtime/objects.ts";
import { reflect } from "../../../src/runtime/reflector.ts";
import { createStore } from "../../../src/runtime/store.ts";
import { useCluster } from "../../harness/cluster.ts";
import { demand, readJson } from "../../harness/kubectl.ts";
import { eventually } from "../../harness/wait.ts";

const CONFIG_MAPS = { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", namespaced: true };
type ConfigMap = KubeObject & { data?: Record<string, string> };
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent };

const cluster = useCluster();
let client: Client;
let namespace: string;
beforeAll(async () => {
  client = createClient(await loadClusterConfig({ kubeconfig: cluster.kubeconfig }));
  namespace = await cluster.makeNamespace("rt");
});
afterAll(() => client.close());

const toMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
  data,
});

test("server-side apply owns what it sets and removes what it leaves out", async () => {
  await client.apply(CONFIG_MAPS, toMap("ssa", { a: "1", b: "2" }), { fieldManager: "one", force: false });
  await client.apply(CONFIG_MAPS, toMap("ssa", { c: "3" }), { fieldManager: "two", force: false });
  await client.apply(CONFIG_MAPS, toMap("ssa", { a: "1" }), { fieldManager: "one", force: false });
  expect((await client.get<ConfigMap>(CONFIG_MAPS, { namespace, name: "ssa" })).data).toEqual({ a: "1", c: "3" });
  await expect(
    client.apply(CONFIG_MAPS, toMap("ssa", { a: "9" }), { fieldManager: "two", force: false }),
  ).rejects.toMatchObject({ code: "Conflict" });
});

test("PUT with an old version is a conflict, JSON Patch with a failed test changes nothing, DELETE of another uid neither", async () => {
  const first = await client.create<ConfigMap>(CONFIG_MAPS, toMap("put", { a: "1" }));
  await client.replace(CONFIG_MAPS, { ...first, data: { a: "2" } } as ConfigMap);
  await expect(client.replace(CONFIG_MAPS, { ...first, data: { a: "3" } } as ConfigMap)).rejects.toMatchObject({
    code: "Conflict",
  });
  const ref = { namespace, name: "put" };
  await expect(
    client.patchJson(CONFIG_MAPS, ref, [
      { op: "test", path: "/data/a", value: "1" },
      { op: "replace", path: "/data/a", value: "4" },
    ]),
  ).rejects.toMatchObject({ code: "Invalid" });
  await expect(client.delete(CONFIG_MAPS, ref, { uid: "11111111-1111-1111-1111-111111111111" })).rejects.toMatchObject({
    code: "Conflict",
  });
  expect((await client.get<ConfigMap>(CONFIG_MAPS, ref)).data).toEqual({ a: "2" });
  await expect(client.create(CONFIG_MAPS, toMap("put"))).rejects.toMatchObject({ code: "AlreadyExists" });
});

test("lists longer than a page come whole", async () => {
  const labels = { many: "yes" };
  await Promise.all(
    Array.from({ length: 510 }, (_, i) =>
      client.create(CONFIG_MAPS, { ...toMap(`many-${i}`), metadata: { name: `many-${i}`, namespace, labels } }),
    ),
  );
  const { items } = await client.list<ConfigMap>(CONFIG_MAPS, { namespace, labelSelector: "many=yes" });
  expect(new Set(items.map(({ metadata }) => metadata.name)).size).toBe(510);
});

test("a controller follows a kind through a store: start, change, deletion, graceful end", async () => {
  const stop = new AbortController();
  const store = createStore<ConfigMap, { name: string; value: string | undefined; metadata: KubeObject["metadata"] }>({
    project: ({ metadata, data }) => ({ name: metadata.name, value: data?.v, metadata }),
  });
  const seen: string[] = [];
  const controller = createController({
    name: "test",
    sources: [fromStore(store, ({ name }) => [name])],
    reconcile: (key) => {
      seen.push(`${key}=${store.get(`${namespace}/${key}`)?.value ?? "gone"}`);
      return Promise.resolve({ kind: "done" });
    },
    logger: silent,
    observer: { reconciled: () => {} },
  });
  await client.create(CONFIG_MAPS, toMap("followed", { v: "1" }));
  const following = reflect(CONFIG_MAPS, store, {
    client,
    logger: silent,
    signal: stop.signal,
    namespace,
    fieldSelector: "metadata.name=followed",
  });
  const running = controller.run(stop.signal);
  await eventually("the first state is seen", () => (seen.includes("followed=1") ? true : undefined));
  await client.patchMerge(CONFIG_MAPS, { namespace, name: "followed" }, { data: { v: "2" } });
  await eventually("the change is seen", () => (seen.includes("followed=2") ? true : undefined));
  await client.delete(CONFIG_MAPS, { namespace, name: "followed" });
  await eventually("the deletion is seen", () => (seen.includes("followed=gone") ? true : undefined));
  const began = performance.now();
  stop.abort();
  await Promise.all([following, running]);
  expect(performance.now() - began, "an open watch ends with its signal").toBeLessThan(2000);
});

test("one leads, the other follows when the first is stopped, and the lease is released at once", async () => {
  const order: string[] = [];
  const lead = (identity: string, signal: AbortSignal) =>
    runAsLeader(
      { client, namespace, name: "lease", identity, logger: silent, retryMs: 100 },
      signal,
      async (leading) => {
        order.push(`${identity} leads`);
        await new Promise<void>((ok) => leading.addEventListener("abort", () => ok(), { once: true }));
        order.push(`${identity} ends`);
      },
    );
  const [one, two] = [new AbortController(), new AbortController()];
  const first = lead("one", one.signal);
  await eventually("one leads", () => (order.length === 1 ? true : undefined));
  const second = lead("two", two.signal);
  await wait(400);
  expect(order, "two waits").toEqual(["one leads"]);
  one.abort();
  expect(await first).toBe("stopped");
  await eventually("two leads", () => (order.includes("two leads") ? true : undefined), { withinMs: 3000 });
  // Somebody else takes the lease away: whoever lost it is told.
  const lease = await client.get<KubeObject & { spec: object }>(LEASES, { namespace, name: "lease" });
  await eventually("the lease is taken", async () => {
    const fresh = await client.get<KubeObject & { spec: object }>(LEASES, { namespace, name: "lease" });
    return client
      .replace(LEASES, {
        ...fresh,
        spec: { ...lease.spec, holderIdentity: "thief", leaseDurationSeconds: 60 },
      } as KubeObject)
      .catch(() => undefined);
  });
  expect(await second).toBe("lost");
}, 30_000);

test("the same event twice is one Event with a series", async () => {
  const failures: unknown[] = [];
  const recorder = createEventRecorder({
    client,
    controller: "test.example/x",
    instance: "i",
    onFailure: (error) => failures.push(error),
  });
  const about = await client.create(CONFIG_MAPS, toMap("told"));
  const object = { ...about, apiVersion: "v1", kind: "ConfigMap" };
  for (let i = 0; i < 3; i += 1)
    await recorder.record(object, { type: "Warning", reason: "Told", note: "a\nb", action: "Tell" });
  expect(failures).toEqual([]);
  const list = await readJson<{ items: { note: string; series?: { count: number } }[] }>(cluster.kubectl, [
    "events.events.k8s.io",
    "-n",
    namespace,
    "--field-selector=reason=Told",
  ]);
  expect(list?.items.map(({ note, series }) => [note, series?.count])).toEqual([["a b", 3]]);
  expect(await demand(cluster.kubectl, ["describe", "configmap", "told", "-n", namespace])).toContain("Told");
});
