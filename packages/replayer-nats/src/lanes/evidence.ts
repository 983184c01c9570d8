import type { Clock, EventSink, Logger, QueueEvents } from "@helix/core";
import type { Admin } from "../connection/admin.ts";
import type { Link } from "../connection/link.ts";
import type { Names } from "../topology/names.ts";
import type { MessageRecord, MessageRecords } from "./message-records.ts";
import { OtherExecutions, type Testimony } from "./other-executions.ts";
import { OwnExecutions } from "./own-executions.ts";

/** What cannot be read is looked at again after as long as it could not be read so far, between these. */
const LEAST_PAUSE_MS = 500;
const MOST_PAUSE_MS = 15_000;

/** So many names of processes are kept, more than there are records of processes that are gone. */
const MOST_DEATHS = 100;

/** The first error of a message of which processes died. */
export const PROCESS_DIED = "ProcessDied";

/** Whether a message that was delivered before may be executed, and what is known about it. */
export type Judgement =
  | { readonly record: MessageRecord; readonly delayMs?: undefined }
  /** Nobody can tell yet: it is to come again after so many milliseconds. */
  | { readonly record?: undefined; readonly delayMs: number };

export interface EvidenceOptions {
  readonly link: Link;
  readonly admin: Admin;
  readonly names: Names;
  readonly records: MessageRecords;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventSink<QueueEvents>;
  readonly leaseMs: number;
  /** Something could not be read or written. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Tells which message a process has died of. Each process writes down which redelivered messages it is executing. A message
 * is a suspect from the moment at which the record of a process that is gone names it. The death counts as an attempt of the
 * suspect whose turn it was, but for the first one beside which others were executed again; of those nobody knows which it was. Both are written into the message's own record with the
 * name of the process, so that no death is taken into account twice.
 *
 * The server's count of deliveries says nothing: hand-backs, restarts, other processes and lapsed leases raise it as well.
 */
export class Evidence {
  readonly #options: EvidenceOptions;
  readonly #own: OwnExecutions;
  readonly #others: OtherExecutions;
  /** Since when nothing could be read, and when that was last tried. */
  #unreadable: { readonly sinceMs: number; readonly triedAtMs: number } | undefined;

  constructor(options: EvidenceOptions) {
    const { link, records, clock, leaseMs } = options;
    const remove = (pod: string) => records.removeExecutions(pod);
    this.#options = options;
    this.#own = new OwnExecutions({
      clock,
      leaseMs,
      store: async (pod, record) => {
        try {
          await records.writeExecutions(pod, record);
        } catch (error) {
          this.#failed(error);
          throw error;
        }
      },
      remove,
    });
    this.#others = new OtherExecutions({ ...options, own: this.#own.pod, remove });
    link.listen({
      onChange: (isUp) => {
        if (isUp) this.#own.refresh();
      },
    });
  }

  /** Never rejects. What cannot be read is not taken for none: a count would be lost, or a killer taken for a neighbour. */
  async judge(id: string): Promise<Judgement> {
    const { records, events, logger } = this.#options;
    try {
      const [record, testimony] = await Promise.all([records.read(id), this.#others.about(id)]);
      if (testimony.undecidedForMs > 0) return { delayMs: testimony.undecidedForMs };
      const judged = { record: await this.#takenIntoAccount(id, record, testimony) };
      if (this.#unreadable !== undefined) logger.info({}, "what is known about messages can be read again");
      this.#unreadable = undefined;
      return judged;
    } catch (error) {
      events.emit("queue:record:unreadable", { id, error });
      this.#failed(error);
      return { delayMs: this.#pauseMs(id, error) };
    }
  }

  /** An execution of a message begins. Resolves when that is stored; rejects where it cannot be. */
  begin(delivery: object, id: string, isSuspect: boolean): Promise<void> {
    return this.#own.begin(delivery, id, isSuspect);
  }

  /** It has ended, or is nobody's business here any more. */
  end(delivery: object): void {
    this.#own.end(delivery);
  }

  /** Nobody died of it after all. */
  forget(id: string): void {
    this.#options.records.forget(id);
  }

  /** An orderly end: nobody has died of what is in hand. Never rejects. Twice is safe. */
  async close(): Promise<void> {
    await this.#own.close();
  }

  #failed(error: unknown): void {
    this.#others.unreachable();
    this.#options.onFailure(error);
  }

  #pauseMs(id: string, error: unknown): number {
    const { clock, logger } = this.#options;
    const nowMs = clock.monotonicMs();
    const before = this.#unreadable;
    const isNews = before === undefined || nowMs - before.triedAtMs > 2 * MOST_PAUSE_MS;
    const sinceMs = isNews ? nowMs : before.sinceMs;
    this.#unreadable = { sinceMs, triedAtMs: nowMs };
    if (isNews) {
      const text = "cannot read what is known about messages; they are handed back until it can";
      logger.error({ err: error, id }, text);
    }
    return Math.max(LEAST_PAUSE_MS, Math.min(MOST_PAUSE_MS, nowMs - sinceMs));
  }

  async #takenIntoAccount(id: string, record: MessageRecord, { deaths }: Testimony): Promise<MessageRecord> {
    const known = record.deaths ?? [];
    const unknown = deaths.filter(({ pod }) => !known.includes(pod));
    if (unknown.length === 0) return record;
    const error = { name: PROCESS_DIED, message: "The process ended while it executed this message" };
    const inTurn = unknown.filter(({ wasItsTurn }) => wasItsTurn);
    // What kills beside a suspect is one itself from then on, so that this happens once for each that kills.
    const pardon = inTurn.some(({ isDoubtful }) => isDoubtful) && record.isPardoned !== true;
    const counted = inTurn.length - (pardon ? 1 : 0);
    const taken: MessageRecord = {
      attempts: record.attempts + counted,
      firstError: record.firstError ?? (counted > 0 ? error : undefined),
      deaths: [...known, ...unknown.map(({ pod }) => pod)].slice(-MOST_DEATHS),
      isPardoned: record.isPardoned === true || pardon ? true : undefined,
    };
    await this.#options.records.write(id, taken);
    const { attempts } = taken;
    this.#options.logger.warn(
      { id, attempts, deaths: taken.deaths?.length },
      "a process ended while it executed a message",
    );
    return taken;
  }
}

/** Whether its execution may kill the process. */
export function isSuspect({ deaths = [] }: MessageRecord): boolean {
  return deaths.length > 0;
}
