/** A small controller-runtime that knows nothing of the product. */
export {
  type ApplyOptions,
  type Client,
  createClient,
  type DeleteOptions,
  type JsonPatch,
  type ListOptions,
  type Page,
  type WriteOptions,
} from "./client.ts";
export { type ConditionValue, type KeptCondition, mergeConditions } from "./conditions.ts";
export {
  type Controller,
  type ControllerObserver,
  createController,
  fromStore,
  type ReconcileContext,
  type Result,
  type Source,
} from "./controller.ts";
export { type ClusterConfig, type ClusterSource, loadClusterConfig } from "./credentials.ts";
export { ApiError, type ApiErrorCode, isApiError } from "./errors.ts";
export { createEventRecorder, type EventNote, type EventRecorder } from "./events.ts";
export { runAsLeader } from "./leader.ts";
export type { LogFields, Logger } from "./logger.ts";
export { fromKey, type KubeObject, type ObjectMetadata, type ObjectRef, type ResourceType, toKey } from "./objects.ts";
export { reflect } from "./reflector.ts";
export { type Change, createStore, type Store, type WritableStore } from "./store.ts";
