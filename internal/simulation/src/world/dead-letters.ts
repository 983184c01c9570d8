import { decodeContent, decodePayload, encodePayload } from "@helix/codec";
import {
  type DeadLetter,
  type DeadLetterReason,
  isHelixError,
  messageId,
  type ReplayPayload,
} from "@helix/core";
import { redriven } from "@helix/core/queue-kit";
import type { MemoryReplayer } from "@helix/replayer-memory";
import type { DurableQueue } from "../queue/durable-queue.ts";
import type { NatsQueue } from "../queue/nats-queue.ts";
import { payloadIdentity } from "../queue/watched-queue.ts";
import type { Tape } from "./tape.ts";
import { START_MS, type VirtualTime } from "./virtual-time.ts";

/** A message that is out of its lane. */
export interface DeadMessage {
  readonly message: string;
  readonly reason: DeadLetterReason;
  readonly attempts: number;
  readonly identity: string | undefined;
}

export interface DeadLettersOptions {
  /** One of them is the queue. */
  readonly durable: DurableQueue | undefined;
  readonly memory: MemoryReplayer | undefined;
  readonly nats: NatsQueue | undefined;
  readonly time: VirtualTime;
  readonly tape: Tape;
}

/** The dead letters of whichever queue there is. */
export class DeadLetters {
  readonly #options: DeadLettersOptions;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  async list(): Promise<DeadMessage[]> {
    const { durable } = this.#options;
    if (durable !== undefined) {
      return [...durable.dead.values()].map(({ stored, cause }) => ({
        message: stored.message,
        reason: cause.reason,
        attempts: cause.attempts ?? stored.attempts,
        identity: identityIn(stored.bytes),
      }));
    }
    const letters = await this.#letters();
    return letters.map(({ id, reason, attempts, content }) => ({
      message: id,
      reason,
      attempts,
      identity: content.ok ? payloadIdentity(content.payload) : undefined,
    }));
  }

  /** Puts back as many as there is room for; resolves with how many those were, and how many are left that could be. */
  async redrive(): Promise<{ readonly redriven: number; readonly left: number }> {
    let left = 0;
    let redriven = 0;
    for (const redrive of this.#redrives(await this.#letters())) {
      try {
        await redrive();
        redriven++;
      } catch (error) {
        if (!isHelixError(error, "HELIX_QUEUE_FULL")) throw error;
        left++;
      }
    }
    return { redriven, left };
  }

  async #letters(): Promise<readonly DeadLetter[]> {
    const { nats, memory } = this.#options;
    return nats?.dead() ?? (await memory?.deadLetters.list({ limit: 1_000_000 })) ?? [];
  }

  *#redrives(letters: readonly DeadLetter[]): Generator<() => Promise<void>> {
    const { nats, memory, durable, time } = this.#options;
    for (const { id, content, reason } of letters) {
      if (!content.ok) continue;
      // Here no delete was forgotten meanwhile.
      const options = { force: reason === "too-old" };
      yield async () => {
        // Seen where it is stored.
        if (nats !== undefined) return nats.redrive(id, options);
        await memory?.deadLetters.redrive(id, options);
        this.#redriven(id, content.payload);
      };
    }
    for (const [message, { stored, cause }] of [...(durable?.dead ?? [])]) {
      const content = decodeContent(stored.bytes, stored.lane);
      if (!content.ok) continue;
      const letter = { id: message, reason: cause.reason, content };
      yield async () => {
        const nowMs = START_MS + Math.floor(time.nowMs);
        const again = redriven(letter, { force: cause.reason === "too-old" }, nowMs);
        durable?.publish(stored.lane, messageId(again), encodePayload(again));
        durable?.dead.delete(message);
        this.#redriven(message, content.payload);
      };
    }
  }

  #redriven(from: string, payload: ReplayPayload): void {
    const to = messageId({ ...payload, life: payload.life + 1 });
    const identity = payloadIdentity(payload);
    this.#options.tape.emit({ kind: "redrive", from, to, cluster: payload.targetCluster, identity });
  }
}

function identityIn(bytes: Uint8Array): string | undefined {
  try {
    return payloadIdentity(decodePayload(bytes));
  } catch {
    return undefined;
  }
}
