// Every state of Deployments and pods that the API server ever held, by a watch: what was never seen never was.
import type { Change, Client } from "./client.ts";

/** One state of an object as it was stored. */
export interface Sighting {
  at: number;
  kind: "Deployment" | "Pod";
  type: Change<unknown>["type"];
  namespace: string;
  name: string;
  uid: string;
  images: string[];
  isReady: boolean;
  isGoing: boolean;
}

export interface Watchman {
  /** All that was seen in a namespace so far, oldest first. */
  list(namespace: string): Sighting[];
  stop(): void;
}

interface PodSpec {
  containers: { image: string }[];
  volumes?: { image?: { reference: string } }[];
}

interface Seen {
  metadata: { namespace: string; name: string; uid: string; deletionTimestamp?: string };
  spec: PodSpec & { template?: { spec: PodSpec } };
  status?: { conditions?: { type: string; status: string }[] };
}

const listImages = ({ containers, volumes = [] }: PodSpec): string[] => [
  ...containers.map(({ image }) => image),
  ...volumes.flatMap(({ image }) => (image === undefined ? [] : [image.reference])),
];

const toSighting = (kind: Sighting["kind"], { type, object, at }: Change<Seen>): Sighting => ({
  at,
  kind,
  type,
  namespace: object.metadata.namespace,
  name: object.metadata.name,
  uid: object.metadata.uid,
  images: listImages(object.spec.template?.spec ?? object.spec),
  isReady: object.status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false,
  isGoing: object.metadata.deletionTimestamp !== undefined,
});

/** Starts to watch Deployments and pods of all namespaces. */
export async function postWatchman(client: Client): Promise<Watchman> {
  const seen = new Map<string, Sighting[]>();
  const note = (sighting: Sighting) => {
    const of = seen.get(sighting.namespace) ?? [];
    of.push(sighting);
    seen.set(sighting.namespace, of);
  };
  const stops = await Promise.all([
    client.follow<Seen>("/apis/apps/v1/deployments", (change) => note(toSighting("Deployment", change))),
    client.follow<Seen>("/api/v1/pods", (change) => note(toSighting("Pod", change))),
  ]);
  return {
    list: (namespace) => seen.get(namespace) ?? [],
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}
