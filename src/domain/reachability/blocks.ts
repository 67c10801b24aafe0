/**
 * Address blocks of NetworkPolicies: a range and what is taken out of it. Only the plain spelling of an address is
 * read. Others, such as leading zeros or IPv4 inside IPv6, mean different ranges to different readers.
 */
import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A range of addresses. */
export interface Range {
  text: string;
  base: Address;
  bits: number;
}

/** The addresses of `range` that are in none of `except`. */
export interface Block {
  range: Range;
  except: readonly Range[];
}

/** Reads an address, or gives undefined where it is no address in its plain spelling. */
function parseAddress(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (!text.includes(":") || text.includes("%") || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? undefined : address;
}

/** Reads a range such as 10.0.0.0/8, or gives undefined where it is none in its plain spelling. */
export function parseRange(text: string): Range | undefined {
  const [, address = "", length = ""] = /^([^/]{1,45})\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const base = parseAddress(address);
  const bits = Number(length);
  if (base === undefined || bits > (base.kind() === "ipv4" ? 32 : 128)) return undefined;
  return { text, base, bits };
}

/** Whether `outer` holds all of `inner`. */
export const covers = (outer: Range, inner: Range) =>
  outer.base.kind() === inner.base.kind() && outer.bits <= inner.bits && inner.base.match(outer.base, outer.bits);

/** Whether the address, in whatever spelling, lies in the block. */
export function holdsAddress(block: Block, address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const base = ipaddr.process(address);
  const point: Range = { text: address, base, bits: base.kind() === "ipv4" ? 32 : 128 };
  return covers(block.range, point) && !block.except.some((range) => covers(range, point));
}

/**
 * Whether every address of `inner` is one of `outer`: what `outer` leaves out, `inner` has to leave out by one of
 * its own exceptions. Two exceptions that only together do so are not put together.
 */
export function isBlockContained(inner: Block, outer: Block): boolean {
  if (!covers(outer.range, inner.range)) return false;
  return outer.except.every((hole) => {
    // Ranges nest or are disjoint, so the narrower of both is what they share.
    const shared = covers(hole, inner.range) ? inner.range : hole;
    return !covers(inner.range, shared) || inner.except.some((range) => covers(range, shared));
  });
}
