// The rollback as it is written: a dry-run first, exactly the object that was read, the template and nothing else.
import { describe, expect, test } from "vitest";
import { rollBack } from "../../../src/controllers/containment/change-workload.ts";
import type { Toolbox } from "../../../src/controllers/toolbox.ts";
import { toSnapshot, toWorkload } from "./contained.ts";

interface Written {
  patch: { op: string; path: string; value?: unknown }[];
  isDryRun: boolean;
}

/** An API server that has one workload, answers with `found` and keeps what is written. */
function serve(metadata: object, found: unknown): { tools: Toolbox; written: Written[] } {
  const written: Written[] = [];
  const client = {
    get: () => Promise.resolve({ metadata }),
    patchJson: (_type: unknown, _ref: unknown, patch: Written["patch"], options: { dryRun?: boolean }) => {
      written.push({ patch, isDryRun: options.dryRun === true });
      return Promise.resolve({ metadata, spec: { replicas: 3, template: found } });
    },
  };
  return { tools: { client } as unknown as Toolbox, written };
}

describe.each(["Deployment", "StatefulSet", "DaemonSet"] as const)("a %s", (kind) => {
  const { facts } = toWorkload({ kind });
  const snapshot = toSnapshot();

  test("goes back by its template alone, never its replicas, on exactly the object that was read", async () => {
    const { tools, written } = serve(
      { ...facts.metadata, resourceVersion: "9" },
      { ...snapshot.template, added: "default" },
    );
    expect(await rollBack(tools, facts, snapshot)).toEqual({ outcome: "patched" });
    const patch = [
      { op: "test", path: "/metadata/uid", value: "uid-gate" },
      { op: "test", path: "/metadata/resourceVersion", value: "9" },
      { op: "replace", path: "/spec/template", value: snapshot.template },
    ];
    expect(written).toEqual([
      { patch, isDryRun: true },
      { patch, isDryRun: false },
    ]);
  });

  test("is left alone where the dry-run gives something else", async () => {
    const { tools, written } = serve(facts.metadata, { ...snapshot.template, spec: { containers: [] } });
    expect(await rollBack(tools, facts, snapshot)).toMatchObject({ outcome: "refused" });
    expect(written.map(({ isDryRun }) => isDryRun)).toEqual([true]);
  });

  test.each([
    ["another one of its name", { uid: "other" }],
    ["changed meanwhile", { generation: 3 }],
  ])("is looked at again where it is %s", async (_, change) => {
    const { tools, written } = serve({ ...facts.metadata, ...change }, snapshot.template);
    expect(await rollBack(tools, facts, snapshot)).toEqual({ outcome: "stale" });
    expect(written).toEqual([]);
  });
});
