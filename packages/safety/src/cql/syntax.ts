import type { CqlType } from "../schema/cql-type.ts";

/** A part of a text: from `at` up to, and without, `end`, in UTF-16 code units. */
export interface Span {
  readonly at: number;
  readonly end: number;
}

/** A name as the server has it: in lower case, unless it is quoted. */
export interface Name extends Span {
  readonly name: string;
}

/** `?`, or `:name`, which the server folds like any other name. */
export interface Marker extends Span {
  readonly kind: "marker";
  /** Its place among the markers of the whole text, from 0: the order in which values are bound. */
  readonly index: number;
  readonly name?: string | undefined;
}

/** `'…'` or `$$…$$`. */
export interface Text extends Span {
  readonly kind: "text";
  /** Without quotes, doubled ones undone. */
  readonly value: string;
}

export interface Constant extends Span {
  readonly kind: "integer" | "float" | "boolean" | "uuid" | "blob" | "duration" | "null";
}

/** A value in a write. */
export type Term =
  | Marker
  | Text
  | Constant
  /** `[…]`: a list or a vector. `marker` is the first in it, which the server takes in a vector only. */
  | (Span & { readonly kind: "list"; readonly items: readonly Term[]; readonly marker?: Marker | undefined })
  /** `{…}` without colons. Empty, it may be a map as well. */
  | (Span & { readonly kind: "set"; readonly items: readonly Term[] })
  | (Span & { readonly kind: "map"; readonly entries: readonly MapEntry[] })
  /** `{field: …}` */
  | (Span & { readonly kind: "fields"; readonly fields: readonly FieldValue[] })
  /** `(…)`. With one item it may be nothing but parentheses. */
  | (Span & { readonly kind: "tuple"; readonly items: readonly Term[] })
  | Call
  /** `CAST(… AS type)` */
  | (Span & { readonly kind: "cast"; readonly term: Term; readonly type: CqlType })
  /** `(type) …` */
  | (Span & { readonly kind: "hint"; readonly term: Term; readonly type: CqlType })
  | (Span & {
      readonly kind: "arithmetic";
      readonly operator: "+" | "-" | "*" | "/" | "%";
      readonly left: Term;
      readonly right: Term;
    })
  | (Span & { readonly kind: "negation"; readonly term: Term });

export interface MapEntry {
  readonly key: Term;
  readonly value: Term;
}

export interface FieldValue {
  readonly field: Name;
  readonly value: Term;
}

/** The call of a function. Its span is that of keyspace, name and parentheses. */
export interface Call extends Span {
  readonly kind: "call";
  /** Within a list, a set or a map, where the server takes no marker. */
  readonly isInCollection: boolean;
  readonly keyspace?: Name | undefined;
  readonly name: Name;
  readonly args: readonly Term[];
}

/** `USING …`; where something is said twice, the last counts, as it does for the server. */
export interface Using extends Span {
  readonly ttl?: Marker | (Constant & { readonly kind: "integer" }) | undefined;
  readonly timestamp?: Marker | (Constant & { readonly kind: "integer" }) | undefined;
}

export interface TableName extends Span {
  readonly keyspace?: Name | undefined;
  readonly table: Name;
}

/** What is written of a column: all of it, one element, or one field. */
export interface Target extends Span {
  readonly column: Name;
  readonly element?: Term | undefined;
  readonly field?: Name | undefined;
}

/** `target = value`; or `add` and `subtract` (`c = c + value`, `c += value`), `prepend` (`c = value + c`). */
export interface Assignment extends Span {
  readonly target: Target;
  readonly kind: "set" | "add" | "subtract" | "prepend";
  readonly value: Term;
  /** The `+` or `-` of `add` and `subtract` (of `+=` and `-=` as well): one character. */
  readonly operator?: Span | undefined;
}

/** A condition in WHERE. */
export interface Relation extends Span {
  /** More than one in `(a, b) = …`; none in `token(…) = …`. */
  readonly columns: readonly Name[];
  /** `=`, `<`, `<=`, `>`, `>=`, `!=`, `IN`, `CONTAINS`, `CONTAINS KEY`, `LIKE` or `IS NOT NULL`, which has no values. */
  readonly operator: string;
  /** What it is compared with; the items of an IN list one by one. */
  readonly values: readonly Term[];
  /** `m[key] = …` */
  readonly element?: Term | undefined;
}

interface Written extends Span {
  readonly table: TableName;
  readonly using?: Using | undefined;
  /** Where it says IF. */
  readonly condition?: Span | undefined;
}

export interface Insert extends Written {
  readonly verb: "insert";
  /** Empty with `json`. */
  readonly columns: readonly Name[];
  readonly values: readonly Term[];
  readonly json?: { readonly value: Marker | Text; readonly isDefaultUnset: boolean } | undefined;
  /** Where ` USING …` may stand, if there is none: after its last word. */
  readonly usingAt: number;
}

export interface Update extends Written {
  readonly verb: "update";
  readonly assignments: readonly Assignment[];
  readonly where: readonly Relation[];
  readonly usingAt: number;
}

export interface Delete extends Written {
  readonly verb: "delete";
  /** None: whole rows. */
  readonly targets: readonly Target[];
  readonly where: readonly Relation[];
}

export type WriteStatement = Insert | Update | Delete;

export interface Batch extends Span {
  readonly verb: "batch";
  readonly batchType: "logged" | "unlogged" | "counter";
  readonly using?: Using | undefined;
  readonly members: readonly WriteStatement[];
}
