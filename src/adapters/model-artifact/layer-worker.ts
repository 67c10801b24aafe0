/** What runs in the other thread: reads one layer from its registry, and hashes what is in it. */
import { ModelRefusal } from "../model-signing/refusal.ts";
import { RegistryError } from "../registry/errors.ts";
import { openRegistry } from "../registry/open.ts";
import { createPauses } from "../registry/pauses.ts";
import { hashLayer } from "./hash-layer.ts";
import type { LayerAnswer, SentRequest } from "./layer-pool.ts";
import { addBytes } from "./meter.ts";

async function* count(source: AsyncIterable<Buffer>, counter: SharedArrayBuffer): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    addBytes(counter, chunk.length);
    yield chunk;
  }
}

/** Hashes a layer. Errors of known kinds are answers, since their kind does not outlive the way between threads. */
export default async function readLayer({ access, pauses, ref, task, counter }: SentRequest): Promise<LayerAnswer> {
  const known = createPauses(Date.now);
  known.take(pauses);
  const { registry, close } = openRegistry(access, known);
  try {
    const open = ({ digest, size }: { digest: string; size: number }) => {
      const bytes = registry.streamBlob(ref, { mediaType: "application/octet-stream", digest, size });
      return counter === undefined ? bytes : count(bytes, counter);
    };
    const contents = await hashLayer(task, open);
    return { outcome: "read", contents, pauses: known.list() };
  } catch (error) {
    const learnt = { pauses: known.list() };
    if (error instanceof ModelRefusal) return { ...learnt, outcome: "refused", code: error.code, why: error.message };
    if (error instanceof RegistryError) {
      const { code, message: why, retryAfterMs } = error;
      return { ...learnt, outcome: "failed", code, why, retryAfterMs };
    }
    throw error;
  } finally {
    await close();
  }
}
