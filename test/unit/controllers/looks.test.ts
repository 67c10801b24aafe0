// Looks that take long: shared, not waited for, and of no namespace more than its part.
import { expect, test, vi } from "vitest";
import {
  createLooks,
  MAX_OF_NAMESPACE,
  MAX_UNDER_WAY,
  SHARED_MS,
} from "../../../src/controllers/verification/looks.ts";

function setUp() {
  let time = 0;
  let count = 0;
  const looks = createLooks<number>(() => time);
  const look = () => {
    count += 1;
    return Promise.resolve(count);
  };
  return { looks, look, pass: (ms: number) => (time += ms), count: () => count };
}

/** A look that ends when it is told to. */
function hold() {
  let end: (answer: number) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const answer = new Promise<number>((ok, no) => {
    end = ok;
    fail = no;
  });
  return { look: () => answer, end, fail };
}

const done = (answer: number) => ({ state: "done", answer });
const UNDER_WAY = { state: "under way" };

test("a look is shared for a moment, and then taken anew", async () => {
  const { looks, look, pass } = setUp();
  expect(await looks("ns", "a", look)).toEqual(done(1));
  pass(SHARED_MS - 1);
  expect(await looks("other", "a", look)).toEqual(done(1));
  pass(1);
  expect(await looks("ns", "a", look)).toEqual(done(2));
});

test("whoever asks while it is under way does not wait, and has it once it is done", async () => {
  const { looks, look, count } = setUp();
  const held = hold();
  const first = looks("ns", "a", held.look);
  expect(await looks("ns", "a", look)).toEqual(UNDER_WAY);
  held.end(7);
  expect(await first).toEqual(done(7));
  expect(await looks("ns", "a", look)).toEqual(done(7));
  expect(count()).toBe(0);
});

test("whoever starts a long look waits for a while only, and the look goes on", async () => {
  vi.useFakeTimers();
  try {
    const { looks, look } = setUp();
    const held = hold();
    const first = looks("ns", "a", held.look);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await first).toEqual(UNDER_WAY);
    held.end(3);
    await vi.advanceTimersByTimeAsync(0);
    expect(await looks("ns", "a", look)).toEqual(done(3));
  } finally {
    vi.useRealTimers();
  }
});

test("a look that fails is told to whoever waits, and is taken anew", async () => {
  const { looks, look } = setUp();
  await expect(looks("ns", "a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await looks("ns", "a", look)).toEqual(done(1));
});

test("one namespace takes no more than its part, and all together no more than there is", async () => {
  const { looks, look } = setUp();
  const never = () => new Promise<number>(() => {});
  for (let at = 0; at < MAX_OF_NAMESPACE; at += 1) void looks("greedy", `g${at}`, never);
  expect(await looks("greedy", "one more", look)).toEqual({ state: "no room" });
  expect(await looks("modest", "m", look), "others have theirs").toEqual(done(1));
  for (let at = MAX_OF_NAMESPACE; at < MAX_UNDER_WAY; at += 1) void looks(`ns${at}`, `n${at}`, never);
  expect(await looks("modest", "late", look)).toEqual({ state: "no room" });
});

test("what is kept is bounded", async () => {
  const { looks, look, count } = setUp();
  for (let key = 0; key < 3000; key += 1) await looks("ns", `k${key}`, look);
  expect(await looks("ns", "k2999", look), "the newest is kept").toEqual(done(3000));
  expect(await looks("ns", "k0", look), "the oldest was given up").toEqual(done(3001));
  expect(count()).toBe(3001);
});
