/** What a status of HTTP other than success means. */
import { readHeader, type Response } from "./bodies.ts";
import { RegistryError } from "./errors.ts";
import { parseRetryAfter } from "./retry-after.ts";

/** How long a registry is left alone that limits its rate and names no time. */
export const DEFAULT_RETRY_AFTER_MS = 60_000;

/** Names the error of an answer that is none. */
export function toStatusError(response: Response, host: string): RegistryError {
  const { statusCode: status } = response;
  const retryAfterMs = parseRetryAfter(readHeader(response, "retry-after"), Date.now());
  if (status === 401 || status === 403) {
    return new RegistryError("Unauthorized", `${host} refuses to show it (HTTP ${status})`);
  }
  if (status === 404) return new RegistryError("NotFound", `${host} does not have it`);
  if (status === 429) {
    const ms = retryAfterMs ?? DEFAULT_RETRY_AFTER_MS;
    return new RegistryError("RateLimited", `${host} asks to come back later (HTTP 429)`, ms);
  }
  return new RegistryError("Failed", `${host} answers with HTTP ${status}`, retryAfterMs);
}
