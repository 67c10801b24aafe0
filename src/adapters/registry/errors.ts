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

  constructor(code: RegistryErrorCode, message: string) {
    super(message);
    this.name = "RegistryError";
    this.code = code;
  }
}
