/** What one Incident is judged by, and whether something that runs is what it is about. */
import type { Incident } from "../../api/incident.ts";
import type { WarrantSpec } from "../../api/warrant.ts";
import {
  createJudge,
  isSameBreach,
  type ReleaseIndex,
  type RunningPod,
  type Sighting,
} from "../../gate/find-breaches.ts";

/** What is known beside one Incident. */
interface CaseFile {
  incident: Incident;
  namespace: string;
  /** Undefined where the namespace has none any more. */
  warrant: WarrantSpec | undefined;
  index: ReleaseIndex;
  /** Systems whose fence somebody opens. */
  widened: ReadonlySet<string>;
  now: number;
}

/** Why a pod is in breach now; undefined where it is vouched for, or where nothing can be judged. */
type Sight = (pod: RunningPod) => Sighting | undefined;

/** What one Incident is judged by. */
export interface Docket extends CaseFile {
  sight: Sight;
  /** The same as if nobody had ordered a stop: an order hides the reason that an earlier Incident is about. */
  sightBeneathOrders: Sight;
}

/** Opens the docket of one Incident. */
export function openDocket(file: CaseFile): Docket {
  const { warrant, index, now, namespace } = file;
  const judgeBy = (known: ReleaseIndex): Sight =>
    warrant === undefined ? () => undefined : createJudge(warrant, known, { now, namespace });
  const sight = judgeBy(index);
  const sightBeneathOrders = index.stops.size === 0 ? sight : judgeBy({ ...index, stops: new Map() });
  return { ...file, sight, sightBeneathOrders };
}

/** Whether a pod is what the Incident is about, and whether it is in breach at all. */
export function judgePodOf(docket: Docket, pod: RunningPod): { isConcerned: boolean; isInBreach: boolean } {
  // Where nothing can be judged, what was contained stays so.
  if (docket.warrant === undefined) return { isConcerned: false, isInBreach: true };
  const { breach, system } = docket.incident.spec;
  if (breach === "FenceWidened") {
    const isOpen = system !== undefined && pod.system === system && docket.widened.has(system);
    return { isConcerned: isOpen, isInBreach: isOpen || docket.sight(pod) !== undefined };
  }
  return { isConcerned: isConcerned(docket, pod), isInBreach: docket.sight(pod) !== undefined };
}

/** Whether something that runs is what the Incident is about, also where a worse reason came up since. */
function isConcerned({ incident: { spec }, sight, sightBeneathOrders }: Docket, pod: RunningPod): boolean {
  const isAbout = (sighting: Sighting | undefined) =>
    sighting !== undefined &&
    (isSameBreach(sighting, spec) ||
      (spec.release !== undefined && sighting.release === spec.release && sighting.system === spec.system));
  if (isAbout(sight(pod))) return true;
  const beneath = sightBeneathOrders(pod);
  // The Warrant knows of the order, too: where that is all that it says, nothing else is wrong any more.
  return beneath?.kind !== "SystemStopped" && isAbout(beneath);
}

/** Whether pods made from images of a system would be vouched for; never where nothing can be judged. */
export const isTemplateVouched = (docket: Docket, system: string, images: readonly string[]) =>
  docket.warrant !== undefined && docket.sight({ name: "", system, images, isMirror: false }) === undefined;

/** Whether pods made from images of a system would be what the Incident is about. */
export const isTemplateConcerned = (docket: Docket, system: string, images: readonly string[]) =>
  isConcerned(docket, { name: "", system, images, isMirror: false });
