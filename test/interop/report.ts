// A table of verdicts, theirs beside ours, and what to make of each pair.
import type { Answer } from "./reference.ts";

/** What is accepted here on purpose, by what the reference implementation says. The reasons are in docs/verifying.md. */
const ON_PURPOSE: readonly [RegExp, string][] = [
  [/Unsupported hashing method blake2b/, "it does not know its own name for BLAKE2b"],
  [/expected 3 components separated by/, "it cannot read shards of a name with a colon"],
  [/'float' object cannot be interpreted/, "it cannot read the size of shards as it writes it"],
  [/Cannot use '.*:\d+:\d+' as file/, "it looks for shards as files where unsigned ones are ignored"],
  [/Missing files in model '[^']*': \.gitattributes"/, "it leaves out git's files that were signed"],
  [
    /Extra files found in model '[^']*': \."/,
    "it has a point for the name of one file, the specification its base name",
  ],
];

type Kind = "alike" | "stricter here" | "accepted here on purpose" | "ACCEPTED HERE ALONE";

export interface Report {
  add(what: string, theirs: Answer, ours: Answer): void;
  /** Something that could not be compared. */
  skip(what: string, why: string): void;
  /** Closes the table; whether nothing was accepted here alone. */
  finish(): boolean;
}

const print = (line: string) => process.stdout.write(`${line.trimEnd()}\n`);
const shorten = (text: string) => text.replaceAll(/\s+/g, " ").slice(0, 110);
const show = ({ ok }: Answer) => (ok ? "accepts" : "refuses");

export function createReport(): Report {
  const counts: Record<Kind, number> = {
    alike: 0,
    "stricter here": 0,
    "accepted here on purpose": 0,
    "ACCEPTED HERE ALONE": 0,
  };
  print(`${"".padEnd(72)}  there    here`);
  return {
    add(what, theirs, ours) {
      const reason = ON_PURPOSE.find(([pattern]) => pattern.test(theirs.why))?.[1];
      const atOdds: Kind = reason === undefined ? "ACCEPTED HERE ALONE" : "accepted here on purpose";
      const unlike: Kind = theirs.ok ? "stricter here" : atOdds;
      const kind: Kind = theirs.ok === ours.ok ? "alike" : unlike;
      counts[kind] += 1;
      const note = kind === "alike" ? "" : kind;
      const why = kind === "accepted here on purpose" ? reason : shorten(theirs.ok ? ours.why : theirs.why);
      print(`${what.padEnd(72)}  ${show(theirs)}  ${show(ours)}  ${[note, why].filter(Boolean).join(": ")}`);
    },
    skip: (what, why) => print(`${what.padEnd(72)}  ${shorten(why)}`),
    finish() {
      print(
        Object.entries(counts)
          .map(([kind, count]) => `${count} ${kind}`)
          .join(", "),
      );
      return counts["ACCEPTED HERE ALONE"] === 0;
    },
  };
}
