import {
  type Clock,
  createPayload,
  type Lane,
  type PayloadInput,
  type ReplayPayload,
  type ReplayQueue,
} from "@helix/core";
import { wait } from "@helix/core/internal";
import { truthy } from "./assertions.ts";
import type { ReadCapabilities } from "./capabilities.ts";
import type { QueueUnderTest } from "./queue-under-test.ts";
import { Receiver } from "./receiver.ts";

export interface StageOptions {
  readonly subject: QueueUnderTest;
  readonly capabilities: ReadCapabilities;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** What a case works with: the queue, time, and makers of payloads and receivers. */
export class Stage {
  readonly capabilities: ReadCapabilities;
  readonly queue: ReplayQueue;
  readonly clock: Clock;
  /** How long anything that must happen may take: also what happens when a lease has run out. */
  readonly patienceMs: number;
  readonly #subject: QueueUnderTest;

  constructor({ subject, capabilities, timeoutMs, clock }: StageOptions) {
    this.#subject = subject;
    this.queue = subject.queue;
    this.capabilities = capabilities;
    this.clock = clock;
    this.patienceMs = timeoutMs + (capabilities.leases?.leaseMs ?? 0);
  }

  /** The subject's own hook; that it is there has been checked. */
  hook<K extends keyof QueueUnderTest>(name: K): NonNullable<QueueUnderTest[K]> {
    const hook = this.#subject[name];
    truthy(hook, `\`create()\` to give \`${name}\``, hook);
    return (typeof hook === "function" ? hook.bind(this.#subject) : hook) as NonNullable<QueueUnderTest[K]>;
  }

  /** A figure of a capability that the case needs. */
  fact<K extends "leases" | "deDuplicates" | "bounded" | "deadLetterBound" | "trashBound" | "payloadBound">(
    name: K,
  ): NonNullable<ReadCapabilities[K]> {
    const fact = this.capabilities[name];
    truthy(fact, `the capability \`${name}\``, fact);
    return fact as NonNullable<ReadCapabilities[K]>;
  }

  /** A payload for `high.B`, unless the input says otherwise, with an id of its own. */
  payload(input: Partial<PayloadInput> = {}): ReplayPayload {
    const nowMs = Math.floor(this.clock.wallMs());
    return createPayload({
      targetCluster: "B",
      operation: { kind: "statement", query: "INSERT INTO ks.t (id) VALUES (?)", params: ["one"] },
      tables: ["ks.t"],
      timestampMicros: BigInt(nowMs) * 1000n,
      writtenAtMs: nowMs,
      enqueuedAtMs: nowMs,
      ...input,
    });
  }

  /** Enqueues so many, one after the other. */
  async fill(count: number, input: Partial<PayloadInput> = {}): Promise<ReplayPayload[]> {
    const payloads = Array.from({ length: count }, () => this.payload(input));
    for (const payload of payloads) await this.queue.enqueue(payload);
    return payloads;
  }

  /** Enqueues one. */
  async put(input: Partial<PayloadInput> = {}): Promise<ReplayPayload> {
    const payload = this.payload(input);
    await this.queue.enqueue(payload);
    return payload;
  }

  /** Opens a lane. */
  receiver(lane: Lane = "high.B", queue: ReplayQueue = this.queue): Receiver {
    return new Receiver(this, queue, lane);
  }

  pause(ms: number): Promise<void> {
    return wait(this.clock, ms);
  }

  /** Long enough for all that is under way to arrive. */
  quiet(): Promise<void> {
    return this.pause(this.capabilities.quietMs);
  }

  /** Long enough for every lease to run out, and then for everything to arrive. */
  async outlastLeases(): Promise<void> {
    await this.pause(this.capabilities.leases?.leaseMs ?? 0);
    await this.quiet();
  }

  /** Waits for a condition; `what` completes "expected …", and `got` tells how far it came. */
  async until(condition: () => boolean | Promise<boolean>, what: string, got: () => unknown): Promise<void> {
    const deadlineMs = this.clock.monotonicMs() + this.patienceMs;
    while (!(await condition())) {
      truthy(this.clock.monotonicMs() < deadlineMs, `${what} within ${this.patienceMs} ms`, got());
      await this.pause(5);
    }
  }
}
