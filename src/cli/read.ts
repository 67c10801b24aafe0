/** Reads objects of our kinds; one that is not there is an answer, one that does not fit the schema is a fault. */
import { type KindDefinition, type ObjectMeta, parseObject, type Resource, toResource } from "../api/kind.ts";
import { Warrant, type WarrantSpec } from "../api/warrant.ts";
import type { Read } from "../domain/facts.ts";
import { isApiError, type KubeObject, type ResourceType } from "../runtime/index.ts";
import { type Session, UsageError } from "./session.ts";

/** One object; undefined where there is none. */
export async function readOne<O extends Resource<unknown, unknown>>(
  { client, namespace }: Session,
  kind: KindDefinition,
  name: string,
): Promise<O | undefined> {
  try {
    const ref = kind.namespaced ? { namespace, name } : { name };
    const parsed = parseObject(kind, await client.get<KubeObject & { metadata: ObjectMeta }>(toResource(kind), ref));
    if (parsed.outcome === "invalid")
      throw new UsageError(`${kind.kind} ${name} does not fit this version: ${parsed.why}`);
    return parsed.object as O;
  } catch (error) {
    if (isApiError(error, "NotFound")) return undefined;
    throw error;
  }
}

/** All objects of a kind in the namespace, or of the cluster. */
export async function readAll<O extends Resource<unknown, unknown>>(
  { client }: Session,
  kind: KindDefinition,
  namespace?: string,
): Promise<Read<O>[]> {
  const { items } = await client.list<KubeObject & { metadata: ObjectMeta }>(
    toResource(kind),
    kind.namespaced && namespace !== undefined ? { namespace } : {},
  );
  return items.map((raw) => {
    const parsed = parseObject(kind, raw);
    return parsed.outcome === "valid"
      ? { outcome: "valid", metadata: raw.metadata, object: parsed.object as O }
      : { outcome: "invalid", metadata: raw.metadata, why: parsed.why };
  });
}

/** The Warrants of the namespace, by name. */
export async function readWarrants(session: Session): Promise<Map<string, WarrantSpec>> {
  const reads = await readAll<Warrant>(session, Warrant, session.namespace);
  return new Map(
    reads.flatMap((read) => (read.outcome === "valid" ? [[read.metadata.name, read.object.spec] as const] : [])),
  );
}

/** An object of Kubernetes itself; undefined where there is none. */
export async function readCore<T extends KubeObject>(
  { client, namespace }: Session,
  type: ResourceType,
  name: string,
): Promise<T | undefined> {
  try {
    return await client.get<T>(type, type.namespaced ? { namespace, name } : { name });
  } catch (error) {
    if (isApiError(error, "NotFound")) return undefined;
    throw error;
  }
}
