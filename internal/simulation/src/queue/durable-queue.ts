import { type ClusterId, clusterOf, type DeadLetterCause, helixError, LANES, type Lane } from "@helix/core";
import type { Random } from "../scenario/random.ts";
import type { Tape } from "../world/tape.ts";
import type { VirtualTime } from "../world/virtual-time.ts";
import { type Executing, Executions } from "./executions.ts";

/** One message as the server stores it. */
export interface Stored {
  readonly sequence: number;
  readonly lane: Lane;
  /** Id and life. */
  readonly message: string;
  readonly bytes: Uint8Array;
  attempts: number;
  /** Counts the deliveries; only the last one may hand it back. */
  delivery: number;
  /** Processes that died while they executed it. */
  readonly deaths: Set<string>;
  /** One of them was in its turn as a suspect and did not count, since it may have been another's. */
  isPardoned: boolean;
  state: "ready" | "lent" | "delayed";
  leaseUntilMs: number;
}

export interface Lent {
  readonly stored: Stored;
  readonly delivery: number;
  readonly isSuspect: boolean;
}

export interface DeadStored {
  readonly stored: Stored;
  readonly cause: DeadLetterCause;
}

/**
 * The server of a durable queue, by the rules of a JetStream work queue: what is delivered is lent, and
 * delivered again when its lease runs out; an acknowledgement of any delivery removes the message; dead
 * letters have a store of their own, in which one `(id, life)` is kept once.
 */
