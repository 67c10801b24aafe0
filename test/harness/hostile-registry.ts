// A registry that lies, floods, drips and breaks off as a test says; it counts what it was able to send.
import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, isIPv6, createServer as createRawServer, type Server, type Socket } from "node:net";

export interface Asked {
  method: string;
  /** Path and query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** How many requests came before, from 0. */
  number: number;
}

export type Reply = (response: ServerResponse, asked: Asked) => void;

export interface HostileRegistry {
  /** host:port */
  host: string;
  url: string;
  requests: Asked[];
  /** Bytes that were written, those on their way included. */
  sentBytes(): number;
  stop(): Promise<void>;
}

const running: (() => Promise<void>)[] = [];

/** Stops everything that a test started. */
export const stopHostileRegistries = async (): Promise<void> => {
  await Promise.all(running.splice(0).map((stop) => stop()));
};

async function listen(
  server: Server,
  protocol = "http",
  address = "127.0.0.1",
): Promise<Omit<HostileRegistry, "requests">> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((ok) => server.listen(0, address, ok));
  const name = isIPv6(address) ? `[${address}]` : address;
  const host = `${name}:${(server.address() as AddressInfo).port}`;
  const stop = () =>
    new Promise<void>((ok) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => ok());
    });
  running.push(stop);
  const sentBytes = () => [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, 0);
  return { host, url: `${protocol}://${host}`, sentBytes, stop };
}

/** Starts one that answers each path (without its query) by its own reply, and others with 404. */
export async function startHostileRegistry(
  script: Reply | Record<string, Reply>,
  tls?: { key: Buffer; cert: Buffer },
  address?: string,
): Promise<HostileRegistry> {
  const requests: Asked[] = [];
  const serve: RequestListener = (request, response) => {
    const { method = "", url: path = "", headers } = request;
    const asked: Asked = { method, path, headers, body: "", number: requests.length };
    requests.push(asked);
    request.setEncoding("utf8").on("data", (text: string) => {
      asked.body += text;
    });
    request.once("end", () => {
      const reply = typeof script === "function" ? script : script[path.replace(/\?.*$/, "")];
      if (reply === undefined) response.writeHead(404).end();
      else reply(response, asked);
    });
  };
  if (tls !== undefined) return { ...(await listen(createTlsServer(tls, serve), "https", address)), requests };
  return { ...(await listen(createServer(serve), "http", address)), requests };
}

/** Starts a proxy that leads every tunnel to the same place, whatever it is asked for. */
export async function startProxy(target: HostileRegistry): Promise<HostileRegistry> {
  const requests: Asked[] = [];
  const server = createServer();
  server.on("connect", (request, socket: Socket, head: Buffer) => {
    const { method = "", url: path = "", headers } = request;
    requests.push({ method, path, headers, body: "", number: requests.length });
    const [host = "", port = ""] = target.host.split(":");
    const upstream = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  return { ...(await listen(server)), requests };
}

/** Starts one that writes what no HTTP server writes: `answer` gets each connection with its first request. */
export async function startRawRegistry(answer: (socket: Socket, request: string) => void): Promise<HostileRegistry> {
  const server = createRawServer((socket) => {
    socket.once("data", (data: Buffer) => answer(socket, data.toString("latin1")));
  });
  return { ...(await listen(server)), requests: [] };
}

/** Sends bytes. */
export const send =
  (body: string | Buffer, headers: Record<string, string> = {}, status = 200): Reply =>
  (response) =>
    void response.writeHead(status, headers).end(body);

interface Sink {
  destroyed: boolean;
  write(chunk: Buffer | string): boolean;
  once(event: "drain", listener: () => void): unknown;
}

/** Writes for as long as somebody reads. */
export function flood(sink: Sink, chunk: Buffer | string = Buffer.alloc(256 * 1024)): void {
  const push = () => {
    while (!sink.destroyed && sink.write(chunk));
    if (!sink.destroyed) sink.once("drain", push);
  };
  push();
}

/** Writes a little, again and again. */
export function drip(response: ServerResponse, text = " ", everyMs = 20): void {
  const timer = setInterval(() => response.write(text), everyMs);
  response.once("close", () => clearInterval(timer));
}
