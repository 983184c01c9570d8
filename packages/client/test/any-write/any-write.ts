import { types } from "cassandra-driver";
import type { AnyColumn, AnyTable } from "./any-table.ts";
import type { AnyType, AnyValue } from "./any-type.ts";
import type { Dice } from "./dice.ts";

export interface AnyStatement {
  readonly query: string;
  readonly params: readonly unknown[] | Readonly<Record<string, unknown>>;
}

/** One write, as a caller makes it: a statement, perhaps a text with several, or the statements of a batch. */
export function anyWrite(
  dice: Dice,
  tables: readonly AnyTable[],
  nextMicros: () => bigint,
): readonly [AnyStatement, ...AnyStatement[]] {
  const written = (write: (writer: Writer) => string): AnyStatement => {
    const writer = new Writer(dice, nextMicros);
    const query = write(writer);
    return { query, params: writer.params };
  };
  if (dice.chance(0.08)) return [written((writer) => writer.batch(tables))];
  const isBatch = dice.chance(0.1);
  const next = () => written((writer) => writer.single(dice.pick(tables), !isBatch));
  return [next(), ...(isBatch ? dice.times(1, 3, next) : [])];
}

class Writer {
  readonly #dice: Dice;
  readonly #nextMicros: () => bigint;
  readonly #values: unknown[] = [];
  /** Of the statement: all values in its text, or some bound, by position or by name. */
  readonly #mode: "text" | "positional" | "named";

  constructor(dice: Dice, nextMicros: () => bigint) {
    this.#dice = dice;
    this.#nextMicros = nextMicros;
    this.#mode = dice.pick(["text", "positional", "positional", "named"]);
  }

