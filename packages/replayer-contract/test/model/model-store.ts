import { decodeContent, decodePayload, encodePayload } from "@helix/codec";
import {
  type Clock,
  type DeadLetterCause,
  type Discarded,
  type DiscardOneOptions,
  type ErrorSummary,
  helixError,
  type Lane,
  laneOf,
  messageId,
  type OrderedOptions,
  type RedriveOneOptions,
  type ReleaseOptions,
  type ReplayPayload,
} from "@helix/core";
import { deadLetterNotFound, recordAfter, redriven, settledAlready } from "@helix/core/queue-kit";

export const MODEL = {
  leaseMs: 1000,
  held: 30,
  messages: 25,
  deadLetters: 12,
  trashed: 6,
  payloadBytes: 4096,
  windowMs: 60_000,
} as const;

/** What a release says of the failure. */
export type Failed = Pick<ReleaseOptions, "error" | "errorText" | "hastenedBy">;

/** One message in the store. */
export interface Stored {
  readonly sequence: number;
  readonly lane: Lane;
  readonly bytes: Uint8Array;
  readonly storedAtMs: number;
  attempts: number;
  firstError?: ErrorSummary | undefined;
  /** Its delivery number: only the latest may settle it. */
  delivery: number;
  /** Nobody gets it before then: in hand or delayed. */
  visibleAtMs: number;
  inHand: boolean;
  hastenedBy?: string | undefined;
}

export interface Buried {
  readonly id: string;
  /** In the order in which they died. */
  readonly place: number;
  readonly stored: Stored;
  readonly cause: DeadLetterCause;
  readonly deadAtMs: number;
  /** Of what is in the trash. */
  readonly discarded?: Discarded | undefined;
}

/**
 * What a server would keep: messages in order, each hidden until some time, and dead letters. Plain and
 * slow, and every step is a method of its own, so that a broken store overrides exactly one.
 */
