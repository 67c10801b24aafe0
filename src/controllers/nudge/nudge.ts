/** Wakes owners of pods: a refused controller retries with growing delays, an annotation makes it try at once. */
import { NUDGE_ANNOTATION } from "../../api/labels.ts";
import { isApiError, type KubeObject, type ResourceType } from "../../runtime/index.ts";
import { DAEMON_SETS, JOBS, REPLICA_SETS, REPLICATION_CONTROLLERS, STATEFUL_SETS } from "../resources.ts";
import { OPERATOR_ACTOR, type Toolbox, toSubject } from "../toolbox.ts";
import { needsNudge, type Owner } from "./decide.ts";

const OWNERS: readonly ResourceType[] = [REPLICA_SETS, STATEFUL_SETS, DAEMON_SETS, JOBS, REPLICATION_CONTROLLERS];

/** Annotates one owner, by merge patch on its uid; an owner that is gone needs nothing. */
async function annotate(tools: Toolbox, type: ResourceType, owner: KubeObject): Promise<void> {
  const { uid = "", ...ref } = owner.metadata;
  const annotations = { [NUDGE_ANNOTATION]: new Date(tools.now()).toISOString() };
  try {
    await tools.client.patchMerge(type, ref, { metadata: { uid, annotations } });
  } catch (error) {
    if (!isApiError(error, "NotFound", "Conflict")) throw error;
    return;
  }
  tools.evidence.record({
    kind: "action",
    actor: OPERATOR_ACTOR,
    object: toSubject(owner),
    what: "nudged",
    inputs: [uid],
    codes: [],
  });
}

/** Wakes every owner of the namespace that lacks pods and names one of the opened digests. */
export async function nudgeOwners(tools: Toolbox, namespace: string, opened: ReadonlySet<string>): Promise<void> {
  // All kinds at once: people wait for each of them.
  await Promise.all(
    OWNERS.map(async (type) => {
      const { items } = await tools.client.list<KubeObject & Owner>(type, { namespace });
      for (const owner of items) if (needsNudge(type.kind, owner, opened)) await annotate(tools, type, owner);
    }),
  );
}
