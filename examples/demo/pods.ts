// Pods that people try in the fourth and sixth act.
import { NODE_LABEL } from "../../test/harness/product.ts";

export interface PodShape {
  name: string;
  model: string;
  server: string;
  namespace?: string;
  system?: string;
  extra?: object;
}

/** A pod as the example's Deployment would make it. */
export function toPod({
  name,
  model,
  server,
  namespace = "voice",
  system = "voice-gate",
  extra = {},
}: PodShape): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { "vouchsafe.dev/system": system } },
    spec: {
      automountServiceAccountToken: false,
      nodeSelector: NODE_LABEL,
      securityContext: { runAsNonRoot: true },
      containers: [{ name: "server", image: server, securityContext: { readOnlyRootFilesystem: true } }],
      volumes: [{ name: "model", image: { reference: model } }],
      ...extra,
    },
  });
}
