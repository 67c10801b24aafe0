// Writes the CRDs into the chart as templates, kept on uninstall and applied before everything else; with --check
// it only says whether the file is stale.
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { KINDS } from "../src/api/index.ts";
import { toDefinition } from "../src/crd/definition.ts";
import { writeGenerated } from "../src/crd/write-generated.ts";

const ANNOTATIONS = {
  // Deleting a CRD deletes every object of its kind: uninstalling the chart must not lose approvals.
  "helm.sh/resource-policy": "keep",
  "argocd.argoproj.io/sync-wave": "-2",
  "argocd.argoproj.io/sync-options": "ServerSideApply=true,Prune=false",
};

const documents = KINDS.map((kind) => {
  const definition = toDefinition(kind) as { metadata: object };
  return stringify({ ...definition, metadata: { ...definition.metadata, annotations: ANNOTATIONS } }, { version: "1.1", lineWidth: 0 });
});
writeGenerated([
  {
    path: fileURLToPath(new URL("vouchsafe/templates/crds.yaml", import.meta.url)),
    text: `{{- /* Generated from src/api: run make generate. */ -}}\n${documents.join("---\n")}`,
  },
]);
