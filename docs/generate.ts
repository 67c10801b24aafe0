// Writes docs/findings.md from the catalogue; with --check it only says whether the file is stale.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FINDINGS, type Finding, type Standing } from "../src/domain/findings.ts";

const STANDINGS: Record<Standing, string> = {
  never: "Refused for good, also at the level of Deployments and the like",
  notYet: "Pods are refused until somebody acts; Deployments and the like wait",
  malformed: "The object itself has to change",
  guarded: "Only a holder of a right may do this",
  advice: "Nothing is refused",
};

function render(): string {
  const lines = [
    "# Findings",
    "",
    "Every reason for which Vouchsafe refuses, warns or guards. The code stands at the start of an admission message and is",
    "the reason of a condition; `{name}` is filled in. Generated from `src/domain/findings.ts`: do not edit.",
  ];
  for (const standing of Object.keys(STANDINGS) as Standing[]) {
    lines.push("", `## ${STANDINGS[standing]}`, "", "| code | what | who can mend it | next |", "|---|---|---|---|");
    for (const [code, finding] of Object.entries<Finding>(FINDINGS)) {
      if (finding.standing !== standing) continue;
      lines.push(`| \`${code}\` | ${finding.what} | ${finding.who} | ${finding.next} |`);
    }
  }
  return `${lines.join("\n")}\n`;
}

const path = fileURLToPath(new URL("findings.md", import.meta.url));
if (process.argv.includes("--check")) {
  if (readFileSync(path, "utf8") !== render()) {
    process.stderr.write("docs/findings.md is stale: run make generate\n");
    process.exitCode = 1;
  }
} else {
  writeFileSync(path, render());
}
