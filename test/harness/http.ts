// A server that answers as a test says, for faults that no real server makes on purpose.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FaultyServer {
  /** host:port */
  host: string;
  url: string;
  /** What was asked, in order: method, path and query. */
  requests: { line: string; headers: IncomingMessage["headers"]; body: string }[];
  stop(): Promise<void>;
}

/** Starts a server; `answer` gets each request with its number, from 0. */
export async function startFaultyServer(
  answer: (
    request: { line: string; number: number; headers: IncomingMessage["headers"] },
    response: ServerResponse,
  ) => void,
): Promise<FaultyServer> {
  const requests: FaultyServer["requests"] = [];
  const server = createServer((request, response) => {
    const entry = { line: `${request.method ?? ""} ${request.url ?? ""}`, headers: request.headers, body: "" };
    const number = requests.push(entry) - 1;
    request.setEncoding("utf8").on("data", (text: string) => {
      entry.body += text;
    });
    request.once("end", () => answer({ line: entry.line, number, headers: entry.headers }, response));
  });
  await new Promise<void>((ok) => server.listen(0, "127.0.0.1", ok));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `http://${host}`,
    requests,
    stop: () =>
      new Promise((ok) => {
        server.closeAllConnections();
        server.close(() => ok());
      }),
  };
}

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}
