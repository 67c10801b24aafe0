// What came of the mutants, in text.
import { relative } from "node:path";

/** A mutant and what became of it, as Stryker gives it. */
export interface Mutant {
  fileName: string;
  location: { start: { line: number; column: number }; end: { line: number; column: number } };
  mutatorName: string;
  replacement?: string;
  status: string;
}

/** Noticed by a test, or by nobody's coming to an end. */
const isKilled = ({ status }: Mutant) => status === "Killed" || status === "Timeout";
/** What was run at all: neither a sentence nor a mutant that cannot be loaded. */
const counts = ({ status }: Mutant) => ["Killed", "Timeout", "Survived", "NoCoverage"].includes(status);

export const isSurvivor = (mutant: Mutant): boolean => counts(mutant) && !isKilled(mutant);

/** The share of mutants that was noticed; 0 where there are none. */
export function score(mutants: readonly Mutant[]): number {
  const counted = mutants.filter(counts);
  return counted.length === 0 ? 0 : counted.filter(isKilled).length / counted.length;
}

/** A line of each file, and one of all. */
export function showTable(mutants: readonly Mutant[]): string {
  const byFile = Map.groupBy(mutants, ({ fileName }) => relative(process.cwd(), fileName));
  const lines = [...byFile, ["all", mutants] as const].map(([name, some]) => {
    const counted = some.filter(counts);
    const killed = counted.filter(isKilled).length;
    return `| ${name} | ${counted.length} | ${killed} | ${(score(some) * 100).toFixed(1)} % |\n`;
  });
  return ["| file | mutants | killed | score |\n", "|---|---|---|---|\n", ...lines].join("");
}
