// The fake GitHub is strict: Git's names are those that git itself gives, and what GitHub's description does not know
// is an offence, on either side.
import { describe, expect, test } from "vitest";
import { demandRequest, demandResponse, toAnswer } from "../../../harness/github/contract.ts";
import { createGitStore } from "../../../harness/github/git.ts";

test("names of blobs, trees and commits are those of git 2.39", () => {
  const git = createGitStore();
  const blob = (text: string, mode = "100644") => ({ mode, sha: git.writeBlob(Buffer.from(text)) });
  const first = git.changeTree(
    undefined,
    new Map([
      ["a/b/x.yaml", blob("hello\n")],
      ["a-b", blob("one")],
      ["run", blob("#!/bin/sh\n", "100755")],
    ]),
  );
  expect(first).toBe("5d44f3b25020c1b6dbd874f65f32a2839d790af8");
  const ann = { name: "Ann", email: "ann@example.org", date: "2026-11-01T00:00:00Z" };
  const base = git.writeCommit({ tree: first, parents: [], author: ann, committer: ann, message: "first" });
  expect(base.sha).toBe("50b123eee2a9e706a509bff0f1524ae6b9627710");
  const second = git.changeTree(
    first,
    new Map([
      ["a/b/x.yaml", undefined],
      ["a-b", blob("two")],
    ]),
  );
  expect(second, "an empty folder goes").toBe("643c2dbd0548b6eac53e423a6379c664cbe5b72b");
  const next = { tree: second, parents: [base.sha], author: ann, committer: ann, message: "second\n\nbody\n" };
  expect(git.writeCommit(next).sha).toBe("53e034282f87051a3228381c591bc823ab6dedae");
});

describe("the description", () => {
  const CREATE = "POST /repos/{owner}/{repo}/pulls";
  const LIST = "GET /repos/{owner}/{repo}/pulls";
  const good = { title: "t", head: "h", base: "b", body: "x" };

  test("takes what GitHub takes", () => {
    demandRequest(CREATE, new URLSearchParams(), good);
    demandRequest(LIST, new URLSearchParams({ state: "all", per_page: "50", sort: "created" }), undefined);
  });

  test.each<[string, () => void]>([
    ["a body without base", () => demandRequest(CREATE, new URLSearchParams(), { title: "t", head: "h" })],
    ["a member of another name", () => demandRequest(CREATE, new URLSearchParams(), { ...good, text: "x" })],
    ["a member of another type", () => demandRequest(CREATE, new URLSearchParams(), { ...good, draft: "no" })],
    ["an unknown query parameter", () => demandRequest(LIST, new URLSearchParams({ branch: "main" }), undefined)],
    ["a state that there is not", () => demandRequest(LIST, new URLSearchParams({ state: "merged" }), undefined)],
    ["a body where none belongs", () => demandRequest(LIST, new URLSearchParams(), {})],
    ["an answer that lacks its members", () => demandResponse(LIST, 200, [{ number: 1 }])],
    ["a status that the operation never gives", () => demandResponse(LIST, 202, [])],
  ])("refuses %s", (_, act) => {
    expect(act).toThrow();
  });

  test("an answer is whole around what a test gives", () => {
    const answer = toAnswer(LIST, 200, [{ number: 7, user: { login: "ann" }, body: null }]);
    demandResponse(LIST, 200, answer);
    expect(answer).toMatchObject([{ number: 7, user: { login: "ann" }, body: null }]);
  });
});
