// Looks that are shared: one registry is asked once, however many releases list the same artifact.
import { expect, test } from "vitest";
import { createOnce, SHARED_MS } from "../../../src/controllers/verification/once.ts";

function setUp() {
  let time = 0;
  let looks = 0;
  const once = createOnce<number>(() => time);
  const look = () => {
    looks += 1;
    return Promise.resolve(looks);
  };
  return { once, look, pass: (ms: number) => (time += ms), count: () => looks };
}

test("whoever asks while a look is under way shares it", async () => {
  const { once, look, count } = setUp();
  expect(await Promise.all([once("a", look), once("a", look), once("b", look)])).toEqual([1, 1, 2]);
  expect(count()).toBe(2);
});

test("a look is shared for a moment, and then taken anew", async () => {
  const { once, look, pass } = setUp();
  expect(await once("a", look)).toBe(1);
  pass(SHARED_MS - 1);
  expect(await once("a", look)).toBe(1);
  pass(1);
  expect(await once("a", look)).toBe(2);
});

test("a look that failed is shared by those who wait for it, and by nobody else", async () => {
  const { once, look } = setUp();
  const fail = () => Promise.reject(new Error("no"));
  const asked = [once("a", fail), once("a", look)];
  expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await once("a", look)).toBe(1);
});

test("what is kept is bounded", async () => {
  const { once, look, count } = setUp();
  for (let key = 0; key < 3000; key += 1) await once(`k${key}`, look);
  expect(count()).toBe(3000);
  expect(await once("k0", look), "the oldest was given up").toBe(3001);
  expect(await once("k2999", look), "the newest was not").toBe(3000);
});
