import { Backoff, isHelixError } from "@helix/core";
import { wait } from "@helix/core/internal";
import type { Client } from "cassandra-driver";
import { readError } from "../failure/read-error.ts";
import { DriverSession, type DriverSessionOptions } from "./driver-session.ts";

/** How soon, and at most how rarely, a cluster is sought. */
const SEEK = new Backoff({ initialMs: 200, maxMs: 2_000 });

/** For what only a person can cure: a wrong data centre, another cluster, credentials that are refused, no such keyspace. */
const SEEK_MISCONFIGURED = new Backoff({ initialMs: 2_000, maxMs: 15_000 });

/** For so long a close waits for the end of an attempt to connect. */
const LOOK_UP_MS = 1_000;

export interface SupervisedSessionOptions extends DriverSessionOptions {
  readonly createClient: () => Client;
  readonly random: () => number;
  /** Rejects where a client that is connected must not be used: it counts as one that could not connect. */
  readonly check: (client: Client) => Promise<void>;
  readonly onConnected: (client: Client) => void;
  /** It was lost, or could not be made; it is sought again, after `retryInMs`. */
  readonly onDisconnected: (cause: unknown, info: { retryInMs: number; misconfigured: boolean }) => void;
}

/**
 * A session to a cluster that may be away for any number of times, at the start as well. There is one
 * `Client` of the driver at a time: one that could not connect, or has lost its last host, is shut down
 * and replaced, since the driver leaks when it is left to reconnect by itself, and never connects a first
 * time by itself.
 *
 * idle –start→ seeking –connected→ there –lost→ seeking …; close from any → closed, for good.
 */
export class SupervisedSession {
  readonly #options: SupervisedSessionOptions;
  readonly #closing = new AbortController();
  #connecting: DriverSession | undefined;
  #current: DriverSession | undefined;
  #run: Promise<void> | undefined;

  constructor(options: SupervisedSessionOptions) {
    this.#options = options;
  }

  /** The connected client; undefined while the cluster is sought. */
  get client(): Client | undefined {
    return this.#current?.client;
  }

  /** Twice is safe. */
  start(): void {
    this.#run ??= this.#seek();
  }

  /** Gives up the present client, if there is one, and seeks anew. */
  drop(cause: unknown): void {
    this.#current?.drop(cause);
  }

  /**
   * Resolves when nothing of it is left. An attempt to connect that is under way is cut short; the look-up of a name
   * cannot be, and comes to nothing whenever it ends. Twice is safe.
   */
  async close(): Promise<void> {
    this.#closing.abort();
    const ended = new AbortController();
    const run = this.#run?.finally(() => ended.abort());
    const isConnecting = this.#connecting !== undefined;
    this.#connecting?.giveUp();
    this.#current?.drop(undefined);
    await (isConnecting ? wait(this.#options.clock, LOOK_UP_MS, ended.signal) : run);
  }

  async #seek(): Promise<void> {
    const { signal } = this.#closing;
    let failures = 0;
    while (!signal.aborted) {
      const cause = await this.#oneClient(() => {
        failures = 0;
      });
      if (signal.aborted) return;
      failures++;
      const misconfigured = isMisconfiguration(cause);
      const { clock, random, onDisconnected } = this.#options;
      const retryInMs = (misconfigured ? SEEK_MISCONFIGURED : SEEK).delayMs(failures, random());
      onDisconnected(cause, { retryInMs, misconfigured });
      await wait(clock, retryInMs, signal);
    }
  }

  /** From its making to its end, of which it returns the cause. */
  async #oneClient(onConnected: () => void): Promise<unknown> {
    const { createClient, check } = this.#options;
    let session: DriverSession;
    try {
      session = new DriverSession(createClient(), this.#options);
    } catch (error) {
      return error;
    }
    try {
      this.#connecting = session;
      await session.connect();
      if (!this.#closing.signal.aborted) await check(session.client);
      this.#connecting = undefined;
      if (this.#closing.signal.aborted) return undefined;
      onConnected();
      this.#current = session;
      this.#options.onConnected(session.client);
      return await session.lost;
    } catch (error) {
      return error;
    } finally {
      this.#connecting = undefined;
      this.#current = undefined;
      await session.release();
    }
  }
}

/**
 * Whether more tries are vain until a person has changed something: so say all the hosts that were asked. A host
 * that starts may be unable to look a password up.
 */
function isMisconfiguration(error: unknown): boolean {
  if (isHelixError(error, "HELIX_CLUSTER_MISTAKEN")) return true;
  const { scope, retry, answered, text } = readError(error);
  if (/Unable to perform authentication/.test(text)) return false;
  return (
    scope === "caller" || retry === "never" || (answered && (scope === "session" || scope === "statement"))
  );
}
