/**
 * What client-side apply remembers of a workload, so that a later apply removes what it leaves out. A rollback restores
 * fields behind its back; unless that is written where it looks, a variable or sidecar of the old release would outlive
 * it for good (kubernetes/kubernetes#94698). Pure.
 */
import type { KubeObject } from "../../runtime/index.ts";
import { isJsonObject, type JsonObject } from "./json-object.ts";

/** Where client-side apply keeps what it sent last. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
/** All annotations together may have 256 KiB. */
const MAX_LAST_APPLIED = 131_072;

function parseRecord(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What tells the items of Kubernetes' lists apart; other items are told apart by their place. */
const ITEM_KEYS = ["name", "mountPath", "containerPort", "key", "ip"] as const;

function findItem(list: unknown, item: unknown, index: number): unknown {
  if (!Array.isArray(list)) return undefined;
  if (!isJsonObject(item)) return list[index];
  const key = ITEM_KEYS.find((one) => item[one] !== undefined);
  if (key === undefined) return list[index];
  return list.find((other) => isJsonObject(other) && other[key] === item[key]);
}

/**
 * Of `restored` what an applier would have sent: what it sent before, and what was gone. The defaults that the API
 * server added stay out, or a tool would find a difference to its source where there is none.
 */
function recall(restored: unknown, sent: unknown, live: unknown): unknown {
  if (sent === undefined) return live === undefined ? restored : undefined;
  if (Array.isArray(restored)) {
    const items = restored.map((item, i) => recall(item, findItem(sent, item, i), findItem(live, item, i)));
    return items.filter((item) => item !== undefined);
  }
  if (!isJsonObject(restored)) return restored;
  const before = isJsonObject(sent) ? sent : {};
  const now = isJsonObject(live) ? live : {};
  const members = Object.entries(restored).map(([key, value]) => [key, recall(value, before[key], now[key])] as const);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

/** The operation that tells client-side apply of the template; none where it was not used, or cannot be told. */
export function listReminders(live: KubeObject & { spec?: { template?: unknown } }, template: object) {
  const text = live.metadata.annotations?.[LAST_APPLIED];
  const applied = text === undefined ? undefined : parseRecord(text);
  if (applied === undefined || !isJsonObject(applied.spec) || applied.spec.template === undefined) return [];
  const recalled = recall(template, applied.spec.template, live.spec?.template);
  const value = JSON.stringify({ ...applied, spec: { ...applied.spec, template: recalled } });
  if (Buffer.byteLength(value) > MAX_LAST_APPLIED) return [];
  return [{ op: "replace" as const, path: `/metadata/annotations/${LAST_APPLIED.replace("/", "~1")}`, value }];
}
