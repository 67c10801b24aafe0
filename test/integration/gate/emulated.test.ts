// The gate on Kubernetes 1.34 as the API server emulates it: nothing is filled in, everything is checked.
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
  started = await startLane(["--emulated-version=1.34", "--feature-gates=ImageVolume=true"], false);
});
afterAll(() => started?.plane.stop());

describeAdmission(lane, false);
describeGuards(lane, false);
describeStops(lane, false);
describeContainment(lane);
describeCommands(lane, false);
