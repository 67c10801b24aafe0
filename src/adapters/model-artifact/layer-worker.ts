/** What runs in the other thread: reads one layer from its registry, and hashes what is in it. */
import { ModelRefusal } from "../model-signing/refusal.ts";
import { RegistryError } from "../registry/errors.ts";
import { openRegistry } from "../registry/open.ts";
import { hashLayer } from "./hash-layer.ts";
import type { LayerAnswer, LayerRequest } from "./layer-pool.ts";
import { addBytes } from "./meter.ts";

async function* count(source: AsyncIterable<Buffer>, counter: SharedArrayBuffer): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    addBytes(counter, chunk.length);
    yield chunk;
  }
}

/** Hashes a layer. Errors of known kinds are answers, since their kind does not outlive the way between threads. */
export default async function readLayer({ access, ref, task, counter }: LayerRequest): Promise<LayerAnswer> {
  const { registry, close } = openRegistry(access);
  try {
    const open = ({ digest, size }: { digest: string; size: number }) => {
      const bytes = registry.streamBlob(ref, { mediaType: "application/octet-stream", digest, size });
      return counter === undefined ? bytes : count(bytes, counter);
    };
    return { outcome: "read", contents: await hashLayer(task, open) };
  } catch (error) {
    if (error instanceof ModelRefusal) return { outcome: "refused", code: error.code, why: error.message };
    if (error instanceof RegistryError) return { outcome: "failed", code: error.code, why: error.message };
    throw error;
  } finally {
    await close();
  }
}