export class DurableQueue {
  readonly leaseMs: number;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #tape: Tape;
  readonly #capacity: number;
  #deadLetterCapacity: number;
  readonly #executions: Executions;
  readonly #stored = new Map<number, Stored>();
  readonly #ready: Readonly<Record<Lane, Stored[]>> = {
    "high.A": [],
    "low.A": [],
    "high.B": [],
    "low.B": [],
  };
  readonly #waiters = new Map<Lane, Set<() => void>>(LANES.map((lane) => [lane, new Set()]));
  readonly #published = new Set<string>();
  readonly dead = new Map<string, DeadStored>();
  #sequence = 0;
  /** What is delivered stays ready for somebody else with this probability. */
  duplicates = 0;
  isDown = false;
  /** With this probability a request gets no answer; whether it took effect is chance as well. */
  lostShare = 0;

  constructor(
    options: { readonly leaseMs: number; readonly capacity: number; readonly deadLetterCapacity: number },
    time: VirtualTime,
    random: Random,
    tape: Tape,
  ) {
    this.leaseMs = options.leaseMs;
    this.#executions = new Executions(options.leaseMs);
    this.#capacity = options.capacity;
    this.#deadLetterCapacity = options.deadLetterCapacity;
    this.#time = time;
    this.#random = random;
    this.#tape = tape;
  }

  get size(): number {
    return this.#stored.size;
  }

  messages(): string[] {
    return [...this.#stored.values()].map(({ message }) => message);
  }

  /** @throws HELIX_QUEUE_FULL */
  publish(lane: Lane, message: string, bytes: Uint8Array): void {
    if (this.#published.has(message)) return;
    if (this.#stored.size >= this.#capacity) {
      const fields = { lane, limit: "messages", capacity: this.#capacity } as const;
      throw helixError("HELIX_QUEUE_FULL", "The stream is full", fields);
    }
    this.#published.add(message);
    const sequence = this.#sequence++;
    const stored: Stored = {
      sequence,
      lane,
      message,
      bytes: bytes.slice(),
      attempts: 0,
      delivery: 0,
      deaths: new Set(),
      isPardoned: false,
      state: "ready",
      leaseUntilMs: 0,
    };
    this.#stored.set(sequence, stored);
    this.#ready[lane].push(stored);
    this.#notify(lane);
  }

  /** What some other program has published, if there is room. */
  publishGarbage(lane: Lane, message: string): void {
    if (this.#stored.size < this.#capacity) this.publish(lane, message, new Uint8Array([1, 2, 3]));
  }

  /** Lends up to so many, the oldest that are ready first. */
  take(lane: Lane, max: number, by: string): Lent[] {
    const ready = this.#ready[lane];
    const taken = ready.splice(0, max);
    return taken.flatMap((stored) => {
      if (this.#random.chance(this.duplicates)) this.#later(stored, this.#random.int(1, 50));
      stored.state = "lent";
      stored.delivery++;
      this.#lend(stored);
      const undecidedForMs = this.#takeDeathsIntoAccount(stored, by);
      if (undecidedForMs > 0) {
        this.#later(stored, undecidedForMs);
        return [];
      }
      const { delivery, deaths } = stored;
      return [{ stored, delivery, isSuspect: deaths.size > 0 }];
    });
  }

  /** What a process is executing, all of it. */
  writeExecutions(process: string, executing: Executing): void {
    this.#executions.write(process, executing, this.#time.nowMs);
  }

  /** Calls back once something is ready in the lane, at once if it is; returns what cancels that. */
  onReady(lane: Lane, callback: () => void): () => void {
    if (this.#ready[lane].length > 0) callback();
    const waiters = this.#waiters.get(lane);
    waiters?.add(callback);
    return () => void waiters?.delete(callback);
  }

  extend(sequence: number, delivery: number): void {
    const stored = this.#stored.get(sequence);
    if (stored?.state !== "lent" || stored.delivery !== delivery) return;
    stored.leaseUntilMs = this.#time.nowMs + this.leaseMs;
  }

  ack(sequence: number): void {
    this.#remove(sequence, "ack");
  }

  /** Whether it was still this delivery's to hand back. */
  release(sequence: number, delivery: number, delayMs: number, attempts: number | undefined): boolean {
    const stored = this.#stored.get(sequence);
    if (stored === undefined) return false;
    if (stored.delivery !== delivery) return false;
    if (attempts !== undefined) stored.attempts = attempts;
    if (stored.state !== "lent") return true;
    if (delayMs > 0) this.#later(stored, delayMs);
    else this.#makeReady(stored);
    return true;
  }

  /** @throws HELIX_DEAD_LETTERS_FULL */
  keepDead(stored: Stored, cause: DeadLetterCause): void {
    if (!this.#stored.has(stored.sequence) || this.dead.has(stored.message)) return;
    const { lane, message } = stored;
    if (this.dead.size >= this.#deadLetterCapacity) {
      const fields = { lane, capacity: this.#deadLetterCapacity };
      throw helixError("HELIX_DEAD_LETTERS_FULL", "The dead letters are full", fields);
    }
    this.dead.set(message, { stored: { ...stored }, cause });
  }

  /** A person gives them all the room that they need. */
  enlargeDeadLetters(): void {
    this.#deadLetterCapacity = Number.POSITIVE_INFINITY;
  }

  removeDead(sequence: number): void {
    this.#remove(sequence, "deadLetter");
  }

  /** It comes back after a restart: some of what was lent is delivered again at once. */
  restart(share: number): void {
    for (const stored of this.#stored.values()) {
      if (stored.state === "lent" && this.#random.chance(share)) this.#makeReady(stored);
    }
    for (const lane of LANES) this.#notify(lane);
  }

  /** The death of a process is an attempt of the suspect whose turn it was, as in the NATS queue. Returns how long nobody knows. */
  #takeDeathsIntoAccount(stored: Stored, by: string): number {
    const { message, deaths } = stored;
    const found = this.#executions.about(message, by, this.#time.nowMs);
    if (found.undecidedForMs > 0) return found.undecidedForMs;
    for (const { process, wasItsTurn, isDoubtful } of found.deaths) {
      if (deaths.has(process)) continue;
      deaths.add(process);
      if (!wasItsTurn) continue;
      if (isDoubtful && !stored.isPardoned) {
        stored.isPardoned = true;
        continue;
      }
      stored.attempts++;
      this.#tape.emit({ kind: "mark-found", message });
    }
    return 0;
  }

  #remove(sequence: number, how: "ack" | "deadLetter"): void {
    const stored = this.#stored.get(sequence);
    if (stored === undefined) return;
    this.#stored.delete(sequence);
    const ready = this.#ready[stored.lane];
    const at = ready.indexOf(stored);
    if (at >= 0) ready.splice(at, 1);
    const cluster: ClusterId = clusterOf(stored.lane);
    this.#tape.emit({ kind: "removed", message: stored.message, cluster, how });
  }

  #lend(stored: Stored): void {
    const { delivery } = stored;
    stored.leaseUntilMs = this.#time.nowMs + this.leaseMs;
    const look = () => {
      if (!this.#stored.has(stored.sequence) || stored.state !== "lent" || stored.delivery !== delivery)
        return;
      const leftMs = stored.leaseUntilMs - this.#time.nowMs;
      if (leftMs > 0) this.#time.schedule(look, leftMs);
      else this.#makeReady(stored);
    };
    this.#time.schedule(look, this.leaseMs);
  }

  #later(stored: Stored, delayMs: number): void {
    stored.state = "delayed";
    const { delivery } = stored;
    this.#time.schedule(() => {
      if (this.#stored.has(stored.sequence) && stored.state !== "ready" && stored.delivery >= delivery) {
        this.#makeReady(stored);
      }
    }, delayMs);
  }

  /** Before what was never delivered: so a redelivery is to the server. */
  #makeReady(stored: Stored): void {
    stored.state = "ready";
    this.#ready[stored.lane].unshift(stored);
    this.#notify(stored.lane);
  }

  #notify(lane: Lane): void {
    if (this.#ready[lane].length === 0) return;
    for (const callback of [...(this.#waiters.get(lane) ?? [])]) callback();
  }
}
