/** Entry point of the vouchsafe command. */
import { adviseGrant } from "./forbidden.ts";
import { answer, buildProgram } from "./program.ts";

const USAGE = 2;

const program = buildProgram(
  async (options, act) => {
    process.exitCode = await answer(options, act);
  },
  (status) => process.exit(status === 0 ? 0 : USAGE),
);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`vouchsafe: ${error instanceof Error ? adviseGrant(error.message) : String(error)}\n`);
  process.exitCode = USAGE;
}
