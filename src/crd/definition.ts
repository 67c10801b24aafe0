/** The CustomResourceDefinition of one kind, from its definition in api/. */
import { GROUP, type KindDefinition, VERSION } from "../api/kind.ts";
import { type SchemaNode, toStructuralSchema } from "./structural.ts";

/** The schema of a whole object of the kind. */
export function toObjectSchema(kind: KindDefinition): SchemaNode {
  const schema: SchemaNode = {
    type: "object",
    description: kind.description,
    required: ["spec"],
    properties: {
      apiVersion: { type: "string", description: `Always ${GROUP}/${VERSION}.` },
      kind: { type: "string", description: `Always ${kind.kind}.` },
      metadata: { type: "object" },
      spec: toStructuralSchema(kind.spec, `${kind.kind}.spec`),
      status: toStructuralSchema(kind.status, `${kind.kind}.status`),
    },
  };
  if (kind.rules.length > 0) schema["x-kubernetes-validations"] = kind.rules;
  return schema;
}

/** The object that `kubectl apply` takes. */
export function toDefinition(kind: KindDefinition): Record<string, unknown> {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${kind.plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: kind.namespaced ? "Namespaced" : "Cluster",
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.singular,
        shortNames: kind.shortNames,
        categories: ["vouchsafe"],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns,
          schema: { openAPIV3Schema: toObjectSchema(kind) },
        },
      ],
    },
  };
}
