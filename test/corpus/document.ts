// Writes docs/signature-corpus.md from the committed cases and what cosign said of them; with --check it only says whether
// the file is stale.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Case, type Fact, readCorpus } from "./case.ts";
import { DIFFERENCES } from "./differences.ts";
import { readVerdicts, type Verdicts } from "./verdicts.ts";

const HEAD = `# Corpus of signatures

What is made of every kind of signature that a registry may hold, and of each when it is bent. The cases are data in
\`test/corpus/cases\`: the registry's content, the policy's signers, and what has to come of it, worked out by the rule in the
third column. \`test/unit/adapters/corpus.test.ts\` holds the code to them. \`make interop\` makes all of them anew, with fresh
keys, serves them from a real registry and asks cosign 3.1.2 about every signer; a difference that this page does not explain
fails it. \`cosign verify\` is asked where the artifact has to be signed, \`cosign verify-attestation\` where a statement has to
be made; "not asked": cosign knows no model signatures. Generated from \`test/corpus\`: do not edit.
`;

const escape = (text: string) => text.replaceAll("|", "\\|");

function showFact({ signer, over, form, identity, predicateType }: Fact): string {
  const what = over === "attestation" ? `attestation \`${predicateType ?? ""}\`` : over;
  return `${signer}${identity === undefined ? "" : ` as ${identity}`}: ${what} (${form})`;
}

function showVerdict({ facts, problems, signersThatCount }: Case): string {
  const count = signersThatCount === undefined ? [] : [`**${signersThatCount} different**`];
  const parts = [...facts.map(showFact), ...problems.map((code) => `\`${code}\``), ...count];
  return parts.length === 0 ? "nothing" : parts.join("; ");
}

function showCosign({ name, signers, question }: Case, verdicts: Verdicts): string {
  if (question.about === "nothing") return "not asked";
  const showOne = (signer: string) => {
    const found = verdicts[name]?.[signer];
    if (found === undefined) throw new Error(`cosign was not asked about ${name}: WRITE=1 make interop`);
    return signers.length > 1 ? `${signer}: ${found}` : found;
  };
  return signers.map((one) => showOne(one.name)).join("; ");
}

function showCase(one: Case, verdicts: Verdicts): string {
  const why = one.differs === undefined ? "" : DIFFERENCES[one.differs].why;
  const cells = [one.name, one.bent, one.rule, showVerdict(one), showCosign(one, verdicts), why];
  return `| ${cells.map(escape).join(" | ")} |`;
}

function render(): string {
  const { cases } = readCorpus();
  const verdicts = readVerdicts();
  const groups = Map.groupBy(cases, ({ name }) => name.split(",")[0] ?? "");
  const lines = [HEAD];
  for (const [group, members] of groups) {
    lines.push(`## ${group}`, "");
    lines.push("| case | what is bent | rule | here | cosign 3.1.2 | why they differ |", "|---|---|---|---|---|---|");
    lines.push(...members.map((one) => showCase(one, verdicts)), "");
  }
  const count = (test: (one: Case) => boolean) => cases.filter(test).length;
  lines.push(
    `${cases.length} cases, ${count(({ facts }) => facts.length > 0)} of them with a signature that is believed; ` +
      `${count(({ differs }) => differs !== undefined)} that cosign judges otherwise.`,
  );
  return `${lines.join("\n")}\n`;
}

const path = fileURLToPath(new URL("../../docs/signature-corpus.md", import.meta.url));
if (process.argv.includes("--check")) {
  if (readFileSync(path, "utf8") !== render()) {
    process.stderr.write("docs/signature-corpus.md is stale: run make generate\n");
    process.exitCode = 1;
  }
} else {
  writeFileSync(path, render());
}
