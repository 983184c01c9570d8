import { type DeadLetter, helixError } from "@helix/core";
import { audited, toldLetter } from "@helix/operations";
import type { Handlers } from "./handlers.ts";
import { valuesOf } from "./values.ts";

export const deadLetterHandlers = {
  async deadLetters({ queue }, { query: { limit, cursor, ...filter } }) {
    const page = await queue.deadLetters.page(filter, { limit, cursor });
    return { letters: page.letters.map(toldLetter), cursor: page.cursor };
  },
  deadLetterCount: ({ queue }, { query }) => queue.deadLetters.count(query),
  async deadLetterGroups({ queue }, { query: { limit, ...filter } }) {
    const groups = await queue.deadLetters.groups(filter);
    return { groups: groups.slice(0, limit), total: groups.length };
  },
  async deadLetter({ queue }, { params: { id } }) {
    return { letter: toldLetter(await find(queue.deadLetters, id)) };
  },
  async trash({ queue }, { query: { limit, cursor, ...filter } }) {
    const page = await queue.deadLetters.trash.page(filter, { limit, cursor });
    const letters = page.letters.map((letter) => ({ ...toldLetter(letter), discarded: letter.discarded }));
    return { letters, cursor: page.cursor };
  },
  trashCount: ({ queue }, { query }) => queue.deadLetters.trash.count(query),
  async deadLetterValues(subject, { params: { id }, body: { by, why } }) {
    const letter = await audited(subject, { verb: "show values", subject: { id }, by, why }, () =>
      find(subject.queue.deadLetters, id),
    );
    return { letter: toldLetter(letter), error: letter.error, ...valuesOf(letter) };
  },
} satisfies Partial<Handlers>;

async function find(
  letters: { get(id: string): Promise<DeadLetter | undefined> },
  id: string,
): Promise<DeadLetter> {
  const letter = await letters.get(id);
  if (letter !== undefined) return letter;
  throw helixError("HELIX_DEAD_LETTER_NOT_FOUND", `There is no dead letter ${id}`, { id });
}
