import { createServer as createPlainServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { ENDPOINTS, type Endpoint, type EndpointName } from "@helix/admin-api";
import type { Clock, Logger } from "@helix/core";
import { type FastifyInstance, fastify } from "fastify";
import type { ServiceConfig } from "../config/schema.ts";
import type { ReadFile } from "../config/sources.ts";
import type { Page } from "../page/page.ts";
import { listening } from "../probe-server.ts";
import { ANSWER_HEADERS, type ApiRefusal, apiRefusal, sendRefusal } from "./api-refusal.ts";
import { watchCertificate } from "./certificate.ts";
import { clientAddresses } from "./client-address.ts";
import { Door, MOST_BODY_BYTES } from "./door.ts";
import { refusalOf } from "./error-answer.ts";
import { type Asker, HANDLERS, type Subject } from "./handlers.ts";
import { InTurn } from "./in-turn.ts";
import { Once } from "./once.ts";
import { readRequest } from "./read-request.ts";
import { RefusedAddresses } from "./refused-addresses.ts";
import { Tokens } from "./tokens.ts";

const MOST_CONNECTIONS = 50;
const MOST_ANSWER_MS = 30_000;

/** What has letters in memory, of which each may have some MiB. */
const LARGE: ReadonlySet<EndpointName> = new Set([
  "deadLetters",
  "deadLetter",
  "deadLetterValues",
  "trash",
  "trashedLetter",
  "trashedLetterValues",
]);

export interface AdminOptions {
  readonly config: ServiceConfig["admin"];
  /** What requests are about; undefined while the queue is not open. */
  readonly subject: () => Subject | undefined;
  /** Aborted when the service is to stop: no changes from then on. */
  readonly stopping: AbortSignal;
  readonly readFile: ReadFile;
  /** Absent: there is none. */
  readonly page?: Page | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** The admin API, on a port of its own. */
export interface AdminServer {
  readonly port: number;
  /** Ends all connections. Twice is safe. */
  close(): Promise<void>;
}

/** Resolves when it listens; rejects with Node's error if it cannot. */
export async function startAdminServer(options: AdminOptions): Promise<AdminServer> {
  const { config, stopping, page, clock, logger } = options;
  const door = new Door({
    tokens: new Tokens(
      {
        read: config.readTokens,
        operate: config.operateTokens,
        destroy: config.destroyTokens,
        values: config.valuesTokens,
      },
      { clock, logger },
    ),
    addresses: new RefusedAddresses(clock),
    clientAddress: clientAddresses(config.trustedProxies ?? []),
    names: { hosts: config.allowedHosts ?? [], origins: config.allowedOrigins ?? [] },
    page,
    stopping,
    clock,
    logger,
  });
  const routes = await routesOf(door, options);
  const server = serverOf(options);
  server.on("request", (request, response) =>
    door.enter(request, response, () => routes.routing(request, response)),
  );
  const onError = (error: unknown) => logger.warn({ error }, "the admin API cannot take a connection");
  await listening(server, { host: config.host, port: config.port, onError });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await routes.close();
    },
  };
}

function serverOf({ config: { tlsCertFile, tlsKeyFile }, readFile, clock, logger }: AdminOptions): Server {
  const limits = {
    headersTimeout: 5_000,
    requestTimeout: 10_000,
    keepAliveTimeout: 5_000,
    // Node looks every 30 s otherwise: so long whoever sends nothing more keeps one of the connections, and of the places.
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 8_192,
  };
  let server: Server;
  if (tlsCertFile !== undefined && tlsKeyFile !== undefined) {
    const read = () => ({ cert: readFile(tlsCertFile), key: readFile(tlsKeyFile) });
    const secure = createSecureServer({
      ...limits,
      handshakeTimeout: 5_000,
      minVersion: "TLSv1.2",
      ...read(),
    });
    watchCertificate(secure, read, { clock, logger });
    server = secure;
  } else {
    server = createPlainServer(limits);
  }
  server.maxConnections = MOST_CONNECTIONS;
  return server;
}

/** Finds what each request is for, and reads its body. */
async function routesOf(door: Door, options: AdminOptions): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: MOST_BODY_BYTES,
    exposeHeadRoutes: false,
    frameworkErrors: (error, _, reply) =>
      void sendRefusal(reply.hijack().raw, answerTo(error, options.logger)),
    routerOptions: { maxParamLength: 300 },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/json",
    { parseAs: "string" },
    app.getDefaultJsonParser("error", "error"),
  );
  // Before its body is read.
  app.addHook("onRequest", async ({ is404, url }) => {
    if (is404) throw notFound(url);
  });
  app.setErrorHandler((error, _, reply) => {
    const { status, headers, body } = answerTo(error, options.logger);
    return reply
      .code(status)
      .headers({ ...ANSWER_HEADERS, ...headers })
      .send(JSON.stringify(body));
  });
  const once = new Once(options.clock);
  const inTurn = new InTurn(options.clock);
  for (const [name, endpoint] of Object.entries<Endpoint>(ENDPOINTS)) {
    app.route({
      method: endpoint.method,
      url: endpoint.path.replace(/\{(\w+)\}/g, ":$1"),
      // Before its body is read.
      onRequest: async ({ raw }) => {
        const { right } = endpoint;
        if (!door.rightsOf(raw).has(right)) throw apiRefusal("HELIX_API_RIGHT_MISSING", { right });
      },
      handler: async (request, reply) => {
        const read = readRequest(endpoint, request);
        const rights = door.rightsOf(request.raw);
        const make = () => answer(name as EndpointName, read, { ...options, rights, inTurn });
        const { params, body, key } = read;
        const json = await (key === undefined ? make() : once.run(key, { name, params, body }, make));
        return reply.headers(ANSWER_HEADERS).send(json);
      },
    });
  }
  await app.ready();
  return app;
}

async function answer(
  name: EndpointName,
  request: object,
  { subject, clock, rights, inTurn }: AdminOptions & Asker & { readonly inTurn: InTurn },
): Promise<string> {
  const about = subject();
  if (about === undefined) throw apiRefusal("HELIX_API_NOT_OPEN");
  const handler = HANDLERS[name] as (subject: Subject, request: object, asker: Asker) => Promise<unknown>;
  let cancel = () => {};
  const late = new Promise<never>((_, reject) => {
    cancel = clock.setTimer(() => reject(apiRefusal("HELIX_API_TIMEOUT")), MOST_ANSWER_MS);
  });
  try {
    const make = () => handler(about, request, { rights });
    const found = await Promise.race([LARGE.has(name) ? inTurn.run(make) : make(), late]);
    // Nothing is told that is not described.
    return JSON.stringify(ENDPOINTS[name].answer.parse(found));
  } finally {
    cancel();
  }
}

function answerTo(error: unknown, logger: Logger): ApiRefusal {
  const refusal = refusalOf(error);
  if (refusal !== undefined) return refusal;
  logger.error({ error }, "the admin API could not answer");
  return apiRefusal("HELIX_API_INTERNAL");
}

/** With another method there may be something. */
function notFound(url: string): ApiRefusal {
  const path = url.split("?", 1)[0] ?? "";
  const methods = Object.values<Endpoint>(ENDPOINTS)
    .filter((one) => new RegExp(`^${one.path.replace(/\{\w+\}/g, "[^/]+")}$`).test(path))
    .map(({ method }) => method);
  if (methods.length === 0) return apiRefusal("HELIX_API_PATH_UNKNOWN");
  return apiRefusal("HELIX_API_METHOD_REFUSED", {}, { allow: [...new Set(methods)].join(", ") });
}
