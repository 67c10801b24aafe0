// The present objects of some collections, kept by watches: many plays may look many times a second, and ask nobody.
import type { Application } from "./argo.ts";
import type { Client } from "./client.ts";
import type { Kustomization } from "./flux.ts";

interface Named {
  metadata: { namespace?: string; name: string };
}

interface Mirror<T> {
  get(namespace: string, name: string): T | undefined;
  stop(): void;
}

/** Mirrors a collection from now on; what was there before appears once it changes. */
async function holdMirror<T extends Named>(client: Client, collection: string): Promise<Mirror<T>> {
  const objects = new Map<string, T>();
  const stop = await client.follow<T>(collection, ({ type, object }) => {
    const key = `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
    if (type === "DELETED") objects.delete(key);
    else objects.set(key, object);
  });
  return { get: (namespace, name) => objects.get(`${namespace}/${name}`), stop };
}

/** A kind of the product whose content people approve. */
interface Judged extends Named {
  status?: { digest?: string; conditions?: { type: string; status: string }[] };
}

interface Warrant extends Named {
  spec: { approvals?: Record<string, unknown> };
}

export interface Mirrors {
  applications: Mirror<Application>;
  kustomizations: Mirror<Kustomization>;
  warrants: Mirror<Warrant>;
  releases: Mirror<Judged>;
  assessments: Mirror<Judged>;
}

/** What plays stand on. */
export interface Ground {
  client: Client;
  mirrors: Mirrors;
}

/** Starts all mirrors; the collections have to be served. */
export async function holdMirrors(client: Client): Promise<Mirrors> {
  const own = "/apis/vouchsafe.dev/v1alpha1";
  const [applications, kustomizations, warrants, releases, assessments] = await Promise.all([
    holdMirror<Application>(client, "/apis/argoproj.io/v1alpha1/applications"),
    holdMirror<Kustomization>(client, "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations"),
    holdMirror<Warrant>(client, `${own}/warrants`),
    holdMirror<Judged>(client, `${own}/modelreleases`),
    holdMirror<Judged>(client, `${own}/riskassessments`),
  ]);
  return { applications, kustomizations, warrants, releases, assessments };
}

export function stopMirrors(mirrors: Mirrors): void {
  for (const { stop } of Object.values<{ stop(): void }>({ ...mirrors })) stop();
}
