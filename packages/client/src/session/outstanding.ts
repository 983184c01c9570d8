import { type Clock, helixError } from "@helix/core";

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
  /** Called at each look for as long as the stall lasts. */
  readonly onStall: () => void;
}

/** A request that has been sent and not answered. */
export interface OutstandingRequest {
  readonly sinceMs: number;
  readonly expire: (error: unknown) => void;
}

/**
 * The requests that a cluster owes an answer to. Looks for two things that the driver does not: a cluster
 * that answers nothing at all, long before the single requests time out; and a request that outlives
 * every timeout (the driver prepares again for ever, if a host keeps saying `unprepared`).
 *
 * There is one timer, and only while something is outstanding.
 */
export class Outstanding {
  readonly #options: OutstandingOptions;
  /** In the order in which they were sent, so the first expires first. */
  readonly #requests = new Set<OutstandingRequest>();
  #answeredAtMs = 0;
  #manySinceMs = 0;
  #cancelTimer: (() => void) | undefined;
  #dueAtMs = 0;

  constructor(options: OutstandingOptions) {
    this.#options = options;
  }

  add(expire: (error: unknown) => void): OutstandingRequest {
    const request = { sinceMs: this.#options.clock.monotonicMs(), expire };
    this.#requests.add(request);
    if (this.#requests.size === STALL_REQUESTS) this.#manySinceMs = request.sinceMs;
    if (this.#cancelTimer === undefined) this.#schedule(request.sinceMs);
    return request;
  }

  /** It has come to an end; `answered` if that shows that a server is there. */
  remove(request: OutstandingRequest, answered: boolean): void {
    this.#requests.delete(request);
    if (answered) this.answered();
  }

  /** A server has answered something, be it none of these requests: no stall is counted from before. */
  answered(): void {
    this.#answeredAtMs = this.#options.clock.monotonicMs();
  }

  /** Forgets all of them, and leaves no timer. */
  close(): void {
    this.#requests.clear();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #schedule(nowMs: number): void {
    this.#dueAtMs = nowMs + LOOK_MS;
    this.#cancelTimer = this.#options.clock.setTimer(() => this.#look(), LOOK_MS);
  }

  #look(): void {
    this.#cancelTimer = undefined;
    const nowMs = this.#options.clock.monotonicMs();
    // A look that comes late means that this process was blocked: answers may be waiting to be read.
    const late = nowMs - this.#dueAtMs > LOOK_MS;
    if (late) this.#answeredAtMs = nowMs;
    else this.#expire(nowMs);
    if (this.#isStalled(nowMs)) this.#options.onStall();
    if (this.#requests.size > 0) this.#schedule(nowMs);
  }

  #isStalled(nowMs: number): boolean {
    if (this.#requests.size < STALL_REQUESTS) return false;
    return nowMs - Math.max(this.#answeredAtMs, this.#manySinceMs) >= STALL_MS;
  }

  #expire(nowMs: number): void {
    const { requestTimeoutMs } = this.#options;
    for (const request of this.#requests) {
      if (nowMs - request.sinceMs < requestTimeoutMs) return;
      this.#requests.delete(request);
      request.expire(requestTimeout(requestTimeoutMs));
    }
  }
}

/** Not answered in time; it may be applied all the same. */
export function requestTimeout(timeoutMs: number): Error {
  return helixError("HELIX_EXECUTE_TIMEOUT", `The cluster did not answer within ${timeoutMs} ms`, {
    timeoutMs,
    outcome: "uncertain",
  });
}
