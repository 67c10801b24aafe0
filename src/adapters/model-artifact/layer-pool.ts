/** Reads layers in another thread, one at a time: a model has gigabytes, and hashing takes all of a core. */
import { ModelRefusal, type ModelRefusalCode } from "../model-signing/refusal.ts";
import { RegistryError, type RegistryErrorCode } from "../registry/errors.ts";
import type { RegistryAccess } from "../registry/open.ts";
import type { ImageReference } from "../registry/reference.ts";
import { createThreads } from "../threads.ts";
import type { LayerContents, LayerTask } from "./layer.ts";

export interface LayerRequest {
  access: RegistryAccess;
  ref: ImageReference;
  task: LayerTask;
  /** Where its bytes are counted as they come (meter.ts). */
  counter?: SharedArrayBuffer;
}

export type LayerAnswer =
  | { outcome: "read"; contents: LayerContents }
  | { outcome: "refused"; code: ModelRefusalCode; why: string }
  | { outcome: "failed"; code: RegistryErrorCode; why: string };

export interface LayerPool {
  /** Throws a ModelRefusal or a RegistryError, as reading it here would. */
  hashLayer(request: LayerRequest): Promise<LayerContents>;
  close(): Promise<void>;
}

/** A layer of 100 GiB at 30 MiB/s takes as long. Whoever sends slowly holds up all others until then. */
const MAX_LAYER_MS = 3_600_000;

/** Makes a pool. */
export function createLayerPool(): LayerPool {
  const { run, close } = createThreads<LayerRequest, LayerAnswer>("layer", { most: 1, timeoutMs: MAX_LAYER_MS });
  return {
    hashLayer: async (request) => {
      const answer = await run(request);
      switch (answer.outcome) {
        case "read":
          return answer.contents;
        case "refused":
          throw new ModelRefusal(answer.code, answer.why);
        case "failed":
          throw new RegistryError(answer.code, answer.why);
      }
    },
    close,
  };
}
