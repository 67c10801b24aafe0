// The example manifests name the digests that packing really gives, so that the committed signatures fit them.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { packAll } from "../../examples/silero/artifacts.ts";

test.each(["modelrelease-v5.yaml", "modelrelease-v6.yaml", "deployment.yaml"])("%s", async (file) => {
  const text = readFileSync(fileURLToPath(new URL(`../../examples/voice/${file}`, import.meta.url)), "utf8");
  const named = [...text.matchAll(/registry\.example\/(\S+)@(sha256:[a-f0-9]{64})/g)].map(([, name, digest]) => [
    name,
    digest,
  ]);
  const artifacts: Record<string, { digest: string }> = await packAll();
  expect(named.length).toBeGreaterThan(0);
  expect(named).toEqual(named.map(([name = ""]) => [name, artifacts[name]?.digest]));
});
