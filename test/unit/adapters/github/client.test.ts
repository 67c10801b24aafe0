// Who we are to GitHub stays with us, and GitHub's moods end in one of six codes: what can wait is waited for shortly,
// everything else is left to the queue.
import { generateKeyPairSync } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { dataOf, openGitHub } from "../../../../src/adapters/github/client.ts";
import { parseCredential } from "../../../../src/adapters/github/credential.ts";
import { GitHubError } from "../../../../src/adapters/github/errors.ts";
import type { Fault, FakeGitHub } from "../../../harness/github.ts";
import { type FaultyServer, startFaultyServer } from "../../../harness/http.ts";
import { connect, startScene, stopAll } from "./scene.ts";

const servers: FaultyServer[] = [];
afterEach(async () => {
  await Promise.all([stopAll(), ...servers.splice(0).map((server) => server.stop())]);
});

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();

type Client = Awaited<ReturnType<typeof openGitHub>>;

const readMain = ({ ask, octokit, owner, repo }: Client) =>
  ask("main", () => octokit.rest.git.getRef({ owner, repo, ref: "heads/main" }), dataOf(z.object({ ref: z.string() })));

async function fail(work: Promise<unknown>): Promise<GitHubError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof GitHubError)) throw new Error(`expected a GitHubError, got ${String(error)}`);
  return error;
}

describe("the credential", () => {
  test("a token", async () => {
    const fake = await startScene();
    const github = await connect(fake);
    expect(await readMain(github)).toEqual({ ref: "refs/heads/main" });
    await github.close();
  });

  test("a GitHub App: one installation token with the least rights, for this repository", async () => {
    const fake = await startScene();
    fake.installApp({ appId: "Iv23liExample", installationId: 42, publicKey });
    const credential = parseCredential({ appId: "Iv23liExample", installationId: "42", privateKey: pem });
    const github = await connect(fake, { credential, access: "read" });
    expect(await readMain(github)).toEqual({ ref: "refs/heads/main" });
    await readMain(github);
    await github.close();
    expect(fake.asked.filter(({ operation }) => operation.includes("access_tokens"))).toHaveLength(1);
    expect(fake.lastTokenRequest()).toEqual({
      repositories: ["deploy"],
      permissions: { contents: "read", pull_requests: "read", metadata: "read" },
    });
    expect(fake.offences).toEqual([]);
  });

  test("an App whose key is another, or whose installation is", async () => {
    const fake = await startScene();
    fake.installApp({ appId: "1", installationId: 42, publicKey });
    const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const otherPem = other.export({ type: "pkcs1", format: "pem" }).toString();
    const wrongKey = parseCredential({ appId: "1", installationId: "42", privateKey: otherPem });
    expect((await fail(connect(fake, { credential: wrongKey }))).failure.code).toBe("Forbidden");
    const wrongInstallation = parseCredential({ appId: "1", installationId: "43", privateKey: pem });
    expect((await fail(connect(fake, { credential: wrongInstallation }))).failure.code).toBe("NotFound");
  });

  test.each<[string, Record<string, string>]>([
    ["nothing", {}],
    ["an empty token", { token: "" }],
    ["a token with a line break in it", { token: "ghp_12345678\r\nx-evil: 1" }],
    ["an App without key", { appId: "1", installationId: "2" }],
    ["an App with half a key", { appId: "1", installationId: "2", privateKey: pem.slice(0, 200) }],
    [
      "an App with a key of another kind",
      {
        appId: "1",
        installationId: "2",
        privateKey: generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      },
    ],
    ["an installation that is no number", { appId: "1", installationId: "../2", privateKey: pem }],
  ])("%s is refused, and nothing of it is repeated", (_, data) => {
    let message = "";
    try {
      parseCredential(data);
    } catch (error) {
      message = error instanceof GitHubError ? error.message : "";
    }
    expect(message).toMatch(/^the Secret with the GitHub credential/);
    for (const value of Object.values(data).filter((one) => one.length > 4)) expect(message).not.toContain(value);
  });

  test("no error shows it, whatever GitHub answers", async () => {
    const server = await startFaultyServer(({ headers }, response) => {
      // An answer that throws everything back that it was sent.
      response.writeHead(422, { "content-type": "application/json" });
      response.end(JSON.stringify({ message: headers.authorization, errors: [headers] }));
    });
    servers.push(server);
    const token = "ghp_never-to-be-seen";
    const credential = { kind: "token", token } as const;
    const github = await openGitHub({ baseUrl: server.url, credential, repository: "a/b", access: "read" });
    const error = await fail(readMain(github));
    await github.close();
    expect(server.requests[0]?.headers.authorization).toBe(`token ${token}`);
    const seen = JSON.stringify([error, error.message, error.stack, Object.entries(error), String(error.cause)]);
    expect(seen).not.toContain(token);
  });
});

describe("the address", () => {
  const open = (rest: object) =>
    openGitHub({
      baseUrl: "https://api.github.test",
      credential: { kind: "token", token: "x" },
      repository: "a/b",
      access: "read",
      ...rest,
    });
  test.each([
    ["no TLS", { baseUrl: "http://github.example" }],
    ["a password in it", { baseUrl: "https://user:pass@github.example" }],
    ["no address", { baseUrl: "github" }],
    ["a repository that climbs", { repository: "a/.." }],
    ["a repository that is a path", { repository: "a/b/c" }],
    ["a repository with a query", { repository: "a/b?x" }],
    ["an owner that climbs", { repository: "../b" }],
  ])("%s is refused", async (_, rest) => {
    expect((await fail(open(rest))).failure.code).toBe("Invalid");
  });
});

