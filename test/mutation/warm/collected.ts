// Collects the tests of files that say `test` and `describe`, so that they can be run again and again in one process.

type Hook = () => unknown;

interface Suite {
  name: string;
  parent: Suite | undefined;
  before: Hook[];
  after: Hook[];
}

export interface CollectedTest {
  /** The same in every process: file, suites, name, and its place among the tests of the file. */
  id: string;
  file: string;
  suite: Suite;
  run: Hook;
}

const tests: CollectedTest[] = [];
let suite: Suite = { name: "", parent: undefined, before: [], after: [] };

/** The suites around a test, the outermost first. */
export const listSuites = (inner: Suite): Suite[] => [
  ...(inner.parent === undefined ? [] : listSuites(inner.parent)),
  inner,
];

/** Imports the files one after another; their tests in their order. */
export async function collectTests(files: readonly string[], load: (file: string) => Promise<unknown>) {
  for (const file of files) {
    suite = { name: file, parent: undefined, before: [], after: [] };
    await load(file);
  }
  return tests;
}

function addTest(name: string, run: Hook): void {
  const path = [...listSuites(suite).map((one) => one.name), name].join(" > ");
  const file = listSuites(suite)[0]?.name ?? "";
  const place = tests.filter((one) => one.file === file).length;
  tests.push({ id: `${path} (${place})`, file, suite, run });
}

function addSuite(name: string, collect: Hook): void {
  suite = { name, parent: suite, before: [], after: [] };
  collect();
  suite = suite.parent ?? suite;
}

type Body = (...row: unknown[]) => unknown;

/** `each` as vitest has it: a row that is a list becomes the arguments. */
const eachBy = (add: (name: string, run: Hook) => void) => (rows: readonly unknown[]) => (name: string, body: Body) => {
  for (const row of rows) add(name, () => (Array.isArray(row) ? body(...(row as unknown[])) : body(row)));
};

export const test = Object.assign((name: string, body: Body) => addTest(name, body), { each: eachBy(addTest) });
export const describe = Object.assign((name: string, body: Body) => addSuite(name, body), { each: eachBy(addSuite) });
export const beforeAll = (hook: Hook): number => suite.before.push(hook);
export const afterAll = (hook: Hook): number => suite.after.push(hook);
