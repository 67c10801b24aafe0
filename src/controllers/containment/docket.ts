/** What one Incident is judged by, and whether something that runs is what it is about. */
import type { Incident } from "../../api/incident.ts";
import type { WarrantSpec } from "../../api/warrant.ts";
import { isSameBreach, type ReleaseIndex, type RunningPod, type Sighting } from "../../gate/find-breaches.ts";

/** What one Incident is judged by. */
export interface Docket {
  incident: Incident;
  namespace: string;
  /** Undefined where the namespace has none any more. */
  warrant: WarrantSpec | undefined;
  index: ReleaseIndex;
  /** Systems whose fence somebody opens. */
  widened: ReadonlySet<string>;
  now: number;
  /** Why a pod is in breach now; undefined where it is vouched for, or where nothing can be judged. */
  sight: (pod: RunningPod) => Sighting | undefined;
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
  const sighting = docket.sight(pod);
  return { isConcerned: isConcerned(docket.incident, sighting), isInBreach: sighting !== undefined };
}

/** Whether something sighted is what the Incident is about, also where a worse reason came up since. */
const isConcerned = ({ spec }: Incident, sighting: Sighting | undefined) =>
  sighting !== undefined &&
  (isSameBreach(sighting, spec) ||
    (spec.release !== undefined && sighting.release === spec.release && sighting.system === spec.system));

/** Whether pods made from images of a system would be vouched for; never where nothing can be judged. */
export const isTemplateVouched = (docket: Docket, system: string, images: readonly string[]) =>
  docket.warrant !== undefined && docket.sight({ name: "", system, images, isMirror: false }) === undefined;

/** Whether pods made from images of a system would be what the Incident is about. */
export const isTemplateConcerned = (docket: Docket, system: string, images: readonly string[]) =>
  isConcerned(docket.incident, docket.sight({ name: "", system, images, isMirror: false }));
