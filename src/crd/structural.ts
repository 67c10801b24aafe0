/**
 * Turns a zod schema into the structural OpenAPI schema that a CRD carries. It walks by an allow-list: a keyword
 * that it does not know is an error, or the CRD would silently check less than the parser does.
 */
import { RE2JS } from "@bufbuild/re2";
import * as z from "zod";

/** A JSON Schema node as zod writes it, and as the CRD carries it. */
export type SchemaNode = Record<string, unknown> & {
  type?: string;
  description?: string;
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  items?: SchemaNode;
  required?: string[];
  enum?: unknown[];
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
  maxProperties?: number;
};

/** Keywords that are taken over as they are. */
const KEPT = new Set([
  "type",
  "description",
  "default",
  "enum",
  "format",
  "pattern",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "maxProperties",
  "required",
  "x-kubernetes-validations",
  "x-kubernetes-list-type",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-map-type",
]);

/** Keywords that a CRD has no place for, and that say nothing that it would have to check. */
const DROPPED = new Set(["$schema", "approved", "propertyNames"]);

/** Formats that the API server checks by itself. */
const FORMATS = new Set(["date-time", "date", "uri", "cidr", "int64"]);

/** Converts one schema. Throws with the path of what does not fit a CRD. */
export function toStructuralSchema(schema: z.ZodType, path: string): SchemaNode {
  return walk(z.toJSONSchema(schema, { io: "input", unrepresentable: "throw", cycles: "throw" }) as SchemaNode, path);
}

function walk(node: SchemaNode, path: string): SchemaNode {
  const result: SchemaNode = {};
  for (const [keyword, value] of Object.entries(node)) {
    if (DROPPED.has(keyword)) continue;
    if (KEPT.has(keyword)) result[keyword] = value;
    else if (keyword === "properties") result.properties = walkMembers(node.properties ?? {}, path);
    else if (keyword === "items") result.items = walk(node.items ?? {}, `${path}[]`);
    else if (keyword === "additionalProperties") walkRest(node, result, path);
    else throw new Error(`${path}: a CRD cannot carry the keyword ${keyword}`);
  }
  demandFit(result, path);
  return result;
}

function walkMembers(properties: Record<string, SchemaNode>, path: string): Record<string, SchemaNode> {
  const members = Object.entries(properties).map(([name, member]): [string, SchemaNode] => {
    if (member.description === undefined) throw new Error(`${path}.${name}: kubectl explain needs a description`);
    return [name, walk(member, `${path}.${name}`)];
  });
  return Object.fromEntries(members);
}

/** A closed object needs no keyword, since the API server prunes what it does not know. */
function walkRest(node: SchemaNode, result: SchemaNode, path: string): void {
  const rest = node.additionalProperties;
  if (rest === false) return;
  if (rest === undefined || rest === true) throw new Error(`${path}: fields that no schema describes`);
  if (node.properties !== undefined) throw new Error(`${path}: either named fields or a map, not both`);
  result.additionalProperties = walk(rest, `${path}{}`);
}

function demandFit(node: SchemaNode, path: string): void {
  if (node.type === undefined) throw new Error(`${path}: a structural schema names a type everywhere`);
  if (node.type === "integer") node.format = "int64";
  if (node.pattern !== undefined) RE2JS.compile(node.pattern);
  if (node.format !== undefined && !FORMATS.has(node.format)) {
    throw new Error(`${path}: format ${node.format} is not checked`);
  }
  const bound = findMissingBound(node);
  if (bound !== undefined) throw new Error(`${path}: ${bound} is needed, the API server prices rules by it`);
  if (node.type === "array" && node["x-kubernetes-list-type"] === undefined) node["x-kubernetes-list-type"] = "atomic";
}

function findMissingBound(node: SchemaNode): string | undefined {
  if (node.type === "array" && node.maxItems === undefined) return "maxItems";
  if (node.type === "string" && node.maxLength === undefined && node.enum === undefined) return "maxLength";
  if (node.additionalProperties !== undefined && node.maxProperties === undefined) return "maxProperties";
  return undefined;
}
