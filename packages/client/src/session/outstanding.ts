import { AsyncResource } from "node:async_hooks";
import { type Clock, helixError } from "@helix/core";
import { LinkedList, ListNode } from "@helix/core/internal";
import { clientClosed } from "./cluster-links.ts";

/** How often it is looked at, while anything is outstanding. */
const LOOK_MS = 250;
/** Nothing answered for so long … */
const STALL_MS = 1_000;
/** … with so many outstanding, is a stall: fewer may all be slow for reasons of their own. */
const STALL_REQUESTS = 8;

export interface OutstandingOptions {
  readonly clock: Clock;
  /** What a request may take in all, the driver's own repetitions included. */
  readonly requestTimeoutMs: number;
  /** How many are sent at a time: the driver would refuse what is beyond its own bound. The rest waits, in order. */
  readonly maxInFlight: number;
  /** What those get whose turn did not come in time. */
  readonly busyError: () => unknown;
  /** Called at each look for as long as the stall lasts. */
  readonly onStall: () => void;
}

/** A request that has come to no end yet. */
export abstract class OutstandingRequest extends ListNode<OutstandingRequest> {
  /** Since it was added. */
  sinceMs = 0;
  /** Of one that had to wait: the context of its call. */
  call: AsyncResource | undefined;

  /** Sends it. False if it came to its end instead. */
  abstract start(): boolean;
  abstract giveUp(error: unknown): void;
}

/**
 * The requests that a cluster owes an answer to, no more than it takes at a time, and those that wait for
 * their turn. Looks for two things that the driver does not: a cluster
 * that answers nothing at all, long before the single requests time out; and a request that outlives
 * every timeout (the driver prepares again for ever, if a host keeps saying `unprepared`).
 *
 * There is one timer, and only while something is outstanding.
 */
export class Outstanding {
  readonly #options: OutstandingOptions;
  /** In the order in which they came, so the first expires first. */
  readonly #sent = new LinkedList<OutstandingRequest>();
  readonly #waiting = new LinkedList<OutstandingRequest>();
  #answeredAtMs = 0;
  #manySinceMs = 0;
  #cancelTimer: (() => void) | undefined;
  #dueAtMs = 0;
  #wasLate = false;

  constructor(options: OutstandingOptions) {
    this.#options = options;
  }

  /** Starts it, now or when it is its turn, or gives it up. */
  add(request: OutstandingRequest): void {
    request.sinceMs = this.#options.clock.monotonicMs();
    if (this.#sent.size < this.#options.maxInFlight) this.#start(request);
    else {
      // Its turn comes by the end of another one.
      request.call = new AsyncResource("HelixRequest");
      this.#waiting.append(request);
    }
  }

  /** It has come to an end; `answered` if that shows that a server is there. */
  remove(request: OutstandingRequest, answered: boolean): void {
    if (answered) this.answered();
    if (this.#sent.delete(request)) this.#startNext();
  }

  /** A server has answered something, be it none of these requests: no stall is counted from before. */
  answered(): void {
    this.#answeredAtMs = this.#options.clock.monotonicMs();
  }

  /**
   * Whether this process stood still a moment ago: timers come before sockets then, so what is not answered in time is perhaps
   * answered, and not read. Until the next look in time.
   */
  get isBlocked(): boolean {
    return this.#wasLate || (this.#cancelTimer !== undefined && this.#isLate());
  }

  /** Gives all of them up, and leaves no timer. */
  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (const request of this.#waiting.take()) request.giveUp(clientClosed());
    for (const request of this.#sent.take()) request.giveUp(cutShort(this.#options.requestTimeoutMs));
  }

  #start(request: OutstandingRequest): void {
    if (!request.start()) return;
    this.#sent.append(request);
    if (this.#sent.size === STALL_REQUESTS) this.#manySinceMs = this.#options.clock.monotonicMs();
    if (this.#cancelTimer === undefined) this.#schedule(this.#options.clock.monotonicMs());
  }

  #startNext(): void {
    while (this.#sent.size < this.#options.maxInFlight) {
      const request = this.#waiting.first;
      if (request === undefined) return;
      this.#waiting.delete(request);
      request.call?.runInAsyncScope(() => this.#start(request));
    }
  }

  #schedule(nowMs: number): void {
    this.#dueAtMs = nowMs + LOOK_MS;
    this.#cancelTimer = this.#options.clock.setTimer(() => this.#look(), LOOK_MS);
  }

  #look(): void {
    this.#cancelTimer = undefined;
    const nowMs = this.#options.clock.monotonicMs();
    const late = this.#isLate();
    if (late) this.#answeredAtMs = nowMs;
    else this.#expire(nowMs);
    if (this.#isStalled(nowMs)) this.#options.onStall();
    this.#wasLate = late && this.#sent.size > 0;
    if (this.#sent.size > 0) this.#schedule(nowMs);
  }

  #isLate(): boolean {
    return this.#options.clock.monotonicMs() - this.#dueAtMs > LOOK_MS;
  }

  #isStalled(nowMs: number): boolean {
    if (this.#sent.size < STALL_REQUESTS) return false;
    return nowMs - Math.max(this.#answeredAtMs, this.#manySinceMs) >= STALL_MS;
  }

  #expire(nowMs: number): void {
    const { requestTimeoutMs, busyError } = this.#options;
    const isDue = ({ sinceMs }: OutstandingRequest) => nowMs - sinceMs >= requestTimeoutMs;
    for (const request of this.#waiting.take(isDue)) request.giveUp(busyError());
    for (const request of this.#sent.take(isDue)) request.giveUp(requestTimeout(requestTimeoutMs));
    this.#startNext();
  }
}

/** Not answered in time; it may be applied all the same. */
export function requestTimeout(timeoutMs: number): Error {
  return helixError("HELIX_EXECUTE_TIMEOUT", `The cluster did not answer within ${timeoutMs} ms`, {
    timeoutMs,
    outcome: "uncertain",
  });
}

function cutShort(timeoutMs: number): Error {
  return helixError("HELIX_EXECUTE_TIMEOUT", "The session was ended before the cluster answered", {
    timeoutMs,
    outcome: "uncertain",
  });
}
