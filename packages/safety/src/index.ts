export type {
  Assignment,
  Batch,
  Call,
  Constant,
  Delete,
  FieldValue,
  Insert,
  MapEntry,
  Marker,
  Name,
  Relation,
  Span,
  TableName,
  Target,
  Term,
  Text,
  Update,
  Using,
  WriteStatement,
} from "./cql/syntax.ts";
export { decide, type Facts } from "./decide/decide.ts";
export type { Values } from "./decide/values.ts";
export { inspect } from "./inspect.ts";
export type {
  Decision,
  EvaluatedCall,
  EvaluatedFunction,
  Inspection,
  MemberDecision,
  Reason,
  Verdict,
} from "./inspection.ts";
export type { Params, Rewritten } from "./rewrite/edits.ts";
export { qualify } from "./rewrite/qualify.ts";
export { longestTtl, replayed, withDefaultTtl } from "./rewrite/ttl.ts";
export { withValues } from "./rewrite/with-values.ts";
export type { CqlType } from "./schema/cql-type.ts";
export { type KeyspaceRows, keyspaceFromRows, type SchemaRow } from "./schema/keyspace-from-rows.ts";
export { parseType } from "./schema/parse-type.ts";
export { readSchema, type SchemaOfText } from "./schema/read-schema.ts";
export type { ColumnSchema, KeyspaceSchema, Schema, TableSchema, UserType } from "./schema/schema.ts";
export { type StatementInFile, statementsIn } from "./statements-in.ts";
export { isSystemKeyspace } from "./system-keyspace.ts";
export { tablesIn } from "./tables-in.ts";
