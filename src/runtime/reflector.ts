/** Keeps stores filled from their watches, each on a connection of its own, until the signal aborts. */
import type { Client } from "./client.ts";
import type { Logger } from "./logger.ts";
import type { KubeObject, ResourceType } from "./objects.ts";
import type { WritableStore } from "./store.ts";
import { watch } from "./watcher.ts";

export interface ReflectorOptions {
  client: Client;
  logger: Logger;
  signal: AbortSignal;
  namespace?: string;
  fieldSelector?: string;
  labelSelector?: string;
}

/** Follows `type` into `store`; returns once the signal aborts. */
export async function reflect<R extends KubeObject, T>(
  type: ResourceType,
  store: WritableStore<R, T>,
  options: ReflectorOptions,
): Promise<void> {
  const { logger, ...rest } = options;
  for await (const event of watch<R>({ ...rest, type })) {
    if (event.type === "Error") logger.warn({ kind: type.kind, err: event.error }, "watch failed, will try again");
    store.take(event);
  }
}
