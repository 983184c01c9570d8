import type { ClusterId, Lane } from "../cluster.ts";
import type { Outcome } from "../error-reading.ts";
import { expected } from "../options/expected.ts";
import type { PayloadSummary } from "../payload/payload.ts";
import type { DeadLetterReason } from "../queue/dead-letters.ts";
import { harmlessCallback } from "./harmless.ts";

// One map for each of those who emit, so that listening for what never comes does not compile. Nothing that was
// bound to a statement is in any event.

interface OfCluster {
  readonly cluster: ClusterId;
}

interface BreakerEvents {
  /** Nothing more is sent to this cluster for now. */
  "cluster:breaker:opened": OfCluster & { readonly cause: unknown; readonly retryInMs: number };
  /** One trial is under way. */
  "cluster:breaker:half-opened": OfCluster;
  /** The cluster answers again. */
  "cluster:breaker:closed": OfCluster;
}

/** Of whoever holds sessions: a client, and what `connectReplayExecutor` makes. */
export interface SessionEvents extends BreakerEvents {
  /** A session to a cluster is there. */
  "cluster:connected": OfCluster;
  /** A session to a cluster is lost, or could not be made; it is sought again until close. */
  /** `misconfigured`: it refuses what this process was told of it, and no waiting cures that. */
  "cluster:disconnected": OfCluster & { readonly cause: unknown; readonly misconfigured: boolean };
}

/** Of a client. */
export interface ClientEvents extends SessionEvents {
  /** One cluster missed a write; the queue has it. */
  "write:queued": { readonly payload: PayloadSummary; readonly cause: unknown };
  /** One cluster missed a write and the queue did not take it. The caller is told as well. */
  "write:not-queued": { readonly payload: PayloadSummary; readonly cause: unknown };
  /** A timestamp lies more than a second ahead of the wall clock. */
  "write:timestamp:ahead": { readonly leadMs: number };
}

/** Of a worker. */
export interface WorkerEvents extends BreakerEvents {
  /** Replay to a cluster stands still: by `pause`, or since the gate is drained or paused. */
  "cluster:paused": { readonly cluster: ClusterId; readonly reason: string };
  /** Replay to a cluster goes on. */
  "cluster:resumed": { readonly cluster: ClusterId };
  /** It receives and executes. */
  "worker:started": Record<never, never>;
  /** Everything in hand has been finished or handed back. */
  "worker:stopped": { readonly handedBack: number };
  /** Alert: a lane that has messages brought none for so long, in spite of demand. It was opened again. */
  "worker:lane:reopened": { readonly lane: Lane; readonly idleMs: number };
  /** A message was applied and left the queue. */
  "replay:applied": { readonly payload: PayloadSummary; readonly lagMs: number };
  /**
   * A message was applied to tables of which nothing had been, for 10 s or more, that was tried. So many messages that had
   * failed meanwhile and this process had handed back with a delay are due at once.
   */
  "replay:tables:served": OfCluster & {
    readonly tables: readonly string[];
    readonly unservedMs: number;
    readonly hastened: number;
  };
  /** An execution failed. `counted` says whether it was proved to be the message's own fault. */
  "replay:attempt:failed": {
    readonly payload: PayloadSummary;
    readonly error: unknown;
    readonly outcome: Exclude<Outcome, "applied">;
    readonly attempts: number;
    readonly counted: boolean;
    readonly delayMs: number;
  };
  /** A message is now a dead letter. */
  "replay:dropped": {
    readonly payload: PayloadSummary | undefined;
    readonly lane: Lane;
    readonly reason: DeadLetterReason;
    readonly error: unknown;
  };
  /** Alert: the dead letters are full. The message stays in its lane and is tried again slowly. */
  "replay:dead-letters:full": { readonly lane: Lane; readonly retryInMs: number };
  /** The lease of a message has lapsed in hand, executed or not: whoever has it now tells what becomes of it. */
  "replay:lease:lost": { readonly payload: PayloadSummary | undefined; readonly lane: Lane };
  /** The queue refused to end or to mark a message, which is handed back later. */
  "replay:settle:failed": { readonly lane: Lane; readonly error: unknown };
}

/** Of a queue that has a connection and storage of its own. */
export interface QueueEvents {
  /** The servers are there. */
  "queue:connected": Record<never, never>;
  /** The connection is lost, or could not be made; it is sought again until close. */
  "queue:disconnected": { readonly cause: unknown };
  /** What it needs on the servers is there: it can take and give messages. */
  "queue:ready": Record<never, never>;
  /** So many messages that the servers had stored and would not have delivered are back in their lane. */
  "queue:stuck:recovered": { readonly lane: Lane; readonly count: number };
  /**
   * The clock of the servers is ahead of this process's by so much, or behind if it is less than 0: more than a minute. Until they
   * agree no message expires. Milliseconds.
   */
  "queue:clock:differs": { readonly offsetMs: number };
  /** What is known about a message (its attempts) could not be read. It is not taken for nothing: the message waits. */
  "queue:record:unreadable": {
    readonly id?: string | undefined;
    readonly lane?: Lane | undefined;
    readonly error: unknown;
  };
}

type Listener<T> = (event: T) => unknown;

/** The names of all events, which the compiler sees to. */
export type EventNames<E extends object> = { readonly [N in keyof E]-?: true };

/** What has events: `on` returns what removes the listener. Whatever a listener does, it changes nothing. */
export interface EventSource<E extends object> {
  on<N extends keyof E>(name: N, listener: (event: E[N]) => unknown): () => void;
}

/** What tells of events, where who listens does not matter. */
export type EventSink<E extends object> = Pick<EventHub<E>, "emit" | "has">;

/**
 * A typed event source whose listeners are isolated: one that throws, or returns a promise that rejects,
 * is reported to `onListenerError` and changes nothing else. Listeners run synchronously, in the order
 * in which they were added.
 */
export class EventHub<E extends object> implements EventSource<E> {
  readonly #listeners = new Map<keyof E, readonly Listener<never>[]>();
  readonly #onListenerError: (error: unknown, name: keyof E) => void;
  readonly #names: EventNames<E> | undefined;

  /** @param names All that it ever tells of: who listens for anything else is refused. @default whoever listens knows */
  constructor(onListenerError: (error: unknown, name: keyof E) => void = () => {}, names?: EventNames<E>) {
    this.#onListenerError = onListenerError;
    this.#names = names;
  }

  on<N extends keyof E>(name: N, listener: Listener<E[N]>): () => void {
    if (this.#names !== undefined && !Object.hasOwn(this.#names, name)) {
      throw new TypeError(expected("event", `one of ${Object.keys(this.#names).join(", ")}`, name));
    }
    if (typeof listener !== "function")
      throw new TypeError(`Expected a listener of \`${String(name)}\` to be a function`);
    // A wrapper of its own, so that the same function added twice is removed once at a time.
    const entry = harmlessCallback(listener, (error) => this.#onListenerError(error, name));
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), entry]);
    return () => {
      const rest = (this.#listeners.get(name) ?? []).filter((one) => one !== entry);
      if (rest.length > 0) this.#listeners.set(name, rest);
      else this.#listeners.delete(name);
    };
  }

  /** Whether building the payload of this event is worth it. */
  has(name: keyof E): boolean {
    return this.#listeners.has(name);
  }

  emit<N extends keyof E>(name: N, event: E[N]): void {
    for (const listener of this.#listeners.get(name) ?? []) (listener as Listener<E[N]>)(event);
  }
}
