/**
 * JSON that every parser reads alike. Runtimes read manifests with parsers that take the last of two equal members
 * and do not tell `layers` from `Layers`; what could mean two things to two readers is refused here.
 */
import { RegistryError } from "./errors.ts";

export const MAX_DEPTH = 32;
export const MAX_CONTAINERS = 100_000;
export const MAX_MEMBERS = 4096;

/** As Go's encoding/json compares names: by Unicode's simple folding, in which ſ is s and K is k. */
export const foldName = (name: string): string => name.toUpperCase().toLowerCase();

interface Container {
  members: Set<string>;
  /** The name that came last. */
  member: string;
  /** Whether its names are data, which no parser folds. */
  isMap: boolean;
}

/** The place of the quote that ends the string which begins at `start`. */
function findStringEnd(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text[at - 1 - escapes] === "\\") escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return text.length;
}

const SPACE = new Set([" ", "\t", "\n", "\r"]);

/** Whether the string that ends here is the name of a member. */
function isName(text: string, end: number): boolean {
  let at = end + 1;
  while (SPACE.has(text[at] ?? "")) at += 1;
  return text[at] === ":";
}

function readName(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end);
  return raw.includes("\\") ? (JSON.parse(`"${raw}"`) as string) : raw;
}

function addMember(container: Container, name: string): string | undefined {
  const key = container.isMap ? name : foldName(name);
  if (container.members.has(key)) return `it names ${JSON.stringify(name.slice(0, 64))} twice`;
  if (container.members.size >= MAX_MEMBERS) return `an object has more than ${MAX_MEMBERS} members`;
  container.members.add(key);
  container.member = key;
  return undefined;
}

const enter = (kind: string, within: Container | undefined): Container => ({
  members: new Set(),
  member: "",
  isMap: kind === "{" && within?.member === "annotations",
});

/** Walks over structure and strings alone: whether the rest is JSON is for JSON.parse to judge. */
function findAmbiguity(text: string): string | undefined {
  const open: Container[] = [];
  let containers = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? "";
    const current = open.at(-1);
    if (character === '"') {
      const end = findStringEnd(text, at);
      if (current !== undefined && isName(text, end)) {
        const ambiguity = addMember(current, readName(text, at, end));
        if (ambiguity !== undefined) return ambiguity;
      }
      at = end;
    } else if (character === "{" || character === "[") {
      containers += 1;
      if (open.length >= MAX_DEPTH) return `it is nested deeper than ${MAX_DEPTH}`;
      if (containers > MAX_CONTAINERS) return `it has more than ${MAX_CONTAINERS} objects and lists`;
      open.push(enter(character, current));
    } else if (character === "}" || character === "]") {
      open.pop();
    }
  }
  return undefined;
}

/** Parses JSON in UTF-8. Throws a RegistryError where it is none, or where two readers could differ on it. */
export function parseDocument(bytes: Buffer, what: string): unknown {
  let parsed: unknown;
  let ambiguity: string | undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    ambiguity = findAmbiguity(text);
    if (ambiguity === undefined) parsed = JSON.parse(text);
  } catch {
    throw new RegistryError("Malformed", `${what} is no JSON`);
  }
  if (ambiguity !== undefined) throw new RegistryError("Malformed", `${what} is ambiguous: ${ambiguity}`);
  return parsed;
}
