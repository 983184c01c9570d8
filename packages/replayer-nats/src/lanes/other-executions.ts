import type { Clock, Logger } from "@helix/core";
import type { Admin } from "../connection/admin.ts";
import type { Link } from "../connection/link.ts";
import { type Names, recordSubject } from "../topology/names.ts";
import { decodeExecutions } from "./execution-record.ts";

/** The records are read at most so often; more often where leases are short. */
const KEEP_MS = 1000;
const KEEPS_PER_LEASE = 4;
/** More records of processes that are gone than that are of no use: the oldest are removed. */
const MOST_GONE = 100;
/** After the servers were away, others may need so long to be heard of again; at most a lease. */
const SETTLE_MS = 5000;

interface Pod {
  readonly sequence: number;
  /** By the server's clock. */
  readonly storedAtMs: number;
  readonly messages: ReadonlySet<string>;
  readonly suspects: ReadonlySet<string>;
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

/** What the records of other processes say about a message. */
export interface Testimony {
  /** Processes that are gone and were executing it. */
  readonly deaths: readonly { readonly pod: string; readonly wasItsTurn: boolean }[];
  /** Until it is known whether another process that names it is gone. Milliseconds; 0: there is none. */
  readonly undecidedForMs: number;
}

/**
 * What other processes were executing when they died. A process is gone when its record has not been written for a whole
 * lease, and lives when it was written within half of one; between the two nobody knows, nor does a process that has just
 * connected: if the servers were away, nobody could write. All ages are differences of the server's clock.
 *
 * Reading costs one look at the stream and one request per record that has changed since, at most once a second, however
 * many messages are asked for. What is a second old is good enough: a message that a process held when it died comes
 * again two thirds of a lease after its last heartbeat at the earliest.
 */
export class OtherExecutions {
  readonly #options: OtherExecutionsOptions;
  #pods = new Map<string, Pod>();
  #nowMs = 0;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #streamMadeAt = "";
  #lastSequence = 0;
  #reading: Promise<void> | undefined;
  #connectedAtMs: number;

  constructor(options: OtherExecutionsOptions) {
    const { link, clock } = options;
    this.#options = options;
    this.#connectedAtMs = clock.monotonicMs();
    link.listen({
      onChange: () => {
        this.#connectedAtMs = clock.monotonicMs();
      },
    });
  }

  /** Rejects with what the requests reject with. */
  async about(id: string): Promise<Testimony> {
    const { clock, leaseMs, own } = this.#options;
    if (clock.monotonicMs() - this.#readAtMs >= this.#keepMs) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
    const deaths: { pod: string; wasItsTurn: boolean }[] = [];
    let undecidedForMs = 0;
    for (const [pod, { storedAtMs, messages, suspects }] of this.#pods) {
      if (pod === own || !messages.has(id)) continue;
      const ageMs = this.#nowMs - storedAtMs;
      if (ageMs >= leaseMs) deaths.push({ pod, wasItsTurn: suspects.has(id) });
      else if (ageMs >= leaseMs / 2) undecidedForMs = Math.max(undecidedForMs, leaseMs - ageMs);
    }
    const settledAtMs = this.#connectedAtMs + Math.min(SETTLE_MS, leaseMs);
    if (deaths.length > 0 && this.#readAtMs < settledAtMs) {
      undecidedForMs = Math.max(undecidedForMs, settledAtMs - clock.monotonicMs(), this.#keepMs);
    }
    return { deaths, undecidedForMs };
  }

  get #keepMs(): number {
    return Math.min(KEEP_MS, this.#options.leaseMs / KEEPS_PER_LEASE);
  }

  async #read(): Promise<void> {
    const { admin, names, clock } = this.#options;
    const startedAtMs = clock.monotonicMs();
    await admin.request(async (api) => {
      const all = recordSubject(names, "executing", "*");
      const info = await api.streams.info(names.bucketStream, { subjects_filter: all });
      const stored = info.state.subjects ?? {};
      const pods = new Map(
        [...this.#pods].filter(([pod]) => stored[recordSubject(names, "executing", pod)] !== undefined),
      );
      // Of a stream that was made again, everything is new.
      let last = info.created === this.#streamMadeAt ? this.#lastSequence : 0;
      while (last < info.state.last_seq) {
        const query = { seq: last + 1, next_by_subj: all };
        const found = await api.streams.getMessage(names.bucketStream, query);
        if (found === null) break;
        const pod = found.subject.slice(found.subject.lastIndexOf(".") + 1);
        const record = decodeExecutions(found.data);
        if (record === undefined)
          this.#options.logger.error({ pod }, "what a process writes down is no record");
        pods.set(pod, {
          sequence: found.seq,
          storedAtMs: found.time.getTime(),
          messages: new Set(record?.messages),
          suspects: new Set(record?.suspects),
        });
        last = found.seq;
      }
      this.#pods = pods;
      this.#streamMadeAt = info.created;
      this.#lastSequence = Math.max(last, info.state.last_seq);
      // Servers that do not tell their time are older than any that is supported.
      this.#nowMs = info.ts === undefined ? clock.wallMs() : Date.parse(info.ts);
      this.#readAtMs = startedAtMs;
    });
    this.#removeOld();
  }

  /** A process that dies again and again leaves a record each time. */
  #removeOld(): void {
    const { remove, leaseMs, own, logger } = this.#options;
    const gone = [...this.#pods]
      .filter(([pod, { storedAtMs }]) => pod !== own && this.#nowMs - storedAtMs >= leaseMs)
      .sort(([, a], [, b]) => b.sequence - a.sequence);
    for (const [pod] of gone.slice(MOST_GONE)) {
      remove(pod).catch((error: unknown) => logger.debug({ err: error, pod }, "cannot remove a record"));
    }
  }
}
