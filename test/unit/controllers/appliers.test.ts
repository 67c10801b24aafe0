// What a rollback leaves for the next apply of people. The trees of fields are written by hand, as the Kubernetes
// documentation of server-side apply has them.
import { describe, expect, test } from "vitest";
import { handOver, listReminders } from "../../../src/controllers/containment/appliers.ts";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
const toObject = (annotations: Record<string, string>) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "gate", annotations },
});
const TEMPLATE = { spec: { containers: [{ name: "v5" }] } };

describe("client-side apply", () => {
  test("learns of the template, and of nothing else", () => {
    const applied = { kind: "Deployment", spec: { replicas: 2, template: { spec: { containers: [{ name: "v6" }] } } } };
    const [operation, ...others] = listReminders(toObject({ [LAST_APPLIED]: JSON.stringify(applied) }), TEMPLATE);
    expect(others).toEqual([]);
    expect(operation).toMatchObject({
      op: "replace",
      path: "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration",
    });
    expect(JSON.parse(operation?.value ?? "")).toEqual({
      kind: "Deployment",
      spec: { replicas: 2, template: TEMPLATE },
    });
  });

  test.each([
    ["was never used", {}],
    ["left something that is no JSON", { [LAST_APPLIED]: "{" }],
    ["left no object", { [LAST_APPLIED]: "[]" }],
    ["left no spec", { [LAST_APPLIED]: "{}" }],
    ["left more than annotations hold", { [LAST_APPLIED]: JSON.stringify({ spec: { x: "x".repeat(140_000) } }) }],
  ])("is left alone where it %s", (_, annotations) => {
    expect(listReminders(toObject(annotations), TEMPLATE)).toEqual([]);
  });
});

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
