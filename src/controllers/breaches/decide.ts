/** Which Incidents a namespace needs, from the breaches that were found in it. Pure. */
import type { Incident } from "../../api/incident.ts";
import { type Breach, nameIncident, rateBreach } from "../../domain/breach.ts";
import { listValid, type Read } from "../../domain/facts.ts";
import { flatten } from "../../domain/findings.ts";
import { toIsoMs } from "../../domain/time.ts";
import { isSameBreach } from "../../gate/find-breaches.ts";

/** An Incident to open, or one that is open to be told of further digests. */
export type IncidentWrite =
  | { write: "open"; name: string; spec: Incident["spec"]; pods: string[] }
  | { write: "widen"; incident: Incident; digests: string[] };

/** When each breach happened, as far as known: RFC 3339 by identity of what caused it. */
type FindOccurrence = (breach: Breach) => string | undefined;

const MAX_DIGESTS = 64;

/** Decides what to write at `now`, epoch milliseconds. One open Incident takes every sighting of its breach. */
export function decideIncidents(
  breaches: readonly Breach[],
  reads: readonly Read<Incident>[],
  findOccurrence: FindOccurrence,
  now: number,
): IncidentWrite[] {
  const incidents = listValid(reads);
  // Also by one that cannot be read: the API server knows the name.
  const taken = new Set(reads.map(({ metadata }) => metadata.name));
  return breaches.flatMap((breach): IncidentWrite[] => {
    const same = incidents.filter(({ spec }) => isSameBreach(breach, spec));
    const open = same.find(({ spec }) => spec.state === "Open");
    if (open !== undefined) {
      const known = new Set(open.spec.digests);
      const fresh = breach.digests.filter((digest) => !known.has(digest));
      if (fresh.length === 0 || known.size >= MAX_DIGESTS) return [];
      // What is held back already is never dropped for something new.
      const digests = [...known, ...fresh.slice(0, MAX_DIGESTS - known.size)].toSorted();
      return [{ write: "widen", incident: open, digests }];
    }
    const occurredAt = findOccurrence(breach);
    const spec: Incident["spec"] = {
      ...(breach.system === undefined ? {} : { system: breach.system }),
      ...(breach.release === undefined ? {} : { release: breach.release }),
      ...(breach.order === undefined ? {} : { order: breach.order }),
      type: "breach",
      breach: breach.kind,
      severity: rateBreach(breach.kind),
      summary: flatten(breach.why.text),
      ...(breach.digests.length === 0 ? {} : { digests: breach.digests.slice(0, MAX_DIGESTS) }),
      ...(occurredAt === undefined ? {} : { occurredAt }),
      detectedAt: toIsoMs(now),
      state: "Open",
    };
    return [{ write: "open", name: findFreeName(breach, same.length, taken), spec, pods: breach.pods }];
  });
}

/** Names can be foretold: an Incident of people that has the name must not keep ours from being opened. */
function findFreeName(breach: Breach, closed: number, taken: ReadonlySet<string>): string {
  for (let episode = closed; ; episode += 1) {
    const name = nameIncident(breach, episode);
    if (!taken.has(name)) return name;
  }
}
