import { cell } from "../cql/cells.ts";
import type { Column, ColumnType } from "../cql/column-type.ts";
import { type Reply, reply } from "../cql/reply.ts";
import type { BoundStatement, BoundValue, CqlRequest } from "../cql/request.ts";
import {
  CREATE_KEYSPACE,
  CREATE_TABLE,
  DELETE_ORDER,
  INSERT_ORDER,
  SELECT_ORDERS,
  TRUNCATE_ORDERS,
  UPDATE_ORDER,
} from "../demo-statements.ts";
import { type LwwRow, LwwTable } from "./lww-table.ts";

type OrderColumn = "customer" | "amount" | "note";

/** The types of the bind markers, in the order of the text. */
const MARKERS: Readonly<Record<string, readonly ColumnType[]>> = {
  [INSERT_ORDER]: ["int", "text", "bigint", "text"],
  [UPDATE_ORDER]: ["text", "bigint", "int"],
  [DELETE_ORDER]: ["int"],
};

const RESULT: readonly Column[] = [
  { name: "id", type: "int" },
  { name: "customer", type: "text" },
  { name: "amount", type: "bigint" },
  { name: "note", type: "text" },
  { name: "customer_written", type: "bigint" },
  { name: "amount_written", type: "bigint" },
  { name: "note_written", type: "bigint" },
];

/** What a real server says `invalid` to. */
class InvalidRequestError extends Error {}

/** The demo's table: answers the demo's statements, by their very text, and no others. */
export class SimulatedOrders {
  readonly #table = new LwwTable<OrderColumn>(["customer", "amount", "note"]);

  readonly types = (query: string): readonly ColumnType[] => MARKERS[query] ?? [];

  readonly onRequest = (request: CqlRequest): Reply => {
    try {
      return this.#answer(request);
    } catch (error) {
      if (!(error instanceof InvalidRequestError)) throw error;
      return reply.error({ code: "invalid", message: error.message });
    }
  };

  #answer({ kind, query, statements, timestamp }: CqlRequest): Reply {
    if (kind !== "batch") {
      if (query === SELECT_ORDERS) return reply.rows(RESULT, this.#table.rows().map(resultRow));
      if (query === CREATE_KEYSPACE || query === CREATE_TABLE) return reply.void;
      if (query === TRUNCATE_ORDERS) {
        this.#table.truncate();
        return reply.void;
      }
    }
    const writes = statements.map((statement) =>
      this.#write(statement, timestamp ?? BigInt(Date.now()) * 1_000n),
    );
    for (const write of writes) write(); // only when all are valid: a batch is refused as a whole
    return reply.void;
  }

  #write({ query, values }: BoundStatement, timestamp: bigint): () => void {
    const types = MARKERS[query];
    if (types === undefined)
      throw new InvalidRequestError("The simulated cluster knows the demo's statements only");
    if (values.length !== types.length) {
      throw new InvalidRequestError(`Invalid amount of bind variables: ${values.length} for ${types.length}`);
    }
    const table = this.#table;
    if (query === INSERT_ORDER) {
      const [id, customer, amount, note] = values;
      const key = keyOf(id);
      const row = { customer, amount: bigint(amount), note };
      return () => table.insert(key, row, timestamp);
    }
    if (query === UPDATE_ORDER) {
      const [customer, amount, id] = values;
      const key = keyOf(id);
      const row = { customer, amount: bigint(amount) };
      return () => table.update(key, row, timestamp);
    }
    const key = keyOf(values[0]);
    return () => table.delete(key, timestamp);
  }
}

function keyOf(id: BoundValue): number {
  if (!id) throw new InvalidRequestError("Invalid null value in condition for column id");
  return sized(id, 4).readInt32BE();
}

function bigint(value: BoundValue): BoundValue {
  return value ? sized(value, 8) : value;
}

function sized(value: Buffer, bytes: number): Buffer {
  if (value.length === bytes) return value;
  throw new InvalidRequestError(`Expected ${bytes} or 0 byte value (${value.length})`);
}

function resultRow({ key, cells: { customer, amount, note } }: LwwRow<OrderColumn>): (Buffer | null)[] {
  const columns = [customer, amount, note];
  return [
    cell.int(key),
    ...columns.map((column) => column?.value ?? null),
    ...columns.map((column) => (column === null ? null : cell.bigint(column.timestamp))),
  ];
}