export class ModelStore {
  readonly clock: Clock;
  readonly id = crypto.randomUUID();
  messages: Stored[] = [];
  readonly buried = new Map<string, Buried>();
  readonly trash = new Map<string, Buried>();
  /** By whose order each was ended last; in the trash under names of its own. */
  readonly orders = new Map<string, string | undefined>();
  lastPlace = 0;
  readonly published = new Map<string, number>();
  #sequence = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  encode(payload: ReplayPayload): Uint8Array {
    return encodePayload(payload, { maxPayloadBytes: MODEL.payloadBytes });
  }

  publish(payload: ReplayPayload, bytes: Uint8Array): void {
    const lane = laneOf(payload.targetCluster, payload.priority);
    const key = messageId(payload);
    const beforeMs = this.published.get(key) ?? Number.NEGATIVE_INFINITY;
    if (this.clock.wallMs() - beforeMs < MODEL.windowMs) return;
    if (this.messages.filter((stored) => stored.lane === lane).length >= MODEL.messages) this.full(lane);
    this.published.set(key, this.clock.wallMs());
    this.append(lane, bytes);
  }

  full(lane: Lane): void {
    throw helixError("HELIX_QUEUE_FULL", "full", { lane, limit: "messages", capacity: MODEL.messages });
  }

  append(lane: Lane, bytes: Uint8Array): void {
    const sequence = this.#sequence++;
    const storedAtMs = this.clock.wallMs();
    const fresh = { attempts: 0, delivery: 0, visibleAtMs: 0, inHand: false };
    this.messages.push({ sequence, lane, bytes, storedAtMs, ...fresh });
  }

  take(lane: Lane, max: number): Stored[] {
    const nowMs = this.clock.monotonicMs();
    const due = this.messages.filter((stored) => stored.lane === lane && stored.visibleAtMs <= nowMs);
    return due.slice(0, max).map((stored) => {
      stored.delivery++;
      stored.inHand = true;
      stored.visibleAtMs = nowMs + MODEL.leaseMs;
      return { ...stored };
    });
  }

  /** The message, if this delivery of it is still in hand. */
  held({ sequence, delivery, lane }: Stored): Stored {
    const stored = this.messages.find((one) => one.sequence === sequence);
    if (stored?.delivery !== delivery || !stored.inHand) throw settledAlready(lane);
    return stored;
  }

  ack(delivered: Stored): void {
    this.remove(this.held(delivered));
  }

  release(delivered: Stored, delayMs: number, attempts: number | undefined, failed: Failed): void {
    const stored = this.held(delivered);
    stored.inHand = false;
    stored.visibleAtMs = delayMs === 0 ? 0 : this.clock.monotonicMs() + delayMs;
    stored.hastenedBy = failed.hastenedBy;
    Object.assign(stored, recordAfter(stored, { attempts, ...failed }));
  }

  hasten(lane: Lane, word: string): number {
    const nowMs = this.clock.monotonicMs();
    const found = this.messages.filter(
      (one) => one.lane === lane && !one.inHand && one.hastenedBy === word && one.visibleAtMs > nowMs,
    );
    for (const stored of found) stored.visibleAtMs = 0;
    return found.length;
  }

  extend(delivered: Stored): void {
    this.held(delivered).visibleAtMs = this.clock.monotonicMs() + MODEL.leaseMs;
  }

  bury(delivered: Stored, cause: DeadLetterCause): void {
    const stored = this.held(delivered);
    this.assertRoom(stored.lane);
    const id = this.idOf(stored);
    this.buried.set(id, { id, place: ++this.lastPlace, stored, cause, deadAtMs: this.clock.wallMs() });
    this.remove(stored);
  }

  redrive(id: string, options: RedriveOneOptions): void {
    const next = this.reborn(this.find(id), options);
    this.publish(next, this.encode(next));
    this.forget(id);
  }

  /** What a redrive puts back. */
  reborn({ id, stored, cause }: Buried, options: RedriveOneOptions): ReplayPayload {
    const content = decodeContent(stored.bytes, stored.lane);
    return redriven({ id, reason: cause.reason, content }, options, this.clock.wallMs());
  }

  assertRoom(lane: Lane): void {
    if (this.buried.size < MODEL.deadLetters) return;
    throw helixError("HELIX_DEAD_LETTERS_FULL", "full", { lane, capacity: MODEL.deadLetters });
  }

  discard(id: string, { order: _, ...person }: DiscardOneOptions): void {
    const buried = this.find(id);
    if (this.trash.size >= MODEL.trashed) this.trashFull(buried);
    const discarded = { atMs: this.clock.wallMs(), ...person };
    this.trash.set(id, { ...buried, place: ++this.lastPlace, discarded });
    this.forget(id);
  }

  trashFull({ stored: { lane } }: Buried): void {
    throw helixError("HELIX_TRASH_FULL", "full", { lane, capacity: MODEL.trashed });
  }

  restore(id: string): void {
    const { discarded: _, ...buried } = this.findTrashed(id);
    this.assertRoom(buried.stored.lane);
    this.buried.set(id, { ...buried, place: ++this.lastPlace });
    this.trash.delete(id);
  }

  /** For good. */
  delete(id: string): void {
    this.findTrashed(id);
    this.trash.delete(id);
  }

  findTrashed(id: string): Buried {
    const found = this.trash.get(id);
    if (found === undefined) throw deadLetterNotFound(id, " in the trash");
    return found;
  }

  ordered(name: string, { order }: OrderedOptions): void {
    this.orders.set(name, order);
  }

  forget(id: string): void {
    this.buried.delete(id);
  }

  find(id: string): Buried {
    const found = this.buried.get(id);
    if (found === undefined) throw deadLetterNotFound(id);
    return found;
  }

  remove(stored: Stored): void {
    this.messages = this.messages.filter((one) => one !== stored);
  }

  idOf({ bytes, sequence }: Stored): string {
    try {
      return messageId(decodePayload(bytes));
    } catch {
      return `undecodable.${sequence}`;
    }
  }
}
