// Runs the parts of `make check`, `make test` and `make generate`, and closes with one line that counts every
// check and every test. A part that fails is shown whole; the others still run.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

type Part = { name: string; command: string[]; counts: "itself" | "its tests"; prints: "when it fails" | "always" };

const check = (name: string, ...command: string[]): Part => ({
  name,
  command,
  counts: "itself",
  prints: "when it fails",
});
const tests = (name: string, ...command: string[]): Part => ({ name, command, counts: "its tests", prints: "always" });

/** Every generator writes its files, or with --check says which are stale. */
const GENERATORS = [
  ["CRDs and API reference", "src/crd/generate.ts"],
  ["admission policies", "src/gate/render.ts"],
  ["chart templates", "charts/generate.ts"],
  ["findings reference", "docs/generate.ts"],
  ["metrics and settings reference", "src/telemetry/document.ts"],
  ["command reference", "src/cli/document.ts"],
  ["corpus of signatures", "test/corpus/document.ts"],
] as const;

const CHECKS: Part[] = [
  check("format", "biome", "format"),
  check("types", "tsc", "-p", "."),
  check("lint", "oxlint", "--type-aware"),
  check("unused code", "knip"),
  ...GENERATORS.map(([name, file]) => check(`${name} up to date`, "node", file, "--check")),
  tests("unit tests", "vitest", "run", "--project", "unit"),
];
const CLUSTER_TESTS: Part[] = [tests("integration tests", "vitest", "run", "--project", "integration")];
/** Verbose, so that each test that is skipped is named. */
const NODE_REPORTERS = ["--reporter=verbose", "--reporter=./test/harness/count-reporter.ts"];
const NODE_TESTS: Part[] = [tests("tests on a real node", "vitest", "run", "--project", "node", ...NODE_REPORTERS)];
const GITOPS_TESTS: Part[] = [tests("GitOps tests", "node", "test/gitops/run.ts", ...process.argv.slice(3))];
const INTEROP: Part[] = [
  {
    ...check("comparison with other verifiers", "node", "test/interop/run.ts", ...process.argv.slice(3)),
    prints: "always",
  },
];
const MUTATION: Part[] = [
  {
    ...check("mutants of the verification core", "node", "test/mutation/run.ts", ...process.argv.slice(3)),
    prints: "always",
  },
];
const CLUSTER_BENCHMARKS: Part[] = [tests("benchmarks", "vitest", "run", "--project", "bench")];
const VERIFICATION_BENCHMARKS: Part[] = [
  tests("benchmarks of verification", "vitest", "run", "--project", "bench-verification"),
];
const SETS = {
  bench: [...CLUSTER_BENCHMARKS, ...VERIFICATION_BENCHMARKS],
  "bench-verification": VERIFICATION_BENCHMARKS,
  check: CHECKS,
  all: [...CHECKS, ...CLUSTER_TESTS, ...NODE_TESTS],
  gitops: GITOPS_TESTS,
  interop: INTEROP,
  mutation: MUTATION,
  node: NODE_TESTS,
} as const;
const isSet = (what: string | undefined): what is keyof typeof SETS => what !== undefined && Object.hasOwn(SETS, what);

function runPart(part: Part): Promise<Count> {
  const dir = mkdtempSync(join(tmpdir(), "count-"));
  const countFile = join(dir, "count.json");
  const [command = "", ...args] = part.command;
  return new Promise((done) => {
    const began = performance.now();
    const child = spawn(command, args, {
      stdio: part.prints === "always" ? "inherit" : ["ignore", "pipe", "pipe"],
      env: { ...process.env, TEST_COUNT: countFile },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    const finish = (isFine: boolean) => {
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      const count = part.counts === "its tests" ? readCount(countFile) : { passed: 0, failed: 0, skipped: 0 };
      // What did not run at all is not called fine.
      const verdict = !isFine ? "FAIL" : count.skipped > 0 && count.passed === 0 ? "skip" : "ok  ";
      process.stdout.write(`${verdict} ${part.name} (${seconds} s)\n${isFine ? "" : output}`);
      rmSync(dir, { recursive: true, force: true });
      if (part.counts === "itself") count[isFine ? "passed" : "failed"] += 1;
      // A runner that fails without a failed test still fails.
      else if (!isFine && count.failed === 0) count.failed += 1;
      done(count);
    };
    child.once("error", (error) => {
      output += error.message;
      finish(false);
    });
    child.once("close", (code) => finish(code === 0));
  });
}

function readCount(file: string): Count {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Count;
  } catch {
    process.stdout.write(`the test runner left no count in ${file}\n`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

async function runAll(parts: readonly Part[]): Promise<Count> {
  const sum: Count = { passed: 0, failed: 0, skipped: 0 };
  for (const part of parts) {
    const count = await runPart(part);
    sum.passed += count.passed;
    sum.failed += count.failed;
    sum.skipped += count.skipped;
  }
  return sum;
}

async function main(what: string | undefined): Promise<number> {
  if (what === "generate") {
    const count = await runAll(GENERATORS.map(([name, file]) => check(name, "node", file)));
    return count.failed === 0 ? 0 : 1;
  }
  if (!isSet(what)) {
    process.stderr.write(
      "usage: node test/run.ts check|all|gitops|interop|mutation|node|bench|bench-verification|generate\n",
    );
    return 2;
  }
  const count = await runAll(SETS[what]);
  const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : "";
  process.stdout.write(`${count.passed} passed, ${count.failed} failed${skipped}\n`);
  return count.failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv[2]);
