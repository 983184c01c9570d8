import type { Clock, Logger } from "@helix/core";
import type { Admin } from "../connection/admin.ts";
import type { Link } from "../connection/link.ts";
import type { StoredMessage } from "../connection/stored-message.ts";
import { type Names, recordSubject } from "../topology/names.ts";
import { decodeExecutions } from "./execution-record.ts";

/** The records are read at most so often; more often where leases are short. */
const KEEP_MS = 1000;
const KEEPS_PER_LEASE = 4;
/** So many records of processes that are gone are kept; the oldest are removed. Each is read anew with the others. */
const MOST_GONE = 30;
/** After the servers, or the leader of the records, were away, others may need so long to be heard of again; at most a lease. */
const SETTLE_MS = 5000;

interface Pod {
  readonly sequence: number;
  /** By the server's clock. */
  readonly storedAtMs: number;
  readonly messages: ReadonlySet<string>;
  readonly suspects: ReadonlySet<string>;
  /** Its lease or this process's, whichever is longer. */
  readonly leaseMs: number;
}

export interface OtherExecutionsOptions {
  readonly link: Link;
  readonly admin: Admin;
  readonly names: Names;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly leaseMs: number;
  /** The name of this process's own record. */
  readonly own: string;
  readonly remove: (pod: string) => Promise<unknown>;
}

/** The end of a process that was executing a message. */
export interface Death {
  readonly pod: string;
  /** Its turn as a suspect. */
  readonly wasItsTurn: boolean;
  /** Others that came again were being executed or decoded as well. */
  readonly isDoubtful: boolean;
}

/** What the records of other processes say about a message. */
export interface Testimony {
  /** Processes that are gone and were executing it. */
  readonly deaths: readonly Death[];
  /** Until it is known whether another process that names it is gone. Milliseconds; 0: there is none. */
  readonly undecidedForMs: number;
}

/**
 * What other processes were executing when they died. A process is gone when its record has not been written for a whole
 * lease, its own where that is longer, and lives when it was written within half of one; between the two nobody knows, nor does a process that has just
 * connected, or that could not reach the records itself: perhaps nobody could write. Nor is one gone whose record has just been
 * found to be so old: who did not read while there was no leader does not know of that. All ages are differences of the server's clock.
 *
 * Reading costs one look at the stream and one request per record, at most once a second, however many messages are asked
 * for. What is a second old is good enough: a message that a process held when it died comes
 * again two thirds of a lease after its last heartbeat at the earliest.
 */
export class OtherExecutions {
  readonly #options: OtherExecutionsOptions;
  #pods = new Map<string, Pod>();
  /** When it was first read that a record, by pod and sequence, is a lease old. */
  #staleSinceMs = new Map<string, number>();
  #nowMs = 0;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  #unreachableAtMs: number;

  constructor(options: OtherExecutionsOptions) {
    const { link, clock } = options;
    this.#options = options;
    this.#unreachableAtMs = clock.monotonicMs();
    link.listen({ onChange: () => this.unreachable() });
  }

  /** Something could not be read or written at this moment: perhaps nobody can. */
  unreachable(): void {
    this.#unreachableAtMs = this.#options.clock.monotonicMs();
  }

  /** Rejects with what the requests reject with. */
  async about(id: string): Promise<Testimony> {
    const { clock } = this.#options;
    if (clock.monotonicMs() - this.#readAtMs >= this.#keepMs) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
    const deaths: Death[] = [];
    let undecidedForMs = 0;
    let doubtfulAtMs = this.#unreachableAtMs;
    for (const [pod, { sequence, storedAtMs, messages, suspects, leaseMs }] of this.#pods) {
      if (!messages.has(id)) continue;
      const ageMs = this.#nowMs - storedAtMs;
      const isDoubtful = messages.size > 1;
      if (ageMs >= leaseMs) {
        deaths.push({ pod, wasItsTurn: suspects.has(id), isDoubtful });
        doubtfulAtMs = Math.max(doubtfulAtMs, this.#staleSinceMs.get(`${pod}.${sequence}`) ?? 0);
      } else if (ageMs >= leaseMs / 2) undecidedForMs = Math.max(undecidedForMs, leaseMs - ageMs);
    }
    const settledAtMs = doubtfulAtMs + Math.min(SETTLE_MS, this.#options.leaseMs);
    if (deaths.length > 0 && this.#readAtMs < settledAtMs) {
      undecidedForMs = Math.max(undecidedForMs, settledAtMs - clock.monotonicMs(), this.#keepMs);
    }
    // Before the records are read again nobody knows more than now.
    const unreadForMs = this.#readAtMs + this.#keepMs - clock.monotonicMs();
    return { deaths, undecidedForMs: undecidedForMs > 0 ? Math.max(undecidedForMs, unreadForMs) : 0 };
  }

  /** Whose records are a lease old. */
  get #gone(): [string, Pod][] {
    return [...this.#pods].filter(([, { storedAtMs, leaseMs }]) => this.#nowMs - storedAtMs >= leaseMs);
  }

  get #keepMs(): number {
    return Math.min(KEEP_MS, this.#options.leaseMs / KEEPS_PER_LEASE);
  }

  async #read(): Promise<void> {
    const { admin, names, clock, own } = this.#options;
    const startedAtMs = clock.monotonicMs();
    const prefix = recordSubject(names, "executing", "");
    const filter = { subjects_filter: `${prefix}*` };
    const info = await admin.request((api) => api.streams.info(names.bucketStream, filter));
    const others = Object.keys(info.state.subjects ?? {}).filter((subject) => subject !== prefix + own);
    const pods = await Promise.all(
      others.map(async (last_by_subj): Promise<[string, Pod] | undefined> => {
        const found = await admin.message(names.bucketStream, { last_by_subj });
        return found && [last_by_subj.slice(prefix.length), this.#podOf(found)];
      }),
    );
    this.#pods = new Map(pods.filter((one) => one !== undefined));
    // Asked before the records: a record may seem younger than it is, and never older.
    this.#nowMs = info.ts === undefined ? clock.wallMs() : Date.parse(info.ts);
    this.#readAtMs = startedAtMs;
    const stale = this.#gone.map(([pod, { sequence }]) => `${pod}.${sequence}`);
    this.#staleSinceMs = new Map(stale.map((key) => [key, this.#staleSinceMs.get(key) ?? startedAtMs]));
    this.#removeOld();
  }

  #podOf({ subject, seq, storedAtMs, data }: StoredMessage): Pod {
    const record = decodeExecutions(data);
    if (record === undefined) {
      this.#options.logger.error({ subject }, "what a process writes down is no record");
    }
    const { messages, suspects, leaseMs = 0 } = record ?? {};
    return {
      sequence: seq,
      storedAtMs,
      messages: new Set(messages),
      suspects: new Set(suspects),
      leaseMs: Math.max(leaseMs, this.#options.leaseMs),
    };
  }

  /** A process that dies again and again leaves a record each time. */
  #removeOld(): void {
    const { remove, logger } = this.#options;
    const gone = this.#gone.sort(([, a], [, b]) => b.sequence - a.sequence);
    for (const [pod] of gone.slice(MOST_GONE)) {
      remove(pod).catch((error: unknown) => logger.debug({ err: error, pod }, "cannot remove a record"));
    }
  }
}
