import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo, Server } from "node:net";
import type { Readiness } from "./readiness.ts";

/** Answers a GET of one path. What it throws is answered with 500. */
export type Route = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
export type Routes = Readonly<Record<string, Route>>;

/** A server for probes: small answers, no framework. */
export interface ProbeServer {
  readonly port: number;
  /** Answers what it has received, and closes all connections. Twice is safe. */
  close(): Promise<void>;
}

export interface ProbeServerOptions {
  readonly host: string;
  readonly port: number;
  readonly routes: Routes;
  /** Told of each connection that cannot be taken, such as while the process has no handle left. */
  readonly onError: (error: unknown) => void;
}

/** Resolves when it listens; rejects with Node's error if it cannot. */
export async function listen(options: ProbeServerOptions): Promise<ProbeServer> {
  const server = createServer(
    { requestTimeout: 5_000, headersTimeout: 5_000, connectionsCheckingInterval: 1_000 },
    dispatch(options.routes),
  );
  await listening(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Resolves when a server listens; rejects with Node's error if it cannot. What fails later would end the pod without a listener. */
export async function listening(
  server: Server,
  { host, port, onError }: Omit<ProbeServerOptions, "routes">,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  server.on("error", onError);
}

/**
 * `/livez`: the event loop turns, or nobody would answer. `/readyz`: whether the service is ready, and what is missing.
 */
export function probeRoutes(readiness: Readiness): Routes {
  return {
    "/livez": (_, response) => sendJson(response, 200, { alive: true }),
    "/readyz": (_, response) => {
      const report = readiness.report();
      sendJson(response, report.ready ? 200 : 503, report);
    },
  };
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(`${JSON.stringify(body)}\n`);
}

function dispatch(routes: Routes): RequestListener {
  return async (request, response) => {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    if (!Object.hasOwn(routes, path)) return sendJson(response, 404, { error: "No such path" });
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      return sendJson(response, 405, { error: "Only GET and HEAD" });
    }
    try {
      await routes[path]?.(request, response);
    } catch {
      if (!response.headersSent) sendJson(response, 500, { error: "The answer could not be made" });
    }
  };
}
