/** Which addresses the product never connects to: a reference from a tenant must not reach a metadata service. */
import type { LookupAddress, LookupAllOptions } from "node:dns";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import { RegistryError } from "./errors.ts";

const REFUSED = new Set([
  "linkLocal",
  "unspecified",
  "multicast",
  "broadcast",
  "reserved",
  "discard",
  "deprecatedSiteLocal",
  // Ways to write an IPv4 address that nobody needs any more.
  "rfc6145",
  "6to4",
  "teredo",
]);
/** Metadata services that do not live in the link-local ranges. */
const METADATA = new Set(["fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"]);
/** Names of metadata services, for where a proxy resolves names. */
const METADATA_NAMES = /^(?:metadata|instance-data|metadata\.goog|metadata\.google\.internal)\.?$/i;

/** The IPv4 address inside an IPv6 address of a NAT64 (RFC 6052) or of the old compatible form; else undefined. */
function findEmbedded(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | undefined {
  if (!(address instanceof ipaddr.IPv6)) return undefined;
  const isCompatible = address.parts.slice(0, 6).every((part) => part === 0) && address.range() === "unicast";
  if (!isCompatible && address.range() !== "rfc6052") return undefined;
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}

/** Whether an IP address may not be asked. Text that is no address may not be asked either. */
export function isRefusedAddress(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  if (!ipaddr.isValid(bare)) return true;
  // An IPv4 address in IPv6 clothes is judged as what it is.
  const parsed = ipaddr.process(bare);
  const judged = findEmbedded(parsed) ?? parsed;
  return REFUSED.has(judged.range()) || METADATA.has(judged.toString());
}

/** Refuses a host that is such an address; names are judged when they are resolved. */
export function demandAddress(hostname: string): void {
  const bare = hostname.replace(/^\[|\]$/g, "");
  if (METADATA_NAMES.test(bare) || (ipaddr.isValid(bare) && isRefusedAddress(bare))) {
    throw new RegistryError("AddressRefused", `${hostname} is a link-local, metadata or reserved address`);
  }
}

/** How names are resolved: as node:dns does. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Makes the lookup of connections: it refuses a name if any of its addresses is refused, and its answer is what gets connected to. */
export const toSafeLookup =
  (resolve: Resolve): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "", 4);
      const refused = addresses.find(({ address }) => isRefusedAddress(address));
      if (refused !== undefined) {
        return callback(new RegistryError("AddressRefused", `${hostname} leads to ${refused.address}`), "", 4);
      }
      if (options.all === true) return callback(null, addresses);
      const [first] = addresses;
      return callback(null, first?.address ?? "", first?.family ?? 4);
    });
  };
