/** The config of a ModelKit, as far as it decides what `kit unpack` puts where. */
import * as z from "zod";
import { parseJson } from "../decode.ts";
import type { Manifest } from "../registry/registry.ts";
import { unfit } from "../model-signing/refusal.ts";
import { boundBytes } from "./bytes.ts";
import type { OpenLayer } from "./hash-layer.ts";

const MAX_CONFIG_BYTES = 1024 * 1024;

const part = z.looseObject({ path: z.string().optional(), digest: z.string().optional() });
const parts = z.array(part).nullish();
const kitfile = z.looseObject({
  model: part.extend({ parts }).nullish(),
  code: parts,
  datasets: parts,
  docs: parts,
  prompts: parts,
});

async function readConfig({ config }: Manifest, open: OpenLayer): Promise<z.output<typeof kitfile>> {
  if (config.size > MAX_CONFIG_BYTES) throw unfit(`its config has more than ${MAX_CONFIG_BYTES} bytes`);
  const bytes = boundBytes(open(config), config.size, () => unfit("its config has more bytes than it says"));
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  try {
    return kitfile.parse(parseJson(Buffer.concat(chunks)));
  } catch {
    throw unfit("its config is no Kitfile");
  }
}

/**
 * Refuses a kit that brings in another one, and one of the early versions whose tars leave out the folder that the config
 * names: what would lie where is not in its layers.
 */
export async function demandPlainKit(manifest: Manifest, open: OpenLayer): Promise<void> {
  const { model, code, datasets, docs, prompts } = await readConfig(manifest, open);
  const digests = new Set(manifest.layers.map(({ digest }) => digest));
  if (/[:@]/.test(model?.path ?? "")) throw unfit("its model is that of another ModelKit");
  const named = [model, model?.parts, code, datasets, docs, prompts].flat();
  for (const one of named) {
    if (one?.path === undefined || one.path === "") continue;
    if (one.digest === undefined || !digests.has(one.digest))
      throw unfit("its config does not say which layer holds what");
  }
}
