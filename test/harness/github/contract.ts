// Holds requests and answers to GitHub's published OpenAPI description, and fills what a test does not care about, so
// that every answer of the fake is a whole one.
import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";

type Schema = { [key: string]: unknown };

interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  schema: Schema;
}

interface Operation {
  parameters: Parameter[];
  body?: Schema;
  responses: Record<string, { schema?: Schema }>;
}

interface Description {
  operations: Record<string, Operation>;
  components: { schemas: Record<string, Schema> };
}

const isObject = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** OpenAPI 3.0 says `nullable`, JSON Schema says `null`. */
function toJsonSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toJsonSchema);
  if (!isObject(value)) return value;
  const { nullable, ...rest } = value;
  const schema = Object.fromEntries(Object.entries(rest).map(([key, one]) => [key, toJsonSchema(one)]));
  return nullable === true ? { anyOf: [schema, { type: "null" }] } : schema;
}

const file = new URL("../../vectors/github/openapi.json", import.meta.url);
const published = JSON.parse(readFileSync(file, "utf8")) as Description;
const description = toJsonSchema(published) as Description;
const ID = "https://github.test/description";

const ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: false });
// The package is CommonJS: its default export is the function itself, or holds it.
const formats = addFormats as unknown as { default?: (target: Ajv) => void } & ((target: Ajv) => void);
(formats.default ?? formats)(ajv);
ajv.addFormat("repo.nwo", /^[^/]+\/[^/]+$/);
ajv.addSchema({ ...description, $id: ID });

const compiled = new Map<string, ValidateFunction>();
function validatorOf(pointer: string): ValidateFunction {
  const known = compiled.get(pointer) ?? ajv.compile({ $ref: `${ID}#${pointer}` });
  compiled.set(pointer, known);
  return known;
}

const escapePointer = (text: string) => text.replaceAll("~", "~0").replaceAll("/", "~1");
const toPointer = (...parts: string[]) => parts.map((part) => `/${encodeURIComponent(escapePointer(part))}`).join("");

/** Throws what does not fit. */
function demand(what: string, pointer: string, value: unknown): void {
  const validate = validatorOf(pointer);
  if (!validate(value))
    throw new Error(`${what} does not fit GitHub's description: ${ajv.errorsText(validate.errors)}`);
}

export const OPERATIONS = Object.keys(description.operations);

/** Throws where a request has a query parameter or a member that the operation does not know, or lacks one. */
export function demandRequest(operation: string, query: URLSearchParams, body: unknown): void {
  const { parameters, body: bodySchema }: Operation = description.operations[operation] ?? {
    parameters: [],
    responses: {},
  };
  for (const [name, text] of query) {
    const parameter = parameters.find((one) => one.in === "query" && one.name === name);
    if (parameter === undefined) throw new Error(`${operation} knows no query parameter ${name}`);
    const value = parameter.schema.type === "integer" ? Number(text) : text;
    const index = String(parameters.indexOf(parameter));
    demand(`${operation} ?${name}`, toPointer("operations", operation, "parameters", index, "schema"), value);
  }
  if (bodySchema === undefined) {
    if (body !== undefined) throw new Error(`${operation} takes no body`);
    return;
  }
  demand(`the body of ${operation}`, toPointer("operations", operation, "body"), body);
  const known = listMembers(bodySchema);
  for (const name of Object.keys(isObject(body) ? body : {})) {
    if (!known.has(name)) throw new Error(`${operation} knows no member ${name}`);
  }
}

function listMembers(schema: Schema): Set<string> {
  const own = isObject(schema.properties) ? Object.keys(schema.properties) : [];
  const nested = [schema.oneOf, schema.anyOf].flatMap((all) => (Array.isArray(all) ? (all as Schema[]) : []));
  return new Set([...own, ...nested.flatMap((one) => [...listMembers(one)])]);
}

/** Throws where an answer is not one that the operation gives. */
export function demandResponse(operation: string, status: number, body: unknown): void {
  const response = description.operations[operation]?.responses[String(status)];
  const what = `the answer ${status} of ${operation}`;
  if (response?.schema !== undefined) {
    demand(what, toPointer("operations", operation, "responses", String(status), "schema"), body);
  } else if (status >= 400) demand(what, toPointer("components", "schemas", "basic-error"), body);
  else throw new Error(`${operation} never answers ${status}`);
}

const find = (schema: Schema): Schema =>
  typeof schema.$ref === "string"
    ? find(published.components.schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {})
    : schema;

const TEXT: Record<string, string> = { uri: "https://github.test/x", "date-time": "2026-01-01T00:00:00Z" };

/** The least value of a schema that is no object. */
function fillScalar(schema: Schema): unknown {
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (schema.type === "string") return TEXT[String(schema.format)] ?? "x";
  if (schema.type === "boolean") return false;
  return schema.type === "array" ? [] : 0;
}

function fillObject(schema: Schema, given: Schema): Schema {
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  const names = new Set([...((schema.required ?? []) as string[]), ...Object.keys(given)]);
  return Object.fromEntries([...names].map((name) => [name, fill(properties[name] ?? {}, given[name])]));
}

/** A whole value of a schema with the given members, and the least that the schema asks for elsewhere. */
function fill(reference: Schema, given: unknown): unknown {
  const schema = find(reference);
  if (Array.isArray(given)) return given.map((one) => fill(isObject(schema.items) ? schema.items : {}, one));
  if (given !== undefined && !isObject(given)) return given;
  if (given === undefined && schema.nullable === true) return null;
  const choices = [schema.allOf, schema.anyOf, schema.oneOf].flatMap((all) =>
    Array.isArray(all) ? (all as Schema[]) : [],
  );
  if (choices[0] !== undefined) return fill(choices[0], given);
  const isScalar = schema.type !== undefined && schema.type !== "object";
  return isScalar && given === undefined ? fillScalar(schema) : fillObject(schema, given ?? {});
}

/** The whole answer of an operation around what the fake knows. */
export function toAnswer(operation: string, status: number, given: unknown): unknown {
  const schema = published.operations[operation]?.responses[String(status)]?.schema;
  return schema === undefined ? given : fill(schema, given);
}
