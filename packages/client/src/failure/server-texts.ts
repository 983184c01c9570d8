/** A name in a schema or a statement, quoted or not; the keyspace may stand before it. No value has room in it. */
const NAME = String.raw`["']?\w{1,48}["']?`;
const OBJECT = String.raw`["']?\w{1,48}(?:\.\w{1,48})?["']?`;
/** How many or how long, never what. */
const COUNT = String.raw`\d{1,10}`;
const ROLE = String.raw`[\w.@-]{1,64}`;
/** What rights are on: `<table ks.t>`, `<all tables in ks>`, `<all keyspaces>`. */
const RESOURCE = `<(?:all )?(?:keyspaces?|tables?|roles?|functions?)(?: (?:in )?${OBJECT})?>`;

/**
 * Sentences of servers of which every part is known: each names objects of the schema and counts at most. From Cassandra 3.11 to
 * 5.0; a test provokes them. What is not here is not told, since the same code and nearly the same words may quote a value:
 * `Invalid STRING constant (…)`, `Top keys are: …`, `JSON values map contains unrecognized column: …`.
 */
const SENTENCES: readonly string[] = [
  `(?:unconfigured table ${OBJECT}|(?:[Tt]able|[Kk]eyspace) ${OBJECT} (?:does not|doesn't) exist)`,
  "No keyspace has been specified\\. USE a keyspace, or explicitly specify keyspace\\.tablename",
  `Undefined column name ${NAME}(?: in table ${OBJECT})?`,
  `Unknown identifier ${NAME}`,
  `Unknown type ${OBJECT}`,
  `Unknown function ${OBJECT} called`,
  `Unknown field ${NAME} in value of user defined type ${NAME}`,
  `Invalid number of arguments in call to function ${OBJECT}: ${COUNT} required but ${COUNT} provided`,
  // Of what is bound, its length alone.
  "String didn't validate\\.",
  `Expected (?:${COUNT}|${COUNT} or ${COUNT}) byte \\w{1,20} \\(${COUNT}\\)`,
  `UUID should be ${COUNT} or ${COUNT} bytes \\(${COUNT}\\)`,
  "Not enough bytes to read a \\w{1,20}",
  "null is not supported inside collections",
  `Invalid (?:null|unset) value (?:in condition )?for column ${NAME}`,
  "Key may not be empty",
  `Key length of ${COUNT} is longer than maximum of ${COUNT}`,
  `there were ${COUNT} markers\\(\\?\\) in CQL but ${COUNT} bound variables`,
  // Of the statement.
  `Some (?:partition key parts|clustering keys) are missing: ${NAME}(?:, ${NAME}){0,20}`,
  `(?:Missing|Missing mandatory) PRIMARY KEY part ${NAME}`,
  `PRIMARY KEY part ${NAME} found in SET part`,
  "Unmatched column names/values",
  "The column names contains duplicates",
  "INSERT statements are not allowed on counter tables, use UPDATE instead",
  `Cannot set the value of counter column ${NAME} \\(counters can only be incremented/decremented, not set\\)`,
  "Attempted to set an element on a list which is null",
  "Cannot provide custom (?:TTL|timestamp) for (?:counter|conditional) updates",
  "Counter and non-counter mutations cannot exist in the same batch",
  "Cannot directly modify a materialized view",
  `Modification is not supported by table ${OBJECT}`,
  "Batch too large",
  // Of rights.
  `User ${ROLE} has no [A-Z_]{1,20} permission on ${RESOURCE} or any of its parents`,
  `Provided username ${ROLE} and/or password are incorrect`,
  "You have not logged in",
  // Of load, and of Scylla.
  "Server is in overloaded state\\. Cannot accept more requests at this point",
  `Per-partition rate limit reached for (?:reads|writes) in table ${OBJECT}, rejected by (?:coordinator|replicas)`,
];

const WHOLE = new RegExp(`^(?:${SENTENCES.join("|")})$`);

/** What it says about a value, or how large it was, stands behind its name. */
const GUARDRAIL = /^Guardrail (\w{1,60}) violated\b/;

/** What may be told of the text of a server's answer; undefined where it may quote what was bound. */
export function toldOfServer(message: string): string | undefined {
  if (WHOLE.test(message)) return message;
  const [, guardrail] = GUARDRAIL.exec(message) ?? [];
  return guardrail === undefined ? undefined : `Guardrail ${guardrail} violated`;
}
