// What containment does while nothing can be told of a breach.
import { expect, test } from "vitest";
import { Warrant } from "../../../src/api/warrant.ts";
import { isInTheDark } from "../../../src/controllers/containment/observe.ts";
import { make } from "../domain/voice.ts";
import { LOOKED, toIncident } from "./contained.ts";
import { createStage } from "./github/stage.ts";

test.each<[string, boolean, { warrant?: boolean; spec?: object }]>([
  ["no Warrant: nothing is given back, and nothing taken", true, {}],
  ["a Warrant", false, { warrant: true }],
  ["an Incident that people closed: what it held is released", false, { spec: { state: "Closed" } }],
])("%s", (_, isDark, { warrant = false, spec = {} }) => {
  const stage = createStage(LOOKED);
  if (warrant) stage.show("warrants", make<Warrant>(Warrant, "enforce", { notYet: "Warn" }));
  expect(isInTheDark(stage.tools, "voice", toIncident(spec))).toBe(isDark);
});
