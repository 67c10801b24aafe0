// Cuts the operations that the product uses out of GitHub's published OpenAPI description, and everything that their
// schemas refer to. Texts for people are left out; what is left is as published. To run it with a newer description:
//   npm pack @octokit/openapi@VERSION && tar xzf octokit-openapi-*.tgz package/generated/api.github.com.json
//   node test/vectors/github/extract.ts VERSION package/generated/api.github.com.json
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const OPERATIONS: [method: string, path: string][] = [
  ["get", "/repos/{owner}/{repo}/git/ref/{ref}"],
  ["get", "/repos/{owner}/{repo}/git/commits/{commit_sha}"],
  ["get", "/repos/{owner}/{repo}/git/trees/{tree_sha}"],
  ["get", "/repos/{owner}/{repo}/git/blobs/{file_sha}"],
  ["get", "/repos/{owner}/{repo}/commits"],
  ["get", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls"],
  ["get", "/repos/{owner}/{repo}/pulls"],
  ["get", "/repos/{owner}/{repo}/pulls/{pull_number}/files"],
  ["get", "/repos/{owner}/{repo}/pulls/{pull_number}/commits"],
  ["get", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews"],
  ["post", "/repos/{owner}/{repo}/git/blobs"],
  ["post", "/repos/{owner}/{repo}/git/trees"],
  ["post", "/repos/{owner}/{repo}/git/commits"],
  ["post", "/repos/{owner}/{repo}/git/refs"],
  ["post", "/repos/{owner}/{repo}/pulls"],
  ["post", "/repos/{owner}/{repo}/issues/{issue_number}/labels"],
  ["post", "/app/installations/{installation_id}/access_tokens"],
];
/** Answers that every operation may give. */
const ALWAYS = ["basic-error", "validation-error"];

type Node = { [key: string]: unknown };
const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && !Array.isArray(value);

const TEXTS = new Set(["description", "title", "example", "examples", "externalDocs", "deprecated"]);

/** Leaves out texts; a property that happens to be named like one stays. */
function strip(value: unknown, isMap = false): unknown {
  if (Array.isArray(value)) return value.map((one) => strip(one));
  if (!isNode(value)) return value;
  const members = Object.entries(value).filter(([key]) => isMap || !(TEXTS.has(key) || key.startsWith("x-")));
  return Object.fromEntries(members.map(([key, one]) => [key, strip(one, !isMap && key === "properties")]));
}

const [version = "", file = ""] = process.argv.slice(2);
const api = JSON.parse(readFileSync(file, "utf8")) as Node;

const lookUp = (ref: string): unknown =>
  ref
    .slice(2)
    .split("/")
    .reduce<unknown>((node, key) => (isNode(node) ? node[key] : undefined), api);
const resolve = (value: unknown): Node => {
  if (!isNode(value)) throw new TypeError("not an object of the description");
  return typeof value.$ref === "string" ? resolve(lookUp(value.$ref)) : value;
};

const schemas = new Map<string, unknown>();
/** Takes along every schema that a value refers to. */
function collect(value: unknown): void {
  if (Array.isArray(value)) for (const one of value) collect(one);
  if (!isNode(value)) return;
  const name = typeof value.$ref === "string" ? /^#\/components\/schemas\/(.+)$/.exec(value.$ref)?.[1] : undefined;
  if (name !== undefined && !schemas.has(name)) {
    const schema = strip(lookUp(`#/components/schemas/${name}`));
    schemas.set(name, schema);
    collect(schema);
  }
  for (const one of Object.values(value)) collect(one);
}

const schemaOf = (content: unknown): unknown => {
  const json = isNode(content) ? content["application/json"] : undefined;
  return isNode(json) ? strip(json.schema) : undefined;
};

const operations: Node = {};
for (const [method, path] of OPERATIONS) {
  const item = resolve(isNode(api.paths) ? api.paths[path] : undefined);
  const operation = resolve(item[method]);
  const parameters = Array.isArray(operation.parameters) ? operation.parameters.map(resolve) : [];
  const body = isNode(operation.requestBody) ? resolve(operation.requestBody) : {};
  const responses = Object.entries(resolve(operation.responses)).map(([status, response]) => {
    const schema = schemaOf(resolve(response).content);
    return [status, schema === undefined ? {} : { schema }];
  });
  const entry = {
    parameters: parameters.map(({ name, in: where, required, schema }) => ({
      name,
      in: where,
      required,
      schema: strip(schema),
    })),
    ...(body.content === undefined ? {} : { body: schemaOf(body.content) }),
    responses: Object.fromEntries(responses) as unknown,
  };
  operations[`${method.toUpperCase()} ${path}`] = entry;
  collect(entry);
}
for (const name of ALWAYS) collect({ $ref: `#/components/schemas/${name}` });

const result = {
  source: `@octokit/openapi ${version}, api.github.com (MIT)`,
  operations,
  components: { schemas: Object.fromEntries([...schemas].toSorted(([a], [b]) => (a < b ? -1 : 1))) },
};
writeFileSync(fileURLToPath(new URL("openapi.json", import.meta.url)), `${JSON.stringify(result, undefined, 2)}\n`);
