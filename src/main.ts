/** The operator's process: reads its settings, runs until SIGTERM or SIGINT, and ends with a status that tells why. */
import { runOperator } from "./app.ts";
import { readConfig } from "./config.ts";
import { createClient, loadClusterConfig } from "./runtime/index.ts";
import { createLogger } from "./telemetry/log.ts";
import { writeWhole } from "./telemetry/write-whole.ts";

/** Longest time that a shutdown may take before the process ends anyway. */
const SHUTDOWN_MS = 10_000;

async function main(): Promise<number> {
  const config = readConfig();
  const logger = createLogger(config.logLevel);
  const stopping = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => {
      logger.info({ signal: name }, "stopping");
      stopping.abort();
      setTimeout(() => process.exit(1), SHUTDOWN_MS).unref();
    });
  }
  const client = createClient(await loadClusterConfig());
  const outcome = await runOperator(
    { config, client, logger, writeEvidence: (line) => writeWhole(1, line) },
    stopping.signal,
  );
  await client.close();
  // A process that lost the lease starts anew with empty hands.
  return outcome === "stopped" ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`vouchsafe: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
