/** How one Approval was judged, as the statuses of RiskAssessment and ModelRelease list it. */
import * as z from "zod";
import { label, objectName, sentence, timestamp, username } from "./fields.ts";

/** One Approval that names the object, and whether it counts. */
export const countedApproval = z.object({
  name: objectName().describe("The Approval."),
  role: label().describe("The role it was given in."),
  approver: username().describe("Who gave it."),
  until: timestamp().optional().describe("Until when it holds."),
  counts: z.enum(["Yes", "No"]).describe("Whether it counts now."),
  why: sentence().optional().describe("Why it does not count, or counts although it was given for earlier content."),
});
export type CountedApproval = z.output<typeof countedApproval>;
