/** The HTTP server for probes and Prometheus: /livez, /readyz, /metrics; nothing else, and only GET. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface HealthOptions {
  host: string;
  port: number;
  /** What is not ready yet; empty where everything is. */
  findUnready: () => string[];
  renderMetrics: () => Promise<string>;
}

export interface HealthServer {
  port: number;
  close(): Promise<void>;
}

/** Starts the server. /livez answers as long as the event loop turns. */
export async function serveHealth(options: HealthOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string) => {
      response.writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" }).end(text);
    };
    if (request.method !== "GET") return answer(405, "only GET\n");
    switch (request.url ?? "") {
      case "/livez":
        return answer(200, "ok\n");
      case "/readyz": {
        const unready = options.findUnready();
        return unready.length === 0 ? answer(200, "ok\n") : answer(503, `${unready.join("\n")}\n`);
      }
      case "/metrics":
        options.renderMetrics().then(
          (text) => answer(200, text),
          () => answer(500, "metrics could not be rendered\n"),
        );
        return undefined;
      default:
        return answer(404, "not found\n");
    }
  });
  server.requestTimeout = 5000;
  server.maxHeadersCount = 50;
  await new Promise<void>((ok, no) => {
    server.once("error", no);
    server.listen(options.port, options.host, ok);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((ok) => server.close(() => ok())),
  };
}
