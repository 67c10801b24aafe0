/** Finds objects of ours in the manifests of a commit, as YAML or JSON documents. What does not parse is never guessed. */
import { parseAllDocuments } from "yaml";
import * as z from "zod";
import { listManifests } from "./manifests.ts";
import type { FileEntry, TreeReader } from "./tree.ts";

/** Which object is meant. A document without a namespace belongs to wherever it is delivered. */
export interface ObjectName {
  kind: string;
  namespace: string;
  name: string;
}

/** What a file holds of the object: one document, none, or something that cannot be told. */
export type Holding = { holds: "one"; spec: unknown } | { holds: "none" } | { holds: "unclear" };

const MAX_DOCUMENTS = 200;
const NONE: Holding = { holds: "none" };
const UNCLEAR: Holding = { holds: "unclear" };

const document = z.object({
  apiVersion: z.string().startsWith("vouchsafe.dev/"),
  kind: z.string(),
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
  spec: z.unknown(),
});

/** Reads all documents of a text; undefined where one of them is broken. */
function parseDocuments(text: string): unknown[] | undefined {
  try {
    const documents = parseAllDocuments(text, { logLevel: "silent" });
    if (!Array.isArray(documents) || documents.length > MAX_DOCUMENTS) return undefined;
    if (documents.some(({ errors }) => errors.length > 0)) return undefined;
    return documents.map((one) => one.toJS({ maxAliasCount: 50 }) as unknown);
  } catch {
    return undefined;
  }
}

/** What one file holds of the object. */
export async function readHolding(reader: TreeReader, file: FileEntry, wanted: ObjectName): Promise<Holding> {
  const text = Buffer.from(await reader.readFile(file), "latin1").toString("utf8");
  if (!text.includes(wanted.name)) return NONE;
  const documents = parseDocuments(text);
  if (documents === undefined) return UNCLEAR;
  const found = documents.flatMap((one) => {
    const parsed = document.safeParse(one).data;
    if (parsed === undefined || parsed.kind !== wanted.kind || parsed.metadata.name !== wanted.name) return [];
    return [undefined, wanted.namespace].includes(parsed.metadata.namespace) ? [parsed.spec] : [];
  });
  if (found.length > 1) return UNCLEAR;
  return found.length === 1 ? { holds: "one", spec: found[0] } : NONE;
}

/** Where the object lies below the path: in one file, in none, or where it cannot be told. */
export type Whereabouts = { lies: "here"; file: string; spec: unknown } | { lies: "nowhere" } | { lies: "unclear" };

/** Looks for the object in every manifest below the path. */
export async function findObject(
  reader: TreeReader,
  at: { commit: string; path: string | undefined },
  wanted: ObjectName,
): Promise<Whereabouts> {
  let found: Whereabouts = { lies: "nowhere" };
  for (const file of await listManifests(reader, at.commit, at.path)) {
    const holding = await readHolding(reader, file, wanted);
    if (holding.holds === "none") continue;
    if (holding.holds === "unclear" || found.lies === "here") return { lies: "unclear" };
    found = { lies: "here", file: file.path, spec: holding.spec };
  }
  return found;
}
