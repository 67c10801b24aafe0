// The page of refusals is closed: each code fits a row, and no step names an option that is not there.
import { Command } from "commander";
import { expect, test } from "vitest";
import {
  type Advice,
  BUNDLE_REFUSALS,
  IMAGE_REFUSALS,
  MODEL_REFUSALS,
  REGISTRY_FAULTS,
} from "../../../src/cli/verify/refusals.ts";
import { addVerification } from "../../../src/cli/verify/program.ts";

const program = new Command();
addVerification(program, () => Promise.resolve());
const listOptions = (...names: string[]) =>
  program.commands
    .filter((one) => names.includes(one.name()))
    .flatMap(({ options }) => options.map(({ long }) => long));

/** What `cosign sign-blob` is told. */
const COSIGN = ["--bundle"];

test.each<[string, Record<string, Advice>, (string | undefined)[]]>([
  ["verify-bundle", BUNDLE_REFUSALS, [...listOptions("verify-bundle"), ...COSIGN]],
  ["verify-model", MODEL_REFUSALS, [...listOptions("verify-model", "sign-model"), "--help"]],
  ["verify-image", IMAGE_REFUSALS, listOptions("verify-image")],
  ["a registry", REGISTRY_FAULTS, listOptions("verify-image")],
])("what %s refuses is told in one row, with steps that can be taken", (_, codes, options) => {
  for (const [code, advice] of Object.entries(codes)) {
    for (const text of Object.values(advice) as string[]) expect(text, code).toMatch(/^[^|\r\n]{3,160}$/);
    const named = advice.next.match(/--[a-z-]+/g) ?? [];
    expect(options, code).toEqual(expect.arrayContaining([...named]));
  }
});
