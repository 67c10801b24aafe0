// A cluster of objects in memory, for commands that only ask.
import type { KubeObject, ResourceType } from "../../../src/runtime/index.ts";
import type { Client } from "../../../src/runtime/index.ts";
import { ApiError } from "../../../src/runtime/errors.ts";
import type { Session } from "../../../src/cli/session.ts";

interface FakeCluster {
  objects?: readonly object[];
  /** Answers requests that are not stored, by the last segment of their path. */
  reviews?: Readonly<Record<string, (body: { spec?: { resourceAttributes?: { group?: string } } }) => object>>;
}

export function toSession({ objects = [], reviews = {} }: FakeCluster): Session {
  const all = objects as readonly KubeObject[];
  const listOf = ({ kind }: ResourceType) => all.filter((object) => object.kind === kind);
  const client = {
    get: (type: ResourceType, { name }: { name: string }) => {
      const found = listOf(type).find(({ metadata }) => metadata.name === name);
      if (found !== undefined) return Promise.resolve(found);
      return Promise.reject(new ApiError({ code: "NotFound", status: 404, message: `${name} not found` }));
    },
    list: (type: ResourceType) => Promise.resolve({ items: listOf(type), resourceVersion: "1" }),
    post: (segments: readonly string[], body: object) => Promise.resolve(reviews[segments.at(-1) ?? ""]?.(body)),
  };
  return {
    client: client as unknown as Client,
    namespace: "voice",
    now: Date.parse("2026-11-24T12:00:00Z"),
    tell: () => {},
  };
}
