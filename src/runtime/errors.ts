/** The one error that talking to the API server throws, with a closed list of codes. */

export type ApiErrorCode =
  | "BadRequest"
  | "Unauthorized"
  | "Forbidden"
  | "NotFound"
  | "AlreadyExists"
  | "Conflict"
  | "Gone"
  | "Invalid"
  | "TooLarge"
  | "TooManyRequests"
  | "ServerError"
  | "Timeout"
  | "Network"
  | "Malformed";

export interface ApiErrorFacts {
  code: ApiErrorCode;
  message: string;
  /** HTTP status; 0 where none was received. */
  status: number;
  /** Kubernetes' own reason, such as AlreadyExists. */
  reason?: string;
  /** How long the server asks to wait. */
  retryAfterMs?: number;
  cause?: unknown;
}

/** A request that did not succeed. `message` is the server's own where it gave one. */
export class ApiError extends Error {
  readonly code: ApiErrorCode;
  readonly status: number;
  readonly reason: string;
  readonly retryAfterMs: number | undefined;

  constructor(facts: ApiErrorFacts) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "ApiError";
    this.code = facts.code;
    this.status = facts.status;
    this.reason = facts.reason ?? "";
    this.retryAfterMs = facts.retryAfterMs;
  }
}

const BY_STATUS: Record<number, ApiErrorCode> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  410: "Gone",
  413: "TooLarge",
  422: "Invalid",
  429: "TooManyRequests",
  504: "Timeout",
};

/** Classifies an HTTP status with Kubernetes' reason. */
export function toErrorCode(status: number, reason: string): ApiErrorCode {
  if (reason === "AlreadyExists") return "AlreadyExists";
  if (reason === "Expired") return "Gone";
  return BY_STATUS[status] ?? (status >= 500 ? "ServerError" : "BadRequest");
}

/** Whether an error is an ApiError of one of these codes. */
export function isApiError(error: unknown, ...codes: ApiErrorCode[]): error is ApiError {
  return error instanceof ApiError && (codes.length === 0 || codes.includes(error.code));
}
