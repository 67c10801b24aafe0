/** Jobs and CronJobs in breach: their templates cannot be changed, so they are suspended. */
import { SYSTEM_LABEL } from "../../api/labels.ts";
import type { KubeObject } from "../../runtime/index.ts";
import { CRON_JOBS, JOBS } from "../resources.ts";
import type { Toolbox } from "../toolbox.ts";
import { listSlots, type PodTemplate } from "../workloads.ts";
import type { ContainedJob } from "./facts.ts";
import { type Docket, isTemplateConcerned, isTemplateVouched } from "./docket.ts";

type RawJob = KubeObject & {
  spec?: { suspend?: boolean; template?: PodTemplate; jobTemplate?: { spec?: { template?: PodTemplate } } };
  status?: { conditions?: { type: string; status: string }[] };
};

const isFinished = ({ status }: RawJob) =>
  status?.conditions?.some(({ type, status: is }) => is === "True" && (type === "Complete" || type === "Failed")) ===
  true;

const templateOf = ({ kind, spec }: RawJob) =>
  kind === "CronJob" ? spec?.jobTemplate?.spec?.template : spec?.template;

/** Whether its pods, now or at its next run, are what the Incident is about, and whether they are vouched for. */
function judge(raw: RawJob, docket: Docket): { isInBreach: boolean; isVouched: boolean } {
  if (raw.metadata.deletionTimestamp !== undefined || isFinished(raw)) return { isInBreach: false, isVouched: true };
  const template = templateOf(raw);
  const system = template?.metadata?.labels?.[SYSTEM_LABEL] ?? "";
  const images = [...listSlots(template?.spec).values()];
  return {
    isInBreach: isTemplateConcerned(docket, system, images),
    isVouched: isTemplateVouched(docket, system, images),
  };
}

/** Jobs and CronJobs of the namespace that the Incident is about, or that it suspended. */
export async function observeJobs({ client }: Toolbox, docket: Docket): Promise<ContainedJob[]> {
  const { namespace, incident } = docket;
  const [jobs, cronJobs] = await Promise.all([
    client.list<RawJob>(JOBS, { namespace }),
    client.list<RawJob>(CRON_JOBS, { namespace }),
  ]);
  return [...jobs.items, ...cronJobs.items].flatMap((raw): ContainedJob[] => {
    const kind = raw.kind === "CronJob" ? "CronJob" : "Job";
    const { name, uid = "", resourceVersion = "" } = raw.metadata;
    const entry = incident.status?.workloads?.find((one) => one.kind === kind && one.name === name);
    const judged = judge(raw, docket);
    if (!judged.isInBreach && entry === undefined) return [];
    return [{ kind, name, uid, resourceVersion, ...judged, isSuspended: raw.spec?.suspend === true, entry }];
  });
}