  get params(): AnyStatement["params"] {
    if (this.#mode !== "named") return this.#values;
    return Object.fromEntries(this.#values.map((value, index) => [`p${index}`, value]));
  }

  batch(tables: readonly AnyTable[]): string {
    const plain = tables.filter(({ isCounter }) => !isCounter);
    const members = this.#dice.times(1, 4, () => this.single(this.#dice.pick(plain), false));
    return `BEGIN ${this.#dice.pick(["", "UNLOGGED "])}BATCH ${members.join("; ")}; APPLY BATCH`;
  }

  single(table: AnyTable, isAlone: boolean): string {
    if (table.isCounter) return this.#counter(table);
    const isConditional = isAlone && this.#dice.chance(0.03);
    const shape = this.#dice.below(10);
    if (shape < 4) return this.#insert(table, isAlone, isConditional);
    if (shape < 8) return this.#update(table, isAlone, isConditional);
    return this.#delete(table, isAlone, isConditional);
  }

  #counter(table: AnyTable): string {
    const where = this.#where(table.columns);
    return this.#dice.chance(0.5)
      ? `UPDATE ${table.name} SET hits = hits + 1 WHERE ${where}`
      : `DELETE FROM ${table.name} WHERE ${where}`;
  }

  #insert({ name, columns }: AnyTable, isAlone: boolean, isConditional: boolean): string {
    const chosen = columns.filter((column) => isKey(column) || this.#dice.chance(0.5));
    const condition = isConditional ? " IF NOT EXISTS" : "";
    const document = this.#dice.chance(0.15) ? asJson(this.#dice, chosen) : undefined;
    if (document !== undefined) {
      const json = this.#term({ literal: `'${document.replaceAll("'", "''")}'`, bound: document });
      const fill = this.#dice.pick(["", " DEFAULT NULL", " DEFAULT UNSET"]);
      return `INSERT INTO ${name} JSON ${json}${fill}${condition}${this.#using(isAlone && !isConditional)}`;
    }
    const terms = chosen.map((column) =>
      !isKey(column) && this.#dice.chance(0.08) ? this.#nothing() : this.#valueOf(column.type),
    );
    const names = chosen.map((column) => column.name);
    return `INSERT INTO ${name} (${names.join(", ")}) VALUES (${terms.join(", ")})${condition}${this.#using(isAlone && !isConditional)}`;
  }

  #update(table: AnyTable, isAlone: boolean, isConditional: boolean): string {
    const using = this.#using(isAlone && !isConditional);
    const others = table.columns.filter((column) => !isKey(column));
    const chosen = others.filter(() => this.#dice.chance(0.4));
    const targets = chosen.length > 0 ? chosen : [this.#dice.pick(others)];
    const assignments = targets.map((column) => this.#assignment(column));
    const condition = isConditional ? " IF EXISTS" : "";
    const isStatic = targets.every(({ kind }) => kind === "static");
    const keys = isStatic ? table.columns.filter(({ kind }) => kind === "partition") : table.columns;
    return `UPDATE ${table.name}${using} SET ${assignments.join(", ")} WHERE ${this.#where(keys)}${condition}`;
  }

  #delete({ name, columns }: AnyTable, isAlone: boolean, isConditional: boolean): string {
    const clustering = columns.filter(({ kind }) => kind === "clustering");
    const targets = this.#dice.chance(0.5) ? this.#targets(columns) : [];
    const isTimed = isAlone && !isConditional && this.#dice.chance(0.1);
    const timestamp = isTimed ? ` USING TIMESTAMP ${this.#micros()}` : "";
    const from = `${targets.join(", ")} FROM ${name}${timestamp} WHERE `;
    if (isConditional) return `DELETE ${from}${this.#where(columns)} IF EXISTS`;
    const [first] = clustering;
    if (targets.length > 0 || first === undefined || this.#dice.chance(0.4))
      return `DELETE ${from}${this.#where(columns)}`;
    const partition = this.#where(columns.filter(({ kind }) => kind === "partition"));
    if (this.#dice.chance(0.5)) return `DELETE ${from}${partition}`;
    return `DELETE ${from}${partition} AND ${first.name} ${this.#dice.pick([">", "<=", ">=", "<"])} ${this.#valueOf(first.type)}`;
  }

  #targets(columns: readonly AnyColumn[]): string[] {
    const { name, type } = this.#dice.pick(columns.filter(({ kind }) => kind === "regular"));
    const element = type.kind === "map" ? type.key : type.kind === "set" ? type.item : undefined;
    if (element !== undefined && this.#dice.chance(0.5)) return [`${name}[${this.#valueOf(element)}]`];
    if (type.kind === "list" && this.#dice.chance(0.3)) return [`${name}[0]`];
    if (type.kind === "udt" && this.#dice.chance(0.5)) return [`${name}.f0`];
    return [name];
  }

  #assignment({ name, type }: AnyColumn): string {
    if (this.#dice.chance(0.12)) return `${name} = ${this.#nothing()}`;
    const whole = () => `${name} = ${this.#valueOf(type)}`;
    if (type.kind === "whole" || this.#dice.chance(0.3)) return whole();
    const some = () => this.#valueOf(type);
    if (type.kind === "udt") {
      const [field, of] = this.#dice.pick(type.fields ?? []);
      return `${name}.${field} = ${this.#valueOf(of)}`;
    }
    if (type.kind === "map") {
      const key = type.key as AnyType;
      return this.#dice.pick([
        () =>
          `${name}[${this.#valueOf(key)}] = ${this.#dice.chance(0.2) ? this.#nothing() : this.#valueOf(type.item as AnyType)}`,
        () => `${name} = ${name} + ${some()}`,
        () => `${name} -= {${this.#text(key)}}`,
      ])();
    }
    const shapes = [
      () => `${name} = ${name} + ${some()}`,
      () => `${name} += ${some()}`,
      () => `${name} = ${name} - ${some()}`,
    ];
    if (type.kind === "list") shapes.push(() => `${name} = ${some()} + ${name}`);
    return this.#dice.pick(shapes)();
  }

  #where(columns: readonly AnyColumn[]): string {
    return columns
      .filter(isKey)
      .map(({ name, type, kind }) =>
        kind === "partition" && this.#dice.chance(0.1)
          ? `${name} IN (${this.#valueOf(type)}, ${this.#valueOf(type)})`
          : `${name} = ${this.#valueOf(type)}`,
      )
      .join(" AND ");
  }

  /** The members of a batch have no timestamp, so that all have one. */
  #using(mayHaveTimestamp: boolean): string {
    const isTimed = mayHaveTimestamp && this.#dice.chance(0.12);
    const isExpiring = this.#dice.chance(0.35);
    const parts = [
      ...(isTimed ? [() => `TIMESTAMP ${this.#micros()}`] : []),
      ...(isExpiring ? [() => `TTL ${this.#ttl()}`] : []),
    ];
    if (this.#dice.chance(0.5)) parts.reverse();
    return parts.length === 0 ? "" : ` USING ${parts.map((part) => part()).join(" AND ")}`;
  }

  #ttl(): string {
    const seconds = this.#dice.pick([2, 3, 600, 100_000, 0]);
    if (this.#mode === "text" || this.#dice.chance(0.4)) return String(seconds);
    return this.#bound(this.#dice.pick([seconds, seconds, seconds, null, types.unset]));
  }

  #micros(): string {
    const micros = this.#nextMicros().toString();
    return this.#mode === "text" || this.#dice.chance(0.5)
      ? micros
      : this.#bound(types.Long.fromString(micros));
  }

  /** `null`, or what is bound for it, or for no value at all. */
  #nothing(): string {
    if (this.#mode === "text" || this.#dice.chance(0.3)) return "null";
    return this.#bound(this.#dice.pick([null, types.unset]));
  }

  #valueOf(type: AnyType): string {
    const functions = FUNCTIONS[type.cql];
    if (functions !== undefined && this.#dice.chance(0.15)) return this.#dice.pick(functions);
    return this.#term(type.values(this.#dice));
  }

  /** A value where only its text may stand. */
  #text(type: AnyType): string {
    return type.values(this.#dice).literal;
  }

  #term({ literal, bound }: AnyValue): string {
    return this.#mode === "text" || this.#dice.chance(0.4) ? literal : this.#bound(bound);
  }

  #bound(value: unknown): string {
    this.#values.push(value);
    return this.#mode === "named" ? `:p${this.#values.length - 1}` : "?";
  }
}

/** What a client has to evaluate, and what nobody can but a server. */
const FUNCTIONS: Readonly<Record<string, readonly string[]>> = {
  timeuuid: ["now()", "currentTimeUUID()", "(timeuuid) now()"],
  uuid: ["uuid()", "UUID ( )"],
  timestamp: [
    "current_timestamp()",
    "to_timestamp(now())",
    "currentTimestamp() - 1d",
    "'now'",
    "'2026-01-02'",
  ],
  date: ["current_date()", "to_date(now())"],
  time: ["current_time()"],
  text: ["CAST(now() AS text)"],
  int: ["5 - 3", "(int) 7"],
};

const isKey = ({ kind }: AnyColumn) => kind === "partition" || kind === "clustering";

/** Undefined where a column has a type without a word in JSON. */
function asJson(dice: Dice, columns: readonly AnyColumn[]): string | undefined {
  const fields = columns.map(({ name, type }) => {
    // What is quoted in CQL is so within the name of JSON, but doubles no quotes there.
    const key = JSON.stringify(name.replaceAll('""', '"'));
    return type.json && `${key}: ${JSON.stringify(type.json(type.values(dice)))}`;
  });
  return fields.includes(undefined) ? undefined : `{${fields.join(", ")}}`;
}
