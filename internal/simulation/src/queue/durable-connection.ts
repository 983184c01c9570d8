import { decodePayload, encodePayload } from "@helix/codec";
import {
  type DeadLetterCause,
  type DeadLetterStore,
  helixError,
  isHelixError,
  type Lane,
  type LaneDepth,
  type LaneSource,
  laneOf,
  type MessageContent,
  messageId,
  PollingLaneSource,
  type QueueTraits,
  type ReleaseOptions,
  type ReplayMessage,
  type ReplayPayload,
  type ReplayQueue,
} from "@helix/core";
import type { Random } from "../scenario/random.ts";
import type { SimProcess } from "../world/sim-process.ts";
import type { DurableQueue, Lent, Stored } from "./durable-queue.ts";

const REQUEST_TIMEOUT_MS = 5000;
const TRIES = 2;
const HEARTBEATS_PER_LEASE = 5;

class NoAnswerError extends Error {}

/** The durable queue as one process sees it: over a network that loses requests and answers. */
export class DurableConnection implements ReplayQueue {
  readonly traits: QueueTraits;
  readonly maxAgeMs: number;
  readonly #server: DurableQueue;
  readonly #process: SimProcess;
  readonly #random: Random;
  readonly #executing = new Set<DurableMessage>();
  #nextWrite: Promise<void> | undefined;
  #lastWrite: Promise<void> = Promise.resolve();
  #cancelHeartbeat = () => {};

  constructor(server: DurableQueue, process: SimProcess, random: Random, maxAgeMs: number) {
    this.maxAgeMs = maxAgeMs;
    this.traits = { leaseMs: server.leaseMs, maxDemand: 100 };
    this.#server = server;
    this.#process = process;
    this.#random = random;
  }

  async enqueue(payload: ReplayPayload): Promise<void> {
    const bytes = encodePayload(payload);
    const lane = laneOf(payload.targetCluster, payload.priority);
    for (let tried = 1; ; tried++) {
      try {
        await this.request(() => this.#server.publish(lane, messageId(payload), bytes));
        return;
      } catch (error) {
        if (!(error instanceof NoAnswerError) || tried >= TRIES) throw error;
      }
    }
  }

  open(
    lane: Lane,
    onMessage: (message: ReplayMessage) => void,
    { pollIntervalMs }: { pollIntervalMs: number },
  ): LaneSource {
    const receive = (max: number, signal: AbortSignal) => this.#receive(lane, max, signal);
    return new PollingLaneSource(receive, onMessage, { pollIntervalMs, clock: this.#process.clock });
  }

  wallMs(): number {
    return this.#process.clock.wallMs();
  }

  async depths(): Promise<LaneDepth[]> {
    return [];
  }

  get deadLetters(): DeadLetterStore {
    throw new Error("The model redrives by itself");
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  /** One request and its answer. Rejects with NoAnswerError when there is none, whatever its effect. */
  request<T>(effect: () => T): Promise<T> {
    const server = this.#server;
    const lost = this.#random.chance(server.lostShare);
    const effective = !lost || this.#random.chance(0.5);
    const requestMs = 0.2 + this.#random.next();
    const answerMs = 0.2 + this.#random.next();
    return new Promise<T>((resolve, reject) => {
      const cancel = this.#process.clock.setTimer(
        () => reject(new NoAnswerError("The queue did not answer in time")),
        REQUEST_TIMEOUT_MS,
      );
      // An answer needs a server that was there for the request.
      let isAnswered = false;
      const end = (settle: () => void) => {
        if (lost || !isAnswered || server.isDown) return;
        cancel();
        settle();
      };
      const run = () => {
        if (server.isDown || !effective) return undefined as T;
        isAnswered = true;
        return effect();
      };
      this.#process.call({ requestMs, answerMs, effect: run }).then(
        (result) => end(() => resolve(result)),
        (error: unknown) => end(() => reject(error)),
      );
    });
  }

  /** An execution begins. Resolves when the server knows. */
  begin(message: DurableMessage): Promise<void> {
    this.#executing.add(message);
    return this.#writeExecutions();
  }

  /** It has ended, however; nobody waits for that. */
  ended(message: DurableMessage): void {
    if (this.#executing.delete(message)) this.#writeExecutions().catch(() => {});
  }

  /** One request at a time, so that an older record never overtakes a newer one; the next has all changes until it goes out. */
  #writeExecutions(): Promise<void> {
    this.#nextWrite ??= this.#lastWrite.then(() => {
      this.#nextWrite = undefined;
      const executing = new Map([...this.#executing].map(({ name, suspect }) => [name, suspect]));
      const written = this.request(() => this.#server.writeExecutions(this.#process.name, executing));
      this.#lastWrite = written.then(
        () => this.#writeAgain(executing.size > 0),
        () => this.#writeAgain(true),
      );
      return written;
    });
    return this.#nextWrite;
  }

  /** At a steady interval while the record names something, or may do so. */
  #writeAgain(isDue: boolean): void {
    this.#cancelHeartbeat();
    if (!isDue) return;
    this.#cancelHeartbeat = this.#process.clock.setTimer(() => {
      this.#writeExecutions().catch(() => {});
    }, this.#server.leaseMs / HEARTBEATS_PER_LEASE);
  }

