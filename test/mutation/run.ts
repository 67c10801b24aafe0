// Mutation tests of the verification core: changes one thing of it at a time and sees whether a test goes red. Prints the
// score of each file and every mutant that no test noticed; docs/mutation.md says what these are.
import { Stryker } from "@stryker-mutator/core";
import { fileURLToPath } from "node:url";
import { type Group, GROUPS } from "./groups.ts";
import { type Mutant, score, showTable } from "./report.ts";

/** Below this the run fails. */
const ENOUGH = 0.85;

const beside = (file: string) => fileURLToPath(new URL(file, import.meta.url));

async function mutate({ name, mutate: files, tests }: Group): Promise<Mutant[]> {
  return await new Stryker({
    testRunner: "warm",
    plugins: ["warm/runner.ts", "texts.ts", "survivors.ts"].map(beside),
    ignorers: ["sentences"],
    mutate: files,
    // Not by Stryker's own `testFiles`, with which its version 10.1.1 wakes a static mutant too late.
    warm: { tests },
    warnings: { unknownOptions: false, preprocessorErrors: true, unserializableOptions: true, slow: true },
    concurrency: Number(process.env.CONCURRENCY ?? "1"),
    // Stryker would rewrite it with the interface of TypeScript 6, which version 7 has not.
    tsconfigFile: "none.json",
    disableTypeChecks: false,
    ignorePatterns: [".stryker", "charts", "examples/demo", "dist"],
    reporters: ["progress-append-only", "survivors"],
    tempDirName: `.stryker/${name}`,
    // What the last run found is asked again only where tests or code changed since.
    incremental: process.env.INCREMENTAL !== undefined,
    incrementalFile: `.stryker/${name}.json`,
    allowConsoleColors: false,
  }).runMutationTest();
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !GROUPS.some((group) => group.name === name));
if (unknown.length > 0) {
  process.stderr.write(`there is no group ${unknown.join(", ")}: ${GROUPS.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}
const mutants: Mutant[] = [];
for (const group of GROUPS.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
  const found = await mutate(group);
  process.stdout.write(`${group.name}\n${showTable(found)}`);
  mutants.push(...found);
}
const reached = score(mutants);
process.stdout.write(`${showTable(mutants)}\n`);
process.exitCode = reached >= ENOUGH ? 0 : 1;
