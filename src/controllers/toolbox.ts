/** What every controller is given, and how it writes statuses. Decisions are made elsewhere. */
import type { Client, EventRecorder, KubeObject, Logger, ResourceType } from "../runtime/index.ts";
import type { Evidence } from "../telemetry/evidence.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { World } from "./world.ts";

export interface Toolbox {
  client: Client;
  world: World;
  events: EventRecorder;
  evidence: Evidence;
  metrics: Metrics;
  logger: Logger;
  /** Epoch milliseconds. */
  now: () => number;
}

/** Who writes, as server-side apply records it: one per concern, so that none takes another's fields. */
export type FieldManager =
  | "vouchsafe-containment"
  | "vouchsafe-governance"
  | "vouchsafe-verification"
  | "vouchsafe-fence"
  | "vouchsafe-github"
  | "vouchsafe-policies";

/** Who acts, in evidence. */
export const OPERATOR_ACTOR = "vouchsafe";

/** `Kind/namespace/name`, as evidence names objects. */
export const toSubject = ({ kind, metadata }: KubeObject) =>
  [kind, metadata.namespace, metadata.name].filter((part) => part !== undefined).join("/");

/**
 * Writes a status by server-side apply; fields that the manager wrote before and leaves out now are removed. One that is
 * fenced is written to exactly the version that was read, else it is a Conflict.
 */
export async function applyStatus(
  { client }: Toolbox,
  type: ResourceType,
  object: KubeObject,
  status: { fieldManager: FieldManager; value: object; isFenced?: boolean },
): Promise<KubeObject> {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  // The uid keeps a status of a deleted object from being written to its namesake.
  const metadata = {
    name,
    ...(namespace && { namespace }),
    ...(uid && { uid }),
    ...(status.isFenced === true && resourceVersion && { resourceVersion }),
  };
  const body = { apiVersion: object.apiVersion, kind: object.kind, metadata, status: status.value };
  return client.apply(type, body, { fieldManager: status.fieldManager, force: true, subresource: "status" });
}
