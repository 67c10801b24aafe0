/** Makes records under your own name. What the API server refuses is an answer, not a fault. */
import { API_VERSION, type KindDefinition, toResource } from "../api/kind.ts";
import { isApiError, type KubeObject } from "../runtime/index.ts";
import { adviseGrant } from "./forbidden.ts";
import type { Session } from "./session.ts";

export type Written = { outcome: "written"; object: KubeObject } | { outcome: "refused"; message: string };

/** Runs a write; gives the API server's own sentence where it refuses. */
export async function attempt(write: () => Promise<KubeObject>): Promise<Written> {
  try {
    return { outcome: "written", object: await write() };
  } catch (error) {
    if (!isApiError(error, "Forbidden", "Invalid")) throw error;
    return { outcome: "refused", message: adviseGrant(error.message) };
  }
}

/** Creates an object whose name begins with `base`. */
export function createNamed(
  { client, namespace }: Session,
  kind: KindDefinition,
  base: string,
  spec: Record<string, unknown>,
): Promise<Written> {
  const metadata = { generateName: `${base}-`, ...(kind.namespaced ? { namespace } : {}) };
  const object = { apiVersion: API_VERSION, kind: kind.kind, metadata, spec } as unknown as KubeObject;
  return attempt(() => client.create(toResource(kind), object));
}
