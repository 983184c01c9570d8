import type { Clock } from "@helix/core";
import { LinkedList, type ListNode } from "@helix/core/internal";
import type { ClusterLink } from "../session/cluster-link.ts";
import { requestTimeout } from "../session/outstanding.ts";

/** A look that comes so late shows that this process stood still. Answers may be there, unread: they get as long again. */
const LATE_MS = 250;

/** The answer of a cluster on which nobody depends, since the other one has applied the write. */
export interface SecondAnswer extends ListNode<SecondAnswer> {
  /** By the monotonic clock; set here. */
  dueAtMs: number;
  giveUp(error: unknown): void;
}

/**
 * The answers that one cluster owes to writes which the other has applied. Each is given up after `timeoutMs`, or as soon as the
 * cluster ceases to be available. There is one timer, for the first of them, and it is not cancelled when that one comes: it would be set
 * and cancelled with each write.
 */
export class SecondAnswers {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** The first is due first. */
  readonly #awaited = new LinkedList<SecondAnswer>();
  #cancelTimer: (() => void) | undefined;
  #lookAtMs = 0;
  #wasLate = false;
  #isClosed = false;

  constructor(link: ClusterLink, clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    link.onUnavailable(() => {
      for (const answer of this.#awaited.take()) answer.giveUp(link.unavailableError());
    });
  }

  wait(answer: SecondAnswer): void {
    const nowMs = this.#clock.monotonicMs();
    answer.dueAtMs = nowMs + this.#timeoutMs;
    this.#awaited.append(answer);
    if (this.#cancelTimer === undefined) this.#schedule(answer, nowMs);
  }

  /** It has come, or nobody waits for it any more. Twice is harmless. */
  end(answer: SecondAnswer): void {
    if (this.#awaited.delete(answer) && this.#isClosed) this.#cancelWhereEmpty();
  }

  /** What is awaited still is. With the last of them there is no timer. */
  close(): void {
    this.#isClosed = true;
    this.#cancelWhereEmpty();
  }

  #cancelWhereEmpty(): void {
    if (this.#awaited.size > 0) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #schedule({ dueAtMs }: SecondAnswer, nowMs: number): void {
    const delayMs = Math.max(1, Math.ceil(dueAtMs - nowMs), this.#wasLate ? LATE_MS : 0);
    this.#lookAtMs = nowMs + delayMs;
    this.#cancelTimer = this.#clock.setTimer(() => this.#look(), delayMs);
  }

  #look(): void {
    this.#cancelTimer = undefined;
    const nowMs = this.#clock.monotonicMs();
    // Once: a process that is late with all it does would wait for ever.
    this.#wasLate = !this.#wasLate && nowMs - this.#lookAtMs > LATE_MS;
    const due = this.#wasLate ? [] : this.#takeDue(nowMs);
    for (const answer of due) answer.giveUp(requestTimeout(this.#timeoutMs));
    const { first } = this.#awaited;
    if (first !== undefined) this.#schedule(first, nowMs);
    else this.#wasLate = false;
  }

  #takeDue(nowMs: number): Iterable<SecondAnswer> {
    const isDue = ({ dueAtMs }: SecondAnswer) => dueAtMs <= nowMs;
    return this.#awaited.take(isDue);
  }
}
