/** Entry point of the vouchsafe command. */
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import { readProxies } from "../adapters/registry/proxies.ts";
import { adviseGrant } from "./forbidden.ts";
import { answer, buildProgram, print } from "./program.ts";
import { sayError } from "./say-fault.ts";

const USAGE = 2;

// What a command loads is compiled once, where it was built: whoever may write there may change the program itself.
if (import.meta.url.endsWith(".mjs")) enableCompileCache(fileURLToPath(new URL("vouchsafe/compiled", import.meta.url)));

const program = buildProgram(
  {
    run: async (options, act) => {
      process.exitCode = await answer(options, act);
    },
    runLocally: async (options, act) => {
      process.exitCode = print(options, await act({ readProxy: () => readProxies(process.env) }));
    },
  },
  (status) => process.exit(status === 0 ? 0 : USAGE),
);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`vouchsafe: ${adviseGrant(sayError(error))}\n`);
  process.exitCode = USAGE;
}
