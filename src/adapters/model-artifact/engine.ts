/** Runs a stream of bytes through one of zlib's engines, chunk by chunk; whatever either side does, the other ends too. */
import type { Transform } from "node:stream";

/** What zlib's engines tell beside what a Transform does. */
export type Engine = Transform & { readonly bytesWritten: number };

/** Feeds the engine for as long as it lives. */
async function feed(source: AsyncIterable<Buffer>, engine: Engine): Promise<void> {
  let goOn = () => {};
  // An engine that fails never answers the write it was at.
  engine.once("close", () => goOn());
  for await (const chunk of source) {
    await new Promise<void>((resolve) => {
      goOn = resolve;
      if (engine.destroyed) resolve();
      else engine.write(chunk, () => resolve());
    });
    if (engine.destroyed) return;
  }
  engine.end();
}

/** The output of `engine` over `source`. Errors of either are thrown; `source` is always read to its end, or closed. */
export async function* runEngine(source: AsyncIterable<Buffer>, engine: Engine): AsyncGenerator<Buffer> {
  let failure: { error: unknown } | undefined;
  const fed = feed(source, engine).catch((error: unknown) => {
    failure ??= { error };
    engine.destroy();
  });
  try {
    // Ended by the engine where its format ends: what follows is still to be read and counted.
    for await (const chunk of engine.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
    await fed;
  } catch (error) {
    failure ??= { error };
  } finally {
    engine.destroy();
    await fed;
  }
  if (failure !== undefined) throw failure.error;
}
