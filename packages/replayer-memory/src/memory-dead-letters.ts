import { decodeContent } from "@helix/codec";
import {
  type Clock,
  clusterOf,
  type DeadLetter,
  type DeadLetterCause,
  type DeadLetterFilter,
  type DeadLetterStore,
  helixError,
  messageId,
  type RedriveOneOptions,
  type ReplayPayload,
} from "@helix/core";
import {
  checkCause,
  deadLetterNotFound,
  deathOf,
  matchesOutside,
  matchesTable,
  readDeadLetterFilter,
  readDeadLetterList,
  readDiscard,
  readRedrive,
  redriven,
} from "@helix/core/queue-kit";
import { detached } from "./entry.ts";
import type { Ledger } from "./ledger.ts";
import type { MemoryMessage } from "./memory-message.ts";

type ListOptions = DeadLetterFilter & { readonly limit?: number | undefined };

/** A dead letter as it is kept: with its payload encoded. */
type Kept = Omit<DeadLetter, "content">;

export interface MemoryDeadLettersOptions {
  readonly capacity: number;
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** Puts a payload at the end of its lane, or throws what `enqueue` rejects with. */
  readonly readmit: (payload: ReplayPayload) => void;
}

/** Dead letters in memory, bounded by their number: nothing is dropped to make room for another. */
export class MemoryDeadLetters implements DeadLetterStore {
  readonly #options: MemoryDeadLettersOptions;
  /** In the order in which they died. */
  readonly #kept = new Map<string, Kept>();

  constructor(options: MemoryDeadLettersOptions) {
    this.#options = options;
  }

  /** @throws HelixError HELIX_DEAD_LETTERS_FULL, and then nothing is kept. */
  add(message: MemoryMessage, cause: DeadLetterCause): void {
    const { capacity, clock } = this.#options;
    const { lane, entry } = message;
    checkCause(cause);
    if (this.#kept.size >= capacity) {
      const text = `The dead letters are full: ${capacity} are all that may be kept`;
      throw helixError("HELIX_DEAD_LETTERS_FULL", text, { lane, capacity });
    }
    const id = this.#idFor(message);
    this.#kept.set(id, {
      id,
      lane,
      raw: detached(entry).bytes,
      ...deathOf(cause, entry),
      deadAtMs: clock.wallMs(),
      origin: { sequence: entry.sequence },
    });
  }

  async list(options?: ListOptions): Promise<DeadLetter[]> {
    const { filter, limit } = readDeadLetterList(options);
    const found: DeadLetter[] = [];
    for (const letter of this.#matching([...this.#kept.keys()], filter)) {
      if (found.push(letter) >= limit) break;
    }
    return found;
  }

  async *scan(options?: DeadLetterFilter): AsyncGenerator<DeadLetter, void, void> {
    yield* this.#matching([...this.#kept.keys()], readDeadLetterFilter("scan", options));
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const kept = this.#kept.get(id);
    return kept && letterOf(kept);
  }

  async redrive(id: string, options?: RedriveOneOptions): Promise<void> {
    const { readmit, clock } = this.#options;
    const read = readRedrive(options);
    const kept = this.#find(id);
    readmit(redriven({ ...kept, content: decodeContent(kept.raw, kept.lane) }, read, clock.wallMs()));
    this.#kept.delete(id);
    this.#options.ledger.redriven(clusterOf(kept.lane));
  }

  async discard(id: string, options?: { readonly reason?: string | undefined }): Promise<void> {
    readDiscard(options);
    const { lane } = this.#find(id);
    this.#kept.delete(id);
    this.#options.ledger.discarded(clusterOf(lane));
  }

  *#matching(ids: readonly string[], filter: DeadLetterFilter): Generator<DeadLetter, void, void> {
    const nowMs = this.#options.clock.wallMs();
    for (const id of ids) {
      const kept = this.#kept.get(id);
      if (kept === undefined || !matchesOutside(kept, filter, nowMs)) continue;
      const letter = letterOf(kept);
      if (matchesTable(letter, filter)) yield letter;
    }
  }

  #find(id: string): Kept {
    const kept = this.#kept.get(id);
    if (kept !== undefined) return kept;
    throw deadLetterNotFound(id);
  }

  /** Id and life, which name a message for good; a payload that was enqueued twice may die twice. */
  #idFor({ content, entry }: MemoryMessage): string {
    const id = content.ok ? messageId(content.payload) : `undecodable.${entry.sequence}`;
    return this.#kept.has(id) ? `${id}.${entry.sequence}` : id;
  }
}

function letterOf(kept: Kept): DeadLetter {
  return { ...kept, raw: kept.raw.slice(), content: decodeContent(kept.raw, kept.lane) };
}