describe("what GitHub answers", () => {
  const soon = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds);
  const table: [string, Fault, string][] = [
    ["401", { kind: "answer", status: 401 }, "Forbidden"],
    ["403", { kind: "answer", status: 403, headers: { "x-ratelimit-remaining": "17" } }, "Forbidden"],
    ["404", { kind: "answer", status: 404 }, "NotFound"],
    ["409", { kind: "answer", status: 409 }, "Conflict"],
    ["410", { kind: "answer", status: 410 }, "NotFound"],
    ["422", { kind: "answer", status: 422, body: { message: "Validation Failed" } }, "Invalid"],
    ["422, there already", { kind: "answer", status: 422, body: { message: "Reference already exists" } }, "Conflict"],
    ["451", { kind: "answer", status: 451 }, "Forbidden"],
    ["307", { kind: "answer", status: 307, headers: { location: "http://127.0.0.1:1/" } }, "Invalid"],
    ["500", { kind: "answer", status: 500 }, "Unavailable"],
    ["429", { kind: "answer", status: 429 }, "RateLimited"],
    ["403 with Retry-After", { kind: "answer", status: 403, headers: { "retry-after": "120" } }, "RateLimited"],
    [
      "403, nothing left",
      { kind: "answer", status: 403, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": soon(900) } },
      "RateLimited",
    ],
    [
      "403, too fast",
      { kind: "answer", status: 403, body: { message: "You have exceeded a secondary rate limit." } },
      "RateLimited",
    ],
    ["a broken connection", { kind: "cut", worked: false }, "Unavailable"],
  ];
  test.each(table)("%s", async (_, fault, code) => {
    const fake = await startScene();
    fake.setFault(() => fault);
    const github = await connect(fake);
    expect((await fail(readMain(github))).failure.code).toBe(code);
    await github.close();
  });

  test.each<[string, Record<string, string>, number]>([
    ["in seconds", { "retry-after": "120" }, 120_000],
    ["as a date", { "retry-after": "Thu, 01 Jan 1970 00:10:00 GMT" }, 600_000],
    ["as the reset of the limit", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "300" }, 300_000],
    ["not at all", {}, 60_000],
  ])("when to come back, told %s", async (_, headers, retryAt) => {
    const fake = await startScene();
    fake.setFault(() => ({ kind: "answer", status: 429, headers }));
    const github = await connect(fake, { now: () => 0 });
    expect((await fail(readMain(github))).failure).toEqual({ code: "RateLimited", retryAt });
    await github.close();
    expect(fake.asked, "a long wait is left to the queue").toHaveLength(1);
  });

  const recover = async (faults: Fault[], ask: (github: Client) => Promise<unknown>) => {
    const fake = await startScene();
    const waits: number[] = [];
    fake.setFault(({ number }) => faults[number - 1]);
    const github = await connect(fake, { now: () => 0, wait: async (ms) => void waits.push(ms) });
    const error = await ask(github).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    await github.close();
    return { fake, waits, error };
  };
  const down: Fault = { kind: "answer", status: 502 };
  const shortly: Fault = { kind: "answer", status: 403, headers: { "retry-after": "2" } };

  test("a short wait and a short outage are sat out", async () => {
    const { waits, error } = await recover([shortly, down], readMain);
    expect(error).toBeUndefined();
    expect(waits).toEqual([2000, 800]);
  });

  test("but not for ever", async () => {
    const { fake, error } = await recover([down, down, down, down], readMain);
    expect(error).toBeInstanceOf(GitHubError);
    expect(fake.asked).toHaveLength(3);
  });

  const writeBlob = ({ ask, octokit, owner, repo }: Client) =>
    ask("a blob", () => octokit.rest.git.createBlob({ owner, repo, content: "x" }), z.unknown());
  test("what writes is not sent again after an outage, since it may have been done", async () => {
    const { fake, error } = await recover([down], writeBlob);
    expect(error).toBeInstanceOf(GitHubError);
    expect(fake.asked).toHaveLength(1);
  });

  test("what writes is sent again after a refusal for its rate, since it was not done", async () => {
    const { fake, error } = await recover([shortly], writeBlob);
    expect(error).toBeUndefined();
    expect(fake.asked).toHaveLength(2);
  });
});

describe("an answer has its bounds", () => {
  const withServer = async (answer: Parameters<typeof startFaultyServer>[0], timeoutMs = 300) => {
    const server = await startFaultyServer(answer);
    servers.push(server);
    const credential = { kind: "token", token: "x" } as const;
    const options = { baseUrl: server.url, credential, repository: "a/b", access: "read" } as const;
    const github = await openGitHub({ ...options, timeoutMs, wait: async () => {} });
    const error = await fail(readMain(github));
    await github.close();
    return error;
  };
  test("no end", async () => {
    const error = await withServer((_, response) => {
      const chunk = Buffer.alloc(1024 * 1024, 32);
      const pump = () => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once("drain", pump);
      };
      response.writeHead(200, { "content-type": "application/json" });
      pump();
    }, 10_000);
    expect(error.failure.code).toBe("Unavailable");
    expect(error.message).toContain("more than 8388608 bytes");
  });
  test("no beginning", async () => {
    expect((await withServer(() => {})).message).toContain("nothing within 300 ms");
  });
  test("other members than GitHub's", async () => {
    const error = await withServer((_, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end('{"ref":7}');
    });
    expect(error.failure.code).toBe("Unavailable");
  });
});

test("a shutdown ends what is under way", async () => {
  const fake: FakeGitHub = await startScene();
  const stopping = new AbortController();
  fake.setFault(() => {
    stopping.abort();
    return { kind: "answer", status: 502 };
  });
  const github = await connect(fake, { signal: stopping.signal });
  expect((await fail(readMain(github))).failure.code).toBe("Unavailable");
  expect(fake.asked).toHaveLength(1);
  await github.close();
});
