/** Names of files within a model (OMS v1.0, "File enumeration"): relative, normalised, no way out. */

/** Whether `name` is a path within a model. */
export function isSoundName(name: string): boolean {
  if (name.startsWith("/") || name.endsWith("/") || name.includes("\\") || name.includes("\0")) return false;
  return name.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/** How the reference implementation names a model of one file; the specification has its base name. */
export const ONE_FILE = ".";

/** Order by Unicode code points, which UTF-16 does not keep beyond the basic plane. */
export const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Whether `name` is one of `ignored`, or lies below one. */
export const isIgnored = (name: string, ignored: readonly string[]): boolean =>
  ignored.some((one) => name === one || name.startsWith(`${one}/`));
