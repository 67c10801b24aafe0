// An API server that refuses what a test names, and a controller that looks once: what was asked of it is kept.
import type { Toolbox } from "../../../src/controllers/toolbox.ts";
import { createWorld } from "../../../src/controllers/world.ts";
import { ApiError, type ApiErrorCode } from "../../../src/runtime/errors.ts";
import type { Controller, KubeObject, ResourceType } from "../../../src/runtime/index.ts";
import type { ObjectRef } from "../../../src/runtime/objects.ts";
import type { EvidenceRecord } from "../../../src/telemetry/evidence.ts";
import { eventually } from "../../harness/wait.ts";
import { NOW } from "../domain/voice.ts";

export interface RefusingServer {
  tools: Toolbox;
  /** `verb name` of every request, and `record what object` of every evidence record, in order. */
  seen: string[];
  /** Lets the controller work until it looked at its keys once, and `ms` longer. */
  look(controller: Controller, ms?: number): Promise<("done" | "requeued" | "failed")[]>;
}

/** Refuses requests by `verb name`; lists give `items`. */
export function createRefusingServer(
  refused: Readonly<Record<string, ApiErrorCode>>,
  items: readonly KubeObject[] = [],
): RefusingServer {
  const seen: string[] = [];
  const outcomes: ("done" | "requeued" | "failed")[] = [];
  const ask = async <T>(verb: string, name: string, answer: T): Promise<T> => {
    seen.push(`${verb} ${name}`);
    const code = refused[`${verb} ${name}`];
    if (code !== undefined) throw new ApiError({ code, status: 400, message: `${verb} ${name}` });
    return answer;
  };
  const client = {
    get: (_: ResourceType, { name }: ObjectRef) => ask("get", name, { metadata: { name }, data: {} }),
    list: ({ plural }: ResourceType) => ask("list", plural, { items }),
    create: (_: ResourceType, object: KubeObject) => ask("create", object.metadata.name, object),
    apply: (_: ResourceType, object: KubeObject) => ask("apply", object.metadata.name, object),
    patchMerge: (_: ResourceType, { name }: ObjectRef) => ask("patch", name, {}),
    delete: (_: ResourceType, { name }: ObjectRef) => ask("delete", name, undefined),
  };
  const silent = () => {};
  const logger = { debug: silent, info: silent, warn: silent, error: silent, child: () => logger };
  const tools = {
    client,
    world: createWorld(),
    events: { record: async () => {} },
    evidence: { record: ({ what, object }: EvidenceRecord) => void seen.push(`record ${what} ${object}`) },
    metrics: {
      count: (name: string, labels: { outcome: "done" | "requeued" | "failed" }) => {
        if (name === "reconciles") outcomes.push(labels.outcome);
      },
      observe: silent,
      set: silent,
      remove: silent,
    },
    logger,
    now: () => NOW,
  } as unknown as Toolbox;
  return {
    tools,
    seen,
    look: async (controller, ms = 0) => {
      const before = outcomes.length;
      const stopping = new AbortController();
      const run = controller.run(stopping.signal);
      await eventually("a look", () => outcomes.length > before || undefined, { withinMs: 5000 });
      await new Promise((done) => setTimeout(done, ms));
      stopping.abort();
      await run;
      return outcomes.slice(before);
    },
  };
}
