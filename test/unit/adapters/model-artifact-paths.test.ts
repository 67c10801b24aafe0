// Names of tar entries, as they are read and compared: each path has one spelling, and two names are never one path.
import { describe, expect, test } from "vitest";
import { isDeep, isWithin, listAbove, parsePath, toParent } from "../../../src/adapters/model-artifact/paths.ts";
import { LIMITS } from "../../../src/adapters/model-artifact/limits.ts";
import { ModelRefusal } from "../../../src/adapters/model-signing/refusal.ts";

const SMALL = { ...LIMITS, pathBytes: 12, depth: 2 };

describe("the name of an entry", () => {
  test.each<[string, "file" | "folder", string]>([
    ["w.bin", "file", "w.bin"],
    ["./w.bin", "file", "w.bin"],
    ["sub/w.bin", "file", "sub/w.bin"],
    ["sub", "folder", "sub"],
    ["sub/", "folder", "sub"],
    ["./sub/", "folder", "sub"],
    [".", "folder", ""],
    ["./", "folder", ""],
    ["\ufeffw.bin", "file", "\ufeffw.bin"],
    ["wé.bin", "file", "wé.bin"],
    ["we\u0301.bin", "file", "we\u0301.bin"],
    ["a/b/c", "file", "a/b/c"],
    ["twelve.bytes", "file", "twelve.bytes"],
  ])("%j of a %s is read as %j", (name, kind, path) => {
    expect(parsePath(Buffer.from(name), kind === "folder", SMALL)).toBe(path);
  });

  test.each<[string | Buffer, "file" | "folder"]>([
    ["", "file"],
    ["", "folder"],
    [".", "file"],
    ["./", "file"],
    ["w.bin/", "file"],
    ["sub//", "folder"],
    ["sub/./", "folder"],
    ["././w", "file"],
    ["/w.bin", "file"],
    ["/", "folder"],
    ["..", "folder"],
    ["a/../w", "file"],
    ["a//w", "file"],
    [Buffer.from([0x77, 0xff]), "file"],
    ["a/b/c/d", "file"],
    ["thirteen.byte", "file"],
  ])("%j of a %s is none", (name, kind) => {
    expect(() => parsePath(Buffer.from(name), kind === "folder", SMALL)).toThrow(ModelRefusal);
  });
});

test.each<[string, string[]]>([
  ["w", []],
  ["a/w", ["a"]],
  ["a/b/w", ["a/b", "a"]],
])("the folders above %s are %j", (path, folders) => {
  expect([...listAbove(path)]).toEqual(folders);
  expect(toParent(path), "the nearest, or the top").toBe(folders[0] ?? "");
  expect([isDeep(path, folders.length), isDeep(path, folders.length - 1)], "how deep it lies").toEqual([false, true]);
});

test.each<[string, string, boolean]>([
  ["a/w", "a", true],
  ["a", "a", true],
  ["a", "", true],
  ["ab/w", "a", false],
  ["a", "a/w", false],
])("whether %s is within %j", (path, folder, expected) => {
  expect(isWithin(path, folder)).toBe(expected);
});
