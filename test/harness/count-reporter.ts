// Writes how many tests passed, failed and were skipped to the file of TEST_COUNT, so that the last line of
// `make test` can say so over several parts. A file that could not be loaded counts as one failure.
import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandled.length, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") count.passed += 1;
        else if (state === "failed") count.failed += 1;
        else count.skipped += 1;
      }
      count.failed += module.errors().length;
      // A failing hook leaves its tests without a result of their own.
      for (const suite of module.children.allSuites()) count.failed += suite.errors().length;
    }
    const path = process.env.TEST_COUNT;
    if (path !== undefined) writeFileSync(path, JSON.stringify(count));
  }
}
