/**
 * The lines of a manifest that decide which image runs, found and changed as text: comments, order and layout stay.
 * Documents of our own group are records (a release, a revocation): their digests are never counted nor changed.
 */

/** An image and what takes its place: `repository[:tag]@sha256:…`, or the bare digest where no more is known. */
export interface ImageSwap {
  from: string;
  to: string;
}

interface Image {
  name: string;
  tag: string;
  digest: string;
}

const DIGEST = /sha256:([a-f0-9]{64})(?![A-Fa-f0-9])/g;
const DOCUMENT_START = /^(---|\.\.\.)(\s|$)/;
const RECORD = /apiVersion["']?\s*:\s*["']?vouchsafe\.dev\//;
/** What may stand in a reference to an image before its digest. */
const NAME_END = /[^\s"'`,;=(){}[\]<>|&#]+$/;
/** Longest name and tag that are looked at before a digest. */
const MAX_NAME = 512;

function parseName(text: string): { name: string; tag: string } {
  const colon = text.indexOf(":", text.lastIndexOf("/") + 1);
  return colon < 0 ? { name: text, tag: "" } : { name: text.slice(0, colon), tag: text.slice(colon) };
}

function parseImage(image: string): Image {
  const at = image.lastIndexOf("@");
  return { ...parseName(image.slice(0, Math.max(0, at))), digest: image.slice(at + 1) };
}

/** The documents of a file, each with its separators: together they are the file, byte for byte. */
function splitDocuments(text: string): string[][] {
  const documents: string[][] = [[]];
  for (const line of text.split("\n")) {
    if (DOCUMENT_START.test(line)) documents.push([]);
    documents.at(-1)?.push(line);
  }
  return documents;
}

const isRecord = (lines: readonly string[]) => RECORD.test(lines.join("\n"));
const isComment = (line: string) => /^\s*#/.test(line);

/** Whether a document of the file is an object of our own group. */
export const holdsRecord = (text: string) => splitDocuments(text).some(isRecord);

/** The digests that the file makes run, without those in comments and records. */
export function listGovernedDigests(text: string): Set<string> {
  const lines = splitDocuments(text).flatMap((document) => (isRecord(document) ? [] : document));
  return new Set(
    lines.filter((line) => !isComment(line)).flatMap((line) => [...line.matchAll(DIGEST)].map(([digest]) => digest)),
  );
}

/**
 * What stands before the digest of a reference, as in `registry/model:v6@`; undefined where the digest stands alone.
 * It is not looked for before `from`.
 */
function findName(line: string, start: number, from: number): string | undefined {
  if (line[start - 1] !== "@") return undefined;
  return NAME_END.exec(line.slice(Math.max(from, start - 1 - MAX_NAME), start - 1))?.[0];
}

/** The new name: a tag tells which version is meant, so it goes along or goes away. */
function rename(found: string, from: Image, to: Image): string {
  const [scheme = ""] = /^[a-z][a-z0-9+.-]*:\/\//.exec(found) ?? [];
  const { name, tag } = parseName(found.slice(scheme.length));
  const isTheSame = from.name !== "" && name === from.name;
  return `${scheme}${isTheSame && to.name !== "" ? to.name : name}${tag === "" ? "" : to.tag}`;
}

function swapLine(line: string, swaps: ReadonlyMap<string, { from: Image; to: Image }>): string {
  let result = "";
  let end = 0;
  for (const match of line.matchAll(DIGEST)) {
    const [digest] = match;
    const swap = swaps.get(digest);
    if (swap === undefined) continue;
    const name = findName(line, match.index, end);
    const start = name === undefined ? match.index : match.index - 1 - name.length;
    const before = name === undefined ? "" : `${rename(name, swap.from, swap.to)}@`;
    result += `${line.slice(end, start)}${before}${swap.to.digest}`;
    end = match.index + digest.length;
  }
  return result + line.slice(end);
}

/** The file with every swapped image in its governed lines; everything else stays as it is. */
export function swapImages(text: string, swaps: readonly ImageSwap[]): string {
  const byDigest = new Map(
    swaps.map((swap) => {
      const from = parseImage(swap.from);
      return [from.digest, { from, to: parseImage(swap.to) }] as const;
    }),
  );
  const documents = splitDocuments(text).map((lines) =>
    isRecord(lines) ? lines : lines.map((line) => (isComment(line) ? line : swapLine(line, byDigest))),
  );
  return documents.flat().join("\n");
}
