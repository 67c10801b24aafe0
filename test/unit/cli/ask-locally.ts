// Runs a command that needs no cluster as commander would, in this very process.
import { Command } from "commander";
import { type Answer, UsageError } from "../../../src/cli/session.ts";
import { addVerification } from "../../../src/cli/verify/program.ts";

export interface Said {
  code: number;
  text: string;
  /** For machines; undefined where it is a fault of usage. */
  json?: unknown;
  warnings?: string[];
}

const toSaid = ({ exit, lines, json, warnings }: Answer): Said => ({
  code: exit,
  text: lines.join("\n"),
  json,
  ...(warnings === undefined ? {} : { warnings }),
});

/** Exit status and text of a command line; a fault of usage is told on the other channel with status 2. */
export async function askLocally(args: readonly string[]): Promise<Said> {
  let said: Said = { code: -1, text: "" };
  const program = new Command();
  addVerification(program, async (act) => {
    try {
      said = toSaid(await act({ readProxy: () => ({ https: "", http: "", except: "" }) }));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      said = { code: 2, text: error.message };
    }
  });
  await program.parseAsync([...args], { from: "user" });
  return said;
}
