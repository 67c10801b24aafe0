// The digests that approvals name, against the published vectors and the promises of docs/adr/0004.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { AISystem } from "../../../src/api/ai-system.ts";
import { notApproved } from "../../../src/api/fields.ts";
import { ModelRelease } from "../../../src/api/model-release.ts";
import { toApprovedForm, toCanonicalText } from "../../../src/domain/canonical.ts";
import { type Approvable, digestApprovable, digestSystem, digestUnder } from "../../../src/domain/digest.ts";

interface Vectors {
  system: { spec: unknown; canonical: string; digest: string };
  approvables: (Approvable & { canonical: string; digest: string })[];
}

const path = fileURLToPath(new URL("../../vectors/approval-digests.json", import.meta.url));
const vectors = JSON.parse(readFileSync(path, "utf8")) as Vectors;

test("the system's digest is the published one", () => {
  const spec = AISystem.spec.parse(vectors.system.spec);
  expect(toCanonicalText(toApprovedForm(AISystem.spec, spec))).toBe(vectors.system.canonical);
  expect(digestSystem(spec)).toBe(vectors.system.digest);
});

test.each(vectors.approvables.map((vector) => [vector.kind, vector] as const))(
  "%s has the published digest",
  (_, vector) => {
    expect(digestApprovable(vector)).toBe(vector.digest);
  },
);

describe("what changes a digest", () => {
  const [release, assessment] = vectors.approvables;
  if (release === undefined || assessment === undefined) throw new Error("two vectors are needed");
  const edit = (vector: Approvable, change: (spec: Record<string, unknown>) => void): Approvable => {
    const spec = structuredClone(vector.spec) as Record<string, unknown>;
    change(spec);
    return { ...vector, spec } as Approvable;
  };

  test("neither a ticked-off task nor an unknown field", () => {
    const ticked = edit(assessment, (spec) => {
      const [scenario] = spec.scenarios as { treatment: { measures: { progress: string }[] } }[];
      const [measure] = scenario?.treatment.measures ?? [];
      if (measure !== undefined) measure.progress = "open";
      spec.somethingNewer = "x";
    });
    expect(digestApprovable(ticked)).toBe(assessment.digest);
  });

  test("neither a field that a newer schema adds with a default, whether stored or not", () => {
    const newer = z.object({
      ...(ModelRelease.spec as unknown as z.ZodObject).shape,
      channel: z.enum(["stable", "beta"]).default("stable"),
      ticket: notApproved(z.string()).optional(),
    });
    expect(
      digestUnder(
        newer,
        edit(release, (spec) => (spec.channel = "stable")),
      ),
    ).toBe(release.digest);
    expect(
      digestUnder(
        newer,
        edit(release, (spec) => (spec.ticket = "X-1")),
      ),
    ).toBe(release.digest);
    expect(
      digestUnder(
        newer,
        edit(release, (spec) => (spec.channel = "beta")),
      ),
    ).not.toBe(release.digest);
  });

  test("every other edit, the name, the namespace and what it rests on", () => {
    const others: Approvable[] = [
      edit(release, (spec) => (spec.version = "v5.1")),
      edit(release, (spec) => (spec.knownRisks = ["one"])),
      { ...release, name: "other" },
      { ...release, namespace: "other" },
      { ...release, bound: { ...release.bound, tier: "minimal" } } as Approvable,
      { ...release, bound: { ...release.bound, system: `sha256:${"0".repeat(64)}` } } as Approvable,
    ];
    const digests = new Set(others.map(digestApprovable));
    expect(digests.size).toBe(others.length);
    expect(digests.has(release.digest)).toBe(false);
  });
});
