/**
 * Kubernetes Events (events.k8s.io/v1). The same event about the same object becomes a series instead of a new
 * object. An Event that cannot be written fails nothing: it is counted and forgotten.
 */
import { createHash } from "node:crypto";
import type { Client } from "./client.ts";
import { isApiError } from "./errors.ts";
import type { KubeObject, ResourceType } from "./objects.ts";

export const EVENTS: ResourceType = {
  group: "events.k8s.io",
  version: "v1",
  plural: "events",
  kind: "Event",
  namespaced: true,
};

export interface EventNote {
  type: "Normal" | "Warning";
  reason: string;
  /** One line for people. */
  note: string;
  /** What the product was doing, in one word, such as Verify. */
  action: string;
}

export interface EventRecorder {
  record(about: KubeObject, note: EventNote): Promise<void>;
}

export interface EventRecorderOptions {
  client: Client;
  controller: string;
  instance: string;
  onFailure: (error: unknown) => void;
  clock?: () => Date;
}

interface StoredEvent extends KubeObject {
  series?: { count: number; lastObservedTime: string };
}

/** Kubernetes' MicroTime: six digits, or the server refuses it. */
export function toMicroTime(date: Date): string {
  return date.toISOString().replace(/\.(\d{3})Z$/, ".$1000Z");
}

const MAX_NOTE = 1024;

/** Makes a recorder. Events about cluster-scoped objects go to the namespace `default`, as Kubernetes does it. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const clock = options.clock ?? (() => new Date());
  const write = async (about: KubeObject, note: EventNote) => {
    const namespace = about.metadata.namespace ?? "default";
    const text = note.note.replace(/[\r\n]+/g, " ").slice(0, MAX_NOTE);
    const identity = [about.metadata.uid, about.kind, about.metadata.name, note.type, note.reason, text].join("\n");
    const hash = createHash("sha256").update(identity).digest("hex").slice(0, 16);
    const name = `${about.metadata.name.slice(0, 200)}.${hash}`;
    const now = toMicroTime(clock());
    const event = {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name, namespace },
      eventTime: now,
      type: note.type,
      reason: note.reason,
      note: text,
      action: note.action,
      reportingController: options.controller,
      reportingInstance: options.instance,
      regarding: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        name: about.metadata.name,
        ...(about.metadata.namespace === undefined ? {} : { namespace: about.metadata.namespace }),
        ...(about.metadata.uid === undefined ? {} : { uid: about.metadata.uid }),
      },
    };
    try {
      await options.client.create(EVENTS, event);
    } catch (error) {
      if (!isApiError(error, "AlreadyExists")) throw error;
      const stored = await options.client.get<StoredEvent>(EVENTS, { namespace, name });
      const series = { count: (stored.series?.count ?? 1) + 1, lastObservedTime: now };
      await options.client.patchMerge(EVENTS, { namespace, name }, { series });
    }
  };
  return { record: (about, note) => write(about, note).catch(options.onFailure) };
}
