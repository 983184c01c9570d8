import type { Meaning } from "./meaning.ts";

type Answer = Omit<Meaning, "answered">;

const statement = { applied: "no", retry: "never", scope: "statement" } as const;
/** Surely not applied, for a reason that time or a person may cure: schema, rights, guardrails. */
const curable = { ...statement, retry: "later" } as const;
const replicas = { applied: "maybe", retry: "later", scope: "replicas" } as const;
/** The driver writes the text of these itself, from the numbers that are in the answer. */
const counted = { ...replicas, told: true } as const;
const overload = { load: "overload" } as const;

/** By the error code of the native protocol, versions 3 to 5, and DSE's, each with its name. */
const CODES: readonly (readonly [number, string, Answer])[] = [
  [0x0000, "server error", { applied: "maybe", retry: "later", scope: "statement" }],
  [0x000a, "protocol error", statement],
  [0x0100, "bad credentials", { applied: "no", retry: "later", scope: "session" }],
  [0x1000, "unavailable", { ...counted, applied: "no" }],
  [0x1001, "overloaded", { applied: "no", retry: "elsewhere", scope: "cluster", ...overload }],
  [0x1002, "bootstrapping", { applied: "no", retry: "elsewhere", scope: "cluster" }],
  [0x1003, "truncate error", { ...statement, applied: "maybe" }],
  [0x1100, "write timeout", { ...counted, load: "timeout" }], // and compare-and-set unknown before v5
  [0x1200, "read timeout", { ...counted, load: "timeout" }],
  [0x1300, "read failure", counted],
  [0x1400, "function failure", statement],
  [0x1500, "write failure", counted], // some replicas may have it
  [0x1600, "change log full", { ...replicas, applied: "no" }], // passes when its consumer catches up
  [0x1700, "compare-and-set unknown", replicas],
  [0x2000, "syntax", statement],
  [0x2100, "unauthorized", curable],
  [0x2200, "invalid", statement], // or curable, see below
  [0x2300, "configuration", statement], // but see below
  [0x2400, "already exists", statement],
  [0x2500, "unprepared", { ...curable, retry: "elsewhere" }], // the driver prepares again by itself
  [0x8000, "client write failure", replicas], // of DSE
];

const BY_CODE = new Map(CODES.map(([code, , answer]) => [code, answer] as const));
const NAMES = new Map(CODES.map(([code, name]) => [code, name] as const));

/** What a code is called; undefined for one that is in no version of the protocol. */
export function nameOfCode(code: number): string | undefined {
  return NAMES.get(code);
}

/** Cassandra has one code for a statement that is wrong and for a schema that is not there yet. */
const CURABLE =
  /unconfigured table|does(?:n't| not) exist|undefined (?:column )?name|unrecognized name|unknown (?:identifier|keyspace|table|type|field)|can't find a (?:keyspace|column family)|no keyspace has been specified|guardrail|denylisted/i;

/** Cassandra 3 names the table alone, later ones with its keyspace. */
const NO_TABLE = /^(unconfigured table|(table|keyspace) '?[\w.]+'? (does not|doesn't) exist)/i;

/** Whether a server says that there is no such table, or no such keyspace. Never throws: an abort's reason may be anything. */
export function saysNoTable(error: unknown): boolean {
  try {
    const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
    return code === 0x2200 && NO_TABLE.test(String(message));
  } catch {
    return false;
  }
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
  if (code === 0x2200 && CURABLE.test(message)) return curable;
  const rejectedBy = RATE_LIMIT.exec(message)?.[1];
  if (rejectedBy === "coordinator") return { ...replicas, ...overload, applied: "no" };
  if (rejectedBy === "replicas") return { ...replicas, ...overload };
  return BY_CODE.get(code);
}
