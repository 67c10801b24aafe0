/** Objects of JSON whose members nobody vouches for. */
export type JsonObject = Record<string, unknown>;

/** Whether `value` is an object of JSON, and no list. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
