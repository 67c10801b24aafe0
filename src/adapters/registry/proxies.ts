/**
 * Proxies as the environment names them, for the operator and the command alike. What is asked without one is told by the
 * rules of Go's programs (golang.org/x/net/http/httpproxy), for by these the nodes pull.
 */
import ipaddr from "ipaddr.js";

/** Addresses of proxies by what is asked, and the hosts that are asked directly; empty for none. */
export interface ProxySettings {
  https: string;
  http: string;
  except: string;
}

/** A proxy without what it is authorized by, so that no error of a connection can tell it. */
export interface Proxy {
  uri: string;
  /** The value of Proxy-Authorization. */
  token: string | undefined;
}

/** Reads an address, with http:// where it has no scheme. Undefined where it is none of a proxy by HTTP. */
function findProxy(address: string): Proxy | undefined {
  const url = URL.parse(address.includes("://") ? address : `http://${address}`);
  if (url === null || !["http:", "https:"].includes(url.protocol) || /\s/.test(address)) return undefined;
  if (url.username === "") return { uri: url.origin, token: undefined };
  try {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    return { uri: url.origin, token: `Basic ${Buffer.from(pair).toString("base64")}` };
  } catch {
    return undefined;
  }
}

/** Reads the address of a proxy. Throws a sentence that tells nothing of it, for it may hold a password. */
export function parseProxy(name: string, address: string): Proxy {
  const proxy = findProxy(address);
  if (proxy === undefined) throw new Error(`${name} is no http:// or https:// address of a proxy`);
  return proxy;
}

/** Reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY; as curl has it, the lower case goes first. Throws where one is no proxy. */
export function readProxies(env: Readonly<Record<string, string | undefined>>): ProxySettings {
  const read = (name: string) => {
    const address = env[name.toLowerCase()] ?? env[name] ?? "";
    if (address !== "") parseProxy(name, address);
    return address;
  };
  return { https: read("HTTPS_PROXY"), http: read("HTTP_PROXY"), except: env.no_proxy ?? env.NO_PROXY ?? "" };
}

const DEFAULT_PORTS: Record<string, string> = { "https:": "443", "http:": "80" };

type Address = ipaddr.IPv4 | ipaddr.IPv6;

const bare = (host: string) => host.replace(/^\[|\]$/g, "");
const findAddress = (host: string): Address | undefined =>
  ipaddr.isValid(host) && !host.includes("%") ? ipaddr.process(host) : undefined;

/** The two parts of an entry; an address of IPv6 has a port only where it is in brackets. */
function splitEntry(entry: string): { host: string; port: string } {
  const match = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(entry);
  return match === null ? { host: bare(entry), port: "" } : { host: bare(match[1] ?? ""), port: match[2] ?? "" };
}

function fitsName(name: string, host: string): boolean {
  const suffix = name.replace(/^\*\./, ".");
  return suffix.startsWith(".") ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

function fitsRange(entry: string, address: Address): boolean {
  if (!ipaddr.isValidCIDR(entry)) return false;
  const range = ipaddr.parseCIDR(entry);
  return range[0].kind() === address.kind() && address.match(range);
}

/** Whether the entries except a host: `*`, a range, an address or a name, the latter two with or without a port. */
export function isExcepted({ protocol, hostname, port }: URL, except: string): boolean {
  const host = bare(hostname);
  const address = findAddress(host);
  // What is on this machine is on another one for the proxy.
  if (host === "localhost" || address?.range() === "loopback") return true;
  const asked = port === "" ? DEFAULT_PORTS[protocol] : port;
  return except
    .toLowerCase()
    .split(/[,\s]+/)
    .some((entry) => {
      if (entry === "*") return true;
      if (address !== undefined && fitsRange(entry, address)) return true;
      const wanted = splitEntry(entry);
      if (wanted.host === "" || (wanted.port !== "" && wanted.port !== asked)) return false;
      const wantedAddress = findAddress(wanted.host);
      if (address === undefined || wantedAddress === undefined) {
        return address === undefined && wantedAddress === undefined && fitsName(wanted.host, host);
      }
      return address.toNormalizedString() === wantedAddress.toNormalizedString();
    });
}
