/** A small controller-runtime that knows nothing of the product. */
export { type Client, createClient } from "./client.ts";
export { type KeptCondition, mergeConditions } from "./conditions.ts";
export { type Controller, createController, fromStore, type Result, type Source } from "./controller.ts";
export { loadClusterConfig } from "./credentials.ts";
export { isApiError } from "./errors.ts";
export { createEventRecorder, type EventRecorder } from "./events.ts";
export { runAsLeader } from "./leader.ts";
export type { Logger } from "./logger.ts";
export type { KubeObject, ObjectMetadata, ResourceType } from "./objects.ts";
export { reflect } from "./reflector.ts";
export { createStore, type WritableStore } from "./store.ts";
