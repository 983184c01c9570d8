import { type DeadLetter, type DeadLetterReader, type DeadLetterStore, isHelixError } from "@helix/core";
import type { HeldJob } from "./held-job.ts";
import type { JobCounts } from "./job.ts";
import { verbOf } from "./job-verbs.ts";

/** Written down before they are begun, so many by one document. */
const MOST_AT_ONCE = 200;
const MOST_BYTES_AT_ONCE = 4 * 1024 * 1024;
/** Of the ids of all that are pending: a document has 64 KiB. */
const MOST_ID_BYTES = 16 * 1024;
/** Of a letter that fails while the queue is well. */
const MOST_TRIES = 3;
const MOST_FAILURES = 100;
const MOST_FAILURE_BYTES = 8 * 1024;
const MOST_CODES = 20;
const CODE = /^\w{1,64}$/;
const MOST_WATCHED = 200;
const MOST_WATCHED_BYTES = 8 * 1024;

/** They say nothing of the letter: it is tried again until they are over. */
const QUEUES_OWN: ReadonlySet<string> = new Set([
  "HELIX_QUEUE_CLOSED",
  "HELIX_QUEUE_FULL",
  "HELIX_QUEUE_OVERLOADED",
  "HELIX_QUEUE_TIMEOUT",
  "HELIX_QUEUE_UNAUTHORIZED",
  "HELIX_QUEUE_UNAVAILABLE",
  "HELIX_DEAD_LETTERS_FULL",
  "HELIX_TRASH_FULL",
]);
/** They say that this one can never be done. */
const LETTERS_OWN: ReadonlySet<string> = new Set(["HELIX_PAYLOAD_INVALID", "HELIX_PAYLOAD_TOO_LARGE"]);

interface Pending {
  readonly letter: DeadLetter;
  /** Somebody has begun it, or may have, and nobody knows how it ended: gone means done. */
  isDoubtful: boolean;
  /** Otherwise only its id is known. */
  readonly isRead: boolean;
  tries: number;
}

/**
 * The letters of a job: found by a scan, written down as pending, done, and counted. What the document has as pending may have been done
 * when its process died; what it has not was not begun, or is counted.
 *
 * What stays where it lies is found again by the next scan, so each scan counts it anew.
 */
export class JobLetters {
  readonly #held: HeldJob;
  readonly #store: DeadLetterStore;
  /** Where they lie. */
  readonly #reader: DeadLetterReader;
  readonly #pending = new Map<string, Pending>();
  #scan: AsyncIterator<DeadLetter> | undefined;
  #ahead: DeadLetter | undefined;
  #hasFailed = false;

  constructor(held: HeldJob, store: DeadLetterStore) {
    this.#held = held;
    this.#store = store;
    this.#reader = verbOf(held.job).from(store);
    for (const id of held.pending) {
      const letter = { id, raw: new Uint8Array() } as DeadLetter;
      this.#pending.set(id, { letter, isDoubtful: true, isRead: false, tries: 0 });
    }
  }

