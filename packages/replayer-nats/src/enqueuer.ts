import {
  Backoff,
  checkPayload,
  type HelixError,
  helixError,
  type Lane,
  laneOf,
  type ReplayPayload,
} from "@helix/core";
import { wait } from "@helix/core/queue-kit";
import type { Bodies } from "./bodies.ts";
import type { Link } from "./connection/link.ts";
import { headerBlock, type PubAck, Publisher, PublishFailure } from "./connection/publisher.ts";
import type { EnqueuerSettings } from "./options.ts";
import { type Names, subjectOf } from "./topology/names.ts";

/** Kept free under the server's `max_payload`, so that the dead letter of a message is one message as well. */
export const DEAD_LETTER_RESERVE = 16 * 1024;
/** Of a server as it comes: 1 MiB. For what is checked before there is a connection. */
const DEFAULT_MAX_PAYLOAD = 1024 * 1024;
const RETRY_BACKOFF = new Backoff({ initialMs: 50, maxMs: 1000 });

/**
 * Puts payloads into their lanes. A payload counts as stored when the stream has said so, never earlier; after a try
 * whose outcome is unknown the same message id is published again, which the stream recognises.
 */
export class Enqueuer {
  readonly publisher: Publisher;
  readonly #link: Link;
  readonly #names: Names;
  readonly #settings: EnqueuerSettings;
  readonly #bodies: Bodies;
  readonly #closing = new AbortController();

  constructor(link: Link, names: Names, settings: EnqueuerSettings, bodies: Bodies) {
    this.#link = link;
    this.#names = names;
    this.#settings = settings;
    this.#bodies = bodies;
    this.publisher = new Publisher(link, settings);
  }

  /** Most bytes of a message, headers included. */
  get maxMessageBytes(): number {
    const info = this.#link.isUp ? this.#link.up.info : undefined;
    return info?.max_payload ?? DEFAULT_MAX_PAYLOAD;
  }

  /** Most bytes of an encoded payload. */
  get maxPayloadBytes(): number {
    return Math.max(1, this.maxMessageBytes - DEAD_LETTER_RESERVE);
  }

  async enqueue(payload: ReplayPayload, options?: { signal?: AbortSignal | undefined }): Promise<void> {
    options?.signal?.throwIfAborted();
    if (this.#closing.signal.aborted) throw closed();
    checkPayload(payload);
    const data = this.#bodies.encode(payload, this.maxPayloadBytes);
    // Fails fast: nobody waits for a connection that may be away for hours.
    if (!this.#link.isUp) throw this.#link.unavailable();
    await this.#store(payload, this.#headerOf(payload), data, {
      signal: options?.signal,
      acceptDuplicate: false,
    });
  }

