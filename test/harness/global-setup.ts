// Starts the control plane that the integration tests share: bare, without the product.
import type { TestProject } from "vitest/node";
import { findControlPlaneBinary } from "./binary.ts";
import { startControlPlane } from "./controlplane.ts";

declare module "vitest" {
  interface ProvidedContext {
    kubeconfig: string;
    binary: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const binary = await findControlPlaneBinary();
  const plane = await startControlPlane({ binary });
  project.provide("kubeconfig", plane.kubeconfig);
  project.provide("binary", binary);
  return plane.stop;
}
