import type { Delete, Insert, Relation, Update, WriteStatement } from "../cql/syntax.ts";
import type { CqlType } from "../schema/cql-type.ts";
import type { KeyspaceSchema, TableSchema } from "../schema/schema.ts";
import { isSystemKeyspace } from "../system-keyspace.ts";
import { assign, overwrite } from "./assignments.ts";
import { Findings } from "./findings.ts";
import { jsonRow } from "./json.ts";
import { missing } from "./objection.ts";
import {
  counterObjection,
  listObjection,
  noPartsObjection,
  notUnderstood,
  systemObjection,
  transactionalObjection,
  viewObjection,
} from "./reasons.ts";
import { examine } from "./terms.ts";
import { columnOf, isCellList, isObjection } from "./types.ts";
import { planUsing, type UsingPlan } from "./using.ts";

/** One write, and all of it that depends on no value. */
export interface Plan {
  readonly keyspace: string;
  readonly table: string;
  readonly findings: Findings;
  readonly using: UsingPlan;
}

export function planWrite(statement: WriteStatement, keyspace: KeyspaceSchema, cql: string): Plan {
  const findings = new Findings(keyspace);
  const table = keyspace.tables.get(statement.table.table.name);
  if (isSystemKeyspace(keyspace.name)) findings.object(systemObjection(statement.table));
  if (statement.condition !== undefined)
    findings.object(notUnderstood("a condition (IF)", statement.condition));
  if (table === undefined) {
    findings.object(
      missing(
        statement.table,
        "an unknown table",
        `As far as is known, the keyspace ${keyspace.name} has no table ${statement.table.table.name}.`,
      ),
    );
  } else {
    examineTable(table, statement, findings);
    if (statement.verb === "insert") planInsert(statement, table, findings);
    else if (statement.verb === "update") planUpdate(statement, table, findings);
    else planDelete(statement, table, findings);
  }
  return {
    keyspace: keyspace.name,
    table: statement.table.table.name,
    findings,
    using: planUsing(statement.using, cql, table?.defaultTtlSeconds ?? 0),
  };
}

function examineTable(table: TableSchema, { table: at }: WriteStatement, findings: Findings): void {
  if (table.isView) findings.object(viewObjection(at));
  if (table.isCounter) findings.object(counterObjection(at));
  const mode = table.transactionalMode;
  if (mode !== undefined && mode.toLowerCase() !== "off") findings.object(transactionalObjection(mode, at));
}

function planInsert(statement: Insert, table: TableSchema, findings: Findings): void {
  const { json, columns, values } = statement;
  if (json !== undefined) {
    findings.writesData = true;
    const { value } = json;
    if (value.kind === "text") findings.effect(jsonRow(value.value, table, findings.keyspace, value));
    else {
      findings.suspects.push({
        marker: value,
        name: "[json]",
        judge: (text) => jsonRow(text, table, findings.keyspace, value),
      });
    }
    return;
  }
  if (columns.length !== values.length)
    findings.object(notUnderstood("another number of values than columns", statement));
  let isStaticOnly = [...table.columns.values()].some(({ kind }) => kind === "clustering");
  for (const [index, name] of columns.entries()) {
    const value = values[index];
    const column = columnOf(table, name);
    if (isObjection(column)) findings.object(column);
    else if (value !== undefined) {
      if (column.kind === "clustering" || column.kind === "regular") isStaticOnly = false;
      if (column.kind === "partition" || column.kind === "clustering") examine(value, column.type, findings);
      else overwrite(value, column, findings);
    }
  }
  // The marker of the row; what is static belongs to none.
  if (!isStaticOnly) findings.writesData = true;
}

function planUpdate(statement: Update, table: TableSchema, findings: Findings): void {
  for (const assignment of statement.assignments) assign(assignment, table, findings);
  for (const relation of statement.where) examineRelation(relation, table, findings);
}

function planDelete(statement: Delete, table: TableSchema, findings: Findings): void {
  for (const target of statement.targets) {
    const column = columnOf(table, target.column);
    if (isObjection(column)) findings.object(column);
    else if (target.element !== undefined) {
      const { type, name } = column;
      if (isCellList(type)) findings.object(listObjection("index", name, target));
      else if (type.kind === "map") examine(target.element, type.key, findings);
      else if (type.kind === "set") examine(target.element, type.of, findings);
      else findings.object(noPartsObjection(`an element of the column ${name}`, name, target));
    }
  }
  for (const relation of statement.where) examineRelation(relation, table, findings);
}

function examineRelation(relation: Relation, table: TableSchema, findings: Findings): void {
  const types: CqlType[] = [];
  for (const name of relation.columns) {
    const column = columnOf(table, name);
    if (isObjection(column)) findings.object(column);
    else types.push(column.type);
  }
  const [first, second] = types;
  if (relation.columns.length === 0) findings.object(notUnderstood("token() in a write", relation));
  if (relation.element !== undefined) findings.object(notUnderstood("an element in WHERE", relation));
  const type: CqlType | undefined = second === undefined ? first : { kind: "tuple", of: types };
  for (const value of relation.values) examine(value, type, findings);
}
