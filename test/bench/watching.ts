// Watches as an outsider: what the API server said of each object, with the moment at which it came.
import { type Client, type KubeObject, type ResourceType } from "../../src/runtime/index.ts";
import { watch } from "../../src/runtime/watcher.ts";

export interface Sighting<T> {
  /** performance.now() */
  at: number;
  object: T;
}

/** Follows one kind in one namespace until the signal aborts. */
export function follow<T extends KubeObject>(
  client: Client,
  type: ResourceType,
  namespace: string,
  signal: AbortSignal,
): { seen: Sighting<T>[]; opened: Promise<void> } {
  const seen: Sighting<T>[] = [];
  let open = () => {};
  const opened = new Promise<void>((ok) => {
    open = ok;
  });
  void (async () => {
    for await (const event of watch<T>({ client, type, namespace, signal })) {
      if (event.type === "Apply" || event.type === "InitApply")
        seen.push({ at: performance.now(), object: event.object });
      if (event.type === "InitDone") open();
    }
  })();
  return { seen, opened };
}

const toType = (group: string, plural: string, kind: string): ResourceType => ({
  group,
  version: "v1",
  plural,
  kind,
  namespaced: true,
});
export const PODS = toType("", "pods", "Pod");
export const ENDPOINT_SLICES = toType("discovery.k8s.io", "endpointslices", "EndpointSlice");
export const DEPLOYMENTS = toType("apps", "deployments", "Deployment");
