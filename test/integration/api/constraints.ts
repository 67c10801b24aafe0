// Reads a CRD's schema as data: a whole valid value, and for every bound, enum, format, key and required field a value
// that breaks exactly that, with the words in which the API server refuses it.
import type { SchemaNode } from "../../../src/crd/structural.ts";

export interface Violation {
  /** Such as spec.tiers[].name maxLength. */
  name: string;
  /** Puts the bad value into a copy of the whole object. */
  object: Record<string, unknown>;
  /** What the API server has to say. */
  says: string;
}

type Path = (string | number)[];

/** One value for each pattern of the API; a new pattern needs a line here. */
const SAMPLES: Record<string, string> = {
  "^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\\/[A-Za-z0-9._-]{0,99}[A-Za-z0-9_-]$": "acme/deploy",
  "^[A-Za-z0-9_][A-Za-z0-9._/-]*$": "main",
  "^[A-Za-z0-9_.@+-]+(?:\\/[A-Za-z0-9_.@+-]+)*$": "apps/voice",
  "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$": "name",
  "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$": "name",
  "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$": "value",
  "^https?:\\/\\/[^\\s]+$": "https://accounts.acme.example",
  "^[^\\s]+$": "ml@acme.example",
  "^[^/\\s][^\\r\\n]*$": "models/voice",
  "^model:v1:sha256:[a-f0-9]{64}$": `model:v1:sha256:${"a".repeat(64)}`,
  "^[^\\r\\n]+$": "one line",
  "^sha256:[a-f0-9]{64}$": `sha256:${"a".repeat(64)}`,
  "^v1:sha256:[a-f0-9]{64}$": `v1:sha256:${"a".repeat(64)}`,
  "^[a-f0-9]{64}$": "a".repeat(64),
  "^[0-9]{1,5}[hm]$": "72h",
  "^[A-Z][A-Za-z0-9]*$": "Reason",
  "^[^@\\s]+@sha256:[a-f0-9]{64}$": `r.example/x@sha256:${"a".repeat(64)}`,
  "^[-._a-zA-Z0-9]+$": "key",
  "^[a-f0-9]{40}([a-f0-9]{24})?$": "a".repeat(40),
  "^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$": "octocat",
  "^AML\\.[A-Z]+[0-9]{4}(\\.[0-9]{3})?$": "AML.T0043",
  "^(LLM|ML)[0-9]{2}(:20[0-9]{2})?$": "LLM01:2025",
};
const FORMATS: Record<string, string> = {
  "date-time": "2026-11-24T00:00:00Z",
  date: "2026-11-24",
  uri: "https://x.example",
  cidr: "10.0.0.0/8",
};

/** A valid value with every field there is. */
export function sample(node: SchemaNode): unknown {
  if (node.enum !== undefined) return node.enum[0];
  switch (node.type ?? "") {
    case "object":
      if (typeof node.additionalProperties === "object") return { key: sample(node.additionalProperties) };
      return Object.fromEntries(Object.entries(node.properties ?? {}).map(([key, member]) => [key, sample(member)]));
    case "array":
      return Array.from({ length: (node.minItems as number | undefined) ?? 1 }, () => sample(node.items ?? {}));
    case "integer":
      return node.minimum ?? 1;
    default: {
      if (node.format !== undefined && FORMATS[node.format] !== undefined) return FORMATS[node.format];
      if (node.pattern === undefined) return "text";
      const value = SAMPLES[node.pattern];
      if (value === undefined) throw new Error(`add a sample for the pattern ${node.pattern}`);
      return value;
    }
  }
}

/** A copy of `object` with `value` at the path; undefined removes. */
function place(object: Record<string, unknown>, path: Path, value: unknown): Record<string, unknown> {
  const copy = structuredClone(object);
  let at = copy as Record<string | number, unknown>;
  for (const part of path.slice(0, -1)) at = at[part] as Record<string | number, unknown>;
  const last = path.at(-1) ?? "";
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}

function* breakString(node: SchemaNode): Generator<[string, unknown, string]> {
  if (node.maxLength !== undefined)
    yield ["maxLength", "a".repeat(node.maxLength + 1), `may not be more than ${node.maxLength} bytes`];
  if (node.minLength !== undefined)
    yield ["minLength", "", `should be at least ${String(node.minLength as number)} chars long`];
  if (node.pattern !== undefined) yield ["pattern", "\n", "should match"];
  if (node.format !== undefined) yield ["format", "nonsense", `must be of type ${node.format}`];
}

function* breakNumber(node: SchemaNode): Generator<[string, unknown, string]> {
  if (node.minimum !== undefined) yield ["minimum", node.minimum - 1, "should be greater than or equal to"];
  // Beyond what JavaScript counts exactly, but still a number of the API.
  if (node.maximum !== undefined)
    yield ["maximum", node.maximum > 1e15 ? 1e16 : node.maximum + 1, "should be less than or equal to"];
}

function* breakList(node: SchemaNode): Generator<[string, unknown, string]> {
  const item = sample(node.items ?? {});
  const many = (count: number) => Array.from({ length: count }, () => item);
  if (node.maxItems !== undefined) yield ["maxItems", many(node.maxItems + 1), "must have at most"];
  const least = node.minItems as number | undefined;
  if (least !== undefined) yield ["minItems", many(least - 1), `should have at least ${least} items`];
  const type = node["x-kubernetes-list-type"];
  if (type === "set" || type === "map") yield [`list-type ${type}`, many(2), "Duplicate value"];
}

function* breakMap(node: SchemaNode): Generator<[string, unknown, string]> {
  if (node.maxProperties === undefined || typeof node.additionalProperties !== "object") return;
  const value = sample(node.additionalProperties);
  const entries = Array.from({ length: node.maxProperties + 1 }, (_, i) => [`k${i}`, value]);
  yield ["maxProperties", Object.fromEntries(entries), "must have at most"];
}

function* breakNode(node: SchemaNode): Generator<[string, unknown, string]> {
  if (node.enum !== undefined) yield ["enum", "no-such-value", "Unsupported value"];
  else if (node.type === "string") yield* breakString(node);
  if (node.type === "integer") yield* breakNumber(node);
  if (node.type === "array") yield* breakList(node);
  if (node.type === "object") yield* breakMap(node);
}

const describe = (path: Path) =>
  path.map((part, i) => (typeof part === "number" ? "[]" : i === 0 ? part : `.${part}`)).join("");

/** Every violation below a node; `whole` is a valid object with every field. */
export function* listViolations(node: SchemaNode, path: Path, whole: Record<string, unknown>): Generator<Violation> {
  for (const [constraint, value, says] of breakNode(node)) {
    yield { name: `${describe(path)} ${constraint}`, object: place(whole, path, value), says };
  }
  for (const name of node.required ?? []) {
    yield {
      name: `${describe([...path, name])} required`,
      object: place(whole, [...path, name], undefined),
      says: "Required value",
    };
  }
  for (const [name, member] of Object.entries(node.properties ?? {}))
    yield* listViolations(member, [...path, name], whole);
  if (node.items !== undefined) yield* listViolations(node.items, [...path, 0], whole);
  if (typeof node.additionalProperties === "object")
    yield* listViolations(node.additionalProperties, [...path, "key"], whole);
}

/** The messages of all CEL rules of a schema. */
export function* listRules(node: SchemaNode): Generator<string> {
  for (const { message } of (node["x-kubernetes-validations"] ?? []) as { message: string }[]) yield message;
  for (const child of [...Object.values(node.properties ?? {}), node.items, node.additionalProperties]) {
    if (typeof child === "object") yield* listRules(child);
  }
}
