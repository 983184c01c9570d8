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
export type {
  Decision,
  EvaluatedCall,
  EvaluatedFunction,
  Inspection,
  MemberDecision,
  Reason,
  Verdict,
} from "./inspection.ts";
export type { CqlType } from "./schema/cql-type.ts";
export type { ColumnSchema, KeyspaceSchema, Schema, TableSchema, UserType } from "./schema/schema.ts";
