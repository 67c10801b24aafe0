/** Writes docs/metrics.md and docs/configuration.md; with --check it only says which are stale. */
import { fileURLToPath } from "node:url";
import { listSettings } from "../config.ts";
import { writeGenerated } from "../crd/write-generated.ts";
import { type MetricEntry, METRICS } from "./metrics.ts";

const at = (name: string) => fileURLToPath(new URL(`../../docs/${name}.md`, import.meta.url));
const page = (title: string, lines: readonly string[]) => `# ${title}\n\n${lines.join("\n")}\n`;

function showDefault(fallback: string | undefined): string {
  if (fallback === undefined) return "has to be set";
  return fallback === "" ? "empty" : `\`${fallback}\``;
}

writeGenerated([
  {
    path: at("metrics"),
    text: page("Metrics", [
      "The operator serves them at `/metrics` on port 8080. Generated from `src/telemetry/metrics.ts`: do not edit.",
      "",
      "| metric | type | labels | meaning |",
      "|---|---|---|---|",
      ...Object.values<MetricEntry>(METRICS).map(
        ({ name, type, labels, help }) =>
          `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`,
      ),
      "",
      "Alerts worth having: `vouchsafe_gate_intact == 0`; `sum(vouchsafe_leader) != 1`;",
      "`vouchsafe_release_not_after_timestamp_seconds - time() < 14 * 86400`; `vouchsafe_watch_age_seconds > 300`.",
    ]),
  },
  {
    path: at("configuration"),
    text: page("Configuration", [
      "The chart sets these from its values (`charts/vouchsafe/values.yaml` explains each of those). Generated from",
      "`src/config.ts`: do not edit.",
      "",
      "| setting | default | meaning |",
      "|---|---|---|",
      ...listSettings().map(
        ({ name, description, fallback }) => `| \`${name}\` | ${showDefault(fallback)} | ${description} |`,
      ),
    ]),
  },
]);
