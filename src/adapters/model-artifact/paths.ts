/** Paths of tar entries: relative, normalised, UTF-8. Nothing is folded: names that differ in one byte are two names. */
import { showName, unfit } from "../model-signing/refusal.ts";
import type { Limits } from "./limits.ts";

/** Reads the name of an entry; `""` is the top. One `./` in front and, for a folder, one `/` behind mean nothing. */
export function parsePath(name: Buffer, isFolder: boolean, { pathBytes, depth }: Limits): string {
  if (name.length > pathBytes) throw unfit(`a path has more than ${pathBytes} bytes`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(name);
  } catch {
    throw unfit("a path is no UTF-8");
  }
  if (text.startsWith("/")) throw unfit(`${showName(text)} is an absolute path`);
  let path = text.startsWith("./") ? text.slice(2) : text;
  if (isFolder && path.endsWith("/")) path = path.slice(0, -1);
  if (isFolder && (path === "" || path === ".") && text !== "") return "";
  if (path.split("/").some((part) => part === "" || part === "." || part === ".."))
    throw unfit(`${showName(text)} is no path within an artifact`);
  if (isDeep(path, depth)) throw unfit(`${showName(text)} lies in more than ${depth} folders`);
  return path;
}

/** Whether `path` is `folder` or lies below it; everything lies below the top. */
export const isWithin = (path: string, folder: string): boolean =>
  folder === "" || path === folder || path.startsWith(`${folder}/`);

/** Whether `path` lies in more than `most` folders. */
export function isDeep(path: string, most: number): boolean {
  let folders = 0;
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) folders += 1;
  return folders > most;
}

/** The folder that holds `path`. */
export const toParent = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** The folders above `path`, nearest first, without the top. */
export function* listAbove(path: string): Generator<string> {
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) yield path.slice(0, at);
}
