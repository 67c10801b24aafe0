// The process of a measurement: loads it by file and name, and sends what it found.
import type { Outcome } from "./apart.ts";

const [file = "", name = "", given = "{}"] = process.argv.slice(2);

async function measure(): Promise<Outcome> {
  try {
    const module = (await import(new URL(file, import.meta.url).href)) as Record<
      string,
      (given: unknown) => Promise<unknown>
    >;
    return { found: await module[name]?.(JSON.parse(given)) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

process.send?.(await measure(), () => process.disconnect());
