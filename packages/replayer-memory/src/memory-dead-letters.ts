import {
  type Clock,
  clusterOf,
  type DeadLetter,
  type DeadLetterCause,
  type DeadLetterStore,
  type DiscardOneOptions,
  helixError,
  LANES,
  type Lane,
  messageId,
  type QueueRoom,
  type RedriveOneOptions,
  type ReplayPayload,
} from "@helix/core";
import { checkCause, deathOf, factsOf, readDiscard, readRedrive, redriven } from "@helix/core/queue-kit";
import { detached } from "./entry.ts";
import { type Kept, KeptLetters, letterOf } from "./kept-letters.ts";
import type { Ledger } from "./ledger.ts";
import type { MemoryMessage } from "./memory-message.ts";
import { MemoryTrash } from "./memory-trash.ts";

export interface MemoryDeadLettersOptions {
  readonly capacity: number;
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** Puts a payload at the end of its lane, or throws what `enqueue` rejects with. */
  readonly readmit: (payload: ReplayPayload) => void;
}

/** Dead letters in memory, bounded by their number: nothing is dropped to make room for another. */
export class MemoryDeadLetters extends KeptLetters<Kept, DeadLetter> implements DeadLetterStore {
  readonly trash: MemoryTrash;
  readonly #options: MemoryDeadLettersOptions;

  constructor(options: MemoryDeadLettersOptions) {
    super(options.clock, letterOf);
    this.#options = options;
    const { clock, capacity, ledger } = options;
    this.trash = new MemoryTrash({ clock, capacity, ledger, readmit: (kept) => this.#readmit(kept) });
  }

  get limit(): QueueRoom {
    const { size } = this.kept;
    const { capacity } = this.#options;
    return { of: "dead-letters", lanes: LANES, unit: "messages", used: size, messages: size, capacity };
  }

  /** @throws HelixError HELIX_DEAD_LETTERS_FULL, and then nothing is kept. */
  add(message: MemoryMessage, cause: DeadLetterCause): void {
    const { clock } = this.#options;
    const { lane, entry, content } = message;
    checkCause(cause);
    this.#assertRoom(lane);
    const id = this.#idFor(message);
    const letter = {
      id,
      lane,
      raw: detached(entry).bytes,
      ...deathOf(cause, entry),
      deadAtMs: clock.wallMs(),
      origin: { sequence: entry.sequence },
    };
    this.put({ letter, facts: factsOf({ ...letter, content }) });
  }

  async redrive(id: string, options?: RedriveOneOptions): Promise<void> {
    const { readmit, clock } = this.#options;
    const read = readRedrive(options);
    const kept = this.find(id);
    readmit(redriven(letterOf(kept), read, clock.wallMs()));
    this.kept.delete(id);
    this.#options.ledger.redriven(clusterOf(kept.letter.lane));
  }

  async discard(id: string, options?: DiscardOneOptions): Promise<void> {
    const person = readDiscard(options);
    const { letter, facts } = this.find(id);
    this.trash.add({ letter, facts }, person);
    this.kept.delete(id);
    this.#options.ledger.discarded(clusterOf(letter.lane));
  }

  #readmit(kept: Kept): void {
    this.#assertRoom(kept.letter.lane);
    this.put(kept);
  }

  #assertRoom(lane: Lane): void {
    const { capacity } = this.#options;
    if (this.kept.size < capacity) return;
    const text = `The dead letters are full: ${capacity} are all that may be kept`;
    throw helixError("HELIX_DEAD_LETTERS_FULL", text, { lane, capacity });
  }

  /** Id and life, which name a message for good; a payload that was enqueued twice may die twice. */
  #idFor({ content, entry }: MemoryMessage): string {
    const id = content.ok ? messageId(content.payload) : `undecodable.${entry.sequence}`;
    return this.kept.has(id) || this.trash.has(id) ? `${id}.${entry.sequence}` : id;
  }
}
