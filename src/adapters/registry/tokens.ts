/** Answers a registry's challenge: one authorization after the other, as far as there are credentials to try. */
import {
  type Challenge,
  type Credentials,
  type FindCredentials,
  parseChallenge,
  parseToken,
  toDirect,
  toTokenRequest,
} from "./authorization.ts";
import { discard, readBounded } from "./bodies.ts";
import type { Send } from "./connection.ts";
import { toStatusError } from "./status.ts";

export const MAX_TOKEN_BYTES = 64 * 1024;

/** A registry that answered 401. */
export interface Refusal {
  /** Its WWW-Authenticate. */
  header: string;
  url: URL;
  host: string;
  repository: string;
}

/** Makes the generator of what to send as Authorization. */
export function createAuthorizer(send: Send, findCredentials: FindCredentials) {
  const authorize = async (
    challenge: Challenge,
    known: Credentials | undefined,
    registry: URL,
    signal: AbortSignal,
  ): Promise<string | undefined> => {
    const direct = toDirect(challenge, known);
    if (direct !== undefined || challenge.scheme === "basic") return direct;
    const { url, ...message } = toTokenRequest(challenge, known, registry);
    const response = await send(url, message, signal);
    if (response.statusCode === 200) {
      return `Bearer ${parseToken(await readBounded(response, MAX_TOKEN_BYTES, url.host), url.host)}`;
    }
    await discard(response, signal);
    // A service that does not know somebody is no reason to give up; one that is out of order is.
    if (response.statusCode === 429 || response.statusCode >= 500) throw toStatusError(response, url.host);
    return undefined;
  };

  return async function* tryCredentials(refusal: Refusal, signal: AbortSignal): AsyncGenerator<string, void> {
    const challenge = parseChallenge(refusal.header);
    if (challenge === undefined) return;
    const known = findCredentials(refusal.host, refusal.repository);
    for (const one of known.length > 0 ? known : [undefined]) {
      const authorization = await authorize(challenge, one, refusal.url, signal);
      if (authorization !== undefined) yield authorization;
    }
  };
}
