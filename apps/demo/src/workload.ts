import type { Priority, Statement } from "@helix/core";
import { demoStatements } from "@helix/testkit";

/** What a write does to one row; a column that is absent is left alone. */
export type RowChange =
  | { readonly id: number; readonly set: Readonly<Partial<RowValues>> }
  | { readonly id: number; readonly set: "deleted" };

export interface RowValues {
  readonly customer: string;
  readonly amount: number;
  readonly note: string;
}

/** One logical write: a statement, or a batch of several. */
export interface Write {
  readonly statements: readonly Statement[];
  readonly changes: readonly RowChange[];
  readonly priority: Priority;
}

/**
 * Inserts each of `rows` rows once, and between them overwrites, deletes and batches rows that were
 * written before, so that replayed writes meet newer ones and last-write-wins has to decide.
 */
export function* workload(rows: number, random: () => number): Generator<Write> {
  let inserted = 0;
  let serial = 0;
  const earlier = () => Math.floor(random() * inserted);
  const priority = (): Priority => (random() < 0.3 ? "low" : "high");
  const write = (...parts: Part[]): Write => ({
    statements: parts.map(({ statement }) => statement),
    changes: parts.map(({ change }) => change),
    priority: priority(),
  });
  while (inserted < rows) {
    serial++;
    const kind = random();
    if (inserted < 2 || kind < 0.6) {
      yield write(insert(inserted, serial));
      inserted++;
    } else if (kind < 0.82) {
      yield write(update(earlier(), serial));
    } else if (kind < 0.88) {
      yield write(remove(earlier()));
    } else if (kind < 0.94) {
      yield write(insert(earlier(), serial));
    } else {
      const first = earlier();
      const second = (first + 1) % inserted;
      yield write(update(first, serial), random() < 0.3 ? remove(second) : insert(second, serial));
    }
  }
}

interface Part {
  readonly statement: Statement;
  readonly change: RowChange;
}

function insert(id: number, serial: number): Part {
  const set = { customer: `customer ${serial}`, amount: serial * 100, note: `inserted by write ${serial}` };
  return {
    statement: { query: demoStatements.INSERT_ORDER, params: [id, set.customer, set.amount, set.note] },
    change: { id, set },
  };
}

function update(id: number, serial: number): Part {
  const set = { customer: `customer ${serial}`, amount: serial * 100 + 1 };
  return {
    statement: { query: demoStatements.UPDATE_ORDER, params: [set.customer, set.amount, id] },
    change: { id, set },
  };
}

function remove(id: number): Part {
  return { statement: { query: demoStatements.DELETE_ORDER, params: [id] }, change: { id, set: "deleted" } };
}
