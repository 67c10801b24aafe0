/** Writes docs/cli.md from the commands' own help, and docs/refusals.md; with --check it only says which are stale. */
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { writeGenerated } from "../crd/write-generated.ts";
import { buildProgram } from "./program.ts";
import { documentRefusals } from "./verify/document-refusals.ts";

const program = buildProgram({ run: () => Promise.resolve(), runLocally: () => Promise.resolve() }, (status) =>
  process.exit(status),
);

function* describe(command: Command, path: string): Generator<string> {
  let help = "";
  command.configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => 100 });
  command.outputHelp();
  yield `## \`${path}\`\n\n\`\`\`\n${help.trimEnd()}\n\`\`\`\n`;
  for (const child of command.commands) yield* describe(child, `${path} ${child.name()}`);
}

const HEAD =
  "# The vouchsafe command\n\n`bin/vouchsafe` in the repository, `dist/vouchsafe.mjs` in the image. Generated from `src/cli`: do not edit.\n\n";
const at = (name: string) => fileURLToPath(new URL(`../../docs/${name}.md`, import.meta.url));
writeGenerated([
  { path: at("cli"), text: HEAD + [...describe(program, "vouchsafe")].join("\n") },
  { path: at("refusals"), text: documentRefusals() },
]);
