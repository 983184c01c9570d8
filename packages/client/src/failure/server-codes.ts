import type { Meaning } from "./meaning.ts";

type Answer = Omit<Meaning, "answered">;

const statement = { applied: "no", retry: "never", scope: "statement" } as const;
/** Surely not applied, for a reason that time or a person may cure: schema, rights, guardrails. */
const curable = { ...statement, retry: "later" } as const;
const replicas = { applied: "maybe", retry: "later", scope: "replicas", told: true } as const;
const overload = { load: "overload", told: true } as const;

/** By the error code of the native protocol, versions 3 to 5, and DSE's. */
const BY_CODE: ReadonlyMap<number, Answer> = new Map<number, Answer>([
  [0x0000, { applied: "maybe", retry: "later", scope: "statement" }], // server error
  [0x000a, statement], // protocol error
  [0x0100, { applied: "no", retry: "later", scope: "session", told: true }], // bad credentials
  [0x1000, { ...replicas, applied: "no" }], // unavailable
  [0x1001, { applied: "no", retry: "elsewhere", scope: "cluster", ...overload }], // overloaded
  [0x1002, { applied: "no", retry: "elsewhere", scope: "cluster", told: true }], // bootstrapping
  [0x1003, { ...statement, applied: "maybe" }], // truncate error
  [0x1100, { ...replicas, load: "timeout" }], // write timeout, and compare-and-set unknown before v5
  [0x1200, { ...replicas, load: "timeout" }], // read timeout
  [0x1300, replicas], // read failure
  [0x1400, statement], // function failure
  [0x1500, replicas], // write failure: some replicas may have it
  [0x1600, { ...replicas, applied: "no" }], // change data capture is full: passes when its consumer catches up
  [0x1700, replicas], // compare-and-set unknown
  [0x2000, statement], // syntax
  [0x2100, { ...curable, told: true }], // unauthorized
  [0x2200, statement], // invalid, but see below
  [0x2300, statement], // configuration, but see below
  [0x2400, statement], // already exists
  [0x2500, { ...curable, retry: "elsewhere", told: true }], // unprepared: the driver prepares again by itself
  [0x8000, replicas], // of DSE: client write failure
]);

/** Cassandra has one code for a statement that is wrong and for a schema that is not there yet. */
const CURABLE =
  /unconfigured table|does(?:n't| not) exist|undefined (?:column )?name|unrecognized name|unknown (?:identifier|keyspace|table|type|field)|can't find a (?:keyspace|column family)|no keyspace has been specified|guardrail|denylisted/i;

/** Of those, these name objects of the schema and nothing else. */
const ABOUT_SCHEMA =
  /^(unconfigured table [\w.]+|(Table|Keyspace|keyspace) '?[\w.]+'? (does not|doesn't) exist|Undefined column name "?\w+"? in table [\w.]+|Unknown identifier \w+)$/;

/** Cassandra 3 names the table alone, later ones with its keyspace. */
const NO_TABLE = /^(unconfigured table|(table|keyspace) '?[\w.]+'? (does not|doesn't) exist)/i;

/** Whether a server says that there is no such table, or no such keyspace. */
export function saysNoTable(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return code === 0x2200 && NO_TABLE.test(String(message));
}

/**
 * Of Scylla. Its code is negotiated by an extension of the protocol that the driver does not know; without that it
 * is the code of a configuration error.
 */
const RATE_LIMIT = /^Per-partition rate limit reached .*rejected by (coordinator|replicas)/;

/** What an answer of a server means; undefined for a code that is in no version of the protocol. */
export function meaningOfCode(code: number, message: string): Meaning | undefined {
  const answer = answerOf(code, message);
  return answer && { ...answer, answered: true };
}

function answerOf(code: number, message: string): Answer | undefined {
  if (code === 0x2200 && CURABLE.test(message)) return { ...curable, told: ABOUT_SCHEMA.test(message) };
  const rejectedBy = RATE_LIMIT.exec(message)?.[1];
  if (rejectedBy === "coordinator") return { ...replicas, ...overload, applied: "no" };
  if (rejectedBy === "replicas") return { ...replicas, ...overload };
  return BY_CODE.get(code);
}
