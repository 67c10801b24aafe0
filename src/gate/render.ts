/**
 * Writes the admission policies into the chart; with --check it only says whether the file is stale. The only
 * template mark in the text is the operator's namespace.
 */
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { listValidatingPolicies, MUTATING_POLICIES } from "./policies/index.ts";
import { SERVICE_ACCOUNT, toObjects } from "./policies/policy.ts";
import { writeGenerated } from "../crd/write-generated.ts";

const OPERATOR = { namespace: "{{ .Release.Namespace }}", serviceAccount: SERVICE_ACCOUNT };

const render = (objects: readonly object[]) =>
  objects
    .map((object) => stringify(object, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false }))
    .join("---\n");

const validating = render(listValidatingPolicies(OPERATOR).flatMap((policy) => toObjects(policy, OPERATOR)));
const mutating = render(MUTATING_POLICIES.flatMap((policy) => toObjects(policy, OPERATOR)));

const at = (path: string) => fileURLToPath(new URL(`../../charts/vouchsafe/templates/${path}`, import.meta.url));
const HEAD = "{{- /* Generated from src/gate/policies: run make generate. */ -}}\n";
writeGenerated([
  { path: at("policies.yaml"), text: `${HEAD}${validating}` },
  {
    path: at("mutations.yaml"),
    text: `${HEAD}{{- if eq (include "vouchsafe.mutations" .) "true" }}\n${mutating}{{- end }}\n`,
  },
]);
