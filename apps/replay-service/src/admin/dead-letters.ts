import type { LetterAnswer } from "@helix/admin-api";
import { clusterOf, type DeadLetter, helixError, priorityOf, summarize } from "@helix/core";
import { audited } from "@helix/operations";
import type { Handlers } from "./handlers.ts";
import { valuesOf } from "./values.ts";

export const deadLetterHandlers = {
  async deadLetters({ queue }, { query: { limit, cursor, ...filter } }) {
    const page = await queue.deadLetters.page(filter, { limit, cursor });
    return { letters: page.letters.map(told), cursor: page.cursor };
  },
  deadLetterCount: ({ queue }, { query }) => queue.deadLetters.count(query),
  async deadLetterGroups({ queue }, { query: { limit, ...filter } }) {
    const groups = await queue.deadLetters.groups(filter);
    const first = groups.slice(0, limit).map(({ tables, ...group }) => ({ ...group, tables: [...tables] }));
    return { groups: first, total: groups.length };
  },
  async deadLetter({ queue }, { params: { id } }) {
    return { letter: told(await find(queue.deadLetters, id)) };
  },
  async trash({ queue }, { query: { limit, cursor, ...filter } }) {
    const page = await queue.deadLetters.trash.page(filter, { limit, cursor });
    const letters = page.letters.map((letter) => ({ ...told(letter), discarded: letter.discarded }));
    return { letters, cursor: page.cursor };
  },
  trashCount: ({ queue }, { query }) => queue.deadLetters.trash.count(query),
  async deadLetterValues(subject, { params: { id }, body: { by, why } }) {
    const letter = await audited(subject, { verb: "show values", subject: { id }, by, why }, () =>
      find(subject.queue.deadLetters, id),
    );
    return { letter: told(letter), error: letter.error, ...valuesOf(letter) };
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

/** Nothing that was bound, nor a text that may quote it. */
function told(letter: DeadLetter): LetterAnswer {
  const { id, lane, reason, outcome, toldError, firstError, attempts, deadAtMs, raw, content } = letter;
  const write = content.ok ? summarize(content.payload) : undefined;
  return {
    id,
    cluster: clusterOf(lane),
    priority: priorityOf(lane),
    reason,
    outcome,
    error: toldError,
    firstError,
    attempts,
    diedAtMs: deadAtMs,
    bytes: raw.length,
    write: write && { ...write, tables: [...write.tables] },
  };
}
