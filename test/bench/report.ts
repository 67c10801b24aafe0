// Writes docs/benchmarks.md: one section per benchmark, each with what it means, its goal and the date.
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";

const FILE = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url));

export interface Section {
  title: string;
  /** How it was measured. */
  method: string;
  header: string[];
  rows: string[][];
  /** Goals with whether they were met; nobody knows where what they are about did not run. */
  goals: { goal: string; isMet: boolean | "not run" }[];
}

const HEAD = `# Benchmarks

\`make bench\` writes this page, \`make bench-verification\` the part on verification. All processes (API server, etcd, controllers, operator, the one who measures) share one
machine, so times are upper bounds and ratios tell more: what is compared ran side by side in one run.
`;

const sayMet = (isMet: boolean | "not run") => (isMet === "not run" ? isMet : isMet ? "met" : "**not met**");
const toRow = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

function render({ title, method, header, rows, goals }: Section): string {
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown processor"}, Node.js ${process.versions.node}`;
  return [
    `## ${title}`,
    "",
    method,
    "",
    toRow(header),
    toRow(header.map(() => "---")),
    ...rows.map(toRow),
    "",
    ...goals.map(({ goal, isMet }) => `- ${sayMet(isMet)}: ${goal}`),
    ...(goals.length === 0 ? [] : [""]),
    `${date}, ${machine}.`,
    "",
  ].join("\n");
}

/** Puts a section in place of the one with the same title, or at the end. */
export function writeSection(section: Section): void {
  let text = HEAD;
  try {
    text = readFileSync(FILE, "utf8");
  } catch {
    // The page is made anew.
  }
  const [head = HEAD, ...parts] = text.split(/^(?=## )/m);
  const fresh = render(section);
  const index = parts.findIndex((part) => part.startsWith(`## ${section.title}\n`));
  if (index < 0) parts.push(fresh);
  else parts[index] = fresh;
  writeFileSync(FILE, `${[head.trimEnd(), ...parts.map((part) => part.trim())].join("\n\n")}\n`);
  process.stdout.write(`\n${fresh}\n`);
}
