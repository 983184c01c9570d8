import { readFileSync } from "node:fs";
import { Backoff, type EventSink, type HelixError, helixError, type QueueEvents } from "@helix/core";
import { isolate, toldError, wait } from "@helix/core/queue-kit";
import {
  type ConnectionOptions,
  errors,
  type NatsConnection,
  type PermissionViolationError,
} from "@nats-io/nats-core";
import { connect, credsAuthenticator } from "@nats-io/transport-node";
import type { LinkSettings, NatsConnectOptions } from "../options.ts";
import { checkServer } from "./server-version.ts";

/** Between tries to connect for the first time; afterwards the client library reconnects by itself. */
const CONNECT_BACKOFF = new Backoff({ initialMs: 250, maxMs: 5000 });
const CONNECT_TIMEOUT_MS = 5000;
/** Before a connection whose news have ended, though it is open, is asked for them again. */
const ASK_AGAIN_MS = 250;
/** How long a close waits for a server that does not answer. */
const FLUSH_PATIENCE_MS = 2000;

/** What it throws is logged, and changes nothing for the others. */
export interface LinkListener {
  /** The connection is there, or is gone. */
  readonly onChange?: ((isUp: boolean) => void) | undefined;
  /** The server refused a publish or a subscription. */
  readonly onViolation?: ((violation: PermissionViolationError) => void) | undefined;
}

/**
 * The connection as everything here sees it: up or down, told at once. The client library has no buffer for what is
 * published while it is down (each try to connect empties it), so whoever publishes must know.
 *
 * States: connecting → up ⇄ down → closed. `connecting` lasts as long as it takes; nothing gives up.
 */
export class Link {
  readonly #settings: LinkSettings;
  readonly #events: EventSink<QueueEvents>;
  readonly #listeners = new Set<LinkListener>();
  readonly #closing = new AbortController();
  #connection: NatsConnection | undefined;
  #isUp = false;
  #cause: unknown;
  #stopWatching: () => void = () => {};

  private constructor(settings: LinkSettings, events: EventSink<QueueEvents>) {
    this.#settings = settings;
    this.#events = events;
  }

