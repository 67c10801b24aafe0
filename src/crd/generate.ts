/** Writes crds/*.yaml and docs/api.md; with --check it only says which are stale. */
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { KINDS } from "../api/index.ts";
import { toDefinition } from "./definition.ts";
import { renderReference } from "./reference.ts";
import { writeGenerated } from "./write-generated.ts";

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const crds = KINDS.map((kind) => ({
  path: at(`crds/${kind.plural}.yaml`),
  text: `# Generated from src/api: run make generate.\n${stringify(toDefinition(kind), { version: "1.1", lineWidth: 0 })}`,
}));
writeGenerated([...crds, { path: at("docs/api.md"), text: renderReference(KINDS) }]);
