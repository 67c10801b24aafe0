/** What breaks a connection, in words: what OpenSSL, the system and the HTTP client say of it helps few people. */
import { RegistryError, type RegistryErrorCode } from "./errors.ts";

const UNKNOWN_AUTHORITY = "its certificate is by an authority that is not trusted here";
const OTHER_HOST = "its certificate is that of another host";
const CLOSED = "it closed the connection without an answer";
const NO_WAY = "no network leads there";
const NO_NAME = "its name is not known (DNS)";

/** By the code of what was thrown. */
const FAULTS: Record<string, readonly [RegistryErrorCode, string]> = {
  UND_ERR_HEADERS_OVERFLOW: ["TooLarge", "it sends headers without end"],
  UND_ERR_HEADERS_TIMEOUT: ["TimedOut", "it gave no answer in time"],
  UND_ERR_CONNECT_TIMEOUT: ["TimedOut", "it gave no answer in time"],
  // Of the system, which gives up on an address: a connection that broke, and is taken up again.
  ETIMEDOUT: ["Unreachable", "it gave no answer in time"],
  ERR_SSL_WRONG_VERSION_NUMBER: ["NotTls", "it does not speak TLS (https)"],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ["NotTls", "it does not speak TLS (https)"],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ["Untrusted", UNKNOWN_AUTHORITY],
  UNABLE_TO_GET_ISSUER_CERT: ["Untrusted", UNKNOWN_AUTHORITY],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ["Untrusted", UNKNOWN_AUTHORITY],
  SELF_SIGNED_CERT_IN_CHAIN: ["Untrusted", UNKNOWN_AUTHORITY],
  DEPTH_ZERO_SELF_SIGNED_CERT: ["Untrusted", "its certificate is its own word: it issued it to itself"],
  CERT_HAS_EXPIRED: ["Untrusted", "its certificate has run out"],
  CERT_NOT_YET_VALID: ["Untrusted", "its certificate is not valid yet"],
  ERR_TLS_CERT_ALTNAME_INVALID: ["Untrusted", OTHER_HOST],
  HOSTNAME_MISMATCH: ["Untrusted", OTHER_HOST],
  ECONNREFUSED: ["Unreachable", "nothing answers at that port"],
  ECONNRESET: ["Unreachable", CLOSED],
  EPIPE: ["Unreachable", CLOSED],
  UND_ERR_SOCKET: ["Unreachable", CLOSED],
  EHOSTUNREACH: ["Unreachable", NO_WAY],
  ENETUNREACH: ["Unreachable", NO_WAY],
  ENOTFOUND: ["Unreachable", NO_NAME],
  EAI_AGAIN: ["Unreachable", "the name server (DNS) does not answer"],
  UND_ERR_PRX_CONN: ["Unreachable", "the proxy does not lead there"],
};

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";

/** Where it was refused, where that is not what was asked for: a name has an address, and a proxy another one. */
function showPlace(error: unknown, host: string): string {
  if (!(error instanceof Error) || !("address" in error && "port" in error)) return "";
  const place = `${String(error.address)}:${String(error.port)}`;
  return place === host ? "" : ` (${place})`;
}

const OF_CERTIFICATE = /^(?:CERT_|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH)/;

function toConnectionError(error: unknown, host: string): RegistryError {
  const code = codeOf(error);
  const known = Object.hasOwn(FAULTS, code) ? FAULTS[code] : undefined;
  if (known !== undefined) return new RegistryError(known[0], `${host}: ${known[1]}${showPlace(error, host)}`);
  if (OF_CERTIFICATE.test(code))
    return new RegistryError("Untrusted", `${host}: its certificate is not accepted (${code})`);
  if (code.startsWith("ERR_SSL_")) return new RegistryError("Unreachable", `${host}: no TLS was agreed on (${code})`);
  if (error instanceof Error && error.name === "HTTPParserError")
    return new RegistryError("Unreachable", `${host}: what it answers is no HTTP`);
  const why = error instanceof Error ? error.message : "failed";
  const [, status] = /^Proxy response \((\d+)\)/.exec(why) ?? [];
  if (status !== undefined)
    return new RegistryError("Unreachable", `${host}: the proxy does not lead there (HTTP ${status})`);
  return new RegistryError("Unreachable", `${host}: ${why}`);
}

/** Says what went wrong while `host` was asked, whatever was thrown. */
export function toRegistryError(error: unknown, host: string, isTooLate: boolean): RegistryError {
  if (error instanceof RegistryError) return error;
  if (error instanceof Error && error.cause instanceof RegistryError) return error.cause;
  if (isTooLate) return new RegistryError("TimedOut", `${host} gave no whole answer in time`);
  return toConnectionError(error, host);
}