  /**
   * Resolves with the link, up or still connecting.
   *
   * Rejects with HELIX_QUEUE_UNAUTHORIZED if the servers do not know the user, and with HELIX_SERVER_UNSUPPORTED.
   */
  static async open(settings: LinkSettings, events: EventSink<QueueEvents>): Promise<Link> {
    const link = new Link(settings, events);
    const { connection, logger } = settings;
    if (connection !== undefined) {
      if (connection.isClosed()) throw new TypeError("Expected `connection` to be open, got a closed one");
      link.#accept(connection);
      return link;
    }
    try {
      link.#accept(await dial(settings));
    } catch (error) {
      if (error instanceof errors.AuthorizationError) throw unauthorized(error);
      if (isOurs(error)) throw error;
      link.#cause = error;
      logger.warn({ err: error }, "NATS is not there yet; connecting in the background");
      void link.#keepConnecting();
    }
    return link;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Why it is down. */
  get cause(): unknown {
    return this.#cause;
  }

  /** The connection. Throws HELIX_QUEUE_UNAVAILABLE while it is down: what is published then is lost without a word. */
  get up(): NatsConnection {
    if (this.#isUp && this.#connection !== undefined) return this.#connection;
    throw this.unavailable();
  }

  /** Reply subjects begin with it. */
  get inboxPrefix(): string {
    const { connect: own } = this.#settings;
    // A connection that was passed in knows its own, but its type does not say so.
    const options = (this.#connection as { options?: { inboxPrefix?: string } } | undefined)?.options;
    return own?.inboxPrefix ?? options?.inboxPrefix ?? "_INBOX";
  }

  unavailable(): HelixError {
    return helixError(
      "HELIX_QUEUE_UNAVAILABLE",
      "There is no connection to NATS",
      { stored: "no" },
      { cause: this.#cause },
    );
  }

  /** Returns what removes the listener. */
  listen(listener: LinkListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when it is up, or when the signal is aborted or the link closed. */
  untilUp(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isUp || signal.aborted || this.#closing.signal.aborted) return resolve();
      const ended = AbortSignal.any([signal, this.#closing.signal]);
      const done = () => {
        remove();
        ended.removeEventListener("abort", done);
        resolve();
      };
      const remove = this.listen({ onChange: (isUp) => isUp && done() });
      ended.addEventListener("abort", done, { once: true });
    });
  }

  /** Sends what is buffered and closes the connection, if it is the queue's own. Twice is safe. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    const connection = this.#connection;
    const wasUp = this.#isUp;
    this.#change(false, undefined);
    this.#listeners.clear();
    this.#stopWatching();
    if (connection === undefined || connection.isClosed()) return;
    try {
      // Without it, acknowledgements that were just published never leave the process.
      if (wasUp) await this.#flush(connection);
    } catch {
      // It broke at this moment; what was not confirmed will be delivered again.
    }
    if (this.#settings.connection === undefined) await connection.close();
  }

  async #flush(connection: NatsConnection): Promise<void> {
    const over = new AbortController();
    const flushed = connection.flush().finally(() => over.abort());
    await Promise.race([flushed, wait(this.#settings.clock, FLUSH_PATIENCE_MS, over.signal)]);
  }

  async #keepConnecting(): Promise<void> {
    const { clock, logger } = this.#settings;
    const { signal } = this.#closing;
    for (let failures = 1; !signal.aborted; failures++) {
      await wait(clock, CONNECT_BACKOFF.delayMs(failures), signal);
      if (signal.aborted) return;
      try {
        const connection = await dial(this.#settings);
        if (signal.aborted) await connection.close();
        else this.#accept(connection);
        return;
      } catch (error) {
        this.#cause = error instanceof errors.AuthorizationError ? unauthorized(error) : error;
        logger.debug({ err: error }, "NATS is not there yet");
      }
    }
  }

  #accept(connection: NatsConnection): void {
    const { allowOldServer, logger } = this.#settings;
    checkServer(connection.info?.version, { allowOldServer, logger });
    this.#connection = connection;
    this.#change(true, undefined);
    void this.#watch(connection);
  }

  /** Until the connection is closed, by whomever. */
  async #watch(connection: NatsConnection): Promise<void> {
    const { clock, logger } = this.#settings;
    const { signal } = this.#closing;
    while (!signal.aborted && !connection.isClosed()) {
      try {
        const statuses: AsyncIterable<{ type: string }> = connection.status();
        this.#stopWatching = () => (statuses as { stop?: () => void }).stop?.();
        for await (const status of statuses) this.#heard(status);
      } catch (error) {
        logger.error({ err: error }, "the connection to NATS does not tell how it is");
      }
      if (!connection.isClosed()) await wait(clock, ASK_AGAIN_MS, signal);
    }
    if (signal.aborted) return;
    this.#change(false, toldError("The connection to NATS was closed"));
    // One that was passed in is its owner's to replace.
    if (this.#settings.connection === undefined) void this.#keepConnecting();
  }

  #heard(status: { type: string }): void {
    switch (status.type) {
      case "disconnect":
      case "staleConnection":
        this.#change(false, toldError(`The connection to NATS is lost (${status.type})`));
        break;
      case "reconnect":
        this.#change(true, undefined);
        break;
      case "error": {
        const { error } = status as { type: "error"; error: Error };
        if (error instanceof errors.PermissionViolationError) {
          this.#tell(({ onViolation }) => onViolation?.(error));
        } else if (error instanceof errors.AuthorizationError) {
          this.#cause = unauthorized(error);
        }
      }
    }
  }

  #change(isUp: boolean, cause: unknown): void {
    const up = isUp && !this.#closing.signal.aborted;
    if (!up) this.#cause = cause;
    if (up === this.#isUp) return;
    this.#isUp = up;
    const { logger } = this.#settings;
    const isOurs = this.#closing.signal.aborted;
    if (up) logger.info({ server: this.#connection?.getServer() }, "connected to NATS");
    else if (!isOurs) logger.warn({ err: cause }, "disconnected from NATS");
    this.#tell(({ onChange }) => onChange?.(up));
    if (up) this.#events.emit("queue:connected", {});
    else if (!isOurs) this.#events.emit("queue:disconnected", { cause });
  }

  #tell(what: (listener: LinkListener) => void): void {
    for (const listener of [...this.#listeners]) {
      isolate(
        () => what(listener),
        (error) => this.#settings.logger.error({ err: error }, "a part of the queue failed at a change"),
      );
    }
  }
}

async function dial({ connect: options, allowOldServer, logger }: LinkSettings): Promise<NatsConnection> {
  const connection = await connect(connectionOptions(options as NatsConnectOptions));
  try {
    checkServer(connection.info?.version, { allowOldServer, logger: undefined });
  } catch (error) {
    logger.error({ err: error }, "this NATS server is not supported");
    await connection.close();
    throw error;
  }
  return connection;
}

function connectionOptions(options: NatsConnectOptions): ConnectionOptions {
  const { servers, name, user, pass, token, credsFile, tls, inboxPrefix } = options;
  return {
    servers: typeof servers === "string" ? servers : [...servers],
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    // A half-open connection is noticed after three of them; the library's default is two minutes.
    pingInterval: 5000,
    maxPingOut: 2,
    timeout: CONNECT_TIMEOUT_MS,
    // A stack trace per request doubles its cost.
    noAsyncTraces: true,
    // Credentials that are wrong for a moment (a rotation) must not end a service.
    ignoreAuthErrorAbort: true,
    ...(name === undefined ? {} : { name }),
    ...(user === undefined ? {} : { user, pass: pass ?? "" }),
    ...(token === undefined ? {} : { token }),
    ...(credsFile === undefined ? {} : { authenticator: credsAuthenticator(readFileSync(credsFile)) }),
    ...(tls === undefined ? {} : { tls }),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
  };
}

function unauthorized(cause: Error): HelixError {
  const text = "NATS does not accept these credentials";
  return helixError("HELIX_QUEUE_UNAUTHORIZED", text, { operation: "connect", stored: "no" }, { cause });
}

function isOurs(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === "HELIX_SERVER_UNSUPPORTED";
}
