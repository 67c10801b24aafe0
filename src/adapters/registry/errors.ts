/** The one error that reading a registry throws. Its text is for people and carries no secret. */

export type RegistryErrorCode =
  | "Unreachable"
  /** It answers, but not by TLS. */
  | "NotTls"
  /** Its certificate is not believed. */
  | "Untrusted"
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
