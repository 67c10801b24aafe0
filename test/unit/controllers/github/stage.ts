// The parts of a Toolbox for controllers that talk to GitHub: real stores and queues, a clock of the test, and a client
// that keeps what is written, as the API server would take it.
import { createWorld, type World } from "../../../../src/controllers/world.ts";
import type { Toolbox } from "../../../../src/controllers/toolbox.ts";
import type { Read } from "../../../../src/domain/facts.ts";
import type { ObjectMeta } from "../../../../src/api/kind.ts";
import { createStore, type EventRecorder, type KubeObject, type WritableStore } from "../../../../src/runtime/index.ts";
import { ApiError } from "../../../../src/runtime/errors.ts";
import { createEvidence } from "../../../../src/telemetry/evidence.ts";
import { createMetrics } from "../../../../src/telemetry/metrics.ts";

type Held = KubeObject & { metadata: ObjectMeta };
type HeldStore = WritableStore<Held, Read<Held>>;

/** A store that takes objects as they are. */
const holdAll = (): HeldStore =>
  createStore<Held, Read<Held>>({
    project: (object) => ({ outcome: "valid", metadata: object.metadata, object }),
    indexes: { namespace: ({ metadata }) => [metadata.namespace ?? ""] },
  });

const STORES = ["incidents", "systems", "releases", "assessments", "warrants", "approvals", "policies"] as const;
type StoreName = (typeof STORES)[number];

export interface Stage {
  tools: Toolbox;
  clock: { now: number };
  /** Puts an object into the world, as its watch would. */
  show(store: StoreName | "namespaces", object: unknown): void;
  /** Objects that were created, and statuses that were applied. */
  created: KubeObject[];
  /** Names of objects whose creation was asked for, refused or not. */
  asked: string[];
  applied: { object: KubeObject; manager: string; status: unknown }[];
  notes: string[];
  evidence: Record<string, unknown>[];
}

export function createStage(now: number): Stage {
  const stores = Object.fromEntries(STORES.map((name) => [name, holdAll()])) as Record<StoreName, HeldStore>;
  const world = { ...createWorld(), ...stores } as unknown as World;
  const clock = { now };
  const created: KubeObject[] = [];
  const asked: string[] = [];
  const applied: Stage["applied"] = [];
  const notes: string[] = [];
  const evidence: Record<string, unknown>[] = [];
  const events: EventRecorder = {
    record: async (_, { type, reason, note }) => void notes.push(`${type} ${reason}: ${note}`),
  };
  const client = {
    create: async (_: unknown, object: KubeObject) => {
      asked.push(object.metadata.name);
      if (created.some(({ metadata }) => metadata.name === object.metadata.name)) {
        throw new ApiError({ code: "AlreadyExists", status: 409, message: "it exists already" });
      }
      created.push(object);
      return object;
    },
    apply: async (
      _: unknown,
      object: KubeObject & { status?: unknown },
      { fieldManager }: { fieldManager: string },
    ) => {
      applied.push({ object, manager: fieldManager, status: object.status });
      return object;
    },
  };
  const silent = () => {};
  const logger = { debug: silent, info: silent, warn: silent, error: silent, child: () => logger };
  const tools = {
    client,
    world,
    events,
    evidence: createEvidence((line) => void evidence.push(JSON.parse(line) as Record<string, unknown>), silent),
    metrics: createMetrics(),
    logger,
    now: () => clock.now,
  } as unknown as Toolbox;
  return {
    tools,
    clock,
    show: (store, object) => {
      const target = world[store] as unknown as HeldStore;
      target.take({ type: "Apply", object: structuredClone(object) as Held });
    },
    created,
    asked,
    applied,
    notes,
    evidence,
  };
}
