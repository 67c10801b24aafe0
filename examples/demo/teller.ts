// Tells the story: prints each command as a user would type it, the answer, and at the end expected against observed.
import type { Answer, Kubectl } from "../../test/harness/kubectl.ts";

export interface Row {
  what: string;
  expected: string;
  observed: string;
}

export interface Teller {
  act(title: string): void;
  say(text: string): void;
  /** Runs kubectl as a person and prints command and answer. */
  kubectl(person: { name: string; kubectl: Kubectl }, args: string[], input?: string): Promise<Answer>;
  /** Prints a command that is no kubectl, with its answer. */
  show(person: string, command: string, output: string): void;
  expect(what: string, expected: string, observed: string): void;
  rows: readonly Row[];
}

const GREY = "\u001b[90m";
const BOLD = "\u001b[1m";
const RED = "\u001b[31m";
const GREEN = "\u001b[32m";
const PLAIN = "\u001b[0m";

const MAX_LINES = 12;

/** Quotes an argument as a shell would need it. */
const quote = (word: string) => (/^[-\w./:=@,{}[\]\\]+$/.test(word) ? word : `'${word}'`);

/** Paths of rendered manifests are shown as the files of examples/voice that they come from. */
const shorten = (word: string) => word.replace(/^\/\S*\/manifests\//, "");

/** Makes a teller that writes to standard output. */
export function createTeller(isColoured: boolean): Teller {
  const rows: Row[] = [];
  const paint = (colour: string, text: string) => (isColoured ? `${colour}${text}${PLAIN}` : text);
  const print = (text: string) => process.stdout.write(`${text}\n`);
  const printAnswer = (text: string) => {
    const lines = text.trimEnd().split("\n");
    for (const line of lines.slice(0, MAX_LINES)) print(paint(GREY, `    ${line}`));
    if (lines.length > MAX_LINES) print(paint(GREY, `    … ${lines.length - MAX_LINES} more lines`));
  };
  const show = (person: string, command: string, output: string) => {
    print(`  ${person}$ ${command}`);
    if (output !== "") printAnswer(output);
  };
  return {
    rows,
    act: (title) => print(`\n${paint(BOLD, title)}`),
    say: (text) => print(`  # ${text}`),
    show,
    kubectl: async ({ name, kubectl }, args, input) => {
      const answer = await kubectl(args, input);
      show(name, `kubectl ${args.map((word) => quote(shorten(word))).join(" ")}`, `${answer.stdout}${answer.stderr}`);
      return answer;
    },
    expect: (what, expected, observed) => {
      const isMet = observed.includes(expected);
      rows.push({ what, expected, observed: isMet ? expected : observed.trim().slice(0, 200) });
      print(
        paint(
          isMet ? GREEN : RED,
          `  ${isMet ? "✓" : "✗"} ${what}: ${isMet ? expected : `expected ${expected}, observed ${observed.trim()}`}`,
        ),
      );
    },
  };
}

/** Prints the table; true where all rows agree. */
export function printTable(rows: readonly Row[]): boolean {
  const width = Math.max(...rows.map(({ what }) => what.length));
  const middle = Math.max(...rows.map(({ expected }) => expected.length), "expected".length);
  process.stdout.write(`\n${"step".padEnd(width)}  ${"expected".padEnd(middle)}  observed\n`);
  for (const { what, expected, observed } of rows) {
    process.stdout.write(`${what.padEnd(width)}  ${expected.padEnd(middle)}  ${observed}\n`);
  }
  const failed = rows.filter(({ expected, observed }) => expected !== observed).length;
  process.stdout.write(`\n${rows.length - failed} of ${rows.length} as expected\n`);
  return failed === 0;
}