  /**
   * Puts a dead letter back under a message id. Resolves with where it lies, and whether the stream had one of that id
   * already, which may be an earlier try's, or another message.
   */
  async readmit(payload: ReplayPayload, id: string): Promise<PubAck> {
    const header = this.#headerOf(payload, { "Nats-Msg-Id": id });
    // What has become a dead letter has room for another: it may use all that the server takes.
    const data = this.#bodies.encode(payload, this.maxMessageBytes - header.length);
    if (!this.#link.isUp) throw this.#link.unavailable();
    return this.#store(payload, header, data, { signal: undefined, acceptDuplicate: true });
  }

  /** Accepts nothing from now on. */
  refuse(): void {
    this.#closing.abort();
  }

  /** Refuses new work, and waits for what is under way, each up to its own timeout. */
  async close(): Promise<void> {
    this.refuse();
    if (this.#link.isUp) await this.publisher.idle();
    this.publisher.close();
  }

  #headerOf(payload: ReplayPayload, more: Readonly<Record<string, string>> = {}): Uint8Array {
    return headerBlock({
      ...this.#bodies.headersOf(payload),
      "Nats-Expected-Stream": this.#names.stream,
      ...more,
    });
  }

  async #store(
    payload: ReplayPayload,
    header: Uint8Array,
    data: Uint8Array,
    options: { readonly signal: AbortSignal | undefined; readonly acceptDuplicate: boolean },
  ): Promise<PubAck> {
    const { signal, acceptDuplicate } = options;
    const { clock, enqueueTimeoutMs } = this.#settings;
    const lane = laneOf(payload.targetCluster, payload.priority);
    const subject = subjectOf(this.#names, lane);
    const dueAtMs = clock.monotonicMs() + enqueueTimeoutMs - this.publisher.blockedMs;
    let mayBeStored = false;
    for (let tries = 1; ; tries++) {
      let failure: PublishFailure;
      try {
        const ack = await this.publisher.publish(subject, header, data);
        if (ack.duplicate === true && !mayBeStored && !acceptDuplicate) throw duplicate(payload);
        return ack;
      } catch (error) {
        if (!(error instanceof PublishFailure)) throw error;
        failure = error;
      }
      mayBeStored ||= failure.stored === "maybe";
      // A process that was frozen has had no time.
      const leftMs = dueAtMs + this.publisher.blockedMs - clock.monotonicMs();
      if (!isTransient(failure) && !(mayBeStored && failure.kind === "down")) {
        throw this.#refusal(failure, lane, data.length, mayBeStored);
      }
      // Not made before: nearly every payload needs one try.
      const ended = AbortSignal.any([this.#closing.signal, ...(signal === undefined ? [] : [signal])]);
      if (leftMs <= 0 || ended.aborted) throw this.#refusal(failure, lane, data.length, mayBeStored);
      await this.#untilNextTry(Math.min(leftMs, RETRY_BACKOFF.delayMs(tries)), leftMs, ended);
    }
  }

  /** After a pause, and when the connection is there again. */
  async #untilNextTry(pauseMs: number, leftMs: number, ended: AbortSignal): Promise<void> {
    const { clock } = this.#settings;
    const overdue = new AbortController();
    const cancel = clock.setTimer(() => overdue.abort(), leftMs);
    await wait(clock, pauseMs, ended);
    await this.#link.untilUp(AbortSignal.any([ended, overdue.signal]));
    cancel();
  }

  #refusal(failure: PublishFailure, lane: Lane, bytes: number, mayBeStored: boolean): HelixError {
    const { enqueueTimeoutMs } = this.#settings;
    const cause = failure;
    // What an earlier try may have stored stays unknown, whatever the last one was told.
    if (mayBeStored) {
      if (failure.kind === "forbidden" || failure.kind === "unheard")
        return forbidden(failure, lane, "maybe");
      const text = `The stream did not say within ${enqueueTimeoutMs} ms whether it stored the message`;
      return helixError(
        "HELIX_QUEUE_TIMEOUT",
        text,
        { timeoutMs: enqueueTimeoutMs, stored: "maybe" },
        { cause },
      );
    }
    switch (failure.kind) {
      case "refused":
        return refused(failure, lane, bytes, this.maxPayloadBytes);
      case "forbidden":
        return forbidden(failure, lane, "no");
      case "overloaded": {
        const { waiting } = this.publisher;
        const text = `${waiting} publishes wait already; not stored`;
        return helixError("HELIX_QUEUE_OVERLOADED", text, { waiting, stored: "no" }, { cause });
      }
      case "no-responders": {
        const text = `No stream \`${this.#names.stream}\` listens to the lane \`${lane}\``;
        return helixError("HELIX_QUEUE_UNAVAILABLE", text, { stored: "no" }, { cause });
      }
      default:
        return this.#link.unavailable();
    }
  }
}

/** Whether the next try may do better. */
function isTransient({ kind, meaning }: PublishFailure): boolean {
  switch (kind) {
    case "timeout":
    case "lost":
    case "no-responders":
      return true;
    case "refused":
      return meaning === "passes" || meaning === "busy";
    default:
      return false;
  }
}

function refused(failure: PublishFailure, lane: Lane, bytes: number, maxPayloadBytes: number): HelixError {
  const { errorCode, meaning, message } = failure;
  const options = { cause: failure };
  switch (meaning) {
    case "full": {
      const limit = /messages/.test(message) ? "messages" : "bytes";
      return helixError("HELIX_QUEUE_FULL", `The stream is full: ${message}`, { lane, limit }, options);
    }
    case "too large": {
      const text = `The stream does not take messages of this size: ${message}`;
      return helixError("HELIX_PAYLOAD_TOO_LARGE", text, { bytes, maxPayloadBytes }, options);
    }
    case "passes": {
      const text = `The stream could not take the message: ${message} (${errorCode})`;
      return helixError("HELIX_QUEUE_UNAVAILABLE", text, { stored: "no" }, options);
    }
    default: {
      const text = `The stream refused the message: ${message} (${errorCode})`;
      return helixError("HELIX_QUEUE_REFUSED", text, { errorCode, stored: "no" }, options);
    }
  }
}

function forbidden(failure: PublishFailure, lane: Lane, stored: "no" | "maybe"): HelixError {
  const { kind, message } = failure;
  return helixError(
    "HELIX_QUEUE_UNAUTHORIZED",
    `No right to enqueue to the lane \`${lane}\`: ${message}`,
    { operation: kind === "forbidden" ? "publish" : "receive the answer", stored },
    { cause: failure },
  );
}

function duplicate({ id, life }: ReplayPayload): HelixError {
  const text = "A payload of this id and life was enqueued before";
  return helixError("HELIX_PAYLOAD_DUPLICATE", text, { id, life });
}

export function closed(): HelixError {
  return helixError("HELIX_QUEUE_CLOSED", "The queue has been closed", {});
}