  async #receive(lane: Lane, max: number, signal: AbortSignal): Promise<readonly ReplayMessage[]> {
    await this.#ready(lane, signal);
    if (signal.aborted) return [];
    const taken = await this.request(() => this.#server.take(lane, max, this.#process.name));
    return taken.map((lent) => new DurableMessage(this, this.#server, lent));
  }

  /** Resolves when there is something, when it is of no interest any more, or after a while. */
  #ready(lane: Lane, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#process.cross()) return;
      const end = () => {
        cancelTimer();
        cancelReady();
        signal.removeEventListener("abort", end);
        resolve();
      };
      const cancelTimer = this.#process.clock.setTimer(() => end(), REQUEST_TIMEOUT_MS);
      let cancelReady = () => {};
      signal.addEventListener("abort", end, { once: true });
      cancelReady = this.#server.onReady(lane, () => void this.#process.deliver(end, 0.3));
    });
  }
}

class DurableMessage implements ReplayMessage {
  readonly lane: Lane;
  readonly content: MessageContent;
  readonly attempts: number;
  readonly suspect: boolean;
  /** Id and life. */
  readonly name: string;
  readonly #connection: DurableConnection;
  readonly #server: DurableQueue;
  readonly #stored: Stored;
  readonly #delivery: number;
  #leaseUntilMs: number;
  #isSettled = false;

  constructor(connection: DurableConnection, server: DurableQueue, { stored, delivery, isSuspect }: Lent) {
    this.lane = stored.lane;
    this.content = contentOf(stored.bytes);
    this.attempts = stored.attempts;
    this.suspect = isSuspect;
    this.name = stored.message;
    this.#connection = connection;
    this.#server = server;
    this.#stored = stored;
    this.#delivery = delivery;
    this.#leaseUntilMs = connection.wallMs() + server.leaseMs;
  }

  get expired(): boolean {
    const { content } = this;
    return content.ok && this.#connection.wallMs() - content.payload.enqueuedAtMs > this.#connection.maxAgeMs;
  }

  /** By the clock of the process, as an adapter has no other. */
  get leaseUntilMs(): number {
    return this.#leaseUntilMs;
  }

  async ack(): Promise<void> {
    this.#assertInHand();
    await this.#connection.request(() => this.#server.ack(this.#stored.sequence));
    this.#end();
  }

  async release({ delayMs = 0, attempts }: ReleaseOptions = {}): Promise<void> {
    this.#assertInHand();
    const { sequence } = this.#stored;
    const isOurs = await this.#connection.request(() =>
      this.#server.release(sequence, this.#delivery, delayMs, attempts),
    );
    this.#end();
    if (!isOurs) throw this.#settled();
  }

  get mark(): (() => Promise<void>) | undefined {
    return this.#delivery > 1 ? () => this.#mark() : undefined;
  }

  async #mark(): Promise<void> {
    this.#assertInHand();
    await this.#connection.begin(this);
  }

  extend(): void {
    const untilMs = this.#connection.wallMs() + this.#server.leaseMs;
    const moved = () => {
      this.#leaseUntilMs = untilMs;
    };
    this.#connection
      .request(() => this.#server.extend(this.#stored.sequence, this.#delivery))
      .then(moved, () => {});
  }

  forget(): void {
    this.#end();
  }

  async deadLetter(cause: DeadLetterCause): Promise<void> {
    this.#assertInHand();
    await this.#connection.request(() => this.#server.keepDead(this.#stored, cause));
    await this.#connection.request(() => this.#server.removeDead(this.#stored.sequence));
    this.#end();
  }

  #end(): void {
    this.#isSettled = true;
    this.#connection.ended(this);
  }

  #assertInHand(): void {
    if (this.#isSettled) throw this.#settled();
  }

  #settled(): Error {
    return helixError("HELIX_MESSAGE_SETTLED", "Settled already, or given to somebody else", {
      lane: this.lane,
    });
  }
}

function contentOf(bytes: Uint8Array): MessageContent {
  try {
    return { ok: true, payload: decodePayload(bytes) };
  } catch (error) {
    if (!isHelixError(error)) throw error;
    return { ok: false, raw: bytes, error };
  }
}
