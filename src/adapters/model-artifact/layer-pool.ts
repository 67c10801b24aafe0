/** Reads layers in another thread, one at a time: a model has gigabytes, and hashing takes all of a core. */
import { ModelRefusal, type ModelRefusalCode } from "../model-signing/refusal.ts";
import { RegistryError, type RegistryErrorCode } from "../registry/errors.ts";
import type { RegistryAccess } from "../registry/open.ts";
import type { Pause, Pauses } from "../registry/pauses.ts";
import type { ImageReference } from "../registry/reference.ts";
import { createThreads } from "../threads.ts";
import type { LayerContents, LayerTask } from "./layer.ts";

export interface LayerRequest {
  access: RegistryAccess;
  /** Which registries asked to be left alone, so that the other thread does, too, and what it learns of that comes back. */
  pauses: Pauses;
  ref: ImageReference;
  task: LayerTask;
  /** Where its bytes are counted as they come (meter.ts). */
  counter?: SharedArrayBuffer;
}

/** The same as it goes to the other thread. */
export type SentRequest = Omit<LayerRequest, "pauses"> & { pauses: Pause[] };

export type LayerAnswer = { pauses: Pause[] } & (
  | { outcome: "read"; contents: LayerContents }
  | { outcome: "refused"; code: ModelRefusalCode; why: string }
  | { outcome: "failed"; code: RegistryErrorCode; why: string; retryAfterMs: number | undefined }
);

export interface LayerPool {
  /** Throws a ModelRefusal or a RegistryError, as reading it here would. */
  hashLayer(request: LayerRequest): Promise<LayerContents>;
  close(): Promise<void>;
}

/** A layer of 100 GiB at 30 MiB/s takes as long. Whoever sends slowly holds up all others until then. */
const MAX_LAYER_MS = 3_600_000;

/** Makes a pool. */
export function createLayerPool(): LayerPool {
  const { run, close } = createThreads<SentRequest, LayerAnswer>("layer", { most: 1, timeoutMs: MAX_LAYER_MS });
  return {
    hashLayer: async (request) => {
      const answer = await run(() => ({ ...request, pauses: request.pauses.list() }));
      request.pauses.take(answer.pauses);
      switch (answer.outcome) {
        case "read":
          return answer.contents;
        case "refused":
          throw new ModelRefusal(answer.code, answer.why);
        case "failed":
          throw new RegistryError(answer.code, answer.why, answer.retryAfterMs);
      }
    },
    close,
  };
}
