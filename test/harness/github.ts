// A fake GitHub over HTTP on loopback: exactly the operations that the product uses, over a real model of Git. Every
// request and every answer is held to GitHub's published description; what does not fit fails the test.
import { createVerify, type KeyObject } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as z from "zod";
import { demandRequest, demandResponse, OPERATIONS, toAnswer } from "./github/contract.ts";
import { createRepositoryState, type Repository } from "./github/repository.ts";
import { type Reply, refuse, ROUTES } from "./github/routes.ts";

export type { Pull, Repository } from "./github/repository.ts";

/** What goes wrong with a request. `cut` ends the connection without an answer, before or after the work was done. */
export type Fault =
  | { kind: "answer"; status: number; headers?: Record<string, string>; body?: object }
  | { kind: "cut"; worked: boolean };

export interface Asked {
  /** From 1. */
  number: number;
  /** Such as `POST /repos/{owner}/{repo}/pulls`, or `POST /graphql revertPullRequest`. */
  operation: string;
  path: string;
  /** Whether the client named the product and itself as GitHub demands it. */
  authorization: string;
}

export interface FakeGitHub {
  url: string;
  repository: Repository;
  /** The token that is accepted, and whose it is. */
  token: string;
  login: string;
  /** Every request in order. */
  asked: Asked[];
  /** What did not fit GitHub's description; empty where all is well. */
  offences: string[];
  /** Decides on the fault of a request. */
  setFault(fault: (asked: Asked) => Fault | undefined): void;
  /** Accepts a GitHub App's JWT for one installation. */
  installApp(app: { appId: string; installationId: number; publicKey: KeyObject }): void;
  /** The body of the last request for an installation token. */
  lastTokenRequest(): unknown;
  stop(): Promise<void>;
}

/** Longest that GitHub lets a JWT of an App live, seconds. */
const JWT_LIMIT = 600;
const INSTALLATION_TOKEN = "ghs_installation-token-of-the-fake";
const TOKEN_OPERATION = "POST /app/installations/{installation_id}/access_tokens";

const toPattern = (operation: string) => {
  const [method = "", path = ""] = operation.split(" ");
  const pattern = path.replace(/\{(\w+)\}/g, (_, name: string) => `(?<${name}>[^/]+)`);
  return { operation, method, pattern: new RegExp(`^${pattern}$`) };
};
const PATTERNS = OPERATIONS.map(toPattern);

const graphqlBody = z.strictObject({
  query: z.string(),
  variables: z
    .strictObject({
      input: z.strictObject({
        pullRequestId: z.string(),
        title: z.string().optional(),
        body: z.string().optional(),
        draft: z.boolean().optional(),
        clientMutationId: z.string().optional(),
      }),
    })
    .optional(),
});
const GRAPHQL = {
  viewer: "query { viewer { login } }",
  revertPullRequest:
    "mutation ($input: RevertPullRequestInput!) { revertPullRequest(input: $input) { revertPullRequest { number url createdAt } } }",
};

export interface FakeGitHubOptions {
  /** When the history of the repository begins, epoch milliseconds; each event is a second after the one before. */
  startsAt?: number;
  fullName?: string;
  login?: string;
  /** Demand permission for reverting; without it GraphQL answers FORBIDDEN. */
  mayRevert?: boolean;
}

