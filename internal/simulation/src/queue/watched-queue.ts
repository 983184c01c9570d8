import {
  clusterOf,
  type DeadLetterCause,
  type Lane,
  type LaneSource,
  messageId,
  priorityOf,
  type ReleaseOptions,
  type ReplayMessage,
  type ReplayPayload,
  type ReplayQueue,
  statementsOf,
} from "@helix/core";
import { identityOf, rowOf } from "../cluster/statements.ts";
import type { SimProcess } from "../world/sim-process.ts";
import type { Delivery, SettlementKind, Tape } from "../world/tape.ts";

export function payloadIdentity(payload: ReplayPayload): string {
  return identityOf(statementsOf(payload), payload.timestampMicros);
}

/** A queue as it is, with everything that passes written to the tape while the process lives. */
export class WatchedQueue {
  readonly #inner: ReplayQueue;
  readonly #process: SimProcess;
  readonly #tape: Tape;
  readonly #deliveries: WeakMap<ReplayPayload, Delivery>;
  readonly #onRemoved: ((delivery: Delivery, how: "ack" | "deadLetter") => void) | undefined;
  readonly #counter: { deliveries: number };

  constructor(
    inner: ReplayQueue,
    options: {
      readonly process: SimProcess;
      readonly tape: Tape;
      readonly deliveries: WeakMap<ReplayPayload, Delivery>;
      readonly counter: { deliveries: number };
      /** For a queue that does not say so itself. */
      readonly onRemoved?: (delivery: Delivery, how: "ack" | "deadLetter") => void;
    },
  ) {
    this.#inner = inner;
    this.#process = options.process;
    this.#tape = options.tape;
    this.#deliveries = options.deliveries;
    this.#counter = options.counter;
    this.#onRemoved = options.onRemoved;
  }

  get traits(): ReplayQueue["traits"] {
    return this.#inner.traits;
  }

  get deadLetters(): ReplayQueue["deadLetters"] {
    return this.#inner.deadLetters;
  }

  get identities(): ReplayQueue["identities"] {
    return this.#inner.identities;
  }

  depths(): ReturnType<ReplayQueue["depths"]> {
    return this.#inner.depths();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async enqueue(payload: ReplayPayload): Promise<void> {
    let result = "yes";
    try {
      await this.#inner.enqueue(payload);
    } catch (error) {
      result = nameOf(error);
      throw error;
    } finally {
      if (this.#process.isAlive) {
        this.#tape.emit({
          kind: "enqueue",
          message: messageId(payload),
          cluster: payload.targetCluster,
          identity: payloadIdentity(payload),
          result,
        });
      }
    }
  }

  open(
    lane: Lane,
    onMessage: (message: ReplayMessage) => void,
    options: { pollIntervalMs: number },
  ): LaneSource {
    return this.#inner.open(
      lane,
      (message) => {
        const delivery = this.#delivered(message);
        if (message.content.ok) this.#deliveries.set(message.content.payload, delivery);
        if (this.#process.isAlive) this.#tape.emit({ kind: "deliver", delivery });
        onMessage(this.#watch(message, delivery));
      },
      options,
    );
  }

  #delivered(received: ReplayMessage): Delivery {
    const { lane, content, attempts } = received;
    const number = this.#counter.deliveries++;
    const payload = content.ok ? content.payload : undefined;
    return {
      number,
      pod: this.#process.name,
      lane,
      cluster: clusterOf(lane),
      priority: priorityOf(lane),
      message: payload === undefined ? "undecodable" : messageId(payload),
      identity: payload && payloadIdentity(payload),
      payload,
      rows: payload === undefined ? [] : statementsOf(payload).map(rowOf),
      attempts,
      isHeld: payload?.disposition === "hold",
      isExpired: received.expired === true,
      isSuspect: received.suspect === true,
      hasLapsed: () =>
        received.leaseUntilMs !== undefined && received.leaseUntilMs <= this.#process.clock.wallMs(),
    };
  }

  #watch(message: ReplayMessage, delivery: Delivery): ReplayMessage {
    type Details = Pick<ReleaseOptions, "attempts" | "delayMs"> & { readonly reason?: string | undefined };
    const begun = (how: SettlementKind, details: Details = {}) => {
      if (this.#process.isAlive) this.#tape.emit({ kind: "settle", delivery, how, ...details });
    };
    const ended = (how: SettlementKind, refusal: unknown, reason?: string) => {
      if (refusal === undefined && how !== "release") this.#onRemoved?.(delivery, how);
      const error = refusal === undefined ? undefined : nameOf(refusal);
      if (this.#process.isAlive) this.#tape.emit({ kind: "settled", delivery, how, error, reason });
    };
    const settle = async (how: SettlementKind, details: Details, run: () => Promise<void>) => {
      const { reason } = details;
      begun(how, details);
      try {
        await run();
      } catch (caught) {
        ended(how, caught, reason);
        throw caught;
      }
      ended(how, undefined, reason);
    };
    const acknowledge = (done: (refusal?: unknown) => void) => {
      if (message.ackThen === undefined) message.ack().then(() => done(), done);
      else message.ackThen(done);
    };
    return {
      lane: message.lane,
      content: message.content,
      bytes: message.bytes,
      get attempts() {
        return message.attempts;
      },
      get leaseUntilMs() {
        return message.leaseUntilMs;
      },
      get expired() {
        return message.expired;
      },
      get suspect() {
        return message.suspect;
      },
      ...(message.mark && {
        mark: async () => {
          if (this.#process.isAlive) this.#tape.emit({ kind: "mark", delivery });
          await message.mark?.();
        },
      }),
      ack: () => settle("ack", {}, () => message.ack()),
      // Every second one by its promise, as an adapter of somebody else's has them all.
      ...(delivery.number % 2 === 0 && {
        ackThen: (done: (refusal?: unknown) => void) => {
          begun("ack");
          acknowledge((refusal) => {
            ended("ack", refusal);
            done(refusal);
          });
        },
      }),
      release: (options: ReleaseOptions = {}) => {
        const { attempts, delayMs } = options;
        return settle("release", { attempts, delayMs }, () => message.release(options));
      },
      deadLetter: (cause: DeadLetterCause) => {
        const { attempts, reason } = cause;
        return settle("deadLetter", { attempts, reason }, () => message.deadLetter(cause));
      },
      extend: () => message.extend(),
      forget: () => message.forget(),
    };
  }
}

function nameOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === "string" ? code : String(name);
}
