/** Writes docs/cli.md from the commands' own help; with --check it only says whether it is stale. */
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { writeGenerated } from "../crd/write-generated.ts";
import { buildProgram } from "./program.ts";

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
writeGenerated([
  {
    path: fileURLToPath(new URL("../../docs/cli.md", import.meta.url)),
    text: HEAD + [...describe(program, "vouchsafe")].join("\n"),
  },
]);
