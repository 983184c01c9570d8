import { type DeadLetter, type DeadLetterReader, helixError, type LetterGroup } from "@helix/core";
import { audited, toldLetter } from "@helix/operations";
import type { Handlers } from "./handlers.ts";
import { valuesOf } from "./values.ts";

export const deadLetterHandlers = {
  async deadLetters({ queue }, { query: { limit, cursor, ...filter } }) {
    const page = await queue.deadLetters.page(filter, { limit, cursor });
    return { letters: page.letters.map((letter) => toldLetter(letter)), cursor: page.cursor };
  },
  deadLetterCount: ({ queue }, { query }) => queue.deadLetters.count(query),
  deadLetterGroups: async ({ queue }, { query: { limit, ...filter } }) =>
    firstOf(await queue.deadLetters.groups(filter), limit),
  async deadLetter({ queue }, { params: { id } }) {
    return { letter: toldLetter(await find(queue.deadLetters, id)) };
  },
  async trash({ queue }, { query: { limit, cursor, ...filter } }) {
    const page = await queue.deadLetters.trash.page(filter, { limit, cursor });
    return { letters: page.letters.map((letter) => toldLetter(letter)), cursor: page.cursor };
  },
  trashCount: ({ queue }, { query }) => queue.deadLetters.trash.count(query),
  trashGroups: async ({ queue }, { query: { limit, ...filter } }) =>
    firstOf(await queue.deadLetters.trash.groups(filter), limit),
  async trashedLetter({ queue }, { params: { id } }) {
    return { letter: toldLetter(await find(queue.deadLetters.trash, id)) };
  },
  async deadLetterValues(subject, { params: { id }, body: { by, why } }) {
    const letter = await audited(subject, { verb: "show values", subject: { id }, by, why }, () =>
      find(subject.queue.deadLetters, id),
    );
    return { letter: toldLetter(letter), error: letter.error, ...valuesOf(letter) };
  },
} satisfies Partial<Handlers>;

async function find<L extends DeadLetter>(letters: Pick<DeadLetterReader<L>, "get">, id: string): Promise<L> {
  const letter = await letters.get(id);
  if (letter !== undefined) return letter;
  throw helixError("HELIX_DEAD_LETTER_NOT_FOUND", `There is no dead letter ${id}`, { id });
}

function firstOf(groups: readonly LetterGroup[], limit: number) {
  return { groups: groups.slice(0, limit), total: groups.length };
}
