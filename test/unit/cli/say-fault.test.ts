// What the system itself says of files reaches nobody in its own letters.
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { sayError, sayFault } from "../../../src/cli/say-fault.ts";

const fail = (path: string): Promise<unknown> => readFile(path).catch((error: unknown) => error);

test("a file that is not there, a folder, a path through a file", async () => {
  const here = import.meta.filename;
  expect(sayError(await fail("/nonesuch"))).toBe("/nonesuch is not there");
  expect(sayFault(await fail(import.meta.dirname))).toBe("is a folder, no file");
  expect(sayError(await fail(`${here}/x`))).toBe(`${here}/x is not there: a part of its path is a file, no folder`);
});

test("what lies within another error is told after it", async () => {
  const error = new Error("cannot read kubeconfig /nonesuch", { cause: await fail("/nonesuch") });
  expect(sayError(error)).toBe("cannot read kubeconfig /nonesuch: it is not there");
  expect(sayError(new Error("no file at all"))).toBe("no file at all");
});

test("what nobody thought of is told by its name, so that people can look it up", () => {
  const rare = Object.assign(new Error("x"), { code: "ETXTBSY", syscall: "open" });
  expect(sayFault(rare)).toBe("cannot be used (ETXTBSY)");
});
