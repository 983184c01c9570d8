import { Unreadable } from "../cql/unreadable.ts";
import type { CqlType } from "./cql-type.ts";
import { DdlReader, type QualifiedName } from "./ddl-reader.ts";
import { readTable } from "./read-table.ts";
import {
  DEFAULT_GC_GRACE_SECONDS,
  type KeyspaceSchema,
  type Schema,
  type TableSchema,
  type UserType,
} from "./schema.ts";

/** What a file of CREATE statements makes. */
export interface SchemaOfText extends Schema {
  readonly keyspaces: ReadonlyMap<string, KeyspaceSchema>;
  /** The keyspace of the last USE. */
  readonly current: string | undefined;
}

/**
 * What CREATE KEYSPACE, TABLE, TYPE, MATERIALIZED VIEW, INDEX, FUNCTION and AGGREGATE make; USE names the keyspace of what follows.
 * A keyspace that is only named is made as well.
 *
 * @throws Error that names the line, for anything else.
 */
export function readSchema(cql: string): SchemaOfText {
  try {
    // A comment needs an end of line.
    return new SchemaReader(new DdlReader(`${cql}\n`)).read();
  } catch (fault) {
    if (!(fault instanceof Unreadable)) throw fault;
    throw new Error(`Line ${cql.slice(0, fault.at).split("\n").length}: ${fault.why}`);
  }
}

interface Draft extends KeyspaceSchema {
  readonly tables: Map<string, TableSchema>;
  readonly types: Map<string, UserType>;
  readonly functions: Set<string>;
}

class SchemaReader {
  readonly #reader: DdlReader;
  readonly #keyspaces = new Map<string, Draft>();
  #current: string | undefined;

  constructor(reader: DdlReader) {
    this.#reader = reader;
  }

  read(): SchemaOfText {
    const reader = this.#reader;
    while (!reader.isAtEnd) {
      if (!reader.take(";")) this.#statement();
    }
    const keyspaces = this.#keyspaces;
    return { keyspaces, current: this.#current, keyspace: (name) => keyspaces.get(name) };
  }

  #statement(): void {
    const reader = this.#reader;
    if (reader.take("use")) {
      this.#current = reader.takeName();
      this.#keyspace(this.#current);
    } else {
      if (!reader.take("create")) reader.fail("CREATE or USE");
      if (reader.take("or")) reader.expect("replace");
      this.#created();
    }
    if (!reader.isAtEnd) reader.expect(";");
  }

  #created(): void {
    const reader = this.#reader;
    if (reader.take("keyspace") || reader.take("schema")) {
      this.#ifNotExists();
      this.#keyspace(reader.takeName());
    } else if (reader.take("table") || reader.take("columnfamily")) {
      const { keyspace, name } = this.#named();
      keyspace.tables.set(name, readTable(reader, keyspace.name, name));
    } else if (reader.take("type")) {
      const { keyspace, name } = this.#named();
      keyspace.types.set(name, this.#type(name));
    } else if (reader.take("materialized", "view")) {
      const { keyspace, name } = this.#named();
      keyspace.tables.set(name, this.#view(keyspace.name, name));
    } else if (reader.take("function") || reader.take("aggregate")) {
      const { keyspace, name } = this.#named();
      keyspace.functions.add(name);
    } else if (!reader.take("index") && !reader.take("custom", "index")) {
      reader.fail("KEYSPACE, TABLE, TYPE, MATERIALIZED VIEW, INDEX, FUNCTION or AGGREGATE");
    }
    reader.skipTo(";");
  }

  #type(name: string): UserType {
    const fields = new Map<string, CqlType>();
    this.#reader.takeInParentheses(() => fields.set(this.#reader.takeName(), this.#reader.takeType()));
    return { name, fields };
  }

  #named(): { keyspace: Draft; name: string } {
    this.#ifNotExists();
    const { at } = this.#reader;
    const { keyspace = this.#current, name }: QualifiedName = this.#reader.takeQualifiedName();
    if (keyspace === undefined)
      throw new Unreadable(at, `No keyspace is named for ${name}, and no USE stands before.`);
    return { keyspace: this.#keyspace(keyspace), name };
  }

  #ifNotExists(): void {
    this.#reader.take("if", "not", "exists");
  }

  #keyspace(name: string): Draft {
    const known = this.#keyspaces.get(name);
    if (known !== undefined) return known;
    const draft: Draft = { name, tables: new Map(), types: new Map(), functions: new Set() };
    this.#keyspaces.set(name, draft);
    return draft;
  }

  /** With the columns of its table, of which it may lack some: nothing is written to it in any case. */
  #view(keyspace: string, name: string): TableSchema {
    this.#reader.skipTo("from", ";");
    this.#reader.expect("from");
    const { keyspace: named = this.#current ?? keyspace, name: base } = this.#reader.takeQualifiedName();
    return {
      keyspace,
      name,
      isView: true,
      isCounter: false,
      defaultTtlSeconds: 0,
      gcGraceSeconds: DEFAULT_GC_GRACE_SECONDS,
      columns: this.#keyspaces.get(named)?.tables.get(base)?.columns ?? new Map(),
    };
  }
}
