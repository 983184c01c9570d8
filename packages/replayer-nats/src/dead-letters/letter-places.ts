import { helixError, type Lane } from "@helix/core";
import type { Admin } from "../connection/admin.ts";
import { refusalOfPublish } from "../connection/publish-refusal.ts";
import { type Publisher, PublishFailure } from "../connection/publisher.ts";
import type { StoredMessage } from "../connection/stored-message.ts";
import type { LetterStream, Names } from "../topology/names.ts";
import { withHeaders } from "./letter-headers.ts";

/** Something that is to be stored in a stream of letters. */
export interface Letter {
  readonly subject: string;
  readonly headers: Buffer;
  readonly data: Uint8Array;
  /** For whoever is told that there is no room. */
  readonly lane: Lane;
}

export interface Placed {
  readonly seq: number;
  /** The place of the same, which lay there before; undefined: nothing did. */
  readonly before?: number | undefined;
}

/** Stores letters, each as the last of its subject. */
export class LetterPlaces {
  readonly #publisher: Publisher;
  readonly #admin: Admin;
  readonly #names: Names;

  constructor({ publisher, admin, names }: { publisher: Publisher; admin: Admin; names: Names }) {
    this.#publisher = publisher;
    this.#admin = admin;
    this.#names = names;
  }

  /**
   * Resolves with its place; with undefined, and nothing stored, if what lies last under the subject is not at `last` (0: nothing).
   *
   * Rejects with HELIX_DEAD_LETTERS_FULL or HELIX_TRASH_FULL, with HELIX_TOPOLOGY_MISSING without a trash, or as `refusalOfPublish` says.
   */
  async put(
    at: LetterStream,
    { subject, headers, data, lane }: Letter,
    last = 0,
  ): Promise<number | undefined> {
    const block = withHeaders(headers, {
      "Nats-Expected-Stream": at.name,
      "Nats-Expected-Last-Subject-Sequence": String(last),
    });
    try {
      return (await this.#publisher.publish(subject, block, data)).seq;
    } catch (failure) {
      if (!(failure instanceof PublishFailure)) throw failure;
      if (failure.meaning === "conflict") return undefined;
      if (failure.meaning === "full") throw this.#full(at, failure, lane);
      if (failure.kind === "no-responders" && (await this.#isNoTrash(at))) throw noTrash(at, failure);
      throw refusalOfPublish("The dead letter could not be written", failure, this.#publisher.timeoutMs);
    }
  }

  /**
   * Stores it in any case, in the place of the same if that lies there; resolves with undefined, and nothing stored, if something else does.
   *
   * Rejects as {@link put}, and with what `isSame` rejects with.
   */
  async place(
    at: LetterStream,
    letter: Letter,
    isSame: (there: StoredMessage) => Promise<boolean>,
  ): Promise<Placed | undefined> {
    for (let before: number | undefined; ; ) {
      const seq = await this.put(at, letter, before);
      if (seq !== undefined) return { seq, before };
      const there = await this.#admin.message(at.name, { last_by_subj: letter.subject });
      if (there !== undefined && !(await isSame(there))) return undefined;
      before = there?.seq;
    }
  }

  #full(at: LetterStream, cause: PublishFailure, lane: Lane): Error {
    if (at !== this.#names.trash) {
      const text = `The dead letters are full: ${cause.message}`;
      return helixError("HELIX_DEAD_LETTERS_FULL", text, { lane }, { cause });
    }
    const text = `The trash is full: ${cause.message}. Empty it, or wait until its oldest is seven days old`;
    return helixError("HELIX_TRASH_FULL", text, { lane }, { cause });
  }

  /** Nobody answers while a leader is elected, too. */
  async #isNoTrash(at: LetterStream): Promise<boolean> {
    if (at !== this.#names.trash) return false;
    return (await this.#admin.find((api) => api.streams.info(at.name))) === undefined;
  }
}

/** The queue was made by a version that had no trash, or somebody has deleted it. */
export function noTrash({ name }: LetterStream, cause: unknown): Error {
  const missing = `stream ${name}`;
  const text = `There is no trash (${missing}): nothing is discarded before \`ensureTopology\` of this version has made it`;
  return helixError("HELIX_TOPOLOGY_MISSING", text, { missing: [missing] }, { cause });
}
