// The offline judgement of pods gives what the API server gives: both are held to the table of the gate's tests.
import { expect, test } from "vitest";
import { Warrant } from "../../src/api/warrant.ts";
import { judgePod } from "../../src/gate/judge-pod.ts";
import { PODS } from "../integration/gate/pods-table.ts";
import { toTemplate, toWarrant } from "../integration/gate/shapes.ts";

const warrant = Warrant.spec.parse(toWarrant("x").spec);
const NOW = Date.parse("2026-11-24T00:00:00Z");

test.each(PODS)("%s", (_, shape, code) => {
  expect(judgePod(toTemplate(shape), warrant, NOW)?.code).toBe(code);
});
