import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    reporters: ["default", "./test/harness/count-reporter.ts"],
    projects: [
      {
        test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 20_000 },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          globalSetup: ["test/harness/global-setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          // Each file may hold a control plane of its own; two cores carry no more.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "node",
          include: ["test/node/**/*.test.ts"],
          globalSetup: ["test/node/global-setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          // There is room for one node on a machine.
          maxWorkers: 1,
        },
      },
      {
        test: {
          name: "bench",
          include: ["test/bench/*.test.ts"],
          globalSetup: ["test/harness/global-setup.ts"],
          maxWorkers: 1,
        },
      },
      {
        test: {
          name: "bench-verification",
          // Without a control plane, whose work would be measured too.
          include: ["test/bench/verification/*.test.ts"],
          hookTimeout: 1_800_000,
          maxWorkers: 1,
        },
      },
      {
        test: {
          name: "gitops",
          include: ["test/gitops/**/*.test.ts"],
          testTimeout: 400_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          // The tests of a file mostly wait: they run side by side.
          maxConcurrency: 6,
        },
      },
    ],
  },
});
