import { Backoff, type EventSink, type HelixError, helixError, type QueueEvents } from "@helix/core";
import { isolate, toldError, wait } from "@helix/core/queue-kit";
import { errors, type NatsConnection, type PermissionViolationError } from "@nats-io/nats-core";
import type { LinkSettings } from "../options.ts";
import { dial, isFinal, isRefusedLogin, refused, unauthorized, withWayOut } from "./dial.ts";
import { type Asked, askedWhy } from "./refusal.ts";
import { checkServer } from "./server-version.ts";

/** Between tries to connect for the first time; afterwards the client library reconnects by itself. */
const CONNECT_BACKOFF = new Backoff({ initialMs: 250, maxMs: 5000 });
/** Before a connection whose news have ended, though it is open, is asked for them again. */
const ASK_AGAIN_MS = 250;
/** How long a server has to say why it refuses a connection. */
const ASK_WHY_MS = 1000;
/** How long one that has said nothing has to say anything: as long as for a connection. */
const SPEAK_MS = 5000;
/** Between looks at why it is away, each of which is a line in the log. */
const ABSENCE_MS = { first: 5000, next: 60_000 };
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
  /** What the server said before the connection was lost. */
  #said = "";
  #isAbsenceWatched = false;
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
      if (isRefusedLogin(error)) throw unauthorized(error as Error);
      if (isFinal(error)) throw error;
      link.#cause = await link.#reasonOf(error);
      logger.warn({ err: link.#cause }, "NATS is not there yet; connecting in the background");
      void link.#keepConnecting(isTimeout(error));
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

  /** @param isSilent Whether nobody has said anything: each try at such a server leaves a socket of the client library open. */
  async #keepConnecting(isSilent = false): Promise<void> {
    const { clock, logger } = this.#settings;
    const { signal } = this.#closing;
    const sinceMs = clock.monotonicMs();
    let tellAgainMs = ABSENCE_MS.first;
    for (let failures = 1; !signal.aborted; failures++) {
      await wait(clock, CONNECT_BACKOFF.delayMs(failures), signal);
      if (signal.aborted) return;
      if (!isSilent || (await this.#ask(SPEAK_MS)).isHeard) {
        try {
          const connection = await dial(this.#settings);
          if (signal.aborted) await connection.close();
          else this.#accept(connection);
          return;
        } catch (error) {
          isSilent = isTimeout(error);
          this.#cause = await this.#reasonOf(error);
        }
      }
      const awayForMs = clock.monotonicMs() - sinceMs;
      if (awayForMs < tellAgainMs) continue;
      tellAgainMs = awayForMs + ABSENCE_MS.next;
      logger.warn({ err: this.#cause, awayForMs }, "NATS is still not there");
    }
  }

  /** An error of a connect, for whoever has to act on it. */
  async #reasonOf(error: unknown): Promise<unknown> {
    if (isRefusedLogin(error)) return unauthorized(error as Error);
    if (error instanceof errors.AuthorizationError) return refused(error.message);
    const { refusal } = isTimeout(error) ? await this.#ask() : {};
    return withWayOut(refusal ?? error);
  }

  /** What a server has against a connection, if it says so, or anything; the client library does not tell. */
  async #ask(forMs = ASK_WHY_MS): Promise<Asked> {
    const { connect: options, clock } = this.#settings;
    if (options === undefined) return { isHeard: true };
    const answered = new AbortController();
    const over = new AbortController();
    const limit = AbortSignal.any([this.#closing.signal, answered.signal]);
    void wait(clock, forMs, limit).then(() => over.abort());
    const asked = await askedWhy(options, over.signal);
    answered.abort();
    return asked;
  }

  /** While it is down: the client library reconnects, and tells nothing of what it meets. */
  async #watchAbsence(): Promise<void> {
    const { clock, logger } = this.#settings;
    const { signal } = this.#closing;
    const connection = this.#connection;
    const isDown = () => !signal.aborted && !this.#isUp && this.#connection === connection;
    for (let delayMs = ABSENCE_MS.first; ; delayMs = ABSENCE_MS.next) {
      await wait(clock, delayMs, signal);
      if (!isDown() || connection?.isClosed()) break;
      const { refusal } = await this.#ask();
      if (!isDown()) break;
      this.#cause = withWayOut(refusal ?? this.#cause);
      logger.warn({ err: this.#cause }, "NATS is still away");
    }
    this.#isAbsenceWatched = false;
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
        // Of a try to reconnect it says less than is known by then.
        if (this.#isUp) {
          const text = `The connection to NATS is lost (${status.type}${this.#said})`;
          this.#change(false, toldError(text));
        }
        break;
      case "reconnect":
        this.#said = "";
        this.#change(true, undefined);
        break;
      case "error": {
        const { error } = status as { type: "error"; error: Error };
        if (error instanceof errors.PermissionViolationError) {
          this.#tell(({ onViolation }) => onViolation?.(error));
        } else if (this.#isUp) {
          this.#said = `: ${error.message}`;
        } else {
          this.#cause = isRefusedLogin(error) ? unauthorized(error) : refused(error.message);
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
    if (!up && !isOurs && this.#settings.connect !== undefined && !this.#isAbsenceWatched) {
      this.#isAbsenceWatched = true;
      void this.#watchAbsence();
    }
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

function isTimeout(error: unknown): boolean {
  return error instanceof errors.TimeoutError;
}
