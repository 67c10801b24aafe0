/**
 * The approved form of a spec: what is left of it once everything is taken out that no approval rests on.
 * Version 1 of it stays for ever (docs/adr/0004): change nothing here that changes a published vector.
 */
import canonicalize from "canonicalize";
import * as z from "zod";

/** The part of a JSON Schema that the form depends on. */
interface Node {
  properties?: Record<string, Node>;
  additionalProperties?: Node | boolean;
  items?: Node;
  default?: unknown;
  /** False for a field that is not part of what is approved. */
  approved?: boolean;
}

const nodes = new WeakMap<z.ZodType, Node>();

function toNode(schema: z.ZodType): Node {
  const known = nodes.get(schema);
  if (known !== undefined) return known;
  const node = z.toJSONSchema(schema, { io: "input" }) as Node;
  nodes.set(schema, node);
  return node;
}

/** RFC 8785 text of a JSON value. */
export function toCanonicalText(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("only JSON values have a canonical text");
  return text;
}

function findMember(node: Node, key: string): Node | undefined {
  if (node.properties !== undefined && Object.hasOwn(node.properties, key)) return node.properties[key];
  return typeof node.additionalProperties === "object" ? node.additionalProperties : undefined;
}

function isDefault(node: Node, pruned: unknown): boolean {
  return "default" in node && toCanonicalText(prune(node, node.default)) === toCanonicalText(pruned);
}

function prune(node: Node, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = node;
    return items === undefined ? value : value.map((item) => prune(items, item));
  }
  if (typeof value !== "object" || value === null) return value;
  const members: [string, unknown][] = [];
  for (const [key, member] of Object.entries(value)) {
    const child = findMember(node, key);
    if (child === undefined || child.approved === false || member === undefined) continue;
    const pruned = prune(child, member);
    if (!isDefault(child, pruned)) members.push([key, pruned]);
  }
  return Object.fromEntries(members);
}

/**
 * The form of `value` that approvals bind: without members that the schema does not know, that it marks
 * `approved: false`, or whose approved form equals that of their default. Items of lists are never left out,
 * and an object or list that is empty, or becomes empty, stays.
 */
export function toApprovedForm(schema: z.ZodType, value: unknown): unknown {
  return prune(toNode(schema), value);
}
