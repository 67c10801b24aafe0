/** Which addresses the product never connects to: a reference from a tenant must not reach a metadata service. */
import { lookup as resolve } from "node:dns";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import { RegistryError } from "./errors.ts";

const REFUSED = new Set(["linkLocal", "unspecified", "multicast", "broadcast", "reserved"]);
/** Metadata services that do not live in the link-local ranges. */
const METADATA = new Set(["fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192"]);

/** Whether an IP address may not be asked. Text that is no address may not be asked either. */
export function isRefusedAddress(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, "");
  if (!ipaddr.isValid(bare)) return true;
  // An IPv4 address in IPv6 clothes is judged as what it is.
  const parsed = ipaddr.process(bare);
  return REFUSED.has(parsed.range()) || METADATA.has(parsed.toString());
}

/** Refuses a host that is such an address; names are judged when they are resolved. */
export function demandAddress(hostname: string): void {
  const bare = hostname.replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(bare) && isRefusedAddress(bare)) {
    throw new RegistryError("AddressRefused", `${hostname} is a link-local, metadata or reserved address`);
  }
}

/** Resolves a name and refuses it if any of its addresses is refused: the answer is what gets connected to. */
export const lookupSafely: LookupFunction = (hostname, options, callback) => {
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
