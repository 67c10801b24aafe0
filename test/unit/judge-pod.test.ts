// The offline judgement of pods gives what the API server gives: both are held to the table of the gate's tests.
import { expect, test } from "vitest";
import { Warrant } from "../../src/api/warrant.ts";
import { judgePod } from "../../src/gate/judge-pod.ts";
import { PODS } from "../integration/gate/pods-table.ts";
import { toTemplate, toWarrant } from "../integration/gate/shapes.ts";

test("a gate that is closed without a reason is closed", () => {
  const closed = { ...Object.values(warrant.systems ?? {})[0], gate: "Closed" as const, why: undefined };
  const names = Object.keys(warrant.systems ?? {});
  const systems = Object.fromEntries(names.map((name) => [name, closed])) as typeof warrant.systems;
  const admitted = PODS.filter(([, shape]) => judgePod(toTemplate(shape), warrant, NOW) === undefined);
  expect(admitted.map(([, shape]) => judgePod(toTemplate(shape), { ...warrant, systems }, NOW)?.code)).toContain(
    "SystemClosed",
  );
});

const warrant = Warrant.spec.parse(toWarrant("x").spec);
const NOW = Date.parse("2026-11-24T00:00:00Z");

test.each(PODS)("%s", (_, shape, code) => {
  expect(judgePod(toTemplate(shape), warrant, NOW)?.code).toBe(code);
});
