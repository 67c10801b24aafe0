// Stands between the operator and the API server, counts what the operator writes to one namespace, and ends the operator
// exactly at one of these writes: after the API server has done it and before the operator hears of it, or before it gets
// there at all. Everything else, watches too, passes as it is, with the operator's own token.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Agent, request as requestTls } from "node:https";
import type { AddressInfo, Socket } from "node:net";

export interface Write {
  method: string;
  path: string;
  /** What the API server answered; undefined where the write did not get there. */
  status: number | undefined;
}

/** When the operator is ended: at which write, and on which side of the API server. */
export interface Trap {
  nth: number;
  at: "request" | "answer";
  /** Ends the operator; has to give the signal before it returns. */
  kill(): Promise<void>;
}

export interface Count {
  /** Every write so far, in the order in which they were asked for. */
  writes: readonly Write[];
  /** `performance.now()` of the last write, or of its answer. */
  lastAt(): number;
  /** The write at which the operator was ended; undefined until it is gone. */
  met(): Write | undefined;
}

export interface WriteProxy {
  /** Where the operator finds the API server. */
  url: string;
  /** Counts the writes to a namespace anew. */
  count(namespace: string, trap?: Trap): Count;
  stop(): Promise<void>;
}

const WRITES = new Set(["POST", "PUT", "PATCH", "DELETE"]);
/** These belong to one connection, not to what is passed on. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding", "host"]);

/** Leases and Events tell of the operator, not of what it governs; a dry-run writes nothing. */
const isCounted = (method: string, url: string, namespace: string) =>
  WRITES.has(method) &&
  url.includes(`/namespaces/${namespace}/`) &&
  !/^\/apis\/(coordination|events)\.k8s\.io\//.test(url) &&
  !/[?&]dryRun=/.test(url);

const passOn = (headers: IncomingMessage["headers"]) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));

interface OpenCount extends Omit<Count, "writes"> {
  namespace: string;
  trap: Trap | undefined;
  writes: Write[];
  answered: number;
  touch(): void;
  close(write: Write): void;
}

function openCount(namespace: string, trap: Trap | undefined): OpenCount {
  let last = performance.now();
  let met: Write | undefined;
  return {
    namespace,
    trap,
    writes: [],
    answered: 0,
    met: () => met,
    close: (write) => {
      met = write;
    },
    lastAt: () => last,
    touch: () => {
      last = performance.now();
    },
  };
}

/** Starts the proxy in front of an API server. */
export async function startWriteProxy(api: { url: string; ca: Buffer }): Promise<WriteProxy> {
  const { hostname, port } = new URL(api.url);
  const agent = new Agent({ keepAlive: true, ca: api.ca });
  const sockets = new Set<Socket>();
  let count: OpenCount | undefined;
  let isShut = false;

  /** Ends the operator and hangs up on it; nothing of it gets through until it is gone. */
  const spring = (open: OpenCount, trap: Trap, write: Write) => {
    isShut = true;
    const gone = trap.kill();
    for (const socket of sockets) socket.destroy();
    void gone.then(() => {
      isShut = false;
      open.close(write);
    });
  };

  /** Takes note of a request that counts; undefined where it does not get to the API server. */
  const admit = (method: string, path: string): { answered(status: number): boolean } | undefined => {
    const open = count;
    if (open === undefined || !isCounted(method, path, open.namespace)) return { answered: () => true };
    const write: Write = { method, path, status: undefined };
    const { trap } = open;
    open.writes.push(write);
    open.touch();
    if (trap?.at === "request" && open.writes.length === trap.nth) {
      spring(open, trap, write);
      return undefined;
    }
    return {
      answered: (status) => {
        write.status = status;
        open.answered += 1;
        open.touch();
        const isDue = trap?.at === "answer" && open.answered === trap.nth;
        if (isDue) spring(open, trap, write);
        return !isDue;
      },
    };
  };

  const forward = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method = "GET", url: path = "/" } = incoming;
    const admitted = isShut ? undefined : admit(method, path);
    if (admitted === undefined) {
      incoming.socket.destroy();
      return;
    }
    const upstream = requestTls({ hostname, port, agent, method, path, headers: passOn(incoming.headers) });
    upstream.once("response", (answer) => {
      const isHeard = admitted.answered(answer.statusCode ?? 0);
      if (!isHeard) {
        answer.resume();
        return;
      }
      answer.once("error", () => outgoing.destroy());
      outgoing.writeHead(answer.statusCode ?? 502, passOn(answer.headers));
      // A watch that is silent still has to tell that it is open.
      outgoing.flushHeaders();
      answer.pipe(outgoing);
    });
    upstream.once("error", () => outgoing.destroy());
    outgoing.once("close", () => upstream.destroy());
    incoming.pipe(upstream);
  };

  const server = createServer(forward);
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((ok) => server.listen(0, "127.0.0.1", ok));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: (namespace, trap) => {
      count = openCount(namespace, trap);
      return count;
    },
    stop: async () => {
      const closed = new Promise((ok) => server.close(ok));
      server.closeAllConnections();
      await closed;
      agent.destroy();
    },
  };
}
