/** Sends one request to where it may go: no metadata services, and TLS but for hosts that are named as insecure. */
import { lookup } from "node:dns";
import { getCACertificates } from "node:tls";
import { Agent, type Dispatcher, ProxyAgent } from "undici";
import { demandAddress, type Resolve, toSafeLookup } from "./addresses.ts";
import type { Response } from "./bodies.ts";
import { RegistryError } from "./errors.ts";
import { toRegistryError } from "./faults.ts";
import { isExcepted, parseProxy, type ProxySettings } from "./proxies.ts";

export interface ConnectionOptions {
  /** Hosts that are asked without TLS. */
  insecureHosts: ReadonlySet<string>;
  /** Certificates in PEM that are trusted besides those of Node. */
  ca?: string;
  proxy?: ProxySettings;
  /** How names are resolved; the system's way where it is left out. */
  resolve?: Resolve;
}

/** What is sent, besides its address. */
export interface Message {
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
}

/** Sends a request and gives the answer, whatever its status. */
export type Send = (url: URL, message: Message, signal: AbortSignal) => Promise<Response>;

export const CONNECT_TIMEOUT_MS = 10_000;
export const MAX_HEADER_BYTES = 32 * 1024;

/** The pools, and which of them an address is asked through. */
interface Pools {
  all: Dispatcher[];
  choose: (url: URL) => Dispatcher;
}

const NO_PROXY: ProxySettings = { https: "", http: "", except: "" };

function openPools({ ca, proxy = NO_PROXY, resolve = lookup }: ConnectionOptions): Pools {
  const tls = ca === undefined ? {} : { ca: [...getCACertificates("default"), ca] };
  const pool = {
    connect: { ...tls, lookup: toSafeLookup(resolve), timeout: CONNECT_TIMEOUT_MS },
    maxHeaderSize: MAX_HEADER_BYTES,
    // One protocol with one set of bounds.
    allowH2: false,
    // Time is bounded by whoever asks: by a deadline for the whole, or by a pace.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const direct = new Agent(pool);
  // A proxy resolves names by itself; its own address is the administrator's word.
  const through = (name: string, address: string): Dispatcher => {
    if (address === "") return direct;
    const { uri, token } = parseProxy(name, address);
    const timed = { ...tls, timeout: CONNECT_TIMEOUT_MS };
    return new ProxyAgent({ ...pool, uri, ...(token && { token }), requestTls: timed, proxyTls: timed });
  };
  const https = through("HTTPS_PROXY", proxy.https);
  const http = through("HTTP_PROXY", proxy.http);
  return {
    all: [...new Set([direct, https, http])],
    choose: (url) => {
      if (isExcepted(url, proxy.except)) return direct;
      return url.protocol === "https:" ? https : http;
    },
  };
}

/** Opens the pools that all requests of an exchange go through. */
export function openConnections(options: ConnectionOptions): { send: Send; close: () => Promise<void> } {
  const pools = openPools(options);
  return {
    send: async (url, { method, headers, body }, signal) => {
      if (!["http:", "https:"].includes(url.protocol) || url.username !== "" || url.password !== "") {
        throw new RegistryError("AddressRefused", "a registry leads to something that is no plain address of HTTP");
      }
      demandAddress(url.hostname);
      if (url.protocol === "http:" && !options.insecureHosts.has(url.host)) {
        throw new RegistryError("AddressRefused", `${url.host} would be asked without TLS`);
      }
      try {
        return await pools.choose(url).request({
          origin: url.origin,
          path: url.pathname + url.search,
          method,
          // Nothing is unpacked on the way: what is hashed is what was sent.
          headers: { ...headers, "accept-encoding": "identity", "user-agent": "vouchsafe" },
          body: body ?? null,
          signal,
        });
      } catch (error) {
        // Told by the host that was asked, which after a redirect is not the registry.
        throw signal.aborted ? error : toRegistryError(error, url.host, false);
      }
    },
    close: async () => {
      await Promise.all(pools.all.map((pool) => pool.destroy()));
    },
  };
}
