/** What the system says of a file in three letters, as a sentence goes on. */

const SAYINGS: Record<string, string> = {
  ENOENT: "is not there",
  ENOTDIR: "is not there: a part of its path is a file, no folder",
  EISDIR: "is a folder, no file",
  EACCES: "may not be read or written by this user",
  EPERM: "may not be read or written by this user",
  EROFS: "lies on a disk that is read only",
  ENOSPC: "does not fit: the disk is full",
  EDQUOT: "does not fit: the disk quota is used up",
  ELOOP: "is not reached: symbolic links lead round and round",
  ENAMETOOLONG: "has a name that is too long",
  EMFILE: "is not opened: too many files are open",
  ENFILE: "is not opened: too many files are open",
  EIO: "cannot be read or written: the disk fails",
};

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);

/** Whether the system itself refused something, such as a file that is not there. */
export const isSystemFault = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && "syscall" in error && typeof codeOf(error) === "string";

/** Goes on with the name of a file: `is not there`. */
export function sayFault(error: unknown): string {
  const code = codeOf(error);
  const known = typeof code === "string" && Object.hasOwn(SAYINGS, code) ? SAYINGS[code] : undefined;
  // What is not in the table is rare, and then its name is what people look up.
  return known ?? (typeof code === "string" ? `cannot be used (${code})` : "cannot be read");
}

/** An error in a sentence, also where the system's own words lie within it. */
export function sayError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (isSystemFault(error) && error.path !== undefined) return `${error.path} ${sayFault(error)}`;
  if (isSystemFault(error.cause)) return `${error.message}: it ${sayFault(error.cause)}`;
  return error.message;
}