export async function startGitHub(options: FakeGitHubOptions = {}): Promise<FakeGitHub> {
  const fullName = options.fullName ?? "acme/deploy";
  const login = options.login ?? "vouchsafe-bot";
  const token = "ghp_token-of-the-fake-GitHub-0123456789";
  const repository = createRepositoryState(fullName, options.startsAt);
  repository.accountOf(login);
  const asked: Asked[] = [];
  const offences: string[] = [];
  let findFault: (asked: Asked) => Fault | undefined = () => undefined;
  let app: Parameters<FakeGitHub["installApp"]>[0] | undefined;
  let lastTokenRequest: unknown;

  const isAppToken = (jwt: string): boolean => {
    const [header = "", claims = "", signature = ""] = jwt.split(".");
    if (app === undefined) return false;
    const isSigned = createVerify("RSA-SHA256")
      .update(`${header}.${claims}`)
      .verify(app.publicKey, signature, "base64url");
    const { iat, exp, iss } = JSON.parse(Buffer.from(claims, "base64url").toString("utf8")) as Record<string, number>;
    const now = Date.now() / 1000;
    const lives = (iat ?? 0) <= now && (exp ?? 0) > now && (exp ?? 0) - now <= JWT_LIMIT;
    return isSigned && lives && String(iss) === app.appId;
  };

  const whoIs = (authorization: string): string | undefined => {
    const [, secret = ""] = /^(?:token|bearer) (.+)$/i.exec(authorization) ?? [];
    if (secret === token) return login;
    return app !== undefined && secret === INSTALLATION_TOKEN ? "vouchsafe[bot]" : undefined;
  };

  const answerGraphql = (body: unknown, who: string): Reply => {
    const { query, variables } = graphqlBody.parse(body);
    const text = query.replace(/\s+/g, " ").trim();
    if (text === GRAPHQL.viewer) return { status: 200, body: { data: { viewer: { login: who } } } };
    if (text !== GRAPHQL.revertPullRequest || variables === undefined) throw new Error(`unknown GraphQL: ${text}`);
    const error = (type: string, message: string): Reply => ({
      status: 200,
      body: { data: { revertPullRequest: null }, errors: [{ type, path: ["revertPullRequest"], message }] },
    });
    if (options.mayRevert === false) return error("FORBIDDEN", "Resource not accessible by personal access token");
    const { pullRequestId, title = "", body: about = "" } = variables.input;
    const pull = [...repository.pulls.values()].find(({ number }) => `PR_${number}` === pullRequestId);
    if (pull === undefined) return error("NOT_FOUND", `Could not resolve to a node with the id ${pullRequestId}`);
    const made = repository.revert(pull, who, { title, body: about });
    if (made === undefined) return error("UNPROCESSABLE", "This pull request cannot be reverted");
    const url = `https://github.test/${fullName}/pull/${made.number}`;
    return {
      status: 200,
      body: {
        data: { revertPullRequest: { revertPullRequest: { number: made.number, url, createdAt: made.createdAt } } },
      },
    };
  };

  const answerRest = (request: IncomingMessage, url: URL, body: unknown): Reply => {
    const match = PATTERNS.map((one) => ({ ...one, found: one.pattern.exec(url.pathname) })).find(
      ({ method, found }) => method === request.method && found !== null,
    );
    if (match === undefined) throw new Error(`no operation ${request.method} ${url.pathname}`);
    const { operation } = match;
    const params = Object.fromEntries(
      Object.entries(match.found?.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]),
    );
    demandRequest(operation, url.searchParams, body);
    const authorization = request.headers.authorization ?? "";
    if (operation === TOKEN_OPERATION) {
      if (!isAppToken(authorization.replace(/^bearer /i, "")))
        return refuse(401, "A JSON web token could not be decoded");
      if (Number(params.installation_id) !== app?.installationId) return refuse(404, "Not Found");
      lastTokenRequest = body;
      return { status: 201, body: { token: INSTALLATION_TOKEN, expires_at: "2030-01-01T00:00:00Z" } };
    }
    const who = whoIs(authorization);
    if (who === undefined) return refuse(401, "Bad credentials");
    const named = `${params.owner}/${params.repo}`;
    if (named.toLowerCase() !== fullName.toLowerCase()) return refuse(404, "Not Found");
    const reply = ROUTES[operation]?.({ repository, params, query: url.searchParams, body, login: who });
    if (reply === undefined) throw new Error(`${operation} is not served`);
    return reply.status < 300 ? { ...reply, body: toAnswer(operation, reply.status, reply.body) } : reply;
  };

  const operationOf = (request: IncomingMessage, url: URL, text: string): string => {
    if (url.pathname === "/graphql")
      return `POST /graphql ${text.includes("revertPullRequest") ? "revertPullRequest" : "viewer"}`;
    return (
      PATTERNS.find(({ method, pattern }) => method === request.method && pattern.test(url.pathname))?.operation ??
      url.pathname
    );
  };

  const work = (request: IncomingMessage, url: URL, text: string): Reply => {
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    if (!/^\S/.test(request.headers["user-agent"] ?? ""))
      return refuse(403, "Request forbidden by administrative rules");
    if (url.pathname === "/graphql") {
      const who = whoIs(request.headers.authorization ?? "");
      return who === undefined ? refuse(401, "Bad credentials") : answerGraphql(body, who);
    }
    const reply = answerRest(request, url, body);
    demandResponse(operationOf(request, url, text), reply.status, reply.body);
    return reply;
  };

  const handle = (request: IncomingMessage, response: ServerResponse, text: string): void => {
    const url = new URL(request.url ?? "/", "http://fake");
    const entry: Asked = {
      number: asked.length + 1,
      operation: operationOf(request, url, text),
      path: url.pathname + url.search,
      authorization: request.headers.authorization ?? "",
    };
    asked.push(entry);
    const send = (status: number, body: unknown, headers: Record<string, string> = {}) =>
      response
        .writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers })
        .end(JSON.stringify(body));
    const fault = findFault(entry);
    try {
      if (fault?.kind === "answer") {
        const body = fault.body ?? { message: "as the test says" };
        return void send(fault.status, body, fault.headers);
      }
      if (fault?.kind === "cut" && !fault.worked) return void request.socket.destroy();
      const reply = work(request, url, text);
      if (fault?.kind === "cut") return void request.socket.destroy();
      send(reply.status, reply.body);
    } catch (error) {
      offences.push(`${entry.operation}: ${error instanceof Error ? error.message : String(error)}`);
      send(418, { message: "the fake GitHub was asked for what GitHub does not have" });
    }
  };

  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    request.once("end", () => handle(request, response, text));
  });
  await new Promise<void>((started) => server.listen(0, "127.0.0.1", started));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    repository,
    token,
    login,
    asked,
    offences,
    setFault: (fault) => {
      findFault = fault;
    },
    installApp: (installed) => {
      app = installed;
    },
    lastTokenRequest: () => lastTokenRequest,
    stop: () =>
      new Promise((stopped) => {
        server.closeAllConnections();
        server.close(() => stopped());
      }),
  };
}
