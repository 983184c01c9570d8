import type { DeadLetter, Lane } from "@helix/core";
import type { LetterFacts } from "@helix/core/queue-kit";
import type { Bodies } from "../bodies.ts";
import type { StoredMessage } from "../connection/stored-message.ts";
import type { LetterStream } from "../topology/names.ts";
import { namedIn, type Outside, outsideIn } from "./dead-letter-format.ts";

/** Where the life of a message stands in the id of its dead letter, whether that is its first name or its second. */
const LIFE = /^[^.]+\.(0|[1-9]\d{0,9})(?:-[0-9a-f]{32})?$/;

/**
 * What the conditions of a filter are about, as far as it is known without the body. Each is read when it is asked for: to read all of a
 * hundred thousand takes longer than to have them sent.
 */
export class StoredFacts implements LetterFacts {
  readonly id: string;
  readonly lane: Lane | undefined;
  readonly #stored: StoredMessage;
  readonly #at: LetterStream;
  readonly #bodies: Bodies;
  #outside: Outside | undefined;

  constructor(stored: StoredMessage, at: LetterStream, bodies: Bodies) {
    const { id, lane } = namedIn(stored, at);
    this.id = id;
    this.lane = lane;
    this.#stored = stored;
    this.#at = at;
    this.#bodies = bodies;
  }

  get outside(): Outside {
    this.#outside ??= outsideIn(this.#stored, this.#at);
    return this.#outside;
  }

  get reason(): DeadLetter["reason"] {
    return this.outside.reason;
  }

  get deadAtMs(): number {
    return this.outside.deadAtMs;
  }

  get toldError(): DeadLetter["toldError"] {
    return this.outside.error;
  }

  get life(): number | undefined {
    const [, life] = LIFE.exec(this.id) ?? [];
    return life === undefined ? undefined : Number(life);
  }

  get tables(): readonly string[] | undefined {
    return this.#bodies.tablesOf(this.#stored);
  }

  isAbout(table: string): boolean | undefined {
    return this.#bodies.isAbout(table, this.#stored);
  }
}
