// What test files get for "vitest" while mutants are tested: vitest's own expectations, and tests that are only collected.
export { expect, vi } from "vitest";
export { afterAll, beforeAll, describe, test } from "./collected.ts";
