// Runs tests for Stryker in one process that keeps everything loaded. Its own runner for vitest begins a thread and loads
// every library anew for each mutant, which costs ten times what the tests themselves do.
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { INSTRUMENTER_CONSTANTS, type InstrumenterContext, type StrykerOptions } from "@stryker-mutator/api/core";
import { commonTokens, declareClassPlugin, PluginKind, tokens } from "@stryker-mutator/api/plugin";
import {
  determineHitLimitReached,
  type DryRunResult,
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  TestStatus,
  toMutantRunResult,
} from "@stryker-mutator/api/test-runner";
import { type CollectedTest, collectTests, listSuites } from "./collected.ts";
import { isQuick } from "./slow.ts";

const OWN = new URL("vitest.ts", import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "vitest" && context.parentURL !== OWN ? { url: OWN, shortCircuit: true } : next(specifier, context),
});

/** What mutated code and Stryker tell each other. */
const context: InstrumenterContext = {};
Object.assign(globalThis, { [INSTRUMENTER_CONSTANTS.NAMESPACE]: context });

const tell = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function runTest({ id, file, suite, run }: CollectedTest, begun: Set<unknown>): Promise<TestResult> {
  const began = performance.now();
  const end = () => ({ id, name: id, fileName: join(process.cwd(), file), timeSpentMs: performance.now() - began });
  try {
    for (const around of listSuites(suite)) {
      if (begun.has(around)) continue;
      begun.add(around);
      for (const hook of around.before) await hook();
    }
    context.currentTestId = id;
    await run();
    return { ...end(), status: TestStatus.Success };
  } catch (error) {
    return { ...end(), status: TestStatus.Failed, failureMessage: tell(error) };
  } finally {
    delete context.currentTestId;
  }
}

class WarmRunner implements TestRunner {
  static inject = tokens(commonTokens.options);
  readonly #files: readonly string[];
  #loaded: Promise<CollectedTest[]> | undefined;
  /** How many mutants a test noticed: those that noticed most are asked first. */
  readonly #kills = new Map<string, number>();

  constructor(options: StrykerOptions) {
    this.#files = (options.warm as { tests: string[] }).tests;
  }

  capabilities() {
    return { reloadEnvironment: false };
  }

  #load(): Promise<CollectedTest[]> {
    this.#loaded ??= collectTests(this.#files, (file) => import(pathToFileURL(join(process.cwd(), file)).href)).then(
      (tests) => tests.filter(({ id }) => isQuick(id)),
    );
    return this.#loaded;
  }

  async #run(tests: readonly CollectedTest[], stopsEarly: boolean): Promise<DryRunResult> {
    const begun = new Set<CollectedTest["suite"]>();
    const results: TestResult[] = [];
    for (const test of tests) {
      const result = await runTest(test, begun);
      results.push(result);
      if (result.status !== TestStatus.Failed) continue;
      this.#kills.set(test.id, (this.#kills.get(test.id) ?? 0) + 1);
      if (stopsEarly) break;
    }
    for (const { after } of begun) for (const hook of after) await hook();
    return { status: DryRunStatus.Complete, tests: results };
  }

  async dryRun(): Promise<DryRunResult> {
    const result = await this.#run(await this.#load(), false);
    const { mutantCoverage } = context;
    return result.status === DryRunStatus.Complete && mutantCoverage !== undefined
      ? { ...result, mutantCoverage }
      : result;
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const { activeMutant, disableBail, hitLimit, mutantActivation, testFilter } = options;
    const activate = () => {
      context.activeMutant = activeMutant.id;
      context.hitCount = 0;
      if (hitLimit === undefined) delete context.hitLimit;
      else context.hitLimit = hitLimit;
    };
    if (mutantActivation === "static") activate();
    try {
      const all = await this.#load();
      activate();
      const wanted = testFilter === undefined ? undefined : new Set(testFilter);
      const tests = all
        .filter(({ id }) => wanted?.has(id) ?? true)
        .toSorted((a, b) => (this.#kills.get(b.id) ?? 0) - (this.#kills.get(a.id) ?? 0));
      const result = await this.#run(tests, !disableBail);
      return toMutantRunResult(determineHitLimitReached(context.hitCount, hitLimit) ?? result);
    } catch (error) {
      // A mutant with which the code cannot even be loaded.
      return toMutantRunResult({ status: DryRunStatus.Error, errorMessage: tell(error) });
    } finally {
      delete context.activeMutant;
    }
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, "warm", WarmRunner)];
