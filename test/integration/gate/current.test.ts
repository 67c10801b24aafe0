// The gate on the current Kubernetes, where the API server can change requests.
import { afterAll, beforeAll } from "vitest";
import { describeAdmission } from "./admission.ts";
import { describeGuards } from "./guards.ts";
import { type Lane, startLane } from "./lane.ts";

let started: Lane | undefined;
const lane = (): Lane => {
  if (started === undefined) throw new Error("the control plane did not start");
  return started;
};

beforeAll(async () => {
  started = await startLane([], true);
});
afterAll(() => started?.plane.stop());

describeAdmission(lane, true);
describeGuards(lane, true);
