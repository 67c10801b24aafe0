// Makes the corpus anew, with fresh keys, and writes it. Run by hand.
import { writeFileSync } from "node:fs";
import { type Corpus, toCaseFile, TRUST_FILE } from "./case.ts";
import { generateGroups } from "./groups.ts";

function write(groups: Record<string, Corpus>): void {
  const lines = (cases: readonly object[]) => `[\n${cases.map((one) => JSON.stringify(one)).join(",\n")}\n]\n`;
  for (const [group, { cases }] of Object.entries(groups)) writeFileSync(toCaseFile(group), lines(cases));
  const trust = Object.assign({}, ...Object.values(groups).map((one) => one.trust)) as object;
  writeFileSync(TRUST_FILE, `${JSON.stringify(trust, null, 1)}\n`);
}

write(generateGroups());
