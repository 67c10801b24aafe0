/**
 * What server-side apply remembers of a workload: the fields that a rollback restored belong to the applier again, or
 * none of its later applies would remove them. Pure.
 */
import { isJsonObject, type JsonObject } from "./json-object.ts";

/** An entry of managedFields; `fieldsV1` is a set of fields as a tree. */
interface FieldsEntry {
  manager?: string;
  operation?: string;
  subresource?: string;
  apiVersion?: string;
  fieldsV1?: JsonObject;
}

const readTemplate = ({ fieldsV1 }: FieldsEntry): JsonObject | undefined => {
  const spec = fieldsV1?.["f:spec"];
  const template = isJsonObject(spec) ? spec["f:template"] : undefined;
  return isJsonObject(template) ? template : undefined;
};

function unite(a: JsonObject, b: JsonObject): JsonObject {
  const united = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const before = united[key];
    united[key] = isJsonObject(before) && isJsonObject(value) ? unite(before, value) : value;
  }
  return united;
}

const withTemplate = (entry: FieldsEntry, template: JsonObject | undefined): FieldsEntry => {
  const { "f:template": _, ...rest } = (entry.fieldsV1?.["f:spec"] ?? {}) as JsonObject;
  const spec = template === undefined ? rest : { ...rest, "f:template": template };
  const { "f:spec": __, ...others } = entry.fieldsV1 ?? {};
  return { ...entry, fieldsV1: Object.keys(spec).length === 0 ? others : { ...others, "f:spec": spec } };
};

/**
 * managedFields in which the template that `manager` wrote belongs to the one server-side applier of the workload;
 * undefined where there is nothing to hand over, or nobody to tell for sure.
 */
export function handOver(managedFields: readonly unknown[] = [], manager: string): FieldsEntry[] | undefined {
  const entries = managedFields.filter(isJsonObject) as FieldsEntry[];
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
