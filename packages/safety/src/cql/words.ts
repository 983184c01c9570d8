/** Never a name without quotes. */
const RESERVED = [
  ...["ADD", "ALLOW", "ALTER", "AND", "APPLY", "ASC", "AUTHORIZE", "BATCH", "BEGIN", "BY", "COLUMNFAMILY"],
  ...[
    "CREATE",
    "DELETE",
    "DESC",
    "DESCRIBE",
    "DROP",
    "ENTRIES",
    "EXECUTE",
    "FROM",
    "FULL",
    "GRANT",
    "IF",
    "IN",
  ],
  ...["INDEX", "INSERT", "INTO", "IS", "KEYSPACE", "LIMIT", "MATERIALIZED", "MODIFY", "NORECURSIVE", "NOT"],
  ...["NULL", "OF", "ON", "OR", "ORDER", "PRIMARY", "RENAME", "REVOKE", "SCHEMA", "SELECT", "SET", "TABLE"],
  ...["TO", "TOKEN", "TRUNCATE", "UNLOGGED", "UPDATE", "USE", "USING", "VIEW", "WHERE", "WITH"],
] as const;

/** Names of columns, tables and markers, but never of functions or types. */
const NO_FUNCTION_NOR_TYPE = ["CAST", "DISTINCT", "JSON", "MAXWRITETIME", "TTL", "WRITETIME"] as const;
/** Of types, but not of functions; and the other way round. */
const [NO_FUNCTION, NO_TYPE] = [["KEY"], ["COUNT"]] as const;

const NATIVE_TYPE = [
  ...[
    "ASCII",
    "BIGINT",
    "BLOB",
    "BOOLEAN",
    "COUNTER",
    "DATE",
    "DECIMAL",
    "DOUBLE",
    "DURATION",
    "FLOAT",
    "INET",
  ],
  ...["INT", "SMALLINT", "TEXT", "TIME", "TIMESTAMP", "TIMEUUID", "TINYINT", "UUID", "VARCHAR", "VARINT"],
] as const;

/** Names like any other, but for what they mean in one place of the grammar. */
const SPECIAL = [
  ...["AS", "CONTAINS", "DEFAULT", "EXISTS", "FROZEN", "LIKE", "LIST", "MAP", "TUPLE", "UNSET", "VALUES"],
  ...["VECTOR"],
] as const;

const LITERAL = { TRUE: "boolean", FALSE: "boolean", NAN: "float", INFINITY: "float" } as const;

/** A word that the grammar knows, in capitals; all others are plain names. */
export type Keyword =
  | (typeof RESERVED)[number]
  | (typeof NO_FUNCTION_NOR_TYPE)[number]
  | (typeof NO_FUNCTION)[number]
  | (typeof NO_TYPE)[number]
  | (typeof NATIVE_TYPE)[number]
  | (typeof SPECIAL)[number];

export interface Word {
  readonly text: string;
  readonly kind: Keyword | "boolean" | "float";
  readonly isName: boolean;
}

const SLOTS = 1024;
const table: (Word | undefined)[] = new Array(SLOTS).fill(undefined);

for (const kind of RESERVED) add(kind, kind, false);
for (const kind of [...NO_FUNCTION_NOR_TYPE, ...NO_FUNCTION, ...NO_TYPE]) add(kind, kind, true);
for (const kind of [...NATIVE_TYPE, ...SPECIAL]) add(kind, kind, true);
for (const [text, kind] of Object.entries(LITERAL)) add(text, kind, false);

function add(text: string, kind: Word["kind"], isName: boolean): void {
  const letters = text.toLowerCase();
  let hash = 0;
  for (let at = 0; at < letters.length; at++) hash = mixed(hash, letters.charCodeAt(at));
  let slot = hash & (SLOTS - 1);
  while (table[slot] !== undefined) slot = (slot + 1) & (SLOTS - 1);
  table[slot] = { text: letters, kind, isName };
}

/** The hash of a word with one more letter; capitals or not, it is the same. */
export function mixed(hash: number, code: number): number {
  return (Math.imul(hash, 31) + (code | 32)) | 0;
}

/**
 * The word of the grammar that stands there, by the hash of its letters. The server folds letters of ASCII only, so this does not
 * ask the language for lower case.
 */
export function wordAt(text: string, at: number, end: number, hash: number): Word | undefined {
  for (let slot = hash & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
    const word = table[slot];
    if (word === undefined || isAt(text, at, end, word.text)) return word;
  }
}

function isAt(text: string, at: number, end: number, word: string): boolean {
  if (end - at !== word.length) return false;
  for (let i = 0; i < word.length; i++) {
    if ((text.charCodeAt(at + i) | 32) !== word.charCodeAt(i)) return false;
  }
  return true;
}

const noFunction = new Set<string>([...NO_FUNCTION_NOR_TYPE, ...NO_FUNCTION]);
const noType = new Set<string>([...NO_FUNCTION_NOR_TYPE, ...NO_TYPE]);
const nativeType = new Set<string>(NATIVE_TYPE);

export function mayNameFunction(kind: string): boolean {
  return !noFunction.has(kind);
}

export function mayNameType(kind: string): boolean {
  return !noType.has(kind);
}

export function isNativeType(kind: string): boolean {
  return nativeType.has(kind);
}
