/** Which registries asked to be left alone, and until when: nobody asks them again before, whatever for. */
import { RegistryError } from "./errors.ts";

/** One of them, as plain data: it goes to other threads and back. */
export interface Pause {
  host: string;
  /** Epoch milliseconds. */
  until: number;
}

export interface Pauses {
  /** Throws where the host is to be left alone. */
  demandFree(host: string): void;
  /** Leaves the host alone for a while, if the error says so. */
  note(host: string, error: RegistryError): void;
  /** Those that are not over. */
  list(): Pause[];
  /** Takes over what was noted elsewhere; what lasts longer counts. */
  take(pauses: readonly Pause[]): void;
}

/** Most hosts that are remembered; tenants name them. */
const MAX_HOSTS = 1000;

/** Makes the memory that exchanges share. */
export function createPauses(now: () => number): Pauses {
  const until = new Map<string, number>();
  const remember = (host: string, end: number) => {
    until.delete(host);
    const [oldest] = until.keys();
    if (until.size >= MAX_HOSTS && oldest !== undefined) until.delete(oldest);
    until.set(host, end);
  };
  return {
    demandFree: (host) => {
      const left = (until.get(host) ?? 0) - now();
      if (left > 0) {
        const seconds = Math.ceil(left / 1000);
        throw new RegistryError("RateLimited", `${host} asked to be left alone for another ${seconds} s`, left);
      }
      until.delete(host);
    },
    note: (host, { retryAfterMs }) => {
      if (retryAfterMs !== undefined && retryAfterMs > 0) remember(host, now() + retryAfterMs);
    },
    list: () => [...until].flatMap(([host, end]) => (end > now() ? [{ host, until: end }] : [])),
    take: (pauses) => {
      for (const { host, until: end } of pauses) if (end > (until.get(host) ?? now())) remember(host, end);
    },
  };
}