  /** How many are counted. */
  get counted(): number {
    return Object.values(this.#held.job.counts).reduce((sum, count) => sum + count, 0);
  }

  /** How many are pending. */
  get open(): number {
    return this.#pending.size;
  }

  /**
   * Those that are to be taken, each written down before; what is pending comes first. Ends after a failure, at the end of a stage,
   * and when there are no more. Rejects as control store and queue do.
   */
  async *toTake(): AsyncGenerator<DeadLetter, void, void> {
    this.#hasFailed = false;
    for (const { letter } of [...this.#pending.values()]) yield letter;
    // A scan that began meanwhile would find what is under way, and find it gone then.
    if (this.#pending.size > 0 && this.#scan === undefined) return;
    while (!this.#hasFailed) {
      const letters = await this.#writeDown();
      if (letters.length === 0) return;
      yield* letters;
    }
  }

  /** Does it to one, and counts it. Rejects with what may pass: then it is pending still. */
  async take({ id }: DeadLetter): Promise<void> {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    const { job } = this.#held;
    const { take, takeById } = verbOf(job);
    try {
      const taken = pending.isRead ? take(this.#store, pending.letter, job) : undefined;
      await (taken ?? takeById(this.#store, id, job));
      this.#count(id, "done");
    } catch (error) {
      if (await this.#isCounted(pending, error).catch(() => false)) return;
      this.#hasFailed = true;
      throw error;
    }
  }

  /** Whether there is one more, that is to be taken later. Rejects as the queue does. */
  async hasMore(): Promise<boolean> {
    this.#ahead ??= await this.#read();
    return this.#ahead !== undefined;
  }

  /** Of what is pending only that remains which was begun. Rejects as the queue does. */
  async forgetUnbegun(): Promise<void> {
    for (const [id, { isDoubtful }] of [...this.#pending]) {
      if (!isDoubtful || !(await this.#isBegun(id))) this.#forget(id);
    }
  }

  async takePending(): Promise<void> {
    await Promise.all([...this.#pending.values()].map(({ letter }) => this.take(letter)));
  }

  async close(): Promise<void> {
    const scan = this.#scan;
    this.#scan = undefined;
    await scan?.return?.().catch(() => {});
  }

  /** The next ones, when the store has it that they are pending. */
  async #writeDown(): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    const room = this.#room();
    let idBytes = [...this.#held.pending].reduce((sum, id) => sum + bytesOf(id), 0);
    let bytes = 0;
    while (letters.length < room && bytes < MOST_BYTES_AT_ONCE) {
      const letter = this.#ahead ?? (await this.#read());
      this.#ahead = undefined;
      if (letter === undefined) break;
      idBytes += bytesOf(letter.id);
      if (idBytes > MOST_ID_BYTES && this.#held.pending.size > 0) {
        this.#ahead = letter;
        break;
      }
      bytes += letter.raw.length;
      letters.push(letter);
      this.#held.pending.add(letter.id);
      this.#pending.set(letter.id, { letter, isDoubtful: false, isRead: true, tries: 0 });
    }
    if (letters.length > 0) await this.#held.save();
    return letters;
  }

  /** How many may be written down: a second's worth at most, and no more than the stage still needs. */
  #room(): number {
    const { perSecond = MOST_AT_ONCE, stages, stage } = this.#held.job;
    const size = stages?.[stage?.index ?? 0] ?? Number.POSITIVE_INFINITY;
    return Math.min(MOST_AT_ONCE, perSecond, size - (stage?.done ?? 0) - this.#pending.size);
  }

  /** The next one that the scan finds and that can be tried. */
  async #read(): Promise<DeadLetter | undefined> {
    const { job } = this.#held;
    this.#scan ??= this.#newScan();
    for (;;) {
      const next = await this.#scan.next().catch((error: unknown) => {
        this.#scan = undefined;
        throw error;
      });
      if (next.done === true) return undefined;
      const letter = next.value;
      if (this.#pending.has(letter.id)) continue;
      const left = verbOf(job).leaves?.(letter);
      if (left === undefined) return letter;
      if (left === "skipped") job.counts.skipped++;
      else this.#fail(letter.id, left.failed);
    }
  }

  #newScan(): AsyncIterator<DeadLetter> {
    const { job } = this.#held;
    Object.assign(job.counts, { failed: 0, skipped: 0, needsForce: 0 });
    Object.assign(job, { errors: {}, failures: [] });
    return this.#reader.scan(job.filter, { until: job.until })[Symbol.asyncIterator]();
  }

  /** Whether that was the end of it. Rejects as the queue does. */
  async #isCounted(pending: Pending, error: unknown): Promise<boolean> {
    const { id } = pending.letter;
    const code = codeOf(error);
    if (isHelixError(error, "HELIX_DEAD_LETTER_NOT_FOUND")) {
      await this.#countGone(pending);
    } else if (isHelixError(error, "HELIX_REDRIVE_NEEDS_FORCE")) {
      this.#count(id, "needsForce");
    } else if (LETTERS_OWN.has(code) || (!QUEUES_OWN.has(code) && ++pending.tries >= MOST_TRIES)) {
      this.#fail(id, code);
    } else {
      pending.isDoubtful = true;
      return false;
    }
    return true;
  }

  /** Whether it was done by this job, where the queue knows; otherwise it was if this job may have begun it. */
  async #countGone({ letter: { id }, isDoubtful }: Pending): Promise<void> {
    const isMine = this.#reader.orderOf === undefined ? isDoubtful : await this.#isMine(id);
    // What a scan has from a replica that is behind is counted already.
    if (isMine && !isDoubtful) this.#forget(id);
    else this.#count(id, isMine ? "done" : "vanished");
  }

  async #isBegun(id: string): Promise<boolean> {
    if (this.#reader.orderOf !== undefined) return this.#isMine(id);
    return (await this.#reader.get(id)) === undefined;
  }

  async #isMine(id: string): Promise<boolean> {
    return (await this.#reader.orderOf?.(id)) === this.#held.job.id;
  }

  #fail(id: string, code: string): void {
    const { job } = this.#held;
    const { errors, failures } = job;
    const counts = new Map(Object.entries(errors));
    const known = counts.has(code) || counts.size < MOST_CODES ? code : "others";
    job.errors = Object.fromEntries(counts.set(known, (counts.get(known) ?? 0) + 1));
    const bytes = failures.reduce((sum, one) => sum + bytesOf(one.id) + bytesOf(one.code), bytesOf(id));
    if (failures.length < MOST_FAILURES && bytes < MOST_FAILURE_BYTES)
      job.failures = [...failures, { id, code }];
    this.#count(id, "failed");
  }

  #count(id: string, as: keyof JobCounts): void {
    const { job } = this.#held;
    this.#forget(id);
    job.counts[as]++;
    delete job.stalled;
    if (as !== "done" || job.stages === undefined) return;
    const { index = 0, done = 0, ...looked } = job.stage ?? {};
    job.stage = { ...looked, index, done: done + 1 };
    const { watched } = job;
    const bytes = watched.reduce((sum, one) => sum + bytesOf(one), bytesOf(id));
    if (watched.length < MOST_WATCHED && bytes < MOST_WATCHED_BYTES) job.watched = [...watched, nextLife(id)];
  }

  #forget(id: string): void {
    this.#pending.delete(id);
    this.#held.pending.delete(id);
  }
}

/** As what one will have died again that is redriven: ids end with the life. */
function nextLife(id: string): string {
  return id.replace(/\d+$/, (life) => String(Number(life) + 1));
}

/** In a document, with what stands around it there. */
function bytesOf(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) + 12;
}

export function codeOf(error: unknown): string {
  const { code, name } = Object(error) as { code?: string; name?: string };
  // It is stored, and told: nothing that anybody could have put there.
  return [code, name].find((one) => typeof one === "string" && CODE.test(one)) ?? "unknown";
}
