// Which pull secrets a look may use: what is listed and named, of its own namespace; what cannot be used is told with the
// next command, and the rest goes on.
import { describe, expect, test } from "vitest";
import { createPullSecrets, type OpenedNamespace } from "../../../src/controllers/verification/pull-secrets.ts";
import { ApiError, type ApiErrorCode } from "../../../src/runtime/errors.ts";
import type { Client, Logger } from "../../../src/runtime/index.ts";

const encode = (text: string) => Buffer.from(text).toString("base64");
const toSecret = (user: string) => ({
  type: "kubernetes.io/dockerconfigjson",
  data: {
    ".dockerconfigjson": encode(JSON.stringify({ auths: { "r.test": { username: user, password: "s3cret" } } })),
  },
});
const toAccount = (...names: unknown[]) => ({ imagePullSecrets: names.map((name) => ({ name })) });

type Held = Record<string, object | ApiErrorCode>;

/** A cluster that holds these objects, by `kind namespace/name`; what is a code is answered with that error. */
function setUp(held: Held, opened: OpenedNamespace[], own: string[] = []) {
  const asked: string[] = [];
  const logged: string[] = [];
  const client = {
    get: async ({ kind }: { kind: string }, { namespace, name }: { namespace: string; name: string }) => {
      const key = `${kind} ${namespace}/${name}`;
      asked.push(key);
      const found = held[key] ?? "NotFound";
      if (typeof found !== "string") return found;
      throw new ApiError({ code: found, status: 0, message: `no ${key}` });
    },
  } as unknown as Client;
  const log = (fields: object) => void logged.push(JSON.stringify(fields));
  const logger = { info: log, warn: log } as unknown as Logger;
  const operator = { namespace: "ops", serviceAccount: "vouchsafe" };
  const secrets = createPullSecrets({ client, logger, operator, own, opened });
  const read = async (namespace: string) => {
    const { keyrings, lacks } = await secrets.read(namespace);
    const users = keyrings.map((ring) =>
      ring.map(({ credentials }) => "username" in credentials && credentials.username),
    );
    return { users, lacks, asked, logged };
  };
  return { read, secrets };
}

const VOICE = { namespace: "voice", serviceAccounts: ["default"], secrets: ["a", "b"] };
const BOTH = {
  "ServiceAccount voice/default": toAccount("b", "a"),
  "Secret voice/a": toSecret("of-a"),
  "Secret voice/b": toSecret("of-b"),
};

describe("a namespace that the chart lists", () => {
  test("has what its ServiceAccount names, in that order, before the operator's own", async () => {
    const { users, lacks, logged } = await setUp({ ...BOTH, "Secret ops/own": toSecret("own") }, [VOICE], ["own"]).read(
      "voice",
    );
    expect(users).toEqual([["of-b", "of-a"], ["own"]]);
    expect([lacks, logged]).toEqual([[], []]);
  });

  test("has the older type as well", async () => {
    const older = {
      type: "kubernetes.io/dockercfg",
      data: { ".dockercfg": encode('{"r.test":{"username":"u","password":"p"}}') },
    };
    const { users } = await setUp({ ...BOTH, "Secret voice/b": older }, [VOICE]).read("voice");
    expect(users[0]).toEqual(["u", "of-a"]);
  });

  test("of several ServiceAccounts has each Secret once, and nothing that is not listed is even asked for", async () => {
    const held = {
      ...BOTH,
      "ServiceAccount voice/default": toAccount("a", "other", undefined, 7),
      "ServiceAccount voice/serving": toAccount("b", "a"),
      "Secret voice/other": toSecret("other"),
    };
    const { users, asked } = await setUp(held, [{ ...VOICE, serviceAccounts: ["default", "serving"] }]).read("voice");
    expect(users[0]).toEqual(["of-a", "of-b"]);
    expect(asked).not.toContain("Secret voice/other");
  });

  test("reads anew at every look", async () => {
    const held: Held = { ...BOTH };
    const { read } = setUp(held, [VOICE]);
    await read("voice");
    held["Secret voice/b"] = toSecret("renewed");
    expect((await read("voice")).users[0]).toEqual(["renewed", "of-a"]);
  });

  const who = "--as=system:serviceaccount:ops:vouchsafe";
  test.each<[string, Held, string[], string, string]>([
    [
      "a Secret that is missing",
      { "Secret voice/b": "NotFound" },
      ["of-a"],
      "Secret voice/b does not exist",
      "kubectl get secrets -n voice",
    ],
    [
      "a right that is missing",
      { "Secret voice/b": "Forbidden" },
      ["of-a"],
      "the operator may not read Secret voice/b",
      `kubectl auth can-i get secret/b -n voice ${who}`,
    ],
    [
      "a Secret that is broken",
      { "Secret voice/b": { type: "kubernetes.io/dockerconfigjson", data: { ".dockerconfigjson": encode("s3cret") } } },
      ["of-a"],
      "Secret voice/b is no kubernetes.io/dockerconfigjson or dockercfg that can be read",
      "kubectl describe secret b -n voice",
    ],
    [
      "a Secret of another type",
      { "Secret voice/b": { ...toSecret("x"), type: "Opaque" } },
      ["of-a"],
      "Secret voice/b is no kubernetes.io/dockerconfigjson or dockercfg that can be read",
      "kubectl describe secret b -n voice",
    ],
    [
      "a Secret that nobody names",
      { "ServiceAccount voice/default": toAccount("a") },
      ["of-a"],
      "Secret voice/b is not among the imagePullSecrets of ServiceAccount default",
      "kubectl get serviceaccount default -n voice -o yaml",
    ],
    [
      "a ServiceAccount that is missing",
      { "ServiceAccount voice/default": "NotFound" },
      [],
      "ServiceAccount voice/default does not exist",
      "kubectl get serviceaccounts -n voice",
    ],
    [
      "a ServiceAccount that may not be read",
      { "ServiceAccount voice/default": "Forbidden" },
      [],
      "the operator may not read ServiceAccount voice/default",
      `kubectl auth can-i get serviceaccount/default -n voice ${who}`,
    ],
    [
      "an API server that does not answer",
      { "Secret voice/b": "Timeout" },
      ["of-a"],
      "Secret voice/b cannot be read now",
      "kubectl get secret b -n voice",
    ],
  ])("%s is told, and the rest goes on", async (...row) => {
    const [, change, users, lack, command] = row;
    const found = await setUp({ ...BOTH, ...change }, [VOICE]).read("voice");
    expect(found.users[0]).toEqual(users);
    expect(found.lacks).toEqual([{ lack, command }]);
    expect(found.logged.join(), "nothing of what is in a Secret").not.toContain("s3cret");
  });
});

test("another namespace has nothing of it, and asks for nothing", async () => {
  const { read, secrets } = setUp(BOTH, [VOICE]);
  const { users, asked } = await read("other");
  expect(users).toEqual([[], []]);
  expect(asked).toEqual([]);
  expect([secrets.scopeOf("voice"), secrets.scopeOf("other")]).toEqual(["voice", undefined]);
});

test("which of the operator's own is missing is for its log alone", async () => {
  const { read } = setUp({}, [], ["hidden"]);
  const { lacks, logged } = await read("voice");
  expect(lacks).toEqual([
    {
      lack: "1 of the operator's own pull secrets cannot be used",
      command: "kubectl logs -n ops deployment/vouchsafe",
    },
  ]);
  expect(logged).toEqual([JSON.stringify({ lack: "Secret ops/hidden does not exist" })]);
});
