// What is signed, and what becomes of it before it is verified.
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashResources, type ModelStatement, type Resource } from "../harness/models.ts";

export type Files = Readonly<Record<string, string>>;

export const PLAIN: Files = { "a/x": "1", "a-b/x": "2", "a.txt": "3", "weights.bin": "0123456789", empty: "" };

export interface Shape {
  what: string;
  files: Files;
  prepare?: (model: string) => void;
  ignored?: string[];
  ignoreGit?: boolean;
  allowSymlinks?: boolean;
  /** A file of the folder is the model. */
  single?: string;
}

const link = (target: string) => (model: string) => symlinkSync(target, join(model, "link"));

export const SHAPES: readonly Shape[] = [
  { what: "files, folders, an empty file", files: PLAIN },
  {
    what: "odd names",
    files: {
      " ": "1",
      "a b.bin": "2",
      "it's": "3",
      'a "b"': "4",
      été: "5",
      "\u{1f600}": "6",
      "\uff5e": "7",
      "a%2fb": "8",
      "...": "9",
      "-rf": "10",
      "line\nbreak": "11",
      "$(id)": "12",
      ".hidden": "13",
      "trailing.": "14",
      "*": "15",
    },
  },
  { what: "names with colons", files: { "a:0:4": "abcd", "b:c": "efgh" } },
  { what: "a name with a backslash", files: { "a\\b": "1" } },
  { what: "the same name composed in two ways", files: { "\u00e9": "1", "e\u0301": "2" } },
  { what: "many folders", files: { [`${"d/".repeat(40)}f`]: "1" } },
  { what: "empty files only", files: { a: "", "b/c": "" } },
  { what: "an empty folder", files: PLAIN, prepare: (model) => mkdirSync(join(model, "void")) },
  { what: "nothing", files: {} },
  { what: "one file", files: { "m.onnx": "weights" }, single: "m.onnx" },
  {
    what: "an ignored folder and file",
    files: { ...PLAIN, "logs/a": "1", "notes.md": "2" },
    ignored: ["logs", "notes.md"],
  },
  { what: "git's files, left out", files: { ...PLAIN, ".git/config": "1", ".gitignore": "2", "a/.gitignore": "3" } },
  { what: "git's files, signed", files: { ...PLAIN, ".gitattributes": "1" }, ignoreGit: false },
  { what: "a link to a file", files: PLAIN, prepare: link("a.txt") },
  { what: "a link to a file, allowed", files: PLAIN, prepare: link("a.txt"), allowSymlinks: true },
  { what: "a link to a folder, allowed", files: PLAIN, prepare: link("a"), allowSymlinks: true },
  { what: "a link out of the model, allowed", files: PLAIN, prepare: link("/etc/hostname"), allowSymlinks: true },
];

export interface Change {
  what: string;
  act: (model: string) => void;
  ignoreUnsigned?: boolean;
}

const write = (name: string, text: string) => (model: string) => writeFileSync(join(model, name), text);

/** Changes of a model with the files of PLAIN after it was signed. */
export const CHANGES: readonly Change[] = [
  { what: "a byte", act: write("weights.bin", "0123456780") },
  { what: "a file that grew", act: write("weights.bin", "01234567890") },
  { what: "a file that was cut", act: write("weights.bin", "01234567") },
  { what: "a file that was emptied", act: write("a.txt", "") },
  { what: "an empty file that was filled", act: write("empty", "x") },
  { what: "a file more", act: write("a/y", "x") },
  { what: "an empty file more", act: write("a/y", "") },
  { what: "a file more, unsigned ones ignored", act: write("a/y", "x"), ignoreUnsigned: true },
  { what: "a link more, unsigned ones ignored", act: link("a.txt"), ignoreUnsigned: true },
  { what: "a byte, unsigned ones ignored", act: write("weights.bin", "0123456780"), ignoreUnsigned: true },
  { what: "an empty folder more", act: (model) => mkdirSync(join(model, "void")) },
  { what: "a file less", act: (model) => rmSync(join(model, "a/x")) },
  { what: "an empty file less", act: (model) => rmSync(join(model, "empty")) },
  { what: "a file by another name", act: (model) => renameSync(join(model, "a.txt"), join(model, "b.txt")) },
  { what: "two files exchanged", act: (model) => [write("a/x", "2")(model), write("a-b/x", "1")(model)] },
  { what: "a link to a file", act: link("a.txt") },
  { what: "a link to a folder", act: link("a") },
  {
    what: "a link in the place of a file",
    act: (model) => {
      renameSync(join(model, "a.txt"), join(model, ".git-moved"));
      mkdirSync(join(model, ".git"));
      renameSync(join(model, ".git-moved"), join(model, ".git/a.txt"));
      symlinkSync(".git/a.txt", join(model, "a.txt"));
    },
  },
  { what: "a .gitignore", act: write(".gitignore", "x") },
  { what: "a .gitignore in a folder", act: write("a/.gitignore", "x") },
  { what: "a .gitmodules", act: write(".gitmodules", "x") },
];

