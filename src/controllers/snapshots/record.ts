/**
 * Last-known-good states: immutable ControllerRevisions, named by the digest of what they hold, that outlive the
 * workload. One that does not hold what its name says is not used.
 */
import { createHash } from "node:crypto";
import { MANAGED_BY, MANAGED_BY_LABEL, RECORD_LABEL } from "../../api/labels.ts";
import { toCanonicalText } from "../../domain/canonical.ts";
import type { Snapshot } from "../../domain/rollback.ts";
import { isApiError, type KubeObject, type ObjectMetadata } from "../../runtime/index.ts";
import { CONTROLLER_REVISIONS } from "../resources.ts";
import type { Toolbox } from "../toolbox.ts";
import { listSlots, type PodTemplate, type WorkloadKind } from "../workloads.ts";

/** What a ControllerRevision of ours holds. */
export interface Recorded {
  workload: { kind: WorkloadKind; name: string; uid: string };
  system: string;
  release: string;
  configMaps: Record<string, string>;
  template: PodTemplate;
}

export type Revision = KubeObject & { data?: unknown; revision: number };

export const LAST_KNOWN_GOOD = "last-known-good";

/** `sha256:` and the hex digest of the canonical JSON of a value. */
export const digestJson = (value: unknown) =>
  `sha256:${createHash("sha256").update(toCanonicalText(value), "utf8").digest("hex")}`;

/** The name of the record that holds a value. */
export const nameRecord = (prefix: "lkg" | "frozen", digest: string) =>
  `vouchsafe-${prefix}-${digest.slice("sha256:".length, 47)}`;

/** Makes a record; one that is there already holds the same. */
export async function createRecord(
  { client }: Toolbox,
  namespace: string,
  name: string,
  record: { labels: Record<string, string>; data: unknown; revision: number },
): Promise<void> {
  const labels = { [MANAGED_BY_LABEL]: MANAGED_BY, ...record.labels };
  const metadata: ObjectMetadata = { name, namespace, labels };
  const draft = {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata,
    data: record.data,
    revision: record.revision,
  };
  try {
    await client.create<Revision>(CONTROLLER_REVISIONS, draft);
  } catch (error) {
    if (!isApiError(error, "AlreadyExists")) throw error;
  }
}

/** All last-known-good states of a namespace by Kind/name of their workload; those that were bent are left out. */
export async function listSnapshots({ client, logger }: Toolbox, namespace: string): Promise<Map<string, Snapshot[]>> {
  const labelSelector = `${MANAGED_BY_LABEL}=${MANAGED_BY},${RECORD_LABEL}=${LAST_KNOWN_GOOD}`;
  const { items } = await client.list<Revision>(CONTROLLER_REVISIONS, { namespace, labelSelector });
  const found = new Map<string, Snapshot[]>();
  for (const { metadata, data } of items) {
    if (nameRecord("lkg", digestJson(data ?? null)) !== metadata.name) {
      logger.error(
        { record: metadata.name, namespace },
        "a last-known-good record is not what its name says: it is not used",
      );
      continue;
    }
    const { workload, release, configMaps, template } = data as Recorded;
    const key = `${workload.kind}/${workload.name}`;
    const snapshot: Snapshot = {
      name: metadata.name,
      release,
      images: [...listSlots(template.spec).values()],
      template: { ...template },
      configMaps,
      recordedAt: metadata.creationTimestamp ?? "",
    };
    found.set(key, [...(found.get(key) ?? []), snapshot]);
  }
  return found;
}
