/** Opens Incidents, whoever noticed the breach; the name makes it one per breach. */
import { Incident } from "../../api/incident.ts";
import { API_VERSION, type ObjectMeta, toResource } from "../../api/kind.ts";
import type { Breach } from "../../domain/breach.ts";
import { isApiError, type KubeObject } from "../../runtime/index.ts";
import { OPERATOR_ACTOR, type Toolbox } from "../toolbox.ts";
import { decideIncidents, type IncidentWrite } from "./decide.ts";

const INCIDENTS = toResource(Incident);

/** Writes an Incident, or further digests into one that is open. */
export async function writeIncident(tools: Toolbox, namespace: string, one: IncidentWrite): Promise<void> {
  const { client, evidence, events, metrics } = tools;
  switch (one.write) {
    case "open": {
      const metadata: ObjectMeta = { name: one.name, namespace };
      const draft = { apiVersion: API_VERSION, kind: Incident.kind, metadata, spec: one.spec };
      const kind = one.spec.breach ?? "breach";
      // First, since after a restart nobody would record a breach whose Incident is there.
      evidence.record({
        kind: "breach",
        actor: OPERATOR_ACTOR,
        object: `Incident/${namespace}/${one.name}`,
        what: kind,
        inputs: [...(one.spec.digests ?? []), ...one.pods],
        codes: [],
        text: one.spec.summary,
      });
      const incident = await client.create<KubeObject>(INCIDENTS, draft);
      metrics.count("breaches", { kind });
      await events.record(incident, { type: "Warning", reason: kind, note: one.spec.summary, action: "Contain" });
      return;
    }
    case "widen": {
      const { name, uid, resourceVersion } = one.incident.metadata;
      const change = { metadata: { uid, resourceVersion }, spec: { digests: one.digests } };
      await client.patchMerge(INCIDENTS, { namespace, name }, change);
      return;
    }
  }
}

/** Opens an Incident for a breach that is not about pods, unless one is open. */
export async function openIncident(tools: Toolbox, namespace: string, breach: Breach): Promise<void> {
  const incidents = tools.world.incidents.byIndex("namespace", namespace);
  for (const one of decideIncidents([breach], incidents, () => undefined, tools.now())) {
    try {
      await writeIncident(tools, namespace, one);
    } catch (error) {
      // Our copy was old: it is open already.
      if (!isApiError(error, "AlreadyExists")) throw error;
    }
  }
}
