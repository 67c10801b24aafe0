// Queue, store and conditions: order and atomicity, by examples and properties.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mergeConditions } from "../../../src/runtime/conditions.ts";
import type { KubeObject } from "../../../src/runtime/objects.ts";
import { createQueue } from "../../../src/runtime/queue.ts";
import { createStore } from "../../../src/runtime/store.ts";

describe("the queue", () => {
  const never = new AbortController().signal;

  test("a key waits once, edits go before lists, and each is worked on by one worker", async () => {
    const queue = createQueue();
    for (const key of ["a", "b", "a"]) queue.add(key, "list");
    queue.add("c", "edit");
    queue.add("b", "edit");
    expect([await queue.take(never), await queue.take(never), await queue.take(never)]).toEqual(["c", "b", "a"]);
    queue.add("c");
    expect(queue.size(), "c is being worked on, so it waits").toBe(3);
    queue.done("c");
    expect(await queue.take(never)).toBe("c");
  });

  test("failures come back later and later, and forgetting starts anew", () => {
    let now = 0;
    const delays: number[] = [];
    const queue = createQueue({ baseDelayMs: 100, maxDelayMs: 1000, clock: () => now });
    for (let i = 0; i < 6; i += 1) {
      queue.addFailed("a");
      delays.push(queue.failures("a"));
      now += 2000;
      queue.add("a");
      void queue.take(never);
      queue.done("a");
    }
    expect(delays).toEqual([1, 2, 3, 4, 5, 6]);
    queue.forget("a");
    expect(queue.failures("a")).toBe(0);
  });

  test("a waiting worker ends with its signal", async () => {
    const stop = new AbortController();
    const taken = createQueue().take(stop.signal);
    stop.abort();
    expect(await taken).toBeUndefined();
  });

  test("whatever is added is taken, and never twice at once", async () => {
    const step = fc.oneof(
      fc.record({ add: fc.constantFrom("a", "b", "c") }),
      fc.constant("take" as const),
      fc.constant("done" as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const queue = createQueue();
        const owed = new Set<string>();
        const working: string[] = [];
        for (const one of steps) {
          if (typeof one === "object") {
            queue.add(one.add);
            owed.add(one.add);
          } else if (one === "take" && [...owed].some((key) => !working.includes(key))) {
            const key = await queue.take(never);
            expect(working).not.toContain(key);
            if (key !== undefined) {
              working.push(key);
              owed.delete(key);
            }
          } else if (one === "done") {
            const key = working.shift();
            if (key !== undefined) queue.done(key);
          }
        }
        expect(queue.size()).toBe(new Set([...owed, ...working]).size);
      }),
    );
  });
});

describe("the store", () => {
  const object = (name: string, label: string): KubeObject => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "n", labels: { label }, managedFields: [{}] },
  });
  const make = () =>
    createStore<KubeObject, { name: string; label: string; metadata: KubeObject["metadata"] }>({
      project: ({ metadata }) => ({ name: metadata.name, label: metadata.labels?.label ?? "", metadata }),
      indexes: { label: ({ label }) => [label] },
    });

  test("a relist swaps at once, tells what went, and indexes follow", () => {
    const store = make();
    const changes: string[] = [];
    store.subscribe(({ key, now, before, fromList }) =>
      changes.push(
        `${key} ${before === undefined ? "-" : before.label}>${now?.label ?? "-"}${fromList ? " list" : ""}`,
      ),
    );
    store.take({ type: "Init" });
    store.take({ type: "InitApply", object: object("a", "x") });
    expect([store.isSynced(), store.list()], "half a list shows nothing").toEqual([false, []]);
    store.take({ type: "InitDone" });
    store.take({ type: "Apply", object: object("b", "y") });
    store.take({ type: "Init" });
    store.take({ type: "InitApply", object: object("a", "z") });
    expect(
      store.byIndex("label", "x").map(({ name }) => name),
      "the old list stands until the new one is whole",
    ).toEqual(["a"]);
    store.take({ type: "InitDone" });
    expect(store.byIndex("label", "x")).toEqual([]);
    expect(store.byIndex("label", "z").map(({ name }) => name)).toEqual(["a"]);
    expect(changes).toEqual(["n/a ->x list", "n/b ->y", "n/b y>- list", "n/a x>z list"]);
  });

  test("objects are frozen and carry no managedFields", () => {
    const store = make();
    store.take({ type: "Apply", object: object("a", "x") });
    const item = store.get("n/a");
    expect(item?.metadata.managedFields).toBeUndefined();
    expect(Object.isFrozen(item?.metadata.labels)).toBe(true);
  });
});

test("conditions move their time only with their status, and lose line breaks", () => {
  const kept = [
    { type: "Ready", status: "True" as const, reason: "Old", message: "x", lastTransitionTime: "2026-01-01T00:00:00Z" },
  ];
  const fresh = [
    { type: "Ready", status: "True" as const, reason: "New", message: "a\nb" },
    { type: "Approved", status: "False" as const, reason: "Missing", message: "y" },
  ];
  expect(mergeConditions(kept, fresh, 3, "2026-02-02T00:00:00Z")).toEqual([
    {
      type: "Approved",
      status: "False",
      reason: "Missing",
      message: "y",
      observedGeneration: 3,
      lastTransitionTime: "2026-02-02T00:00:00Z",
    },
    {
      type: "Ready",
      status: "True",
      reason: "New",
      message: "a b",
      observedGeneration: 3,
      lastTransitionTime: "2026-01-01T00:00:00Z",
    },
  ]);
});
