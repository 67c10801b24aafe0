// Collects what a run measured and, where asked, writes it into docs/gitops-hold.md.
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Tries } from "./play.ts";
import { readCosts } from "./process.ts";
import type { Stage } from "./stage.ts";

/** One line of the table. Times in milliseconds. */
export interface Row {
  tool: string;
  options: string;
  /** From the Revocation until the last Deployment was back on the good release. */
  rollbackMs?: number;
  tries: Tries;
  /** From the revert commit until the tool was content. */
  revertMs?: number;
  /** From the next good commit until the tool was content. */
  forwardMs?: number;
  note: string;
}

const FILE = fileURLToPath(new URL("../../../docs/gitops-hold.md", import.meta.url));
const MARK = "<!-- The rest is written by `make test-gitops WRITE=1`. -->";

const rows: Row[] = [];
const began = performance.now();

/** Remembers a line. */
export function noteRow(row: Row): void {
  rows.push(row);
}

const seconds = (ms: number | undefined) => (ms === undefined ? "–" : `${(ms / 1000).toFixed(2)} s`);
const toLine = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;

function toTable(): string[] {
  return [
    toLine([
      "tool",
      "options",
      "rolled back",
      "refused writes",
      "refused dry-runs",
      "refused deletions",
      "landed",
      "content after the revert",
      "next good release",
      "remark",
    ]),
    toLine(["---", "---", "---:", "---:", "---:", "---:", "---:", "---:", "---:", "---"]),
    ...rows
      .toSorted((a, b) => `${a.tool} ${a.options}`.localeCompare(`${b.tool} ${b.options}`))
      .map(({ tool, options, rollbackMs, tries, revertMs, forwardMs, note }) =>
        toLine([
          tool,
          options,
          seconds(rollbackMs),
          tries.refused.length,
          tries.refusedDryRuns.length,
          tries.refusedDeletions.length,
          tries.landed.length,
          seconds(revertMs),
          seconds(forwardMs),
          note,
        ]),
      ),
  ];
}

/** Writes the document's second half anew where GITOPS_WRITE is set; the first half, the method, is written by people. */
export async function writeJournal({ tools, timings, supervisor }: Stage): Promise<void> {
  if (process.env.GITOPS_WRITE === undefined) return;
  const text = await readFile(FILE, "utf8");
  const costs = Object.entries(await readCosts()).toSorted(([a], [b]) => a.localeCompare(b));
  const own = process.cpuUsage();
  const took = performance.now() - began;
  const result = [
    MARK,
    "",
    `Run on ${new Date().toISOString().slice(0, 10)}: Argo CD ${tools.argocdVersion}, kustomize-controller ${tools.fluxVersion}, ${availableParallelism()} cores shared by everything, ${rows.length} plays.`,
    "",
    ...toTable(),
    "",
    `Start-up: ${Object.entries(timings)
      .map(([what, ms]) => `${what} ${seconds(ms)}`)
      .join(", ")}.`,
    `All plays took ${Math.round(took / 1000)} s. The operator ended by itself and was started again ${supervisor.countEnds()} times.`,
    "",
    "The processes at the end; the operator and Argo CD's controller were started anew before the last play.",
    "",
    toLine(["process", "memory at most", "processor time"]),
    toLine(["---", "---:", "---:"]),
    ...costs.map(([name, { peak, cpu }]) => toLine([name, `${peak} MiB`, `${cpu} s`])),
    toLine([
      "the tests",
      `${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`,
      `${Math.round((own.user + own.system) / 1e6)} s`,
    ]),
    "",
  ];
  await writeFile(FILE, `${text.slice(0, text.indexOf(MARK))}${result.join("\n")}`);
}
