import { createHash } from "node:crypto";
import net from "node:net";
import { bindMarkers } from "./cql/bind-markers.ts";
import type { ColumnType } from "./cql/column-type.ts";
import { type Frame, FrameSplitter, OPCODE, responseFrame, VERSION } from "./cql/frames.ts";
import { encodeReply, prepared, type Reply, reply, usedKeyspace } from "./cql/reply.ts";
import { type CqlRequest, decodeRequest, UnpreparedError } from "./cql/request.ts";
import { ScriptedSchema, type ScriptedTables } from "./cql/scripted-schema.ts";
import { answerSystemQuery } from "./cql/system-tables.ts";
import { WireReader } from "./cql/wire-reader.ts";
import { WireWriter } from "./cql/wire-writer.ts";
import { listenOn, listenOnFreePort } from "./ports.ts";

/** What a scripted server does. */
export interface ScriptedCqlServerOptions {
  /**
   * Decides every QUERY, EXECUTE and BATCH but those about system tables. What it throws or rejects with is
   * answered as a `serverError`. @default everything is answered with `reply.void`
   */
  readonly onRequest?: ((request: CqlRequest) => Reply | Promise<Reply>) | undefined;
  /** May refuse a PREPARE. Undefined: it is prepared. */
  readonly onPrepare?: ((query: string) => Exclude<Reply, { kind: "void" | "rows" }> | undefined) | undefined;
  /**
   * May answer a statement about system tables otherwise than by what is known here. @default answers none of them
   */
  readonly onSystemRequest?: ((query: string) => Reply | undefined) | undefined;
  /** What is there at first. @default the tables that the tests of the house write to */
  readonly tables?: ScriptedTables | undefined;
  /** The types of a statement's bind markers, in order. @default text for all */
  readonly types?: ((query: string) => readonly ColumnType[]) | undefined;
  /** An IPv4 address of this machine. @default "127.0.0.1" */
  readonly host?: string | undefined;
  /** @default a free one */
  readonly port?: number | undefined;
  /**
   * Addresses of other nodes of the same cluster, on the same port, which the client must then name in
   * `protocolOptions.port`: 127.0.0.2 and so on, which only Linux has by itself. @default none
   */
  readonly peers?: readonly string[] | undefined;
  /** What tells it from other clusters: the ids of its nodes are made of it. @default its port */
  readonly identity?: string | undefined;
  /** @default "datacenter1" */
  readonly dataCenter?: string | undefined;
  /** Asks for a login by password and refuses every other. @default asks for none */
  readonly credentials?: { readonly user: string; readonly password: string } | undefined;
  /** Whether `requests` and `prepares` are kept. @default true */
  readonly record?: boolean | undefined;
}

/** Starts a scripted server. Resolves when it listens. */
export async function startScriptedCqlServer(
  options: ScriptedCqlServerOptions = {},
): Promise<ScriptedCqlServer> {
  const server = new ScriptedCqlServer(options);
  await server.setUp();
  return server;
}

/**
 * Speaks version 4 of Cassandra's native protocol well enough for an unmodified driver, and misbehaves on
 * demand as a real server will not. It stores nothing: a handler answers each request. Up, it listens; down,
 * nobody does and no connection is left; paused, connections are kept and made, but not read. What was
 * prepared is remembered over all of them until `forgetPrepared`.
 */
export class ScriptedCqlServer implements AsyncDisposable {
  readonly host: string;
  readonly localDataCenter: string;
  /** Another one makes it another cluster, for those who ask from then on. */
  identity: string;
  /** All requests that reached the handler, in order. */
  readonly requests: CqlRequest[] = [];
  /** What it says of its schema. */
  readonly schema: ScriptedSchema;
  /** The texts of all statements about system tables, in order. */
  readonly systemRequests: string[] = [];
  /** The texts of all PREPAREs, in order. */
  readonly prepares: string[] = [];
  readonly #options: ScriptedCqlServerOptions;
  readonly #listener: net.Server;
  readonly #sockets = new Set<net.Socket>();
  /** Those that want events. */
  readonly #registered = new WeakSet<net.Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #prepared = new Map<string, string>();
  readonly #seen = new Map<string, number>();
  #port: number | undefined;
  #paused = false;

