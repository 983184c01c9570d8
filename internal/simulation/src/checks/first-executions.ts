import type { Outcome } from "@helix/core";
import type { Write } from "../scenario/write.ts";
import type { Delivery } from "../world/tape.ts";

/**
 * Until something is heard of the cluster, of which the breaker may be open. A session that is sought anew is there
 * within 5 s (3 s for an attempt that is not answered, 2 s between two), and a trial that came too early for it is
 * followed by another within 5 s.
 */
const UNHEARD_MS = 5000 + 5000 + 2000;
/**
 * After an answer, with which the breaker is closed. It may open once more, where for a second nothing is answered
 * since what hangs has the slots, and then eight in a row are of what is away: for 5 s at the most. Else it is
 * milliseconds: requests to the queue, which delivers first what has failed.
 */
const HEARD_MS = 5000 + 1000;

/** From the death of a process until nothing arrives any more that it has asked for. */
const UNDER_WAY_MS = 2;

export interface FirstExecutionsOptions {
  readonly nowMs: () => number;
  /** Whether it would be applied now. */
  readonly isGood: (write: Write) => boolean;
  /** So much longer may one wait, which was lent perhaps to a process that has died. Milliseconds. */
  readonly allowedMs: (mayBeLent: boolean) => number;
  /**
   * Then retries, which have a quarter of the slots but at least one, have that as well. So what is answered may be nothing but
   * "unavailable" for a second, again and again, and the breaker is open by right for most of the time.
   */
  readonly hasOneSlot: boolean;
  readonly violated: (message: string, text: string) => void;
}

interface Waiting {
  readonly write: Write;
  /** By the clock: its enqueue, the beginning of the era, or an answer after both. */
  sinceMs: number;
  /** On top of the bound. */
  allowedMs: number;
}

interface Running {
  readonly pod: string;
  readonly era: number;
  /** What it should be applied with, if it is good and the cluster was heard of. */
  readonly good: Waiting | undefined;
  excuses: boolean;
}

/**
 * How long the messages of one cluster wait for their first execution, on a clock that stands still while another
 * has its first: of those in each process, not counting what came to nothing since the cluster was unavailable.
 *
 * Each disturbance begins an era. What was started before it excuses any wait; so does every execution until a first
 * answer is heard in the era, since up to then single trials are all that a worker makes.
 */
export class FirstExecutions {
  readonly #options: FirstExecutionsOptions;
  readonly #waiting = new Map<string, Waiting>();
  /** Those that wait and have not seen an answer. */
  readonly #unheard = new Set<string>();
  /** Messages that wait no more. */
  readonly #left = new Set<string>();
  /** Process and message. */
  readonly #executed = new Set<string>();
  /** By the number of the delivery. */
  readonly #running = new Map<number, Running>();
  #disturbances = 0;
  #era = 0;
  #isHeard = false;
  /** Processes whose breaker is open, where that excuses. */
  readonly #halted = new Set<string>();
  /** Executions under way that excuse, and breakers. */
  #excuses = 0;
  #clockMs = 0;
  #diedAtMs = -Infinity;
  #lookedAtMs = 0;

  constructor(options: FirstExecutionsOptions) {
    this.#options = options;
  }

  /** Something begins or ends during which nothing is promised. */
  disturbed(isOn: boolean): void {
    this.begin();
    this.#disturbances += isOn ? 1 : -1;
  }

  /** An era. */
  begin(): void {
    for (const [message, waiting] of this.#waiting) {
      this.#judge(message, waiting);
      waiting.sinceMs = this.#look();
      waiting.allowedMs = this.#options.allowedMs(true);
      this.#unheard.add(message);
    }
    this.#isHeard = false;
    this.#era++;
    for (const execution of this.#running.values()) {
      if (!execution.excuses) this.#excuses++;
      execution.excuses = true;
    }
  }

  died(process: string): void {
    this.begin();
    this.#diedAtMs = this.#options.nowMs();
    for (const [number, { pod }] of this.#running) {
      if (pod !== process) continue;
      this.#running.delete(number);
      this.#excuses--;
    }
    this.breaker(process, false);
  }

  /** The breaker of a process opens or closes, or is not there any more. */
  breaker(process: string, isOpen: boolean): void {
    if (!this.#options.hasOneSlot || this.#halted.has(process) === isOpen) return;
    this.#look();
    if (isOpen) this.#halted.add(process);
    else this.#halted.delete(process);
    this.#excuses += isOpen ? 1 : -1;
  }

  enqueued(message: string, write: Write | undefined): void {
    if (write === undefined || this.#left.has(message)) return;
    const { nowMs, allowedMs } = this.#options;
    const mayBeLent = nowMs() - this.#diedAtMs < UNDER_WAY_MS;
    this.#waiting.set(message, { write, sinceMs: this.#look(), allowedMs: allowedMs(mayBeLent) });
    this.#unheard.add(message);
  }

  left(message: string): void {
    this.#left.add(message);
    this.#waiting.delete(message);
    this.#unheard.delete(message);
  }

  started({ number, pod, message }: Delivery): void {
    const waiting = this.#waiting.get(message);
    if (waiting !== undefined) this.#judge(message, waiting);
    this.left(message);
    this.#look();
    const isFirst = !this.#executed.has(`${pod} ${message}`);
    const excuses = isFirst || !this.#isHeard || this.#options.hasOneSlot;
    if (excuses) this.#excuses++;
    const good = this.#isHeard && waiting !== undefined && this.#isPromised(waiting) ? waiting : undefined;
    this.#running.set(number, { pod, era: this.#era, good, excuses });
  }

  /** @param outcome Undefined where it was cut short. */
  ended({ number, pod, message }: Delivery, outcome: Outcome | undefined): void {
    const execution = this.#running.get(number);
    if (execution === undefined) return;
    this.#look();
    this.#running.delete(number);
    if (execution.excuses) this.#excuses--;
    if (outcome === undefined || outcome === "unavailable") return;
    this.#executed.add(`${pod} ${message}`);
    if (execution.era !== this.#era) return;
    if (outcome !== "uncertain") this.#heard();
    const { good } = execution;
    if (outcome !== "applied" && good !== undefined && this.#isPromised(good)) {
      this.#options.violated(message, `is good, and ${outcome}`);
    }
  }

  #heard(): void {
    this.#isHeard = true;
    for (const message of this.#unheard) {
      const waiting = this.#waiting.get(message);
      if (waiting === undefined) continue;
      this.#judge(message, waiting);
      waiting.sinceMs = this.#clockMs;
    }
    this.#unheard.clear();
  }

  #judge(message: string, waiting: Waiting): void {
    if (!this.#isPromised(waiting)) return;
    const waitedMs = this.#look() - waiting.sinceMs;
    const isHeard = !this.#unheard.has(message);
    const limitMs = (isHeard ? HEARD_MS : UNHEARD_MS) + waiting.allowedMs;
    if (waitedMs > limitMs) {
      this.#options.violated(message, `is good, and waits for ${waitedMs.toFixed(0)} ms behind nothing`);
    }
  }

  #isPromised({ write }: Waiting): boolean {
    return this.#disturbances === 0 && this.#options.isGood(write);
  }

  /** Reads the clock. */
  #look(): number {
    const nowMs = this.#options.nowMs();
    if (this.#excuses === 0) this.#clockMs += nowMs - this.#lookedAtMs;
    this.#lookedAtMs = nowMs;
    return this.#clockMs;
  }
}
