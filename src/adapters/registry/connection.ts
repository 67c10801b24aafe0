/** Sends one request to where it may go: no metadata services, and TLS but for hosts that are named as insecure. */
import { Agent } from "undici";
import { demandAddress, lookupSafely } from "./addresses.ts";
import type { Response } from "./bodies.ts";
import { RegistryError } from "./errors.ts";

export interface ConnectionOptions {
  /** Hosts that are asked without TLS. */
  insecureHosts: ReadonlySet<string>;
}

/** What is sent, besides its address. */
export interface Message {
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
}

const CONNECT_TIMEOUT_MS = 10_000;
const MAX_HEADER_BYTES = 32 * 1024;

/** Opens the pool that all requests of an exchange go through. */
export function openConnections(options: ConnectionOptions) {
  const agent = new Agent({
    connect: { lookup: lookupSafely, timeout: CONNECT_TIMEOUT_MS },
    maxHeaderSize: MAX_HEADER_BYTES,
    // Time is bounded by whoever asks: by a deadline for the whole, or by a pace.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    send: async (url: URL, { method, headers, body }: Message, signal: AbortSignal): Promise<Response> => {
      if (!["http:", "https:"].includes(url.protocol) || url.username !== "" || url.password !== "") {
        throw new RegistryError("AddressRefused", "a registry leads to something that is no plain address of HTTP");
      }
      demandAddress(url.hostname);
      if (url.protocol === "http:" && !options.insecureHosts.has(url.host)) {
        throw new RegistryError("AddressRefused", `${url.host} would be asked without TLS`);
      }
      return agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        // Nothing is unpacked on the way: what is hashed is what was sent.
        headers: { ...headers, "accept-encoding": "identity", "user-agent": "vouchsafe" },
        body: body ?? null,
        signal,
      });
    },
    close: () => agent.destroy(),
  };
}