  constructor(options: ScriptedCqlServerOptions) {
    this.#options = options;
    this.#port = options.port;
    this.identity = options.identity ?? "";
    this.schema = new ScriptedSchema(options.tables);
    this.host = options.host ?? "127.0.0.1";
    this.localDataCenter = options.dataCenter ?? "datacenter1";
    this.#listener = net.createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  get port(): number {
    return this.#port ?? 0;
  }

  /** `host:port`, as the driver's `contactPoints` takes it. */
  get contactPoint(): string {
    return `${this.host}:${this.port}`;
  }

  /** Connections open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  get isUp(): boolean {
    return this.#listener.listening;
  }

  /** Listens, on the same port as before. */
  async setUp(): Promise<void> {
    if (this.#listener.listening) return;
    this.#port = await (this.#port === undefined
      ? listenOnFreePort(this.#listener, this.host)
      : listenOn(this.#listener, this.host, this.#port));
    this.identity ||= String(this.#port);
  }

  /**
   * Stops listening and destroys all connections, unanswered requests with them. Resolves when both are gone.
   */
  async setDown(): Promise<void> {
    const stopped = new Promise((resolve) => this.#listener.close(resolve));
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
    this.#paused = false;
    await stopped;
  }

  /** Reads no further requests, as a frozen process does. */
  pause(): void {
    this.#paused = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** Reads again, and answers what has piled up. */
  resume(): void {
    this.#paused = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** Answers UNPREPARED to what was prepared before, as a server that was restarted may. */
  forgetPrepared(): void {
    this.#prepared.clear();
  }

  /** Tells the clients that a table has changed, whether it has or not. */
  tellSchemaChange(keyspace: string, table: string): void {
    const event = new WireWriter().string("SCHEMA_CHANGE").string("UPDATED").string("TABLE");
    const frame = responseFrame(EVENT_STREAM, OPCODE.event, event.string(keyspace).string(table).finish());
    for (const socket of this.#sockets) if (this.#registered.has(socket)) socket.write(frame);
  }

  /** The same as `setDown`. Twice is harmless. */
  close(): Promise<void> {
    return this.setDown();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(socket: net.Socket): void {
    this.#sockets.add(socket);
    const frames = new FrameSplitter();
    socket
      .on("data", (bytes) => {
        for (const frame of frames.push(bytes)) this.#onFrame(socket, frame);
      })
      .on("error", () => {}) // "close" follows
      .on("close", () => this.#sockets.delete(socket));
    if (this.#paused) socket.pause();
  }

  #onFrame(socket: net.Socket, frame: Frame): void {
    if (frame.opcode === OPCODE.register) this.#registered.add(socket);
    this.#respond(frame)
      .catch(errorReply)
      .then((response) => {
        const { delayMs = 0 } = response;
        if (delayMs === 0) return send(socket, frame, response);
        const timer = setTimeout(() => {
          this.#timers.delete(timer);
          send(socket, frame, response);
        }, delayMs);
        this.#timers.add(timer);
      });
  }

  async #respond(frame: Frame): Promise<Response> {
    if (frame.version !== VERSION) {
      const message = `Invalid or unsupported protocol version (${frame.version & 0x7f})`;
      return reply.error({ code: "protocolError", message });
    }
    switch (frame.opcode) {
      case OPCODE.options:
        return raw(OPCODE.supported, new WireWriter().short(1).string("CQL_VERSION").stringList(["3.4.7"]));
      case OPCODE.startup:
        if (this.#options.credentials === undefined) return raw(OPCODE.ready, new WireWriter());
        return raw(OPCODE.authenticate, new WireWriter().string(PASSWORD_AUTHENTICATOR));
      case OPCODE.authResponse:
        return this.#logIn(new WireReader(frame.body).value());
      case OPCODE.register:
        return raw(OPCODE.ready, new WireWriter());
      case OPCODE.prepare:
        return this.#prepare(new WireReader(frame.body).longString());
      case OPCODE.query:
      case OPCODE.execute:
      case OPCODE.batch:
        return this.#answer(frame);
      default:
        return reply.error({ code: "protocolError", message: `Unknown opcode ${frame.opcode}` });
    }
  }

  /** The client's token is `NUL user NUL password`, as SASL's PLAIN has it. */
  #logIn(token: Buffer | null | undefined): Response {
    const [, user = "", password] = token?.toString("utf8").split("\0") ?? [];
    const { credentials } = this.#options;
    if (user === credentials?.user && password === credentials.password) {
      return raw(OPCODE.authSuccess, new WireWriter().bytes(null));
    }
    const message = `Provided username ${user} and/or password are incorrect`;
    return reply.error({ code: "badCredentials", message });
  }

  #prepare(query: string): Response {
    if (this.#options.record !== false) this.prepares.push(query);
    const refusal = this.#options.onPrepare?.(query);
    if (refusal !== undefined) return refusal;
    const queryId = createHash("md5").update(query).digest();
    this.#prepared.set(queryId.toString("hex"), query);
    return raw(OPCODE.result, prepared(queryId, bindMarkers(query, this.#options.types?.(query) ?? [])));
  }

  async #answer(frame: Frame): Promise<Response> {
    const decoded = decodeRequest(frame, (queryId) => this.#prepared.get(queryId.toString("hex")));
    const keyspace = /^\s*use\s+"?(\w+)"?/i.exec(decoded.query)?.[1];
    if (keyspace !== undefined) return raw(OPCODE.result, usedKeyspace(keyspace));
    const { peers = [] } = this.#options;
    const { host, identity, localDataCenter: dataCenter, schema } = this;
    const facts = { host, identity, peers, dataCenter, releaseVersion: RELEASE, schema };
    const system = answerSystemQuery(decoded.query, facts);
    if (system !== undefined) {
      if (this.#options.record !== false) this.systemRequests.push(decoded.query);
      return this.#options.onSystemRequest?.(decoded.query) ?? system;
    }
    const key = `${decoded.kind} ${decoded.query}`;
    const attempt = (this.#seen.get(key) ?? 0) + 1;
    this.#seen.set(key, attempt);
    const request = { ...decoded, attempt };
    if (this.#options.record !== false) this.requests.push(request);
    return (await this.#options.onRequest?.(request)) ?? reply.void;
  }
}

const RELEASE = "5.0.0";
const EVENT_STREAM = -1;
const PASSWORD_AUTHENTICATOR = "org.apache.cassandra.auth.PasswordAuthenticator";

/** What the handler does not decide is answered with a frame of the protocol's own. */
type Response =
  | Reply
  | { readonly kind: "raw"; readonly opcode: number; readonly body: Buffer; readonly delayMs?: 0 };

function raw(opcode: number, body: WireWriter): Response {
  return { kind: "raw", opcode, body: body.finish() };
}

function send(socket: net.Socket, { stream }: Frame, response: Response): void {
  if (socket.destroyed || response.kind === "silence") return;
  if (response.kind === "close") {
    socket.destroy();
    return;
  }
  const [opcode, body] = response.kind === "raw" ? [response.opcode, response.body] : encodeReply(response);
  socket.write(responseFrame(stream, opcode, body));
}

function errorReply(error: unknown): Response {
  if (error instanceof UnpreparedError) return reply.error({ code: "unprepared", queryId: error.queryId });
  return reply.error({ code: "serverError", message: `The script failed: ${error}` });
}
