/** What is wrong with what governs a namespace, rather than with what it runs. */
import { MODES, type Mode } from "../api/labels.ts";
import { Warrant, type WarrantSpec } from "../api/warrant.ts";
import { readAll } from "./read.ts";
import type { Session } from "./session.ts";

const isMode = (name: string): name is Mode => MODES.some((mode) => mode === name);

/** A Warrant tells what people read of every unlisted image only where it rests on no sound policy, or is too full. */
export const findFault = (warrant: WarrantSpec): string | undefined => warrant.unknown;

/** The faults of one namespace, or of all, each once. */
export async function listFaults(
  session: Session,
  namespace: string | undefined,
): Promise<{ namespace: string; fault: string }[]> {
  const faults = new Map<string, { namespace: string; fault: string }>();
  for (const read of await readAll<Warrant>(session, Warrant, namespace)) {
    if (read.outcome === "invalid" || !isMode(read.metadata.name)) continue;
    const fault = findFault(read.object.spec);
    const { namespace: where = "" } = read.metadata;
    if (fault !== undefined) faults.set(`${where}: ${fault}`, { namespace: where, fault });
  }
  return [...faults.values()];
}
