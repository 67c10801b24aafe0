// The example of examples/voice with the registry and digests of this run.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import type { Published } from "../../examples/silero/publish.ts";
import { NODE_LABEL } from "./product.ts";

const at = (path: string) => fileURLToPath(new URL(`../../examples/voice/${path}`, import.meta.url));

/** Reads the documents of an example with names replaced: namespace, registry and digests. */
export function readExample(file: string, namespace: string, published: Published): string {
  let text = readFileSync(at(file), "utf8").replaceAll(/\bnamespace: voice\b/g, `namespace: ${namespace}`);
  for (const [name, image] of Object.entries(published.images)) {
    const placeholder = new RegExp(`registry\\.example/${name.replace("/", "\\/")}@sha256:[a-f0-9]{64}`, "g");
    text = text.replaceAll(placeholder, image);
  }
  return text;
}

interface Workload {
  spec: { template: { spec: { nodeSelector?: object } } };
}

/** The example's Deployment with other images, for the fake node. */
export function readDeployment(
  namespace: string,
  published: Published,
  images: { model: string; server: string },
): string {
  const [document] = parseAllDocuments(readExample("deployment.yaml", namespace, published));
  const workload = document?.toJS() as Workload;
  workload.spec.template.spec.nodeSelector = NODE_LABEL;
  const text = JSON.stringify(workload);
  return text
    .replaceAll(published.images["models/silero-vad:v5"], images.model)
    .replaceAll(published.images["voice-gate:v5"], images.server);
}
