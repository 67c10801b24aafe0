/**
 * Who wrote what is to be approved. Authors are never forgotten: the names of a deleted object are kept with
 * the Warrant `approvals` and come back with an object of the same kind and name. Nobody is cleared here.
 */
import type { AIPolicy } from "../api/ai-policy.ts";
import type { WarrantSpec } from "../api/warrant.ts";

/** Most names that a Warrant keeps of one object; with more, the author counts as unknown. */
export const MAX_AUTHORS = 64;
/** Most objects whose former authors are kept singly; those of further ones are kept for every new object. */
export const MAX_FORMER = 1000;
/** What they may take of the Warrant, in bytes. */
const MAX_FORMER_BYTES = 400_000;
/** Key of the former authors that count for every object that has none of its own. */
const ANY_OBJECT = "*";

/** Prefix of the user names of ServiceAccounts. */
export const SERVICE_ACCOUNT_PREFIX = "system:serviceaccount:";

/** The authors of one object. */
export interface Authors {
  /** Everybody who wrote it, sorted; none of them may approve it. */
  names: string[];
  /** True where somebody else stands behind the names, so one more person has to approve. */
  unknown: boolean;
}

/** `Kind/name`, under which authors are kept. */
export const toAuthorKey = (kind: string, name: string) => `${kind}/${name}`;

/** The names in the annotation `vouchsafe.dev/authors`. */
export function parseAuthors(annotation: string | undefined): string[] {
  return (annotation ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/**
 * Judges the names of those who wrote an object and the system that it is about. A deliverer, a ServiceAccount, too
 * many names, or none for either of the two leave the author unknown.
 */
export function toAuthors(
  own: readonly string[],
  ofSystem: readonly string[],
  deliverers: AIPolicy["spec"]["deliverers"],
): Authors {
  const sorted = [...new Set([...own, ...ofSystem])].toSorted();
  const unknown =
    own.length === 0 ||
    ofSystem.length === 0 ||
    sorted.length >= MAX_AUTHORS ||
    sorted.some((name) => name.startsWith(SERVICE_ACCOUNT_PREFIX) || deliverers?.includes(name) === true);
  return { names: sorted, unknown };
}

/** Former authors, by `Kind/name`: those that the object's own annotation need not name. */
export type KnownAuthors = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Reads what the Warrant `approvals` remembers. `existing` gives the uid of every object by `Kind/name`: an object
 * that keeps its uid carries its authors itself, one made anew inherits those of its namesake.
 */
export function recallAuthors(previous: WarrantSpec | undefined, existing: ReadonlyMap<string, string>): KnownAuthors {
  const known = new Map<string, Set<string>>();
  const add = (key: string, names: readonly string[]) => {
    const set = known.get(key) ?? new Set<string>();
    for (const name of names) set.add(name);
    known.set(key, set);
  };
  for (const [key, names] of Object.entries(previous?.formerAuthors ?? {})) add(key, names);
  for (const { kind, name, uid, authors } of Object.values(previous?.approvals ?? {})) {
    const key = toAuthorKey(kind, name);
    if (existing.get(key) !== uid) add(key, authors);
  }
  return known;
}

/** Everybody known to have written the object of that key: its annotation and what is remembered. */
export function collectAuthors(known: KnownAuthors, key: string, annotation: string | undefined): string[] {
  const remembered = known.get(key) ?? known.get(ANY_OBJECT) ?? [];
  return [...new Set([...parseAuthors(annotation), ...remembered])].toSorted();
}

/** The names to keep of one object: as many as a Warrant holds, cut off at the number that means unknown. */
export const boundAuthors = (names: Iterable<string>) => [...new Set(names)].toSorted().slice(0, MAX_AUTHORS);

/**
 * What to remember of objects that the Warrant `approvals` lists no more, by `Kind/name`. Beyond the bounds, names are
 * kept without their object, and then count for every object that has no names of its own.
 */
export function keepFormer(former: ReadonlyMap<string, Iterable<string>>): Record<string, string[]> {
  const single = [...former].filter(([key]) => key !== ANY_OBJECT).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const kept: [string, string[]][] = [];
  const rest = [...(former.get(ANY_OBJECT) ?? [])];
  let bytes = 0;
  for (const [key, names] of single) {
    const bounded = boundAuthors(names);
    bytes += Buffer.byteLength(JSON.stringify([key, bounded]));
    if (kept.length < MAX_FORMER && bytes <= MAX_FORMER_BYTES) kept.push([key, bounded]);
    else rest.push(...bounded);
  }
  if (rest.length > 0) kept.push([ANY_OBJECT, boundAuthors(rest)]);
  return Object.fromEntries(kept.filter(([, names]) => names.length > 0));
}
