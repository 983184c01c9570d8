/**
 * How long after a failure an application on the same table still proves anything about it, and how long before
 * its start there must have been one for that. Longer, or without the one before, and the end of an outage would
 * be taken as proof that whatever failed during it was its own fault.
 */
const PROOF_WINDOW_MS = 1000;
const MAX_MESSAGES = 50_000;
const MAX_TABLES = 1000;
const MAX_UNPROVED_PER_TABLE = 1000;

interface MessageRecord {
  failures: number;
  /** How often it came again since its last failure and was passed over. */
  postponements: number;
  /** Undefined until a failure may have been its own. */
  firstFailedAtMs: number | undefined;
  /** What was applied up to here says nothing new about it: started before its last failure, or used as a proof. */
  horizon: number;
  /** Proved failures that the queue has not been told of. */
  owed: number;
}

interface TableRecord {
  /** The latest start among the executions that were applied. */
  appliedOrder: number;
  /** The latest end of one. */
  appliedAtMs: number;
  /** In the order in which they failed. */
  readonly unproved: Failure[];
}

const NOTHING_KNOWN: TableRecord = { appliedOrder: -1, appliedAtMs: -Infinity, unproved: [] };

/** One failed execution. */
export interface Failure {
  readonly record: MessageRecord;
  readonly order: number;
  readonly failedAtMs: number;
  /** Since the first failure of the message. */
  readonly forMs: number;
  /**
   * Whether another message for the table, started later than the failure before this one, was applied. Less
   * than a proof, since the table may have gone away meanwhile; it is used once.
   */
  readonly isServed: boolean;
  proved: boolean;
}

/**
 * Tells failures that are a message's own from those of its surroundings, for one cluster.
 *
 * A failure is **proved** once another message for the same table, started later, was applied: while the
 * failed one was still running, or within a second after it failed if the table was served from a second before
 * it started on as well. What nobody proves costs nothing. For who has more patience, it also knows whether the
 * table was served since the failure before.
 * `order` numbers the starts of executions, so that two in the same millisecond still have an order.
 *
 * Its memory is bounded. What it forgets is treated as if it had not failed: a message is then retried
 * too often, never given up too early.
 */
export class FailureLedger {
  readonly #messages = new Map<string, MessageRecord>();
  readonly #tables = new Map<string, TableRecord>();
  #eraStart = 0;

  /** Messages that failed here and were neither applied nor given up. */
  get size(): number {
    return this.#messages.size;
  }

  /** Failures in a row of a message, as far as they were seen here. */
  failuresOf(key: string): number {
    return this.#messages.get(key)?.failures ?? 0;
  }

  /** Whether it was postponed since its last failure. */
  hasWaited(key: string): boolean {
    return (this.#messages.get(key)?.postponements ?? 0) > 0;
  }

  /**
   * The cluster went away or came back, or nothing could run for a while: nothing that started before says
   * anything about what starts from `order` on, or the other way round.
   */
  beginEra(order: number): void {
    this.#eraStart = order;
    this.#tables.clear();
  }

  /**
   * @param table Undefined where it is unknown; such failures are never proved by others.
   * @param graceMs From the first failure of a message on, so long none is proved by others.
   */
  failed(
    key: string,
    table: string | undefined,
    { order, startedAtMs }: { readonly order: number; readonly startedAtMs: number },
    nowMs: number,
    graceMs: number,
  ): Failure {
    const record = this.#touch(key);
    record.failures++;
    record.postponements = 0;
    record.firstFailedAtMs ??= nowMs;
    const isOld = table === undefined || order < this.#eraStart;
    const { appliedOrder, appliedAtMs, unproved } = isOld ? NOTHING_KNOWN : this.#table(table);
    const isServed = appliedOrder > record.horizon;
    const forMs = nowMs - record.firstFailedAtMs;
    const failure: Failure = { record, order, failedAtMs: nowMs, forMs, isServed, proved: false };
    record.horizon = Math.max(order, appliedOrder);
    if (isOld || forMs < graceMs) return failure;
    if (appliedOrder > order) this.prove(failure);
    else if (startedAtMs - appliedAtMs > PROOF_WINDOW_MS) return failure;
    else if (unproved.push(failure) > MAX_UNPROVED_PER_TABLE) unproved.shift();
    return failure;
  }

  /** Its data could not be served, or its connection went: surely no fault of the message. Returns how far its backoff is by now. */
  unserved(key: string): number {
    const record = this.#touch(key);
    record.postponements = 0;
    return ++record.failures;
  }

  /**
   * A message that failed before, here or elsewhere, came and was passed over. Returns how far its backoff
   * is by now: a crowd that keeps coming back at short notice would keep the queue busy.
   */
  postponed(key: string): number {
    const record = this.#touch(key);
    return record.failures + ++record.postponements;
  }

  /** An execution that was started at `order` was applied: proves what failed on that table before it. */
  applied(table: string | undefined, order: number, nowMs: number): void {
    if (table === undefined || order < this.#eraStart) return;
    const record = this.#table(table);
    if (order > record.appliedOrder) record.appliedOrder = order;
    record.appliedAtMs = nowMs;
    if (record.unproved.length === 0) return;
    const rest: Failure[] = [];
    const proved = new Set<MessageRecord>();
    for (const failure of record.unproved.toReversed()) {
      if (nowMs - failure.failedAtMs > PROOF_WINDOW_MS) continue;
      if (failure.order > order) {
        rest.push(failure);
      } else if (!proved.has(failure.record)) {
        // One of each message: had an outage just ended, all that a message suffered in its last second
        // would be counted at once.
        proved.add(failure.record);
        failure.record.horizon = Math.max(failure.record.horizon, order);
        this.prove(failure);
      }
    }
    record.unproved.splice(0, Infinity, ...rest.reverse());
  }

  /** Counts a failure, once. */
  prove(failure: Failure): void {
    if (failure.proved) return;
    failure.proved = true;
    failure.record.owed++;
  }

  /** How many failures of its message have been proved since this was last asked, of earlier ones too. */
  collect({ record }: Failure): number {
    const { owed } = record;
    record.owed = 0;
    return owed;
  }

  /** The message has ended. */
  forget(key: string): void {
    this.#messages.delete(key);
  }

  #touch(key: string): MessageRecord {
    let record = this.#messages.get(key);
    if (record === undefined) {
      record = { failures: 0, postponements: 0, firstFailedAtMs: undefined, horizon: Infinity, owed: 0 };
    }
    // Set again, so that the one that failed longest ago is the first to be forgotten.
    else this.#messages.delete(key);
    this.#messages.set(key, record);
    if (this.#messages.size > MAX_MESSAGES) deleteFirst(this.#messages);
    return record;
  }

  #table(table: string): TableRecord {
    let record = this.#tables.get(table);
    if (record === undefined) {
      record = { ...NOTHING_KNOWN, unproved: [] };
      this.#tables.set(table, record);
      if (this.#tables.size > MAX_TABLES) deleteFirst(this.#tables);
    }
    return record;
  }
}

function deleteFirst<K>(map: Map<K, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
