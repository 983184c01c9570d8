import type { RequestOf } from "@helix/admin-api";
import { type DeadLetter, type DeadLetterReader, helixError } from "@helix/core";
import { groupLetters, type LetterBox, showValues, toldLetter } from "@helix/operations";
import type { Handlers, Subject } from "./handlers.ts";
import { valuesOf } from "./values.ts";

export const deadLetterHandlers = {
  async deadLetters({ queue }, { query: { limit, cursor, ...filter } }) {
    const page = await queue.deadLetters.page(filter, { limit, cursor });
    return { letters: page.letters.map((letter) => toldLetter(letter)), cursor: page.cursor };
  },
  deadLetterCount: ({ queue }, { query }) => queue.deadLetters.count(query),
  deadLetterGroups: groupsIn("dead"),
  async deadLetter({ queue }, { params: { id } }) {
    return { letter: toldLetter(await find(queue.deadLetters, id)) };
  },
  async trash({ queue }, { query: { limit, cursor, ...filter } }) {
    const page = await queue.deadLetters.trash.page(filter, { limit, cursor });
    return { letters: page.letters.map((letter) => toldLetter(letter)), cursor: page.cursor };
  },
  trashCount: ({ queue }, { query }) => queue.deadLetters.trash.count(query),
  trashGroups: groupsIn("trash"),
  async trashedLetter({ queue }, { params: { id } }) {
    return { letter: toldLetter(await find(queue.deadLetters.trash, id)) };
  },
  deadLetterValues: valuesIn("dead"),
  trashedLetterValues: valuesIn("trash"),
} satisfies Partial<Handlers>;

async function find<L extends DeadLetter>(letters: Pick<DeadLetterReader<L>, "get">, id: string): Promise<L> {
  const letter = await letters.get(id);
  if (letter !== undefined) return letter;
  throw helixError("HELIX_DEAD_LETTER_NOT_FOUND", `There is no dead letter ${id}`, { id });
}

type ShowRequest = Pick<RequestOf<"deadLetterValues">, "params" | "body">;

function groupsIn(box: LetterBox) {
  return (
    subject: Subject,
    { query: { limit, cursor, ...filter } }: Pick<RequestOf<"deadLetterGroups">, "query">,
  ) => groupLetters(subject, box, filter, { limit, cursor });
}

function valuesIn(box: LetterBox) {
  return async (subject: Subject, { params: { id }, body }: ShowRequest) => {
    const letter = await showValues(subject, box, id, body);
    return { letter: toldLetter(letter), error: letter.error, ...valuesOf(letter) };
  };
}
