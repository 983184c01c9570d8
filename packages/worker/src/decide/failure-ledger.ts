import { RecentMap } from "./recent-map.ts";

/**
 * How long after a failure an application on the same table still proves anything about it, and how long before
 * its start there must have been one for that. Longer, or without the one before, and the end of an outage would
 * be taken as proof that whatever failed during it was its own fault.
 */
const PROOF_WINDOW_MS = 1000;
const MAX_MESSAGES = 50_000;
const MAX_TABLES = 1000;
const MAX_TEXTS = 1000;
const MAX_UNPROVED_PER_PLACE = 1000;

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

/** Where messages are compared: a table, or one statement of it. */
export interface Place {
  /** Undefined where it could not be told from the text. */
  readonly table?: string | undefined;
  readonly text?: string | undefined;
}

interface PlaceRecord {
  /** The latest start among the executions that were applied. */
  appliedOrder: number;
  /** The latest end of one. */
  appliedAtMs: number;
  /** Since when nothing was applied that failures were seen; undefined where none was since. */
  failingSinceMs: number | undefined;
  /** In the order in which they failed. */
  readonly unproved: Failure[];
}

const NOTHING_KNOWN: PlaceRecord = {
  appliedOrder: -1,
  appliedAtMs: -Infinity,
  failingSinceMs: undefined,
  unproved: [],
};

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
 * Its memory is bounded. What it forgets is treated as if it had not failed: a message is then retried too often, never
 * given up too early. But where messages are forgotten, one that is not known is taken for one that has been failing for as
 * long as its table or its text, of which nothing was applied since.
 */
export class FailureLedger {
  readonly #messages = new RecentMap<string, MessageRecord>(MAX_MESSAGES);
  readonly #tables = new RecentMap<string, PlaceRecord>(MAX_TABLES);
  /** Apart, since an application that puts its values into the texts has a new one for each message. */
  readonly #texts = new RecentMap<string, PlaceRecord>(MAX_TEXTS);
  #eraStart = 0;
  #eraStartedAtMs = -Infinity;

  /** Messages that failed here and were neither applied nor given up. */
  get size(): number {
    return this.#messages.size;
  }

  /** Failures in a row of a message, as far as they were seen here. */
  failuresOf(key: string): number {
    return this.#messages.peek(key)?.failures ?? 0;
  }

  /** Whether a message has failed before, as far as that is known or likely. */
  hasFailed(key: string, place: () => Place): boolean {
    return this.failuresOf(key) > 0 || this.#failingSinceMs(place) !== undefined;
  }

  /**
   * For how long a message has been failing, as far as that is known or likely; since the cluster came back at the most.
   * Milliseconds.
   */
  failingForMs(key: string, place: () => Place, nowMs: number): number {
    const own = this.#messages.peek(key)?.firstFailedAtMs ?? nowMs;
    const since = Math.min(own, this.#failingSinceMs(place) ?? nowMs);
    return nowMs - Math.max(since, this.#eraStartedAtMs);
  }

  /** Whether it was postponed since its last failure. */
  hasWaited(key: string): boolean {
    return (this.#messages.peek(key)?.postponements ?? 0) > 0;
  }

  /**
   * The cluster went away or came back, or nothing could run for a while: nothing that started before says
   * anything about what starts from `order` on, or the other way round.
   */
  beginEra(order: number, nowMs: number): void {
    this.#eraStart = order;
    this.#eraStartedAtMs = nowMs;
    this.#tables.clear();
    this.#texts.clear();
  }

  /**
   * @param provedBy Where others prove it; where that is unknown they never do.
   * @param graceMs From the first failure of a message on, so long none is proved by others.
   */
  failed(
    key: string,
    place: Place,
    provedBy: keyof Place,
    { order, startedAtMs }: { readonly order: number; readonly startedAtMs: number },
    nowMs: number,
    graceMs: number,
  ): Failure {
    if (order >= this.#eraStart) this.#fails(place, nowMs);
    const record = this.#touch(key);
    record.failures++;
    record.postponements = 0;
    record.firstFailedAtMs ??= nowMs;
    const known = order < this.#eraStart ? undefined : this.#place(place, provedBy);
    const { appliedOrder, appliedAtMs, unproved } = known ?? NOTHING_KNOWN;
    const isServed = appliedOrder > record.horizon;
    const forMs = nowMs - record.firstFailedAtMs;
    const failure: Failure = { record, order, failedAtMs: nowMs, forMs, isServed, proved: false };
    record.horizon = Math.max(order, appliedOrder);
    if (known === undefined || forMs < graceMs) return failure;
    if (appliedOrder > order) this.prove(failure);
    else if (startedAtMs - appliedAtMs > PROOF_WINDOW_MS) return failure;
    else if (unproved.push(failure) > MAX_UNPROVED_PER_PLACE) unproved.shift();
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
   * is by now: a crowd that keeps coming back at short notice would keep the queue busy. What failed before its table was served
   * again need not answer for that.
   */
  postponed(key: string, isServed: boolean): number {
    const record = this.#touch(key);
    return (isServed ? 0 : record.failures) + ++record.postponements;
  }

  /** Whether another message for the table, started after the last failure of this one, was applied. */
  isServedSince(key: string, table: string | undefined): boolean {
    const { horizon = Infinity } = this.#messages.peek(key) ?? {};
    return table !== undefined && (this.#tables.peek(table)?.appliedOrder ?? -1) > horizon;
  }

  /** An execution that was started at `order` was applied: proves what failed at its places before it. */
  applied({ table, text }: Place, order: number, nowMs: number): void {
    if (order < this.#eraStart) return;
    if (table !== undefined) this.#served(placeIn(this.#tables, table), order, nowMs);
    if (text !== undefined) this.#served(placeIn(this.#texts, text), order, nowMs);
  }

  #served(record: PlaceRecord, order: number, nowMs: number): void {
    if (order > record.appliedOrder) record.appliedOrder = order;
    record.appliedAtMs = nowMs;
    record.failingSinceMs = undefined;
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

  #fails(place: Place, nowMs: number): void {
    for (const by of ["table", "text"] as const) {
      const record = this.#place(place, by);
      if (record !== undefined) record.failingSinceMs ??= nowMs;
    }
  }

  /** Of what is forgotten as soon as others fail; undefined where a message is remembered for as long as it fails. */
  #failingSinceMs(place: () => Place): number | undefined {
    if (this.#messages.size < MAX_MESSAGES) return undefined;
    const { table, text } = place();
    const ofTable = table === undefined ? undefined : this.#tables.peek(table)?.failingSinceMs;
    return ofTable ?? (text === undefined ? undefined : this.#texts.peek(text)?.failingSinceMs);
  }

  #touch(key: string): MessageRecord {
    let record = this.#messages.use(key);
    if (record === undefined) {
      record = { failures: 0, postponements: 0, firstFailedAtMs: undefined, horizon: Infinity, owed: 0 };
      this.#messages.set(key, record);
    }
    return record;
  }

  #place(place: Place, by: keyof Place): PlaceRecord | undefined {
    const key = place[by];
    return key === undefined ? undefined : placeIn(by === "table" ? this.#tables : this.#texts, key);
  }
}

function placeIn(places: RecentMap<string, PlaceRecord>, key: string): PlaceRecord {
  let record = places.use(key);
  if (record === undefined) {
    record = { ...NOTHING_KNOWN, unproved: [] };
    places.set(key, record);
  }
  return record;
}
