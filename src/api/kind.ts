/**
 * What makes a zod schema a Kubernetes kind: names, scope, columns and root rules. The CRDs, the API
 * reference and the client's resource types are all derived from these definitions.
 */
import * as z from "zod";
import type { CelRule } from "./fields.ts";

export const GROUP = "vouchsafe.dev";
export const VERSION = "v1alpha1";
export const API_VERSION = `${GROUP}/${VERSION}`;

/** A column of `kubectl get`; priority 1 shows with `-o wide` only. */
export interface PrinterColumn {
  name: string;
  type: "string" | "integer" | "date" | "boolean";
  jsonPath: string;
  description: string;
  priority?: 0 | 1;
}

/** Everything that a CRD says about one kind. */
export interface KindDefinition<S extends z.ZodType = z.ZodType, T extends z.ZodType = z.ZodType> {
  kind: string;
  plural: string;
  singular: string;
  shortNames: string[];
  namespaced: boolean;
  description: string;
  spec: S;
  /** Absent where the kind is a record that has nothing to observe. */
  status: T;
  columns: PrinterColumn[];
  /** CEL rules on the whole object. */
  rules: CelRule[];
}

/** Object metadata as far as the product reads it. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  generateName?: string;
  finalizers?: string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean }[];
}

/** An object of a kind as it is read from the API server: defaults are filled in. */
export interface Resource<S, T> {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: S;
  status?: T;
}

/** The object type that a definition describes. */
export type ObjectOf<D> = D extends KindDefinition<infer S, infer T> ? Resource<z.output<S>, z.output<T>> : never;

/** Keeps the exact schema types of a definition while checking its shape. */
export function defineKind<S extends z.ZodType, T extends z.ZodType>(definition: KindDefinition<S, T>) {
  return definition;
}

/** A definition's address on the API server. */
export interface KindResource {
  group: string;
  version: string;
  plural: string;
  kind: string;
  namespaced: boolean;
}

/** Where the API server serves the kind. */
export function toResource(definition: KindDefinition): KindResource {
  return {
    group: GROUP,
    version: VERSION,
    plural: definition.plural,
    kind: definition.kind,
    namespaced: definition.namespaced,
  };
}

/** What reading one object gave: the object, or why it is not one. */
export type Parsed<O> = { outcome: "valid"; object: O } | { outcome: "invalid"; why: string };

/**
 * Reads an object that came from the API server. A stored object may be older than the schema, so a
 * mismatch is a result to report, not a reason to stop.
 */
export function parseObject<S extends z.ZodType, T extends z.ZodType>(
  definition: KindDefinition<S, T>,
  raw: { apiVersion: string; kind: string; metadata: ObjectMeta; spec?: unknown; status?: unknown },
): Parsed<Resource<z.output<S>, z.output<T>>> {
  const spec = definition.spec.safeParse(raw.spec);
  if (!spec.success) return { outcome: "invalid", why: `spec: ${z.prettifyError(spec.error).replaceAll("\n", " ")}` };
  const base = { apiVersion: raw.apiVersion, kind: raw.kind, metadata: raw.metadata, spec: spec.data };
  if (raw.status === undefined) return { outcome: "valid", object: base };
  const status = definition.status.safeParse(raw.status);
  if (!status.success) {
    return { outcome: "invalid", why: `status: ${z.prettifyError(status.error).replaceAll("\n", " ")}` };
  }
  return { outcome: "valid", object: { ...base, status: status.data } };
}
