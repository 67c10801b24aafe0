// The gate on the current Kubernetes, where the API server can change requests.
import { afterAll, beforeAll } from "vitest";
import { describeAdmission } from "./admission.ts";
import { describeCommands } from "./commands.ts";
import { describeContainment } from "./containment.ts";
import { describeGuards } from "./guards.ts";
import { type Lane, startLane } from "./lane.ts";
import { describeStops } from "./stops.ts";

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
describeStops(lane, true);
describeContainment(lane);
describeCommands(lane, true);