export interface Forgery {
  what: string;
  change: (statement: ModelStatement) => unknown;
  ignoreUnsigned?: boolean;
}

/** Says something else of the files, with the root digest that goes with it. */
const changeResources = (change: (resources: Resource[]) => unknown) => (statement: ModelStatement) => {
  const { resources } = statement.predicate;
  change(resources);
  statement.subject = [{ name: "model", digest: { sha256: hashResources(resources) } }];
};
const changeFirst = (change: (first: Resource) => unknown) =>
  changeResources(([first]) => first !== undefined && change(first));
const serializeAs = (more: Record<string, unknown>) => (statement: ModelStatement) =>
  Object.assign(statement.predicate.serialization, more);

/** What only who holds the key could say: a statement over PLAIN, changed and signed anew. */
export const FORGERIES: readonly Forgery[] = [
  { what: "nothing else", change: () => {} },
  { what: "members more", change: (one) => Object.assign(one.predicate, { more: 1 }) },
  { what: "resources the other way round", change: changeResources((all) => all.reverse()) },
  { what: "a name twice", change: changeResources((all) => all.push(...all.slice(0, 1))) },
  {
    what: "a name twice, with another digest first",
    change: changeResources((all) =>
      all.unshift(...all.slice(0, 1).map((one) => ({ ...one, digest: "0".repeat(64) }))),
    ),
  },
  { what: "a name that is not normalised", change: changeFirst((one) => (one.name = "a/../a/x")) },
  { what: "a name with a point", change: changeFirst((one) => (one.name = "./a/x")) },
  { what: "an absolute name", change: changeFirst((one) => (one.name = "/etc/hostname")), ignoreUnsigned: true },
  { what: "a name that leads out", change: changeFirst((one) => (one.name = "../a/x")), ignoreUnsigned: true },
  { what: "a digest in capitals", change: changeFirst((one) => (one.digest = one.digest.toUpperCase())) },
  { what: "a file less", change: changeResources((all) => all.pop()) },
  { what: "another root digest", change: (one) => (one.subject = [{ name: "model", digest: { sha256: "00" } }]) },
  { what: "a second subject", change: (one) => one.subject.push({ name: "m", digest: { sha256: "00" } }) },
  { what: "another model's name", change: (one) => Object.assign(one.subject[0] ?? {}, { name: "other" }) },
  { what: "statement v0.1", change: (one) => (one._type = "https://in-toto.io/Statement/v0.1") },
  { what: "predicate v1.1", change: (one) => (one.predicateType = "https://model_signing/signature/v1.1") },
  { what: "an unknown hash", change: serializeAs({ hash_type: "md5" }) },
  { what: "an unknown method", change: serializeAs({ method: "tensors" }) },
  { what: "an ignored path", change: serializeAs({ ignore_paths: ["void"] }) },
  { what: "an ignored path that leads out", change: serializeAs({ ignore_paths: ["../.."] }) },
  { what: "the whole model as ignored path", change: serializeAs({ ignore_paths: ["."] }) },
];
