/** The one error that reading a registry throws. Its text is for people and carries no secret. */

export type RegistryErrorCode =
  | "Unreachable"
  | "TimedOut"
  | "Unauthorized"
  | "NotFound"
  | "RateLimited"
  | "TooLarge"
  | "DigestMismatch"
  | "Malformed"
  | "AddressRefused"
  | "Failed";

export class RegistryError extends Error {
  readonly code: RegistryErrorCode;
  /** How long the registry wants to be left alone, in milliseconds and bounded; undefined where it names no time. */
  readonly retryAfterMs: number | undefined;

  constructor(code: RegistryErrorCode, message: string, retryAfterMs?: number) {
    super(message);
    this.name = "RegistryError";
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? (error as { code: unknown }).code : undefined;

/** What went wrong, in words. A proxy that opens no tunnel is no fault of the registry, though it stands for it. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  const status = /^Proxy response \((\d{3})\)/.exec(error.message)?.[1];
  return status === undefined ? error.message : `the proxy does not lead there (HTTP ${status})`;
}

/** Says what went wrong while `host` was asked, whatever was thrown. */
export function toRegistryError(error: unknown, host: string, isTooLate: boolean): RegistryError {
  if (error instanceof RegistryError) return error;
  if (error instanceof Error && error.cause instanceof RegistryError) return error.cause;
  if (isTooLate) return new RegistryError("TimedOut", `${host} gave no whole answer in time`);
  switch (codeOf(error)) {
    case "UND_ERR_HEADERS_OVERFLOW":
      return new RegistryError("TooLarge", `${host} sends headers without end`);
    case "UND_ERR_HEADERS_TIMEOUT":
    case "UND_ERR_CONNECT_TIMEOUT":
      return new RegistryError("TimedOut", `${host} gave no answer in time`);
    default:
      return new RegistryError("Unreachable", `${host}: ${explain(error)}`);
  }
}
