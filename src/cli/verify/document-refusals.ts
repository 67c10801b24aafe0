/** The page of what the offline commands refuse: docs/refusals.md. */
import { type Advice, BUNDLE_REFUSALS, IMAGE_REFUSALS, MODEL_REFUSALS, REGISTRY_FAULTS } from "./refusals.ts";

function* tabulate(title: string, said: string, codes: Record<string, Advice>): Generator<string> {
  yield* ["", `## ${title}`, "", said, "", "| code | what | who can mend it | next |", "|---|---|---|---|"];
  for (const [code, { what, who, next }] of Object.entries(codes)) yield `| \`${code}\` | ${what} | ${who} | ${next} |`;
}

/** The page in Markdown. */
export function documentRefusals(): string {
  const lines = [
    "# Refusals of the offline commands",
    "",
    "What `verify-bundle`, `verify-model`, `sign-model` and `verify-image` refuse, by the code that they print (and have in",
    "`-o json`). What the gate refuses in a cluster is in [findings](findings.md). Generated from",
    "`src/cli/verify/refusals.ts`: do not edit.",
    ...tabulate("verify-bundle", "Exit status 1.", BUNDLE_REFUSALS),
    ...tabulate("verify-model and sign-model", "Exit status 1.", MODEL_REFUSALS),
    ...tabulate(
      "verify-image",
      "Each is told as `found`; exit status 1 where a signature that is asked for is missing for it.",
      IMAGE_REFUSALS,
    ),
    ...tabulate(
      "Registries that fail",
      "Exit status 2. The operator tells the same as the reason of `RegistryFailed`; there, authorities, mirrors and credentials are values of the chart ([registries](registries.md)).",
      REGISTRY_FAULTS,
    ),
  ];
  return `${lines.join("\n")}\n`;
}
