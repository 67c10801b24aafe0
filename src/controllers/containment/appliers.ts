/**
 * What appliers remember of a workload, so that a later apply of theirs removes what they leave out. A rollback restores
 * fields behind their back; unless that is written where they look, a variable or sidecar of the old release would
 * outlive it for good (kubernetes/kubernetes#94698). Pure.
 */
import type { KubeObject } from "../../runtime/index.ts";

/** Where client-side apply keeps what it sent last. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
/** All annotations together may have 256 KiB. */
const MAX_LAST_APPLIED = 131_072;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parseRecord(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The operation that tells client-side apply of the template; none where it was not used, or cannot be told. */
export function listReminders({ metadata }: KubeObject, template: Readonly<Record<string, unknown>>) {
  const text = metadata.annotations?.[LAST_APPLIED];
  const applied = text === undefined ? undefined : parseRecord(text);
  if (applied === undefined || !isRecord(applied.spec)) return [];
  const value = JSON.stringify({ ...applied, spec: { ...applied.spec, template } });
  if (Buffer.byteLength(value) > MAX_LAST_APPLIED) return [];
  return [{ op: "replace" as const, path: `/metadata/annotations/${LAST_APPLIED.replace("/", "~1")}`, value }];
}

/** An entry of managedFields; `fieldsV1` is a set of fields as a tree. */
interface FieldsEntry {
  manager?: string;
  operation?: string;
  subresource?: string;
  apiVersion?: string;
  fieldsV1?: Record<string, unknown>;
}

const readTemplate = ({ fieldsV1 }: FieldsEntry): Record<string, unknown> | undefined => {
  const spec = fieldsV1?.["f:spec"];
  const template = isRecord(spec) ? spec["f:template"] : undefined;
  return isRecord(template) ? template : undefined;
};

function unite(a: Record<string, unknown>, b: Record<string, unknown>): Record<string, unknown> {
  const united = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const before = united[key];
    united[key] = isRecord(before) && isRecord(value) ? unite(before, value) : value;
  }
  return united;
}

const withTemplate = (entry: FieldsEntry, template: Record<string, unknown> | undefined): FieldsEntry => {
  const { "f:template": _, ...rest } = (entry.fieldsV1?.["f:spec"] ?? {}) as Record<string, unknown>;
  const spec = template === undefined ? rest : { ...rest, "f:template": template };
  const { "f:spec": __, ...others } = entry.fieldsV1 ?? {};
  return { ...entry, fieldsV1: Object.keys(spec).length === 0 ? others : { ...others, "f:spec": spec } };
};

/**
 * managedFields in which the template that `manager` wrote belongs to the one server-side applier of the workload;
 * undefined where there is nothing to hand over, or nobody to tell for sure.
 */
export function handOver(managedFields: readonly unknown[] = [], manager: string): FieldsEntry[] | undefined {
  const entries = managedFields.filter(isRecord) as FieldsEntry[];
  const isOfSpec = ({ subresource = "" }: FieldsEntry) => subresource === "";
  const ours = entries.find((one) => isOfSpec(one) && one.manager === manager && one.operation === "Update");
  const appliers = entries.filter(
    (one) => isOfSpec(one) && one.operation === "Apply" && readTemplate(one) !== undefined,
  );
  const [applier] = appliers;
  const restored = ours === undefined ? undefined : readTemplate(ours);
  if (ours === undefined || applier === undefined || restored === undefined || appliers.length > 1) return undefined;
  if (applier.apiVersion !== ours.apiVersion) return undefined;
  return entries.flatMap((one) => {
    if (one === applier) return [withTemplate(one, unite(readTemplate(one) ?? {}, restored))];
    if (one !== ours) return [one];
    const left = withTemplate(one, undefined);
    return Object.keys(left.fieldsV1 ?? {}).length === 0 ? [] : [left];
  });
}
