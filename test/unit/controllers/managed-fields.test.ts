// What a rollback leaves for the next server-side apply of people. The trees of fields are written by hand, as the
// Kubernetes documentation of server-side apply has them.
import { describe, expect, test } from "vitest";
import { handOver } from "../../../src/controllers/containment/managed-fields.ts";

const US = "vouchsafe-containment";
const toEntry = (manager: string, operation: string, template: object, rest: object = {}) => ({
  manager,
  operation,
  apiVersion: "apps/v1",
  fieldsType: "FieldsV1",
  fieldsV1: { "f:spec": { "f:template": { "f:spec": { "f:containers": template } } } },
  ...rest,
});
const OURS = toEntry(US, "Update", { 'k:{"name":"server"}': { "f:env": {} }, 'k:{"name":"tap"}': { ".": {} } });
const THEIRS = toEntry("bob", "Apply", { 'k:{"name":"server"}': { ".": {}, "f:image": {} } });

describe("server-side apply", () => {
  test("owns what was restored beside what it owned", () => {
    expect(handOver([OURS, THEIRS], US)).toEqual([
      toEntry("bob", "Apply", {
        'k:{"name":"server"}': { ".": {}, "f:image": {}, "f:env": {} },
        'k:{"name":"tap"}': { ".": {} },
      }),
    ]);
  });

  test("does not own what was throttled", () => {
    const { "f:spec": spec } = OURS.fieldsV1;
    const throttled = { ...OURS, fieldsV1: { "f:spec": { ...spec, "f:replicas": {} } } };
    expect(handOver([throttled, THEIRS], US)?.map(({ manager }) => manager)).toEqual([US, "bob"]);
    expect(handOver([throttled, THEIRS], US)?.[0]?.fieldsV1).toEqual({ "f:spec": { "f:replicas": {} } });
  });

  test.each([
    ["nobody applied it", [OURS]],
    ["nothing is ours", [THEIRS]],
    ["two applied it", [OURS, THEIRS, { ...THEIRS, manager: "alice" }]],
    ["it was applied in another version", [OURS, { ...THEIRS, apiVersion: "apps/v1beta1" }]],
    ["only a status was applied", [OURS, { ...THEIRS, subresource: "status" }]],
    ["entries cannot be read", [null, "x", { manager: US, operation: "Update", fieldsV1: [] }]],
  ])("gets nothing where %s", (_, entries) => {
    expect(handOver(entries, US)).toBeUndefined();
  });
});
