// What a rollback leaves for the next client-side apply of people.
import { describe, expect, test } from "vitest";
import { listReminders } from "../../../src/controllers/containment/last-applied.ts";

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

  test("learns of what was gone, and not of the API server's defaults", () => {
    const sent = { spec: { containers: [{ name: "server", image: "v6", args: ["--fast"] }] } };
    const applied = JSON.stringify({ spec: { template: sent } });
    const defaults = { imagePullPolicy: "IfNotPresent", terminationMessagePath: "/dev/termination-log" };
    const toTemplate = (container: object, ...others: object[]) => ({
      spec: { restartPolicy: "Always", containers: [...others, { ...defaults, ...container }] },
    });
    const live = {
      ...toObject({ [LAST_APPLIED]: applied }),
      spec: { template: toTemplate({ name: "server", image: "v6", args: ["--fast"] }) },
    };
    const env = [{ name: "MODE", value: "calm" }];
    const tap = { name: "tap", image: "v1" };
    const restored = toTemplate({ name: "server", image: "v5", args: ["--slow", "--safe"], env }, tap);
    const [operation] = listReminders(live, restored);
    expect(JSON.parse(operation?.value ?? "")).toEqual({
      spec: {
        template: {
          spec: { containers: [tap, { name: "server", image: "v5", args: ["--slow", "--safe"], env }] },
        },
      },
    });
  });

  test.each([
    ["was never used", {}],
    ["left something that is no JSON", { [LAST_APPLIED]: "{" }],
    ["left no object", { [LAST_APPLIED]: "[]" }],
    ["left no spec", { [LAST_APPLIED]: "{}" }],
    ["left no template", { [LAST_APPLIED]: '{"spec":{}}' }],
    [
      "left more than annotations hold",
      { [LAST_APPLIED]: JSON.stringify({ spec: { x: "x".repeat(140_000), template: {} } }) },
    ],
  ])("is left alone where it %s", (_, annotations) => {
    expect(listReminders(toObject(annotations), TEMPLATE)).toEqual([]);
  });
});
