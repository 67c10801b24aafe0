/** The API reference for people, docs/api.md, from the same schemas as the CRDs. */
import { API_VERSION, type KindDefinition } from "../api/kind.ts";
import { toObjectSchema } from "./definition.ts";
import type { SchemaNode } from "./structural.ts";

interface Rule {
  message: string;
}

const escape = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** The type of a field in words, with its bounds. */
function describeType(node: SchemaNode): string {
  const limit = node.maxLength ?? node.maxItems ?? node.maxProperties;
  const bound = limit === undefined ? "" : `, at most ${limit}`;
  if (Array.isArray(node.enum)) return node.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (node.type === "array") return `list${bound}`;
  if (node.type === "object") return node.additionalProperties === undefined ? "object" : `map${bound}`;
  if (node.type === "integer") return `integer ${node.minimum ?? ""}–${node.maximum ?? ""}`;
  return node.format === undefined ? `string${bound}` : node.format;
}

function* listFields(node: SchemaNode, path: string): Generator<string> {
  const required = new Set(node.required ?? []);
  for (const [name, member] of Object.entries(node.properties ?? {})) {
    const full = `${path}.${name}`;
    const marks = [
      required.has(name) ? "required" : "",
      member.default === undefined ? "" : `default \`${JSON.stringify(member.default)}\``,
    ].filter((mark) => mark !== "");
    const suffix = marks.length === 0 ? "" : ` (${marks.join(", ")})`;
    yield `| \`${full}\` | ${describeType(member)} | ${escape(member.description ?? "")}${escape(suffix)} |`;
    yield* listFields(member, full);
    if (member.items !== undefined) yield* listFields(member.items, `${full}[]`);
    if (typeof member.additionalProperties === "object") yield* listFields(member.additionalProperties, `${full}{}`);
  }
}

function* listRules(node: SchemaNode): Generator<string> {
  for (const rule of (node["x-kubernetes-validations"] ?? []) as Rule[]) yield rule.message;
  const inner = [...Object.values(node.properties ?? {}), node.items, node.additionalProperties];
  for (const child of inner) if (typeof child === "object") yield* listRules(child);
}

/** The page. */
export function renderReference(kinds: readonly KindDefinition[]): string {
  const lines = [
    "# API reference",
    "",
    `All kinds are served as \`${API_VERSION}\`, category \`vouchsafe\` (\`kubectl get vouchsafe -A\`).`,
    "Generated from `src/api`: do not edit. `kubectl explain` says the same.",
  ];
  for (const kind of kinds) {
    const schema = toObjectSchema(kind);
    const { spec, status } = schema.properties ?? {};
    const scope = kind.namespaced ? "namespaced" : "cluster-scoped";
    lines.push(
      "",
      `## ${kind.kind}`,
      "",
      kind.description,
      "",
      `Short name \`${kind.shortNames.join(", ")}\`, ${scope}.`,
    );
    const rules = [...new Set(listRules(schema))];
    if (rules.length > 0) lines.push("", "Rules that the API server checks:", "", ...rules.map((rule) => `- ${rule}`));
    lines.push("", "| field | type | meaning |", "|---|---|---|");
    for (const [name, part] of [["spec", spec] as const, ["status", status] as const]) {
      if (part !== undefined) lines.push(...listFields(part, name));
    }
  }
  return `${lines.join("\n")}\n`;
}
